"""Operators with Trino's results and types."""

from __future__ import annotations

from typing import Final

from qanat.sql.dialect.duckdb.casts import fit, to_big, widen
from qanat.sql.dialect.duckdb.words import type_name
from qanat.sql.types import (
    BIG,
    DAYS,
    INTEGERS,
    MONTHS,
    UNKNOWN,
    Type,
    array,
    as_decimal,
    common,
    decimal,
    is_number,
)

_MOMENTS: Final = {"date", "time", "timestamp", "timestamp with time zone"}
_SPANS: Final = {DAYS.name, MONTHS.name}


class NoOperatorError(Exception):
    """An operator is not defined on its operands; the text says why if it is not their types."""


def arithmetic(sign: str, left: tuple[str, Type], right: tuple[str, Type]) -> tuple[str, Type]:
    """Return `left sign right` and its type.

    Raises:
        NoOperatorError: Trino has no such operator, or this engine cannot compute it right.
    """
    (a, x), (b, y) = left, right
    if x == UNKNOWN and y == UNKNOWN:
        return "CAST(NULL AS INTEGER)", Type("integer")
    if x == UNKNOWN:
        a, x = f"CAST({a} AS {type_name(y)})", y
    if y == UNKNOWN:
        b, y = f"CAST({b} AS {type_name(x)})", x
    if is_number(x) and is_number(y):
        return _numbers(sign, a, x, b, y)
    return _times(sign, a, x, b, y)


def _numbers(sign: str, a: str, x: Type, b: str, y: Type) -> tuple[str, Type]:
    wanted = common(x, y)
    assert wanted is not None  # numbers always have a common type
    if wanted.name == "decimal":
        return _decimals(sign, a, as_decimal(x) or x, b, as_decimal(y) or y)
    a, b = widen(a, x, wanted), widen(b, y, wanted)
    if wanted.name in BIG:
        if sign not in {"+", "-"}:
            raise NoOperatorError(f"'{sign}' on {wanted} is not supported by this engine yet")
        return to_big(f"({a} {sign} {b})", wanted, wanted) or "", wanted
    if wanted.name in INTEGERS:
        return f"({a} {'//' if sign == '/' else sign} {b})", wanted
    if sign == "/":
        return _quotient(a, b, wanted), wanted
    return f"({a} {sign} {b})", wanted


def _quotient(a: str, b: str, type_: Type) -> str:
    """Return a division that gives an infinity or NaN for zero, whatever the engine's settings."""
    if b.replace(".", "", 1).isdigit() and float(b) != 0:
        return f"({a} / {b})"
    infinite = f"{a} * CAST('Infinity' AS {type_name(type_)})"
    return f"CASE WHEN {b} = 0 THEN {infinite} ELSE {a} / {b} END"


def _decimals(sign: str, a: str, x: Type, b: str, y: Type) -> tuple[str, Type]:
    (p1, s1), (p2, s2) = x.args, y.args
    scale = max(s1, s2)
    whole = max(p1 - s1, p2 - s2)
    match sign:
        case "+" | "-":
            wanted = decimal(whole + scale + 1, scale)
            return f"CAST({a} {sign} {b} AS {type_name(wanted)})", wanted
        case "*":
            wanted = decimal(p1 + p2, s1 + s2)
            return f"CAST({a} * {b} AS {type_name(wanted)})", wanted
        case "%":
            wanted = decimal(min(p1 - s1, p2 - s2) + scale, scale)
            return f"CAST({a} % {b} AS {type_name(wanted)})", wanted
        case _:
            wanted = decimal(p1 + s2 + max(0, s2 - s1), scale)
            return divided(a, s1, b, s2, wanted), wanted


def divided(a: str, a_scale: int, b: str, b_scale: int, wanted: Type) -> str:
    """Return `a / b` on decimals, rounded half away from zero to the scale of `wanted`.

    Computed on 128-bit integers: exact, and an error where 38 digits are not enough.
    """
    scale = wanted.args[1]
    dividend = _unscaled(a, a_scale, a_scale + max(0, scale + b_scale - a_scale))
    divisor = _unscaled(b, b_scale, b_scale + max(0, a_scale - scale - b_scale))
    known = divisor.removesuffix("::HUGEINT")
    if known.isdigit():
        half = f"CASE WHEN {dividend} < 0 THEN -{int(known) // 2} ELSE {int(known) // 2} END"
    else:
        half = f"CASE WHEN ({dividend} < 0) = ({divisor} < 0) THEN {divisor} ELSE -{divisor} END"
        half += " // 2"
    quotient = f"(({dividend} + ({half})) // {divisor})"
    unit = f"CAST({quotient} AS DECIMAL(38, 0))"
    if scale == 0:
        return f"CAST({unit} AS {type_name(wanted)})"
    step = "0." + "0" * (scale - 1) + "1"
    return f"CAST({unit} * CAST({step} AS DECIMAL({scale}, {scale})) AS {type_name(wanted)})"


