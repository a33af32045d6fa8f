"""DuckDB's errors in the words that users of DuneSQL know, sorted by who is at fault.

The names in a message stay quoted as the statement has them, so that the SQL package can find
their place. Paths, candidate lists and excerpts of the engine's own text never leave the worker.
"""

from __future__ import annotations

import re
from typing import Final

import duckdb

from qanat.engines.duckdb.messages import Blame, Fault

_MEMORY: Final = ("bad_alloc", "failed to allocate", "could not allocate", "out of memory")
_LENGTH: Final = 2_000  #: characters of a message
#: Of errors called I/O: what a file cannot hold, which another attempt would meet again. All others
#: are of the disk, or of a file that is not as it was written.
_REFUSAL: Final = re.compile(r"\bdo(?:es)? not support\b")

#: What the engine says → what we say. The first that matches wins.
_WORDS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), text)
    for pattern, text in (
        (
            r'Referenced column "(.*?)" (?:not found in|was not found)',
            r"Column '\1' cannot be resolved",
        ),
        (r'Referenced table "(.*?)" not found', r"Table '\1' cannot be resolved"),
        (
            r'(?:Table|Values list) "(.*?)" does not have a column named "(.*?)"',
            r"Column '\1.\2' cannot be resolved",
        ),
        (
            r"Cannot extract field '(.*?)' from expression \"(.*?)\" because",
            r"Column '\2.\1' cannot be resolved",
        ),
        (
            r'Column "(.*?)" does not exist on (\w+) side of join',
            r"Column '\1' is missing on \2 side of join",
        ),
        (r'Ambiguous reference to (?:column|table) (?:name )?"(.*?)"', r"Column '\1' is ambiguous"),
        (r"Table with name (\S+?) does not exist", r"Table '\1' does not exist"),
        (
            r"(?:Scalar |Aggregate |Table |Macro )?Function with name (\S+?) does not exist",
            r"Function '\1' not registered",
        ),
        (r"(?:Division by zero|Modulo by zero)", r"Division by zero"),
        (
            r"No function matches the given name and argument types '(.*?)'\.",
            r"Unexpected parameters for function \1",
        ),
        (
            r'Could not choose a best candidate function for the function call "(.*?)"\.',
            r"Unexpected parameters for function \1",
        ),
        (
            r'column "(.*?)" must appear in the GROUP BY clause',
            r"""'"\1"' must be an aggregate expression or appear in GROUP BY clause""",
        ),
        (
            r"More than one row returned by a subquery",
            r"Scalar sub-query has returned multiple rows",
        ),
        (r"Overflow in (\w+) of (\w+) \((.*?)\)", r"\2 \1 overflow: \3"),
        (
            r"Type (\w+) with value (.*?) can't be cast .*? destination type (\w+)",
            r"Out of range for \3: \2",
        ),
        (r"Could not convert string '(.*?)' to (\w+)", r"Cannot cast '\1' to \2"),
        (r'syntax error at or near "(.*?)"', r"""syntax error: mismatched input '\1'"""),
    )
)
_PHYSICAL: Final = re.compile(r"\bU?INT(?:8|16|32|64|128)\b")
_LOGICAL: Final = {
    "INT8": "tinyint",
    "INT16": "smallint",
    "INT32": "integer",
    "INT64": "bigint",
    "INT128": "hugeint",
    "UINT8": "smallint",
    "UINT16": "integer",
    "UINT32": "bigint",
    "UINT64": "decimal(20,0)",
    "UINT128": "decimal(38,0)",
}
_PREFIX: Final = re.compile(r"^(?:[A-Z][A-Za-z-]*(?: [A-Za-z]+)? Error|TransactionContext Error): ")
_PATH: Final = re.compile(r"""(?<![\w.])(?:\.{0,2}/)(?:[^\s'"/]+/)+[^\s'",;:)]*""")


def fault_of(error: BaseException) -> Fault:
    """Return what to tell the server about an error met while a task ran."""
    text = str(error)
    match error:
        case duckdb.InterruptException():
            return Fault(blame="stopped", text="the statement was stopped")
        case MemoryError() | duckdb.OutOfMemoryException():
            return Fault(blame="memory", text="the statement needs more memory than its limit")
        case duckdb.InternalException() | duckdb.FatalException() | duckdb.ConnectionException():
            return Fault(blame=_memory_or("engine", text), text="internal error", is_fatal=True)
        case duckdb.PermissionException():
            return Fault(blame="statement", text="Access to files and settings is not allowed")
        case duckdb.IOException() if _REFUSAL.search(text):
            return Fault(blame="statement", text=cleaned(text))
        case duckdb.IOException() | duckdb.HTTPException():
            return Fault(blame=_memory_or("engine", text), text=cleaned(text))
        case duckdb.Error():
            return Fault(blame=_memory_or("statement", text), text=cleaned(text))
        case ValueError():  # a type or a path that DuckDB cannot be given
            return Fault(blame="statement", text=cleaned(text))
    if any(sign in text for sign in _MEMORY):
        return Fault(blame="memory", text="the statement needs more memory than its limit")
    return Fault(blame="engine", text=type(error).__name__)


def _memory_or(blame: Blame, text: str) -> Blame:
    return "memory" if any(sign in text.lower() for sign in _MEMORY) else blame


def cleaned(text: str) -> str:
    """Return an engine's message in our words: one line, no path, no excerpt, no candidates."""
    body = _PREFIX.sub("", text)
    for pattern, words in _WORDS:
        match = pattern.search(body)
        if match:
            body = match.expand(words)
            break
    else:
        body = body.split("\n", 1)[0]
    body = _PHYSICAL.sub(lambda found: _LOGICAL.get(found[0], found[0]), body)
    body = _PATH.sub("<file>", body.replace("\n", " "))
    return body.strip()[:_LENGTH] or "the statement failed"
