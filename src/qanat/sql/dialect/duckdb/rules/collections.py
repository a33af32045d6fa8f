"""Functions on arrays and maps."""

from __future__ import annotations

from qanat.sql.dialect.duckdb.casts import cast, fail
from qanat.sql.dialect.duckdb.rules.base import (
    Call,
    RefusedError,
    Rule,
    by_type,
    let,
    plain,
)
from qanat.sql.dialect.duckdb.words import type_name
from qanat.sql.types import VARCHAR, Type

MAX_SEQUENCE = 10_000  #: elements, as in Trino


def subscript(base: str, type_: Type, index: str) -> str:
    """Return an element that must exist: a statement fails where it does not."""
    if type_.name == "map":
        missing = f"CAST({fail('Key not present in map')} AS {type_name(type_.args[0])})"
        checked = f"CASE WHEN map_contains({base}, {index}) THEN {index} ELSE {missing} END"
        return f"{base}[{checked}]"
    missing = fail("Array subscript must be between 1 and the length of the array")
    low = "" if index.isdigit() and index != "0" else f"{index} < 1 OR "
    outside = f"{low}{index} > len({base})"
    return f"{base}[CASE WHEN {outside} THEN {missing} ELSE {index} END]"


def _element_at(call: Call) -> tuple[str, Type]:
    value, index = call.arguments
    if call.types[0].name == "array" and call.number(1) in {None, 0}:
        zero = fail("SQL array indices start at 1")
        return f"{value}[CASE WHEN {index} = 0 THEN {zero} ELSE {index} END]", call.result
    return f"{value}[{index}]", call.result


def _contains(call: Call) -> tuple[str, Type]:
    values, value = call.arguments
    found = f"list_contains({values}, {value})"
    unknown = f"len({values}) > len(list_filter({values}, lambda e: e IS NOT NULL))"
    text = (
        f"CASE WHEN {value} IS NULL THEN NULL WHEN {found} THEN true WHEN {unknown} THEN NULL"
        f" WHEN {values} IS NOT NULL THEN false END"
    )
    return text, call.result


def _extreme(function: str) -> Rule:
    return plain(
        f"CASE WHEN NOT list_bool_or(list_transform({{0}}, lambda e: e IS NULL)) THEN"
        f" {function}({{0}}) END"
    )


def _array_join(call: Call) -> tuple[str, Type]:
    values, separator = call.arguments[:2]
    element = call.types[0].element
    text = cast("e", element, VARCHAR)
    if len(call.arguments) > 2:
        texts = f"list_transform({values}, lambda e: coalesce({text}, {call.arguments[2]}))"
    else:
        kept = f"list_filter({values}, lambda e: e IS NOT NULL)"
        texts = f"list_transform({kept}, lambda e: {text})"
    empty = f"CASE WHEN {values} IS NOT NULL THEN '' END"
    return f"coalesce(array_to_string({texts}, {separator}), {empty})", call.result


def _reduce(call: Call) -> tuple[str, Type]:
    """Three arguments to DuckDB, and the last function applied to what they give."""
    values, start, step, last = call.arguments
    folded = f"list_reduce({values}, {step}, CAST({start} AS {type_name(call.types[2])}))"
    return f"list_transform([{folded}], {last})[1]", call.result


def _any_match(call: Call) -> tuple[str, Type]:
    return _three_valued(call, "true", "false"), call.result


def _all_match(call: Call) -> tuple[str, Type]:
    return _three_valued(call, "false", "true"), call.result


def _none_match(call: Call) -> tuple[str, Type]:
    return f"(NOT {_three_valued(call, 'true', 'false')})", call.result


def _three_valued(call: Call, decisive: str, otherwise: str) -> str:
    """One decisive answer decides; else NULL if one is unknown, else the other."""
    tested = f"list_transform({call.arguments[0]}, {call.arguments[1]})"
    body = (
        f"CASE WHEN list_contains(b, {decisive}) THEN {decisive} WHEN"
        f" list_count(b) < len(b) THEN NULL WHEN b IS NOT NULL THEN {otherwise} END"
    )
    return let(tested, "b", body)


def _zip_with(call: Call) -> tuple[str, Type]:
    left, right, function = call.arguments
    head, _, body = function.partition(": ")
    first, second = head.removeprefix("lambda ").split(", ")
    index = f"i{first}"
    picked = (
        f"list_transform([{left}[{index}]], lambda {first}: list_transform([{right}[{index}]],"
        f" lambda {second}: {body})[1])[1]"
    )
    longest = f"greatest(len({left}), len({right}))"
    made = f"list_transform(range(1, {longest} + 1), lambda {index}: {picked})"
    return f"CASE WHEN {left} IS NOT NULL AND {right} IS NOT NULL THEN {made} END", call.result


def _sequence(call: Call) -> tuple[str, Type]:
    start, stop = call.arguments[:2]
    kind = call.types[0].name
    if kind in {"tinyint", "smallint", "integer", "bigint", "unknown"}:
        step = (
            call.arguments[2]
            if len(call.arguments) > 2
            else (f"CASE WHEN {start} <= {stop} THEN 1 ELSE -1 END")
        )
        bound = f"abs(CAST({stop} AS HUGEINT) - {start}) // abs({step}) >= {MAX_SEQUENCE}"
        too_long = fail(
            f"result of sequence function must not have more than {MAX_SEQUENCE} entries"
        )
        away = fail(
            "sequence stop value must not lie behind the start value in the step's direction"
        )
        first = (
            f"CASE WHEN {bound} THEN {too_long} WHEN sign({stop} - {start}) * sign({step}) < 0"
            f" THEN {away} ELSE {start} END"
        )
        text = (
            f"generate_series(CAST({first} AS BIGINT), CAST({stop} AS BIGINT), CAST({step} AS"
            f" BIGINT))"
        )
        return text, call.result
    if len(call.arguments) == 2:
        step = f"CASE WHEN {start} <= {stop} THEN to_days(1) ELSE to_days(-1) END"
    else:
        step = call.arguments[2]
    made = f"generate_series(CAST({start} AS TIMESTAMP), CAST({stop} AS TIMESTAMP), {step})"
    if kind == "date":
        made = f"list_transform({made}, lambda d: CAST(d AS DATE))"
    if kind.startswith("timestamp"):
        return made, Type("array", (call.types[0],))
    return made, call.result


