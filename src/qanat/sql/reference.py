"""The name of a relation as SQL writes it: a table's path, or a query view with arguments."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from qanat.names import Label, QueryId
from qanat.sql.interface import Reference
from qanat.sql.source import Source
from qanat.sql.statement import span
from qanat.sql.tokens import MARK

_QUERY: Final = re.compile(
    r"query_(\d{1,18})(?:\s*\((.*)\))?", re.DOTALL | re.IGNORECASE | re.ASCII
)
_ARGUMENT: Final = re.compile(
    r"\s*(?:\"([^\"]+)\"|([^\s=,'\"()]+(?: +[^\s=,'\"()]+)*))\s*=\s*'((?:\\.|[^'\\])*)'\s*(,|$)",
    re.DOTALL,
)
MAX_ARGUMENTS: Final = 100
_QUOTE, _ESCAPED = "'", "\\'"  #: a quote in an argument's value, and how it is written


def reference_of(node: exp.Table, source: Source) -> Reference | str:
    """Return what a table's name refers to, or what is wrong with it."""
    identifiers = [node.args.get(key) for key in ("catalog", "db", "this")]
    named = [part for part in identifiers if part is not None]
    if not all(isinstance(part, exp.Identifier) for part in named):
        call = named[-1] if named else node
        name = call.name.removeprefix(MARK) if isinstance(call, exp.Anonymous) else call.sql()
        return f"Table function '{name.lower()[:100]}' not registered"
    names = [part.name.removeprefix(MARK) for part in named]
    start, length = _extent(named)
    position = source.position(start, length)
    label = ".".join(names).lower()
    if len(names) == 1 and (found := _QUERY.fullmatch(names[0].strip())):
        arguments = _arguments(found[2] or "")
        if arguments is None:
            return f"'{names[0][:100]}' is not a query view: write \"query_1(name='value')\""
        query = QueryId(int(found[1]))
        return Reference(
            label=view_label(query, arguments), position=position, query=query,
            arguments=arguments,
        )  # fmt: skip
    return Reference(label=Label(label), position=position)


def view_label(query: QueryId, arguments: dict[str, str]) -> Label:
    """Return the one way to write a query view: `query_12(a='b')`, arguments in order."""
    if not arguments:
        return Label(f"query_{query}")
    texts = (
        f"{name}='{value.replace(_QUOTE, _ESCAPED)}'" for name, value in sorted(arguments.items())
    )
    return Label(f"query_{query}({', '.join(texts)})")


def _arguments(text: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    at = 0
    while at < len(text) and text[at:].strip():
        argument = _ARGUMENT.match(text, at)
        if argument is None or len(found) >= MAX_ARGUMENTS:
            return None
        name = (argument[1] or argument[2]).strip().lower()
        if name in found:
            return None
        found[name] = argument[3].replace(_ESCAPED, _QUOTE)
        at = argument.end()
        if argument[4] == "," and not text[at:].strip():
            return None
    return found


def _extent(identifiers: list[exp.Expr]) -> tuple[int, int]:
    first, last = span(identifiers[0]), span(identifiers[-1])
    if first is None or last is None:
        return 0, 1
    return first[0], last[0] + last[1] - first[0]
