"""A call as the user wrote it: its name and arguments, and what is wrapped around them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.sql.tokens import MARK

if TYPE_CHECKING:
    from qanat.sql.call import Calls

_NUMBER: Final = re.compile(r"[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?")
# Nodes that the library makes of call syntax with words in it, and the function each one is.
_NODES: Final[dict[type[exp.Expr], tuple[str, tuple[str, ...]]]] = {
    exp.Substring: ("substr", ("this", "start", "length")),
    exp.StrPosition: ("strpos", ("this", "substr", "occurrence")),
    exp.Extract: ("extract", ()),
    exp.Trim: ("trim from", ()),
    exp.JSONExtract: ("json_query", ()),
    exp.JSONValue: ("json_value", ()),
}


@dataclass(slots=True)
class Written:
    """A call as the user wrote it, its wrappings opened."""

    node: exp.Expr
    name: str = ""
    arguments: list[exp.Expr] = field(default_factory=list)
    distinct: bool = False
    order: list[exp.Expr] = field(default_factory=list)
    filter: exp.Expr | None = None
    ignore_nulls: bool = False
    window: exp.Window | None = None


def open_call(calls: Calls, node: exp.Expr) -> Written:
    """Return a call with its DISTINCT, ORDER BY, FILTER and OVER taken off."""
    written = Written(node)
    inner = node
    while True:
        match inner:
            case exp.Window():
                written.window, inner = inner, inner.this
            case exp.Filter():
                written.filter, inner = inner.args["expression"].this, inner.this
            case exp.IgnoreNulls():
                written.ignore_nulls, inner = True, inner.this
            case exp.RespectNulls():
                inner = inner.this
            case exp.WithinGroup():
                written.order, inner = list(inner.args["expression"].expressions), inner.this
            case _:
                break
    written.node = inner
    _arguments(calls, written, inner)
    return written


def _arguments(calls: Calls, written: Written, node: exp.Expr) -> None:
    special = _NODES.get(type(node))
    if special is not None:
        written.name, parts = special
        written.arguments = [node.args[part] for part in parts if node.args.get(part)]
        return
    if not isinstance(node, exp.Anonymous):
        raise calls.refused(node, f"{type(node).__name__.upper()} is not supported here")
    written.name = node.name.removeprefix(MARK).lower()
    arguments = list(node.expressions)
    for place, argument in enumerate(arguments):
        inner = argument
        if isinstance(inner, exp.Order):
            written.order, inner = list(inner.expressions), inner.this
        if isinstance(inner, exp.Distinct):
            if inner.args.get("on") is not None or len(arguments) > 1:
                raise calls.refused(node, "DISTINCT is not supported here")
            written.distinct = True
            arguments = [*inner.expressions]
            if not arguments:
                raise calls.refused(node, "syntax error: DISTINCT of nothing")
            break
        arguments[place] = inner
    written.arguments = arguments


def refuse_rows(calls: Calls, written: Written) -> None:
    """Refuse what only functions of many rows can have."""
    if written.distinct or written.order or written.filter or written.window:
        raise calls.refused(written.node, f"{written.name} is not an aggregate function")


def constant(node: exp.Expr) -> str | None:
    """Return the text of a literal, None of anything else."""
    if isinstance(node, exp.Literal):
        return str(node.this)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return f"-{node.this.this}"
    if isinstance(node, exp.Anonymous) and node.name.removeprefix(MARK) == "array":
        parts = [constant(part) for part in node.expressions]
        numbers = [part for part in parts if part is not None and _NUMBER.fullmatch(part)]
        return f"[{', '.join(numbers)}]" if len(numbers) == len(parts) else None
    return None
