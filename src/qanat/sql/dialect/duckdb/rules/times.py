"""Functions on dates, times and intervals."""

from __future__ import annotations

import re
from typing import Final

from qanat.sql.dialect.duckdb.casts import rounded_moment, strict
from qanat.sql.dialect.duckdb.rules.base import Call, RefusedError, Rule, plain
from qanat.sql.dialect.duckdb.shown import day
from qanat.sql.dialect.duckdb.words import string
from qanat.sql.types import Type

_UNITS: Final = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter",
                 "year")  # fmt: skip
_DATE_UNITS: Final = _UNITS[4:]

# MySQL's pattern letters in strftime's: only those that mean the same in both.
_MYSQL: Final = {
    "%Y": "%Y", "%y": "%y", "%m": "%m", "%d": "%d", "%H": "%H", "%h": "%I", "%I": "%I",
    "%i": "%M", "%s": "%S", "%S": "%S", "%f": "%f", "%p": "%p", "%b": "%b", "%M": "%B",
    "%a": "%a", "%W": "%A", "%j": "%j", "%T": "%H:%M:%S", "%r": "%I:%M:%S %p", "%e": "%-d",
    "%c": "%-m", "%k": "%-H", "%l": "%-I", "%%": "%%",
}  # fmt: skip
_JODA: Final = {
    "yyyy": "%Y", "YYYY": "%Y", "yy": "%y", "MM": "%m", "MMM": "%b", "MMMM": "%B", "M": "%-m",
    "dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "ss": "%S",
    "SSS": "%g", "a": "%p", "EEE": "%a", "E": "%a", "EEEE": "%A", "DDD": "%j", "y": "%Y",
}  # fmt: skip
_ISO_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
#: A moment of another zone than UTC would lose it here.
_ISO_MOMENT: Final = (
    _ISO_DATE + r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-]00(:?00)?)?)?"
)
_JODA_PIECE: Final = re.compile(r"([A-Za-z])\1*|'(?:[^']|'')*'|[^A-Za-z']")


def mysql_pattern(pattern: str) -> str:
    """Return strftime's form of a MySQL pattern."""
    pieces = re.findall(r"%.|[^%]+|%", pattern, re.DOTALL)
    made = []
    for piece in pieces:
        if piece.startswith("%"):
            if piece not in _MYSQL:
                raise RefusedError(f"'{piece}' in a date pattern is not supported")
            made.append(_MYSQL[piece])
        else:
            made.append(piece)
    return "".join(made)


def joda_pattern(pattern: str) -> str:
    """Return strftime's form of a Joda pattern."""
    made = []
    at = 0
    for found in _JODA_PIECE.finditer(pattern):
        if found.start() != at:
            break
        at = found.end()
        piece = found[0]
        if piece.startswith("'"):
            made.append("'" if piece == "''" else piece[1:-1].replace("''", "'").replace("%", "%%"))
        elif piece[0].isalpha():
            if piece not in _JODA:
                raise RefusedError(f"'{piece}' in a date pattern is not supported")
            made.append(_JODA[piece])
        else:
            made.append("%%" if piece == "%" else piece)
    if at != len(pattern):
        raise RefusedError("the date pattern has an open quote")
    return "".join(made)


def _unit(call: Call) -> str:
    constant = call.constants[0]
    unit = constant.lower() if constant is not None else ""
    allowed = _DATE_UNITS if call.types[-1].name == "date" else _UNITS
    if unit not in allowed:
        raise RefusedError(
            f"{call.name} takes one of {', '.join(allowed)}, written out, for {call.types[-1]}"
        )
    return unit


def _truncated(call: Call) -> tuple[str, Type]:
    unit = _unit(call)
    text = f"date_trunc('{unit}', {call.arguments[1]})"
    return (f"CAST({text} AS DATE)" if call.result.name == "date" else text), call.result


def _added(call: Call) -> tuple[str, Type]:
    unit = _unit(call)
    amount = f"CAST({call.arguments[1]} AS BIGINT)"
    if unit == "quarter":
        unit, amount = "month", f"({amount} * 3)"
    function = {"millisecond": "to_milliseconds", "second": "to_seconds", "minute": "to_minutes",
                "hour": "to_hours", "day": "to_days", "week": "to_weeks", "month": "to_months",
                "year": "to_years"}[unit]  # fmt: skip
    if unit in {"day", "week", "month", "year"}:
        amount = f"CAST({amount} AS INTEGER)"
    if unit == "second":
        amount = f"CAST({amount} AS DOUBLE)"
    if unit == "millisecond":
        amount = f"CAST({amount} AS DOUBLE)"
    text = f"({call.arguments[2]} + {function}({amount}))"
    return (f"CAST({text} AS DATE)" if call.result.name == "date" else text), call.result


