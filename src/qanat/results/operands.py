"""A column against values, as DuckDB's SQL: typed, exact, and never an error at run time.

Numbers of whole and decimal types are compared exactly: a value between two that the type can
hold is moved to the one below and the operator adapted, a value out of range decides at once. A
column's NULL always gives NULL, as three-valued logic wants.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Final

from qanat.engines.duckdb.scan import literal, quoted
from qanat.errors import InvalidRequestError
from qanat.model.types import Column
from qanat.results.shapes import Shape, shape

_BITS: Final = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}
_WIDE: Final = frozenset({"uint256", "int256"})
_TEXTS: Final = frozenset({"varchar", "char"})
_EXACT: Final = Context(prec=500)  #: more digits than any value that the grammar lets through
_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,200}(?:\.\d{0,200})?|\.\d{1,200})", re.ASCII)
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})"
    r"(?:[ T](\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?"
    r"(?: ?(UTC|Z|[+-]\d{2}:?\d{2}))?",
    re.ASCII | re.IGNORECASE,
)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Value:
    """A value as the filter's text holds it, without quotes."""

    kind: str  #: string, number, hex, boolean
    text: str


@dataclass(frozen=True, slots=True)
class _Side:
    """What a column is compared with: SQL of its type, or what the comparison gives at once."""

    operator: str
    sql: str
    decided: bool | None = None


class _WrongType(Exception):  # noqa: N818  # caught below, where the column's name is known
    pass


def condition(column: Column, operator: str, values: Sequence[Value]) -> str:
    """Return the SQL of a test of `column`.

    Args:
        column: As the result has it.
        operator: `=`, `<>`, `<`, `<=`, `>`, `>=`, `like`, `in`, `is null` or `is not null`.
        values: One; several for `in`; none for the tests for NULL.

    Raises:
        InvalidRequestError: A value's type does not fit the column's.
    """
    of, name = shape(column.type), quoted(column.name)
    if operator in ("is null", "is not null"):
        return f"{name} {operator.upper()}"
    try:
        if of.kind == "unknown":
            return "CAST(NULL AS BOOLEAN)"
        if operator == "like":
            return _like(name, of, values[0])
        make = _makers(of)
        if operator == "in":
            return _among(name, of, [_side(make, of, "=", value) for value in values])
        return _test(name, of, _side(make, of, operator, values[0]))
    except _WrongType as error:
        raise InvalidRequestError(
            f"filters: column '{column.name}' is {column.type} and {error}"
        ) from None


def _side(make: _Maker, of: Shape, operator: str, value: Value) -> _Side:
    try:
        return make(of, operator, value)
    except _WrongType as error:
        shown = f"cannot be compared with the {value.kind} {value.text[:100]!r}"
        raise _WrongType(str(error) or shown) from None


def _test(name: str, of: Shape, side: _Side) -> str:
    if side.decided is not None:
        return _constant(name, side.decided)
    if of.kind in ("double", "real") and side.operator in (">", ">="):
        # DuckDB puts NaN above everything; a comparison with it is false in SQL.
        return f"{name} {side.operator} {side.sql} AND NOT isnan({name})"
    return f"{_left(name, of)} {side.operator} {side.sql}"


def _among(name: str, of: Shape, sides: list[_Side]) -> str:
    held = [side.sql for side in sides if side.decided is None]
    if not held:
        return _constant(name, holds=False)
    return f"{_left(name, of)} IN ({', '.join(held)})"


def _like(name: str, of: Shape, value: Value) -> str:
    if of.kind not in _TEXTS:
        raise _WrongType("cannot be matched with LIKE")
    if value.kind != "string":
        raise _WrongType("LIKE takes a text in single quotes")
    return f"{name} LIKE {literal(value.text)}"


def _constant(name: str, holds: bool) -> str:
    return f"CASE WHEN {name} IS NOT NULL THEN {str(holds).upper()} END"


def _left(name: str, of: Shape) -> str:
    if of.kind in _WIDE:
        return f"CAST({name} AS BIGNUM)"
    if of.kind.startswith("timestamp") and of.digits > 6:
        kind = "TIMESTAMPTZ" if of.kind.endswith("zone") else "TIMESTAMP"
        return f"CAST({name} AS {kind})"
    return name


_Maker = Callable[[Shape, str, Value], _Side]


def _makers(of: Shape) -> _Maker:
    if of.kind in _BITS or of.kind in _WIDE or of.kind == "decimal":
        return _number
    if of.kind in _TEXTS:
        return _text
    maker = _MAKERS.get(of.kind)
    if maker is None:
        raise _WrongType("can only be tested with IS NULL and IS NOT NULL")
    return maker


def _number(of: Shape, operator: str, value: Value) -> _Side:
    # Their JSON form is a string, so a reader may send it back as one.
    as_text = value.kind == "string" and of.kind not in _BITS
    if not (value.kind == "number" or (as_text and _NUMBER.fullmatch(value.text))):
        raise _WrongType
    number = Decimal(value.text)
    scale = of.numbers[1] if of.kind == "decimal" and len(of.numbers) > 1 else 0
    low, high = _bounds(of)
    operator, held = _on_grid(operator, number, scale, low, high)
    if isinstance(held, bool):
        return _Side(operator, "", decided=held)
    digits = f"{held:f}"
    if of.kind in _WIDE:
        return _Side(operator, f"CAST('{digits}' AS BIGNUM)")
    if of.kind == "decimal":
        return _Side(operator, f"CAST('{digits}' AS DECIMAL({of.numbers[0]},{scale}))")
    return _Side(operator, f"CAST('{digits}' AS BIGINT)")


