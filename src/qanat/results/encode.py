"""Values as the wire spells them, written as SQL: contract section 16.7, one expression a type.

The worker makes the text, so the server only passes bytes on. Expressions are composed as text
and never through a DuckDB map or struct of JSON values: two map keys that differ as values may be
equal as text, and that must not be an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from qanat.engines.duckdb.scan import literal
from qanat.model.types import Columns
from qanat.results.shapes import Shape, shape

_INTEGERS: Final = frozenset({"tinyint", "smallint", "integer", "bigint"})
_FLOATS: Final = frozenset({"double", "real"})
_NESTED: Final = frozenset({"array", "map", "row"})
#: Their text needs no escaping between quotes.
_CLEAN: Final = frozenset(
    {
        "decimal",
        "uint256",
        "int256",
        "varbinary",
        "date",
        "timestamp",
        "timestamp with time zone",
        "time",
        "time with time zone",
        "interval year to month",
        "interval day to second",
        "uuid",
    }
)
#: Bytes of a value's raw text, guessed where the type tells; the rest is measured.
_WIDTHS: Final = {
    "boolean": 5,
    "tinyint": 3,
    "smallint": 4,
    "integer": 6,
    "bigint": 10,
    "double": 16,
    "real": 9,
    "date": 10,
    "timestamp": 23,
    "timestamp with time zone": 27,
    "time": 12,
    "time with time zone": 18,
    "interval year to month": 4,
    "interval day to second": 14,
    "uuid": 36,
    "unknown": 5,
}
NULL_TEXT: Final = "<nil>"


def json_text(value: str, of: Shape, depth: int = 0) -> str:
    """Return an expression for the JSON text of `value`; NULL where the value is NULL."""
    if of.kind == "unknown":
        return "CAST(NULL AS VARCHAR)"
    if of.kind in _NESTED:
        return _NESTED_TEXT[of.kind](value, of, depth)
    if of.kind in _INTEGERS or of.kind == "boolean":
        return f"CAST({value} AS VARCHAR)"
    if of.kind in _FLOATS:
        bare = plain_text(value, of)
        return f"CASE WHEN isfinite({value}) THEN {bare} ELSE '\"' || {bare} || '\"' END"
    if of.kind in _CLEAN:
        return f"'\"' || {plain_text(value, of)} || '\"'"
    return f"CAST(to_json(CAST({value} AS VARCHAR)) AS VARCHAR)"


def plain_text(value: str, of: Shape, depth: int = 0) -> str:
    """Return an expression for the text of `value` as CSV shows it; NULL where it is NULL."""
    if of.kind in _NESTED or of.kind == "unknown":
        return json_text(value, of, depth)
    if of.kind == "double":
        return f"CAST(to_json({value}) AS VARCHAR)"
    if of.kind == "real":
        # By way of text: a float widened to a double shows digits that nobody wrote.
        return f"CAST(to_json(CAST(CAST({value} AS VARCHAR) AS DOUBLE)) AS VARCHAR)"
    if of.kind == "decimal" and len(of.numbers) > 1 and of.numbers[0] == of.numbers[1]:
        return f"replace(CAST({value} AS VARCHAR), '.', '0.')"  # DuckDB leaves out that zero
    if of.kind == "varbinary":
        return f"'0x' || lower(hex({value}))"
    if of.kind in _TIME_TEXT:
        return _TIME_TEXT[of.kind](value, of)
    return f"CAST({value} AS VARCHAR)"


def weight(value: str, of: Shape) -> int | str:
    """Return the bytes of a value's raw text: a guess, or an expression that measures."""
    if of.kind in _WIDTHS:
        return _WIDTHS[of.kind]
    if of.kind == "decimal":
        return min(of.numbers[0], 12) + 2 if of.numbers else 14
    if of.kind == "varbinary":
        size = f"octet_length({value}) * 2 + 2"
    else:
        size = f"strlen(CAST({value} AS VARCHAR))"
    return f"coalesce({size}, {len(NULL_TEXT)})"


def row_weight(columns: Columns, names: tuple[str, ...]) -> tuple[int, str]:
    """Return the bytes of a row's raw text: what is fixed, and an expression for the rest.

    `names` are what the columns are called in the statement.
    """
    sizes = [weight(name, shape(c.type)) for name, c in zip(names, columns, strict=True)]
    measured = [size for size in sizes if isinstance(size, str)]
    fixed = sum(size for size in sizes if isinstance(size, int)) + len(sizes)
    return fixed, " + ".join(["0", *measured])


def row_json(columns: Columns, names: tuple[str, ...]) -> str:
    """Return an expression for a row as a JSON object, keyed by column name in column order."""
    pieces, before = [], "{"
    for name, column in zip(names, columns, strict=True):
        pieces.append(literal(before + key(column.name) + ":"))
        pieces.append(f"coalesce({json_text(name, shape(column.type))}, 'null')")
        before = ","
    pieces.append("'}'" if columns else "'{}'")
    return f"concat({', '.join(pieces)})"


def row_overhead(columns: Columns) -> int:
    """Return the bytes that JSON adds to a row's raw text: keys, colons, braces, quotes."""
    return sum(len(key(column.name).encode()) + 3 for column in columns) + 2


def key(name: str) -> str:
    """Return a column name as a JSON string."""
    return json.dumps(name, ensure_ascii=False)


def _array(value: str, of: Shape, depth: int) -> str:
    item = f"v{depth}"
    text = f"coalesce({json_text(item, of.parts[0], depth + 1)}, 'null')"
    return _joined(value, item, text, "[]")


