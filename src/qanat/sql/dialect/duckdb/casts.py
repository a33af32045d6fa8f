"""Conversions between types with Trino's results.

`cast` is what the user wrote; `fit` is a conversion that types agree on by themselves. Where
DuckDB accepts more than Trino (digits with a point as bigint, `yes` as boolean), the text is first
checked by an expression that fails as a cast does, so that `TRY` and `try_cast` still give NULL.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from qanat.sql.dialect.duckdb.shown import day, moment, scientific
from qanat.sql.dialect.duckdb.words import field, renames, row_of, string, type_name
from qanat.sql.types import BIG, INTEGERS, VARCHAR, Type, as_decimal

_MAX_UINT256: Final = str(2**256 - 1)
_INT256: Final = (str(-(2**255)), str(2**255 - 1))


class NoCastError(Exception):
    """There is no conversion between two types."""


def fit(text: str, given: Type, wanted: Type) -> str:
    """Return `text`, of type `given`, as a value of `wanted` that it converts to by itself."""
    if given == wanted or _physical(given) == _physical(wanted):
        return text
    if given.name in INTEGERS and wanted.name in INTEGERS:
        return text
    return _widened(text, given, wanted)


def widen(text: str, given: Type, wanted: Type) -> str:
    """Return `text` as exactly `wanted`: for arithmetic, whose result type follows its operands."""
    if given == wanted or _physical(given) == _physical(wanted):
        return text
    if text.isdigit() and wanted.name in INTEGERS:
        return text
    return _widened(text, given, wanted)


def _widened(text: str, given: Type, wanted: Type) -> str:
    if renames(given, wanted):
        return cast(text, given, wanted)
    return f"CAST({text} AS {type_name(wanted)})"


def _physical(type_: Type) -> str:
    return type_name(type_)


def fail(message: str) -> str:
    """Return an expression of type integer that fails with `message` when it is evaluated.

    It is a cast and not `error()`, which TRY refuses. `blame` finds the message by its mark.
    """
    return f"CAST({string(FAILURE + message)} AS INTEGER)"


FAILURE: Final = "!! "  #: begins the text of a deliberate failure


def cast(text: str, given: Type, wanted: Type, *, trying: bool = False) -> str:
    """Return the conversion of `text` that the user asked for.

    Raises:
        NoCastError: Trino has no such conversion, or this engine cannot do it right.
    """
    if given == wanted and given.name != "varchar":
        return text
    if given.name == "unknown":
        return f"CAST({text} AS {type_name(wanted)})"
    word = "TRY_CAST" if trying else "CAST"
    made = _convert(text, given, wanted, word)
    return f"TRY({made})" if trying and not made.startswith("TRY_CAST(") else made


def _convert(text: str, given: Type, wanted: Type, word: str) -> str:
    convert = _TO.get(wanted.name)
    made = convert(text, given, wanted, word) if convert is not None else None
    if made is None and given.name == "json":
        made = _from_json(text, wanted, word)
    if made is None:
        raise NoCastError
    return made


def _to_boolean(text: str, given: Type, _wanted: Type, _word: str) -> str | None:
    if given.name == "varchar":
        known = " ".join(
            f"WHEN '{name}' THEN {value}"
            for name, value in (
                ("true", "true"), ("t", "true"), ("1", "true"),
                ("false", "false"), ("f", "false"), ("0", "false"),
            )
        )  # fmt: skip
        other = f"CAST(CASE WHEN {text} IS NOT NULL THEN '!' || {text} END AS BOOLEAN)"
        return f"CASE lower({text}) {known} ELSE {other} END"
    return f"({text} <> 0)" if given.name in {*INTEGERS, "decimal", "real", "double"} else None


def _to_integer(text: str, given: Type, wanted: Type, word: str) -> str | None:
    if given.name in {"real", "double"}:
        text = f"round({text})"  # halves go away from zero; a cast sends them to the even number
    elif given.name == "varchar":
        text = strict(text, INTEGER_TEXT)
    elif given.name in BIG:
        text = f"CAST({text} AS VARCHAR)"
    elif given.name not in {*INTEGERS, "decimal", "boolean"}:
        return None
    return f"{word}({text} AS {type_name(wanted)})"


def _to_decimal(text: str, given: Type, wanted: Type, word: str) -> str | None:
    if given.name == "varchar":
        text = strict(text, NUMBER_TEXT)
    elif given.name in BIG:
        text = f"CAST({text} AS VARCHAR)"
    elif given.name not in {*INTEGERS, "decimal", "boolean", "real", "double"}:
        return None
    return f"{word}({text} AS {type_name(wanted)})"


def _to_double(text: str, given: Type, wanted: Type, word: str) -> str | None:
    if given.name == "varchar":
        text = strict(text, DOUBLE_TEXT)
    elif given.name not in {*INTEGERS, *BIG, "decimal", "boolean", "real", "double"}:
        return None
    return f"{word}({text} AS {type_name(wanted)})"


def _to_date(text: str, given: Type, _wanted: Type, word: str) -> str | None:
    if given.name == "varchar":
        return f"{word}({strict(text, DATE_TEXT)} AS DATE)"
    return f"{word}({text} AS DATE)" if given.name.startswith("timestamp") else None


def _to_time(text: str, given: Type, _wanted: Type, word: str) -> str | None:
    known = given.name in {"varchar", "timestamp", "time"}
    return f"{word}({text} AS TIME)" if known else None


def _to_varbinary(text: str, given: Type, _wanted: Type, _word: str) -> str | None:
    return f"encode({text})" if given.name == "varchar" else None


def _to_uuid(text: str, given: Type, _wanted: Type, word: str) -> str | None:
    return f"{word}({text} AS UUID)" if given.name == "varchar" else None


INTEGER_TEXT: Final = r"\s*[+-]?[0-9]+\s*"
NUMBER_TEXT: Final = r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
DOUBLE_TEXT: Final = rf"{NUMBER_TEXT}|\s*[+-]?(Infinity|NaN)\s*"
DATE_TEXT: Final = r"\s*[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}\s*"
TIMESTAMP_TEXT: Final = (
    r"\s*[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}"
    r"( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]*)?)?)?"
)
_UTC_TEXT: Final = r"( ?(UTC|GMT|Z|[+-]00(:?00)?))?\s*"
UTC_NAMES: Final = frozenset({"UTC", "Z", "GMT", "+00", "-00", "+00:00", "-00:00", "+0000"})


def strict(text: str, pattern: str) -> str:
    """Return a text if it has the form, without blanks at its ends; else one that no cast accepts.

    A literal is judged here, so that the engine sees a plain constant.
    """
    literal = _literal(text)
    if literal is not None:
        fits = re.fullmatch(pattern, literal) is not None
        return string(literal.strip() if fits else f"!{literal}")
    return (
        f"CASE WHEN regexp_full_match({text}, {string(pattern)}) THEN trim({text})"
        f" ELSE '!' || {text} END"
    )


def _literal(text: str) -> str | None:
    """Return the value of a literal without escapes; None of anything else."""
    inner = text[1:-1]
    is_literal = text.startswith("'") and text.endswith("'") and "'" not in inner
    return inner if is_literal and len(text) > 1 and inner.isascii() else None


def _to_varchar(text: str, given: Type, _wanted: Type, _word: str) -> str | None:
    match given.name:
        case "varchar":
            return text
        case "varbinary":
            return f"('0x' || lower(hex({text})))"
        case "timestamp":
            return moment(text, given.args[0])
        case "timestamp with time zone":
            utc = f"timezone('UTC', {text})"
            return f"({moment(utc, given.args[0])} || ' UTC')"
        case "date":
            return day(text)
        case "double" | "real":
            return scientific(text)
        case "json":
            nested = fail("Cannot cast a JSON object or array to varchar")
            return (
                f"CASE WHEN json_type({text}) IN ('OBJECT', 'ARRAY') THEN CAST({nested} AS"
                f" VARCHAR) ELSE json_extract_string({text}, '$') END"
            )
        case (
            "boolean"
            | "tinyint"
            | "smallint"
            | "integer"
            | "bigint"
            | "decimal"
            | ("uuid")
            | "uint256"
            | "int256"
        ):
            return f"CAST({text} AS VARCHAR)"
        case "time":
            return f"strftime(DATE '2000-01-01' + {text}, '%H:%M:%S.%g')"
        case _:
            return None


def to_big(text: str, given: Type, wanted: Type) -> str | None:
    """Return a number as a 256-bit integer; out of its range is an error."""
    source = given.name
    if source in BIG:
        number = text
    elif source in INTEGERS:
        number = f"CAST({text} AS BIGNUM)"
    elif source == "varchar":
        number = f"CAST({strict(text, INTEGER_TEXT)} AS BIGNUM)"
    elif source == "decimal":
        whole = text if given.args[1] == 0 else f"round({text}, 0)"
        number = f"CAST(CAST(CAST({whole} AS DECIMAL(38, 0)) AS VARCHAR) AS BIGNUM)"
    elif source in {"real", "double"}:
        number = f"CAST(round({text}) AS BIGNUM)"
    else:
        return None
    low, high = ("0", _MAX_UINT256) if wanted.name == "uint256" else _INT256
    if source in INTEGERS and wanted.name == "int256":
        return number
    return (
        f"list_transform([{number}], lambda n: CASE WHEN n >= '{low}'::BIGNUM AND n <="
        f" '{high}'::BIGNUM THEN n WHEN n IS NOT NULL THEN CAST("
        f"{fail(f'value out of range of {wanted.name}')} AS BIGNUM) END)[1]"
    )


def _to_timestamp(text: str, given: Type, wanted: Type, word: str) -> str | None:
    precision = wanted.args[0]
    if precision > 6:
        return None
    target = type_name(wanted)
    if given.name == "varchar":
        pattern = TIMESTAMP_TEXT + (r"\s*" if wanted.name == "timestamp" else _UTC_TEXT)
        made = f"{word}({strict(text, pattern)} AS {target})"
        literal = _literal(text)
        if literal is not None and len(literal.partition(".")[2]) <= precision:
            return made
    elif given.name in {"date", "timestamp", "timestamp with time zone"}:
        made = f"{word}({text} AS {target})" if given.name != wanted.name else text
        if given.name == "date" or given.args[0] <= precision:
            return made
    else:
        return None
    return rounded_moment(made, precision)


def rounded_moment(text: str, precision: int) -> str:
    """Return a timestamp rounded half up to a number of decimals of a second."""
    if precision >= 6:
        return text
    unit = 10 ** (6 - precision)
    return (
        f"time_bucket(INTERVAL '{unit} microseconds', {text} + INTERVAL '{unit // 2} microseconds')"
    )


def _to_nested(text: str, given: Type, wanted: Type, _word: str) -> str | None:
    if given.name != wanted.name:
        return None
    if given.name == "array":
        inner = cast("e", given.element, wanted.element)
        return text if inner == "e" else f"list_transform({text}, lambda e: {inner})"
    if given.name == "map":
        key, value = (cast(f"e.{part}", a, b) for part, a, b in
                      zip(("key", "value"), given.args, wanted.args, strict=True))  # fmt: skip
        return f"map_from_entries(list_transform(map_entries({text}), lambda e: ({key}, {value})))"
    if len(given.args) != len(wanted.args):
        return None
    pairs = enumerate(zip(given.args, wanted.args, strict=True))
    parts = [cast(field("e", given, place), a, b) for place, ((_, a), (_, b)) in pairs]
    made = f"CASE WHEN e IS NOT NULL THEN {row_of(wanted, parts)} END"
    return f"list_transform([{text}], lambda e: {made})[1]"


def _to_json(text: str, given: Type, _wanted: Type, _word: str) -> str | None:
    match given.name:
        case "decimal":
            return f"CAST(CAST({text} AS VARCHAR) AS JSON)"
        case "double" | "real":
            return (
                f"CASE WHEN isfinite({text}) THEN to_json({text}) ELSE"
                f" to_json({scientific(text)}) END"
            )
        case "map":
            key, value = given.args
            if key == VARCHAR and _jsonable(value):
                entries = f"list_sort(map_entries({text}))"
                return (
                    f"to_json(map_from_entries(list_transform({entries}, lambda e: (e.key,"
                    f" e.value))))"
                )
        case _ if _jsonable(given):
            return f"to_json({text})"
        case _:
            pass
    return None


def _jsonable(type_: Type) -> bool:
    """Whether DuckDB writes values of the type as Trino does."""
    if type_.name == "array":
        return _jsonable(type_.element)
    if type_.name == "row":
        return all(name and _jsonable(part) for name, part in type_.args)
    return type_.name in {"boolean", "varchar", "date", "json", *INTEGERS}


def _from_json(text: str, wanted: Type, word: str) -> str | None:
    if wanted.name in {"boolean", "double", "real", "decimal", "date", *INTEGERS}:
        return cast(f"json_extract_string({text}, '$')", VARCHAR, wanted, trying=word != "CAST")
    if wanted.name in {"array", "map", "row"} and _plain(wanted):
        return f"{word}({text} AS {type_name(wanted)})"
    return None


def _plain(type_: Type) -> bool:
    if type_.name == "row":
        return all(n and _plain(t) for n, t in type_.args)
    if type_.name in {"array", "map"}:
        return all(_plain(t) for t in type_.args)
    return type_.name in {"boolean", "double", "varchar", *INTEGERS} or bool(as_decimal(type_))


_TO: Final[dict[str, Callable[[str, Type, Type, str], str | None]]] = {
    "varchar": _to_varchar,
    "boolean": _to_boolean,
    **dict.fromkeys(INTEGERS, _to_integer),
    "decimal": _to_decimal,
    **dict.fromkeys(("real", "double"), _to_double),
    **dict.fromkeys(BIG, lambda text, given, wanted, _: to_big(text, given, wanted)),
    "date": _to_date,
    "time": _to_time,
    **dict.fromkeys(("timestamp", "timestamp with time zone"), _to_timestamp),
    "varbinary": _to_varbinary,
    "uuid": _to_uuid,
    "json": _to_json,
    **dict.fromkeys(("array", "map", "row"), _to_nested),
}