def _difference(call: Call) -> tuple[str, Type]:
    unit = _unit(call)
    return f"date_sub('{unit}', {call.arguments[1]}, {call.arguments[2]})", call.result


def _part(function: str) -> Rule:
    return plain(f"{function}({{0}})")


def _pattern(call: Call, translate: str) -> str:
    constant = call.constants[1]
    if constant is None:
        raise RefusedError(f"the pattern of {call.name} must be a text written out")
    made = mysql_pattern(constant) if translate == "mysql" else joda_pattern(constant)
    return string(made)


def _formatted(translate: str) -> Rule:
    def rule(call: Call) -> tuple[str, Type]:
        value = call.arguments[0]
        if call.types[0].name.endswith("zone"):
            value = f"timezone('UTC', {value})"
        return f"strftime({value}, {_pattern(call, translate)})", call.result

    return rule


def _parsed(translate: str) -> Rule:
    def rule(call: Call) -> tuple[str, Type]:
        text = f"strptime({call.arguments[0]}, {_pattern(call, translate)})"
        if call.result.name.endswith("zone"):
            return f"CAST({text} AS TIMESTAMPTZ)", call.result
        return text, call.result

    return rule


def _iso(call: Call) -> tuple[str, Type]:
    value, type_ = call.arguments[0], call.types[0]
    if type_.name == "date":
        return day(value), call.result
    zoned = type_.name.endswith("zone")
    if zoned:
        value = f"timezone('UTC', {value})"
    precision = type_.args[0]
    if precision not in {0, 3, 6}:
        raise RefusedError(f"to_iso8601 of {type_} is not supported")
    tail = {0: "", 3: ".%g", 6: ".%f"}[precision]
    return f"strftime({value}, '%Y-%m-%dT%H:%M:%S{tail}{'Z' if zoned else ''}')", call.result


def _dated(call: Call) -> tuple[str, Type]:
    return f"CAST({call.arguments[0]} AS DATE)", call.result


_DAY_OF_WEEK = _part("isodow")
_YEAR_OF_WEEK = _part("isoyear")
RULES: dict[str, Rule] = {
    "now": lambda c: (rounded_moment("now()", 3), c.result),
    "date": _dated,
    "date_trunc": _truncated,
    "date_add": _added,
    "date_diff": _difference,
    "from_unixtime": lambda c: (rounded_moment(f"to_timestamp({c.arguments[0]})", 3), c.result),
    "to_unixtime": _part("epoch"),
    "year": _part("year"),
    "quarter": _part("quarter"),
    "month": _part("month"),
    "week": _part("week"),
    "week_of_year": _part("week"),
    "day": _part("day"),
    "day_of_month": _part("day"),
    "day_of_week": _DAY_OF_WEEK,
    "dow": _DAY_OF_WEEK,
    "day_of_year": _part("dayofyear"),
    "doy": _part("dayofyear"),
    "year_of_week": _YEAR_OF_WEEK,
    "yow": _YEAR_OF_WEEK,
    "hour": _part("hour"),
    "minute": _part("minute"),
    "second": _part("second"),
    "millisecond": plain("(millisecond({0}) % 1000)"),
    "last_day_of_month": plain("last_day({0})"),
    "date_format": _formatted("mysql"),
    "date_parse": _parsed("mysql"),
    "format_datetime": _formatted("joda"),
    "parse_datetime": _parsed("joda"),
    "from_iso8601_timestamp": lambda c: (
        rounded_moment(f"CAST({strict(c.arguments[0], _ISO_MOMENT)} AS TIMESTAMPTZ)", 3),
        c.result,
    ),
    "from_iso8601_date": lambda c: (
        f"CAST({strict(c.arguments[0], _ISO_DATE)} AS DATE)",
        c.result,
    ),
    "to_iso8601": _iso,
    "to_milliseconds": plain("CAST(epoch({0}) * 1000 AS BIGINT)"),
}
