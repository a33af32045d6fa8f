"""Names of columns, and of fields of rows in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from qanat.errors import SqlRejectedError
from qanat.sql.dialect.duckdb import words
from qanat.sql.scope import AmbiguousError, Scope
from qanat.sql.statement import Value
from qanat.sql.tokens import MARK
from qanat.sql.types import UNKNOWN

if TYPE_CHECKING:
    from qanat.sql.expression import Expressions


def column(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return a column, or a field of a row in one."""
    identifiers = _path(node)
    if identifiers is None and isinstance(node, exp.Dot):
        return _field_of(it, node, scope)
    if identifiers is None:
        raise it.refused(node, "a star is not supported here")
    parts = [identifier.name.removeprefix(MARK) for identifier in identifiers]
    shown = ".".join(parts)
    try:
        found = scope.find(parts)
    except AmbiguousError:
        raise it.refused(node, f"Column '{shown}' is ambiguous") from None
    if found is None and scope.is_open():
        return Value("NULL", UNKNOWN)
    if found is None:
        near = scope.near(parts[-1])
        hint = f". Did you mean '{near}'?" if near else ""
        raise _at_path(it, identifiers, f"Column '{shown}' cannot be resolved{hint}")
    column, used = found
    _note(it, identifiers[used - 1], parts[used - 1])
    made = Value(column.text, column.type)
    for identifier in identifiers[used:]:
        made = _field(it, identifier, made, shown)
    return made


def _note(it: Expressions, identifier: exp.Expr, name: str) -> None:
    meta = identifier.meta
    if "start" in meta and not it.statement.has_noted(name):
        length = meta["end"] - meta["start"] + 1
        it.statement.note(name, it.source.position(meta["start"], length))


def _at_path(it: Expressions, identifiers: list[exp.Identifier], message: str) -> SqlRejectedError:
    first, last = identifiers[0].meta, identifiers[-1].meta
    if "start" in first and "end" in last:
        return it.source.error(message, first["start"], last["end"] - first["start"] + 1)
    return it.refused(identifiers[0], message)


def _field_of(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    field = node.args["expression"]
    if not isinstance(field, exp.Identifier):
        raise it.refused(node, "this is not supported after a point")
    return _field(it, field, it.value(node.this, scope), field.name)


def _field(it: Expressions, node: exp.Identifier, row: Value, shown: str) -> Value:
    if row.type.name == "row":
        for place, (given, type_) in enumerate(row.type.args):
            if given is not None and given.lower() == node.name.lower():
                return Value(words.field(row.text, row.type, place), type_)
    raise it.refused(node, f"Column '{shown}' cannot be resolved")


def _path(node: exp.Expr) -> list[exp.Identifier] | None:
    """Return the identifiers of a dotted name; None if it begins with something else."""
    tail: list[exp.Identifier] = []
    while isinstance(node, exp.Dot):
        if not isinstance(node.expression, exp.Identifier):
            return None
        tail.append(node.expression)
        node = node.this
    if isinstance(node, exp.Column):
        parts = [node.args.get(key) for key in ("catalog", "db", "table", "this")]
        found = [part for part in parts if part is not None]
    elif isinstance(node, exp.Identifier):
        found = [node]
    else:
        return None
    if not all(isinstance(part, exp.Identifier) for part in found):
        return None
    return [*found, *reversed(tail)]
