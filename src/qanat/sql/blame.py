"""An engine's complaint in the words and places of the user's text.

The engine read a template, not what the user wrote: its names may be the compiler's own, and it
knows no line of the user's. What cannot be traced back keeps its message and has no position.
"""

from __future__ import annotations

import re
from typing import Final

from qanat.errors import Position, SqlRejectedError
from qanat.sql.dialect.duckdb.casts import FAILURE
from qanat.sql.interface import Template
from qanat.sql.source import clip

_DELIBERATE: Final = re.compile(re.escape(FAILURE) + r"([^']*)'?")
_STRICT: Final = re.compile(r"'!((?:[^']|'(?! to))*)' to (\w+)")
_OUR_NAMES: Final = re.compile(r'\b[tcvlq]\d*\.(?="|\w)')
_NAME: Final = re.compile(r"""["']+([^"']{1,200})["']+""")
_PATH: Final = re.compile(r"""(?<![\w.])(?:\.{0,2}/)(?:[^\s'"/]+/)+[^\s'",;:)]*""")
_SLOT: Final = re.compile(r'"?\$(\d+)"?')
_TYPES: Final = {"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint",
                 "FLOAT": "real", "BIGNUM": "uint256", "BOOL": "boolean"}  # fmt: skip


def blame(error: SqlRejectedError, template: Template, sql: str) -> SqlRejectedError:
    """Return what an engine said of a template, said of the text it was made from.

    Args:
        error: The engine's complaint.
        template: The statement that the engine ran.
        sql: The user's text.
    """
    if error.position is not None:
        return error
    message = error.message
    if deliberate := _DELIBERATE.search(message):
        return SqlRejectedError(clip(deliberate[1].strip() or "the statement failed"))
    if strict := _STRICT.search(message):
        type_ = _TYPES.get(strict[2], strict[2])
        return SqlRejectedError(clip(f"Cannot cast '{strict[1]}' to {type_}"))
    if "xpression depth limit" in message:
        return SqlRejectedError("the statement is nested too deeply")
    message = _PATH.sub("<file>", _OUR_NAMES.sub("", message.split("\n", 1)[0]))
    message = _SLOT.sub(lambda found: _label(found[1], template), message)
    return SqlRejectedError(clip(message), _place(message, template, sql))


def _label(slot: str, template: Template) -> str:
    place = int(slot) if len(slot) < 9 else len(template.slots)
    return template.slots[place] if place < len(template.slots) else f"${slot}"


def _place(message: str, template: Template, sql: str) -> Position | None:
    for found in _NAME.finditer(message):
        name = found[1].lower()
        for known in (name, name.rsplit(".", 1)[-1]):
            position = template.origins.get(known)
            if position is not None and position.line <= sql.count("\n") + 1:
                return position
    return None