def _map(value: str, of: Shape, depth: int) -> str:
    item = f"v{depth}"
    name = f"CAST(to_json({plain_text(f'{item}.key', of.parts[0], depth + 1)}) AS VARCHAR)"
    text = f"coalesce({json_text(f'{item}.value', of.parts[1], depth + 1)}, 'null')"
    return _joined(f"map_entries({value})", item, f"{name} || ':' || {text}", "{}")


def _joined(items: str, item: str, text: str, around: str) -> str:
    joined = f"array_to_string(list_transform({items}, LAMBDA {item} : {text}), ',')"
    return f"'{around[0]}' || {joined} || '{around[1]}'"


def _row(value: str, of: Shape, depth: int) -> str:
    pieces, before = [], "{" if of.names else "["
    for at, part in enumerate(of.parts):
        lead = before + (key(of.names[at]) + ":" if of.names else "")
        field = json_text(f"struct_extract_at({value}, {at + 1})", part, depth)
        pieces += [literal(lead), f"coalesce({field}, 'null')"]
        before = ","
    pieces.append("'}'" if of.names else "']'")
    return f"CASE WHEN {value} IS NOT NULL THEN concat({', '.join(pieces)}) END"


_NESTED_TEXT: Final[dict[str, Callable[[str, Shape, int], str]]] = {
    "array": _array,
    "map": _map,
    "row": _row,
}


def _date(value: str, _of: Shape) -> str:
    return _year_first(value, f"CAST({value} AS VARCHAR)", f"strftime({value}, '-%m-%d')")


def _timestamp(value: str, of: Shape) -> str:
    return _dated(value, of, "")


def _zoned(value: str, of: Shape) -> str:
    return _dated(f"timezone('UTC', {value})", of, " UTC")


def _dated(value: str, of: Shape, zone: str) -> str:
    written, rest = (
        _moment(value, f"{date} %H:%M:%S", of.digits, zone) for date in ("%Y-%m-%d", "-%m-%d")
    )
    return _year_first(value, written, rest)


def _time(value: str, of: Shape) -> str:
    return _moment(f"(DATE '2000-01-01' + CAST({value} AS TIME))", "%H:%M:%S", of.digits, "")


def _year_first(value: str, written: str, rest: str) -> str:
    """Return an expression for a day or a moment whose year may have more than four digits.

    Args:
        value: The moment.
        written: Its text as DuckDB writes it, which is right for the years 1 to 9999.
        rest: Its text from behind the year on. Before it stands the year as Trino writes it: four
            digits at least, with a minus before year 0 and a plus where there are more.
    """
    year = f"year({value})"
    sign = f"CASE WHEN {year} < 0 THEN '-' WHEN {year} > 9999 THEN '+' ELSE '' END"
    other = f"{sign} || format('{{:04d}}', abs({year})) || {rest}"  # NULL of an infinite moment
    return (
        f"CASE WHEN {year} BETWEEN 1 AND 9999 THEN {written} ELSE coalesce({other}, {written}) END"
    )


def _moment(value: str, pattern: str, digits: int, zone: str) -> str:
    """Return an expression for a moment with `digits` digits of a second.

    strftime has three, six and nine; other counts are cut from the next longer one.
    """
    if digits == 0:
        return f"strftime({value}, '{pattern}{zone}')"
    shown, code = next((n, c) for n, c in ((3, "g"), (6, "f"), (12, "n")) if digits <= n)
    text = f"strftime({value}, '{pattern}.%{code}{zone}')"
    if shown == digits or code == "n":
        return text
    cut = f"strftime({value}, '{pattern}.%{code}')"
    return f"left({cut}, length({cut}) - {shown - digits}) || '{zone}'"


def _interval(kept: str, of: Shape) -> str:
    """Return an expression for days and a clock, behind the months if the interval has some.

    Trino has two types for the two; in DuckDB one value may hold both. It lies in the file as text.
    """
    value = f"CAST({kept} AS INTERVAL)"
    ms = (
        f"(datepart('day', {value}) * 86400000 + datepart('hour', {value}) * 3600000"
        f" + datepart('minute', {value}) * 60000 + datepart('millisecond', {value}))"
    )
    clock = [
        f"lpad(CAST(abs({ms}) // {unit} % {size} AS VARCHAR), {width}, '0')"
        for unit, size, width in ((3600000, 24, 2), (60000, 60, 2), (1000, 60, 2), (1, 1000, 3))
    ]
    days = (
        f"CASE WHEN {ms} < 0 THEN '-' ELSE '' END || (abs({ms}) // 86400000) || ' ' ||"
        f" {clock[0]} || ':' || {clock[1]} || ':' || {clock[2]} || '.' || {clock[3]}"
    )
    months = f"datepart('year', {value}) <> 0 OR datepart('month', {value}) <> 0"
    return (
        f"CASE WHEN {months} THEN {_months(kept, of)}"
        f" || CASE WHEN {ms} <> 0 THEN ' ' || {days} ELSE '' END ELSE {days} END"
    )


def _months(kept: str, _of: Shape) -> str:
    value = f"CAST({kept} AS INTERVAL)"
    months = f"(datepart('year', {value}) * 12 + datepart('month', {value}))"
    sign = f"CASE WHEN {months} < 0 THEN '-' ELSE '' END"
    return f"{sign} || (abs({months}) // 12) || '-' || (abs({months}) % 12)"


_TIME_TEXT: Final[dict[str, Callable[[str, Shape], str]]] = {
    "date": _date,
    "timestamp": _timestamp,
    "timestamp with time zone": _zoned,
    "time": _time,
    "interval year to month": _months,
    "interval day to second": _interval,
}