def _slice(call: Call) -> tuple[str, Type]:
    values, start, length = call.arguments
    if call.number(1) == 0:
        raise RefusedError("SQL array indices start at 1")
    known = call.number(1)
    if known is not None and known > 0 and call.number(2) is not None:
        end = known + max(call.number(2) or 0, 0) - 1
        return f"{values}[{known}:{end}]", call.result
    begin = f"CASE WHEN {start} < 0 THEN len({values}) + {start} + 1 ELSE {start} END"
    made = f"list_slice({values}, {begin}, ({begin}) + {length} - 1)"
    outside = f"-({start}) > len({values})"
    return f"CASE WHEN {outside} THEN {values}[1:0] ELSE {made} END", call.result


def _map(call: Call) -> tuple[str, Type]:
    if not call.arguments:
        raise RefusedError("map without arguments is not supported")
    return f"map({call.arguments[0]}, {call.arguments[1]})", call.result


def _entries(call: Call) -> tuple[str, Type]:
    made = f"list_transform(map_entries({call.arguments[0]}), lambda e: row(e.key, e.value))"
    return made, call.result


def _from_entries(call: Call) -> tuple[str, Type]:
    made = (
        f"list_transform({call.arguments[0]}, lambda e: (struct_extract_at(e, 1),"
        f" struct_extract_at(e, 2)))"
    )
    return f"map_from_entries({made})", call.result


def _over_entries(kind: str) -> Rule:
    """Rebuild a map from its entries: filtered, or with new keys or values."""

    def rule(call: Call) -> tuple[str, Type]:
        value, function = call.arguments
        head, _, body = function.partition(": ")
        key, item = head.removeprefix("lambda ").split(", ")
        bound = (
            f"list_transform([e.key], lambda {key}: list_transform([e.value], lambda {item}:"
            f" {body})[1])[1]"
        )
        if kind == "filter":
            kept = f"list_filter(map_entries({value}), lambda e: {bound})"
            return f"map_from_entries({kept})", call.result
        pair = f"(e.key, {bound})" if kind == "values" else f"({bound}, e.value)"
        return f"map_from_entries(list_transform(map_entries({value}), lambda e: {pair}))", (
            call.result
        )

    return rule


def _distinct(text: str) -> str:
    """Return a list without repeated elements, in the order of their first places."""
    body = (
        "list_filter(s, lambda e, i: CASE WHEN e IS NULL THEN list_position(list_transform(s,"
        " lambda x: x IS NULL), true) = i ELSE list_position(s, e) = i END)"
    )
    return let(text, "s", body)


_HELD = (
    "CASE WHEN e IS NULL THEN list_bool_or(list_transform({1}, lambda x: x IS NULL)) IS true ELSE"
    " list_contains({1}, e) END"
)
RULES: dict[str, Rule] = {
    "cardinality": by_type(
        0, {"map": plain("CAST(cardinality({0}) AS BIGINT)"), "*": plain("len({0})")}
    ),
    "element_at": _element_at,
    "contains": _contains,
    "array_distinct": plain(_distinct("{0}")),
    "array_intersect": plain(_distinct(f"list_filter({{0}}, lambda e: {_HELD})")),
    "array_union": plain(_distinct("{0} || {1}")),
    "array_except": plain(_distinct(f"list_filter({{0}}, lambda e: NOT ({_HELD}))")),
    "array_join": _array_join,
    "array_max": _extreme("list_max"),
    "array_min": _extreme("list_min"),
    "array_position": plain(
        "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN CAST(coalesce(list_position({0}, {1}),"
        " 0) AS BIGINT) END"
    ),
    "array_remove": plain(
        "CASE WHEN {1} IS NOT NULL THEN list_filter({0}, lambda e: e IS DISTINCT FROM {1}) END"
    ),
    "array_sort": plain("list_sort({0}, 'ASC', 'NULLS LAST')"),
    "arrays_overlap": plain("list_has_any({0}, {1})"),
    "flatten": plain("flatten({0})"),
    "filter": plain("list_filter({0}, {1})"),
    "transform": plain("list_transform({0}, {1})"),
    "reduce": _reduce,
    "any_match": _any_match,
    "all_match": _all_match,
    "none_match": _none_match,
    "zip_with": _zip_with,
    "sequence": _sequence,
    "slice": _slice,
    "trim_array": plain(
        "{0}[1:CASE WHEN {1} BETWEEN 0 AND len({0}) THEN len({0}) - {1} ELSE "
        + fail("size must be between 0 and the array's cardinality")
        + " END]"
    ),
    "repeat": plain("list_transform(range({1}), lambda i: {0})"),
    "shuffle": plain(
        "list_transform(list_sort(list_transform({0}, lambda e: struct_pack(r := random(), v :="
        " e))), lambda s: s.v)"
    ),
    "map": _map,
    "map_keys": plain("map_keys({0})"),
    "map_values": plain("map_values({0})"),
    "map_entries": _entries,
    "map_from_entries": _from_entries,
    "map_concat": plain("map_concat({all})"),
    "map_filter": _over_entries("filter"),
    "transform_values": _over_entries("values"),
    "transform_keys": _over_entries("keys"),
}
