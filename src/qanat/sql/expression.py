"""Expressions: names resolved, types known, in the engine's words.

The rule: what has no entry in the table at the end is refused by its name. The tree may hold
anything that any dialect of the parser library knows; only what is written here passes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.errors import SqlRejectedError
from qanat.sql import computed, literals, names, predicates
from qanat.sql.call import Calls
from qanat.sql.dialect.duckdb import casts
from qanat.sql.scope import Scope
from qanat.sql.source import Source
from qanat.sql.statement import Statement, Value, refusal
from qanat.sql.types import BOOLEAN, UNKNOWN, Type, TypeTextError, common, parse_type

if TYPE_CHECKING:
    from qanat.sql.query import Queries


class Expressions:
    """Translates the expressions of one text."""

    def __init__(self, statement: Statement, source: Source, queries: Queries) -> None:
        self.statement, self.source, self.queries = statement, source, queries
        self.calls = Calls(self)

    def value(self, node: exp.Expr, scope: Scope) -> Value:
        """Return an expression in the engine's words, with its type.

        Raises:
            SqlRejectedError: Something in it is unknown, ambiguous, ill-typed or not supported.
        """
        handler = _HANDLERS.get(type(node))
        try:
            if handler is None:
                raise self.refused(node, f"{_construct(node)} is not supported")
            made = handler(self, node, scope)
        except SqlRejectedError as error:
            self.statement.passed(error)
            made = Value("NULL", UNKNOWN)
        self.statement.checked(made.text, self.source, node)
        return made

    def refused(self, node: exp.Expr | None, message: str) -> SqlRejectedError:
        """Return the error that says `message` of a node of this text."""
        return refusal(self.source, node, message)

    def condition(self, node: exp.Expr, scope: Scope, what: str) -> str:
        """Return a boolean expression's text."""
        made = self.value(node, scope)
        if made.type not in {BOOLEAN, UNKNOWN}:
            raise self.refused(node, f"{what} must evaluate to a boolean: actual type {made.type}")
        return made.text if made.type == BOOLEAN else f"CAST({made.text} AS BOOLEAN)"

    def fitted(self, value: Value, wanted: Type) -> str:
        """Return a value as a type that it converts to by itself."""
        return casts.fit(value.text, value.type, wanted)

    def united(self, nodes: list[exp.Expr], values: list[Value], what: str) -> Type:
        """Return the type that all values convert to."""
        found = UNKNOWN
        for node, value in zip(nodes, values, strict=True):
            joined = common(found, value.type)
            if joined is None:
                raise self.refused(
                    node, f"All {what} must be the same type or coercible to a common type: "
                    f"{found}, {value.type}"
                )  # fmt: skip
            found = joined
        return found

    def type_of(self, node: exp.Expr) -> tuple[Type, int | None]:
        """Return the type that a cast names, and the length of a varchar that is cut."""
        text = node.sql(dialect="trino")
        try:
            found = parse_type(text)
        except TypeTextError as error:
            raise self.refused(node, str(error)) from None
        if (
            any(p > 6 for p in _precisions(found))
            or "char(" in text.lower().replace("varchar(", "")
            or found.name in {"ipaddress", "hyperloglog", "unknown"}
        ):
            raise self.refused(node, f"type {text.lower()} is not supported by this engine")
        length = re.fullmatch(r"varchar\((\d+)\)", text.lower())
        return found, int(length[1]) if length else None


def _precisions(type_: Type) -> list[int]:
    if type_.name in {"timestamp", "time", "timestamp with time zone", "time with time zone"}:
        return [type_.args[0]]
    inner = [part[1] if isinstance(part, tuple) else part for part in type_.args]
    return [p for part in inner if isinstance(part, Type) for p in _precisions(part)]


def _construct(node: exp.Expr) -> str:
    words_ = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__)
    return words_.upper()


_Handler = Callable[[Expressions, exp.Expr, Scope], Value]
_HANDLERS: Final[dict[type[exp.Expr], _Handler]] = {
    **dict.fromkeys((exp.Column, exp.Identifier, exp.Dot), names.column),
    exp.Literal: literals.literal,
    exp.Boolean: literals.boolean,
    exp.Null: literals.null,
    exp.HexString: literals.hexadecimal,
    exp.UnicodeString: literals.unicode,
    exp.ParseJSON: literals.json,
    exp.Interval: literals.interval,
    **dict.fromkeys(
        (exp.CurrentDate, exp.CurrentTimestamp, exp.Localtimestamp), literals.moment
    ),
    **dict.fromkeys(predicates.COMPARISONS, predicates.comparison),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), predicates.distinct_from),
    **dict.fromkeys((exp.And, exp.Or), predicates.connector),
    exp.Not: predicates.inversion,
    exp.Is: predicates.is_,
    exp.Between: predicates.between,
    **dict.fromkeys((exp.Like, exp.Escape), predicates.like),
    exp.In: predicates.in_,
    exp.Exists: predicates.exists,
    **dict.fromkeys(computed.CHAINED, computed.chain),
    exp.Paren: computed.paren,
    exp.Neg: computed.negation,
    **dict.fromkeys((exp.Subquery, exp.Select), computed.scalar),
    exp.Case: computed.case,
    **dict.fromkeys((exp.Cast, exp.TryCast), computed.cast),
    exp.Bracket: computed.subscript,
    exp.AtTimeZone: computed.at_time_zone,
    exp.Tuple: computed.row,
    **dict.fromkeys(
        (
            exp.Anonymous, exp.Window, exp.Filter, exp.WithinGroup, exp.IgnoreNulls,
            exp.RespectNulls, exp.Extract, exp.Trim, exp.Substring, exp.StrPosition,
            exp.JSONExtract, exp.JSONValue,
        ),
        computed.call,
    ),
}  # fmt: skip
