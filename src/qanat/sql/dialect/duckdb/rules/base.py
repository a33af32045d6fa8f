"""What a rule is: from a call with known types to DuckDB's text and the type it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from qanat.sql.dialect.duckdb.words import type_name
from qanat.sql.types import Type

BLANKS: Final = " \t\n\v\f\r"


class RefusedError(Exception):
    """A call that this engine cannot answer as Trino would; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call, its arguments already converted to what the signature asks for."""

    name: str
    arguments: tuple[str, ...]
    types: tuple[Type, ...]
    result: Type
    constants: tuple[str | None, ...] = ()  #: the text of each argument that is a literal
    aggregate: str = ""  #: FILTER and OVER
    prefix: str = ""  #: DISTINCT
    order: str = ""  #: ORDER BY within the call
    ignore_nulls: bool = False

    def rows(self, function: str, *arguments: str) -> str:
        """Return a call of one of DuckDB's aggregates or window functions."""
        inner = ", ".join(arguments or self.arguments)
        nulls = " IGNORE NULLS" if self.ignore_nulls else ""
        return f"{function}({self.prefix}{inner}{self.order}{nulls}){self.aggregate}"

    def number(self, place: int) -> int | None:
        """Return an argument that is a whole number written out; else None."""
        text = self.constants[place] if place < len(self.constants) else None
        digits = text.removeprefix("-") if text is not None else ""
        return int(text) if text is not None and digits.isdigit() and len(digits) < 19 else None


Rule = Callable[[Call], tuple[str, Type]]


def plain(template: str) -> Rule:
    """Return the rule that fills `{0}`, `{1}`, … with the arguments, `{all}` with all of them."""

    def rule(call: Call) -> tuple[str, Type]:
        return template.format(*call.arguments, all=", ".join(call.arguments)), call.result

    return rule


def cast_to_result(template: str) -> Rule:
    """Return the rule of a template whose value has another type in DuckDB."""

    def rule(call: Call) -> tuple[str, Type]:
        text = template.format(*call.arguments, all=", ".join(call.arguments))
        return f"CAST({text} AS {type_name(call.result)})", call.result

    return rule


def over_rows(function: str) -> Rule:
    """Return the rule of an aggregate or window function that DuckDB has."""

    def rule(call: Call) -> tuple[str, Type]:
        return call.rows(function), call.result

    return rule


def over_rows_cast(function: str) -> Rule:
    """Return the same for one whose value has another type in DuckDB."""

    def rule(call: Call) -> tuple[str, Type]:
        return f"CAST({call.rows(function)} AS {type_name(call.result)})", call.result

    return rule


def by_type(place: int, choices: dict[str, Rule]) -> Rule:
    """Return the rule that chooses by the type of an argument; `*` stands for any other."""

    def rule(call: Call) -> tuple[str, Type]:
        name = call.types[place].name
        chosen = choices.get(name) or choices.get("*")
        if chosen is None:
            raise RefusedError(f"{call.name} of {call.types[place]} is not supported")
        return chosen(call)

    return rule


def let(value: str, variable: str, body: str) -> str:
    """Return `body` with `value` computed once and called `variable` in it."""
    return f"list_transform([{value}], lambda {variable}: {body})[1]"