def _unscaled(text: str, scale: int, to: int) -> str:
    """Return a decimal of `scale` times ten to the power of `to`, a whole number."""
    if text.isdigit():
        return f"{text}{'0' * to}::HUGEINT"
    if scale == 0:
        whole = f"CAST({text} AS HUGEINT)"
        return f"({whole} * 1{'0' * to}::HUGEINT)" if to else whole
    whole = f"CAST({text} * CAST(1{'0' * scale} AS DECIMAL({scale + 1}, 0)) AS HUGEINT)"
    return f"({whole} * 1{'0' * (to - scale)}::HUGEINT)" if to > scale else whole


def _times(sign: str, a: str, x: Type, b: str, y: Type) -> tuple[str, Type]:
    if sign == "+" and x.name in _SPANS and y.name in _MOMENTS:
        (a, x), (b, y) = (b, y), (a, x)
    if sign in "+-" and x.name in _MOMENTS and y.name in _SPANS:
        return _moved(sign, a, x, b, y)
    if sign == "-" and x.name in _MOMENTS and y.name in _MOMENTS:
        return _apart(a, x, b, y)
    if sign in "+-" and x == y and x.name in _SPANS:
        return f"({a} {sign} {b})", x
    if sign == "*" and x.name in _SPANS and y.name in INTEGERS:
        return f"({a} * {b})", x
    if sign == "*" and y.name in _SPANS and x.name in INTEGERS:
        return f"({b} * {a})", y
    raise NoOperatorError


def _moved(sign: str, moment: str, x: Type, span: str, y: Type) -> tuple[str, Type]:
    made = f"({moment} {sign} {span})"
    if x.name == "date":
        if span.endswith((" hour')", " minute')", " second')")):
            raise NoOperatorError("Cannot add hour, minutes or seconds to a date")
        return f"CAST({made} AS DATE)", x
    return made, Type(x.name, (max(3, x.args[0]),)) if y == DAYS else x


def _apart(a: str, x: Type, b: str, y: Type) -> tuple[str, Type]:
    wanted = common(x, y)
    if wanted is None or wanted.name == "time":
        raise NoOperatorError
    if wanted.name == "date":
        return f"to_days(CAST({a} - {b} AS INTEGER))", DAYS
    return f"({fit(a, x, wanted)} - {fit(b, y, wanted)})", DAYS


def compared(sign: str, left: tuple[str, Type], right: tuple[str, Type]) -> str:
    """Return a comparison; `sign` is DuckDB's.

    Raises:
        NoOperatorError: The types do not compare.
    """
    (a, x), (b, y) = left, right
    wanted = common(x, y)
    if wanted is None:
        raise NoOperatorError
    if x != y and (is_number(wanted) and wanted.name not in INTEGERS):
        if wanted.name == "decimal":
            wanted = decimal(38, wanted.args[1])
        return f"({widen(a, x, wanted)} {sign} {widen(b, y, wanted)})"
    return f"({fit(a, x, wanted)} {sign} {fit(b, y, wanted)})"


def concatenated(left: tuple[str, Type], right: tuple[str, Type]) -> tuple[str, Type]:
    """Return `left || right`: of texts, bytes, arrays, or an array and an element."""
    (a, x), (b, y) = left, right
    if (x.name in {"varchar", "varbinary", "unknown"} and y.name in {x.name, "unknown"}) or (
        x == UNKNOWN and y.name in {"varchar", "varbinary"}
    ):
        wanted = y if x == UNKNOWN else x
        wanted = Type("varchar") if wanted == UNKNOWN else wanted
        return f"({fit(a, x, wanted)} || {fit(b, y, wanted)})", wanted
    if x.name == "array" and y.name == "array":
        wanted_array = common(x, y)
        if wanted_array is not None:
            return f"({fit(a, x, wanted_array)} || {fit(b, y, wanted_array)})", wanted_array
    for (one, one_type), (many, many_type), first in (((a, x), (b, y), True),
                                                      ((b, y), (a, x), False)):  # fmt: skip
        if many_type.name == "array" and (found := common(one_type, many_type.element)):
            wrapped = f"[{fit(one, one_type, found)}]"
            rest = fit(many, many_type, array(found))
            pair = f"{wrapped} || {rest}" if first else f"{rest} || {wrapped}"
            return f"({pair})", array(found)
    raise NoOperatorError


def negated(text: str, type_: Type) -> tuple[str, Type]:
    """Return `-text`."""
    if type_ == UNKNOWN:
        return "CAST(NULL AS INTEGER)", Type("integer")
    if type_.name in BIG:
        raise NoOperatorError(f"'-' on {type_} is not supported by this engine yet")
    if not is_number(type_) and type_.name not in _SPANS:
        raise NoOperatorError
    if type_.name in INTEGERS and text.startswith("("):
        return f"CAST((- {text}) AS {type_name(type_)})", type_  # of constants it may be wider
    return f"(- {text})", type_