def _bounds(of: Shape) -> tuple[Decimal, Decimal]:
    if of.kind == "decimal":
        precision, scale = (*of.numbers, 0)[:2] if of.numbers else (38, 0)
        high = _EXACT.scaleb(Decimal(10**precision - 1), -scale)
        return high.copy_negate(), high  # a minus would round to 28 digits
    if of.kind == "uint256":
        return Decimal(0), Decimal(2**256 - 1)
    half = 2 ** (255 if of.kind == "int256" else _BITS[of.kind] - 1)
    return Decimal(-half), Decimal(half - 1)


def _on_grid(
    operator: str, value: Decimal, scale: int, low: Decimal, high: Decimal
) -> tuple[str, Decimal | bool]:
    """Return an equal comparison with a value that the type holds, or what it always gives."""
    if value > high:
        return operator, operator in ("<", "<=", "<>")
    if value < low:
        return operator, operator in (">", ">=", "<>")
    if value.adjusted() < -400:  # too small to be written out: next to zero on its side
        down = Decimal(0) if value >= 0 else Decimal(-1).scaleb(-scale, _EXACT)
    else:
        down = value.quantize(Decimal(1).scaleb(-scale), ROUND_FLOOR, _EXACT)
    if down == value:
        return operator, down
    if operator in ("=", "<>"):
        return operator, operator == "<>"
    return "<=" if operator in ("<", "<=") else ">", down


def _float(of: Shape, operator: str, value: Value) -> _Side:
    infinite = value.kind == "string" and value.text.lower() in ("infinity", "-infinity")
    if value.kind != "number" and not infinite:
        raise _WrongType
    number = float(value.text)
    kind = "DOUBLE" if of.kind == "double" else "REAL"
    if of.kind == "real" and not infinite:
        try:
            struct.pack("f", number)
        except OverflowError:
            number = math.inf
    if math.isinf(number) and not infinite:
        raise _WrongType(f"cannot hold the number {value.text[:100]}")
    return _Side(operator, f"CAST('{number!r}' AS {kind})")


def _text(_of: Shape, operator: str, value: Value) -> _Side:
    if value.kind != "string":
        raise _WrongType
    return _Side(operator, literal(value.text))


def _boolean(_of: Shape, operator: str, value: Value) -> _Side:
    if value.kind != "boolean":
        raise _WrongType
    return _Side(operator, value.text.upper())


def _binary(_of: Shape, operator: str, value: Value) -> _Side:
    if value.kind not in ("hex", "string") or not re.fullmatch(
        r"0[xX](?:[0-9a-fA-F]{2})*", value.text
    ):
        raise _WrongType("is compared with 0x and an even number of hexadecimal digits")
    return _Side(operator, f"unhex('{value.text[2:]}')")


def _uuid(_of: Shape, operator: str, value: Value) -> _Side:
    if value.kind != "string" or not _UUID.fullmatch(value.text):
        raise _WrongType
    return _Side(operator, f"CAST('{value.text}' AS UUID)")


def _date(_of: Shape, operator: str, value: Value) -> _Side:
    moment, zone = _moment(value)
    if zone:
        raise _WrongType("has no time zone")
    day = Decimal(moment.date().toordinal())
    inside = Decimal("0.5") if moment.time() != time() else Decimal(0)
    operator, held = _on_grid(operator, day + inside, 0, Decimal(1), Decimal(date.max.toordinal()))
    if isinstance(held, bool):
        return _Side(operator, "", decided=held)
    return _Side(operator, f"CAST('{date.fromordinal(int(held)).isoformat()}' AS DATE)")


def _timestamp(of: Shape, operator: str, value: Value) -> _Side:
    moment, zone = _moment(value)
    zoned = of.kind.endswith("zone")
    if zone and not zoned:
        raise _WrongType("has no time zone")
    kind, suffix = ("TIMESTAMPTZ", "+00") if zoned else ("TIMESTAMP", "")
    return _Side(operator, f"CAST('{moment.isoformat(' ')}{suffix}' AS {kind})")


def _time(_of: Shape, operator: str, value: Value) -> _Side:
    if value.kind != "string":
        raise _WrongType
    return _Side(operator, f"CAST('{_clock(value.text).isoformat()}' AS TIME)")


def _moment(value: Value) -> tuple[datetime, str]:
    """Return the moment in UTC without a zone, and the zone that was written."""
    match = _MOMENT.fullmatch(value.text.strip()) if value.kind == "string" else None
    if match is None:
        raise _WrongType
    try:
        year, month, day = (int(part) for part in match[1].split("-"))
        moment = datetime.combine(date(year, month, day), _clock(match[2] or "00:00"))
        zone = match[3] or ""
        if zone and zone[0] in "+-":
            ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            moment -= ahead if zone[0] == "+" else -ahead
    except (ValueError, OverflowError):
        raise _WrongType(f"{value.text[:100]!r} is no such moment") from None
    return moment, zone


def _clock(text: str) -> time:
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise _WrongType
    try:
        return time(
            int(match[1]), int(match[2]), int(match[3] or 0), int((match[4] or "0").ljust(6, "0"))
        )
    except ValueError:
        raise _WrongType(f"{text[:100]!r} is no time of day") from None


_MAKERS: Final[dict[str, _Maker]] = {
    "double": _float,
    "real": _float,
    "boolean": _boolean,
    "varbinary": _binary,
    "uuid": _uuid,
    "date": _date,
    "timestamp": _timestamp,
    "timestamp with time zone": _timestamp,
    "time": _time,
}
