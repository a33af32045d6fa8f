"""Functions of many rows."""

from __future__ import annotations

from qanat.sql.dialect.duckdb import operators
from qanat.sql.dialect.duckdb.rules.base import (
    Call,
    RefusedError,
    Rule,
    over_rows,
    over_rows_cast,
)
from qanat.sql.dialect.duckdb.words import type_name
from qanat.sql.types import BIG, BIGINT, DOUBLE, INTEGERS, UNKNOWN, Type, decimal


def _count(call: Call) -> tuple[str, Type]:
    return call.rows("count", *(call.arguments or ("*",))), call.result


def _sum_type(types: tuple[Type, ...]) -> Type:
    given = types[0]
    if given.name in INTEGERS or given == UNKNOWN:
        return BIGINT
    return decimal(38, given.args[1]) if given.name == "decimal" else given


def _sum(call: Call) -> tuple[str, Type]:
    if call.types[0] == UNKNOWN:
        raise RefusedError("the type of sum's argument is not known: cast it")
    text = call.rows("sum")
    if call.types[0].name in {*INTEGERS, "real"}:  # of these DuckDB's sum is wider
        text = f"CAST({text} AS {type_name(call.result)})"
    return text, call.result


def _avg_type(types: tuple[Type, ...]) -> Type:
    given = types[0]
    return given if given.name in {"decimal", "real"} else DOUBLE


def _avg(call: Call) -> tuple[str, Type]:
    given = call.types[0]
    if given.name == "decimal":
        total, count = call.rows("sum"), call.rows("count")
        divided = operators.divided(total, given.args[1], count, 0, given)
        return f"CASE WHEN {count} > 0 THEN {divided} END", given
    if given.name in BIG:
        return call.rows("avg", f"CAST({call.arguments[0]} AS DOUBLE)"), DOUBLE
    text = call.rows("avg")
    return f"CAST({text} AS FLOAT)" if given.name == "real" else text, call.result


def _array_agg(call: Call) -> tuple[str, Type]:
    return call.rows("array_agg"), call.result


def _set_agg(call: Call) -> tuple[str, Type]:
    return f"list_distinct({call.rows('array_agg')})", call.result


def _listagg(call: Call) -> tuple[str, Type]:
    separator = call.arguments[1] if len(call.arguments) > 1 else "''"
    return call.rows("string_agg", call.arguments[0], separator), call.result


def _approx_distinct(call: Call) -> tuple[str, Type]:
    return call.rows("approx_count_distinct", call.arguments[0]), call.result


def _approx_percentile(call: Call) -> tuple[str, Type]:
    share, many = call.constants[1], call.types[1].name == "array"
    if share is None:
        raise RefusedError("the percentage of approx_percentile must be a number written out")
    constant = f"{share}::FLOAT{'[]' if many else ''}"
    text = call.rows("approx_quantile", call.arguments[0], constant)
    return f"CAST({text} AS {type_name(call.result)})", call.result


def _skewness(call: Call) -> tuple[str, Type]:
    """DuckDB's is of a sample, Trino's of the population."""
    n = call.rows("count")
    root = f"sqrt(CAST({n} AS DOUBLE) * ({n} - 1))"
    text = f"CASE WHEN {n} > 2 THEN {call.rows('skewness')} * ({n} - 2) / {root} END"
    return text, call.result


def _histogram(call: Call) -> tuple[str, Type]:
    if call.aggregate or call.prefix:
        raise RefusedError("histogram with FILTER, OVER or DISTINCT is not supported")
    return f"CAST(histogram({call.arguments[0]}) AS {type_name(call.result)})", call.result


def _map_agg(call: Call) -> tuple[str, Type]:
    key, value = call.arguments
    if call.prefix:
        raise RefusedError("map_agg with DISTINCT is not supported")
    entries = call.rows("array_agg", f"struct_pack(k := {key}, v := {value})")
    known = f"list_filter({entries}, lambda e: e.k IS NOT NULL)"
    first = (
        f"list_transform([{known}], lambda s: list_filter(s, lambda e, i: list_position("
        f"list_transform(s, lambda x: x.k), e.k) = i))[1]"
    )
    return f"map_from_entries({first})", call.result


def _grouping(call: Call) -> tuple[str, Type]:
    if call.aggregate or call.prefix:
        raise RefusedError("grouping takes no FILTER, OVER or DISTINCT")
    return f"CAST(grouping({', '.join(call.arguments)}) AS INTEGER)", call.result


def _shifted(call: Call) -> tuple[str, Type]:
    value, *rest = call.arguments
    if rest:
        rest[0] = f"CAST({rest[0]} AS INTEGER)"
    return call.rows(call.name, value, *rest), call.result


RULES: dict[str, Rule] = {
    "count": _count,
    "count_if": over_rows_cast("count_if"),
    "sum": _sum,
    "avg": _avg,
    "min": over_rows("min"),
    "max": over_rows("max"),
    "min_by": over_rows("arg_min_null"),
    "max_by": over_rows("arg_max_null"),
    "array_agg": _array_agg,
    "set_agg": _set_agg,
    "listagg": _listagg,
    "arbitrary": over_rows("any_value"),
    "any_value": over_rows("any_value"),
    "bool_and": over_rows("bool_and"),
    "every": over_rows("bool_and"),
    "bool_or": over_rows("bool_or"),
    "approx_distinct": _approx_distinct,
    "approx_percentile": _approx_percentile,
    **{name: over_rows(name) for name in (
        "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop", "corr",
        "covar_pop", "covar_samp", "regr_slope", "regr_intercept", "kurtosis",
    )},
    "skewness": _skewness,
    "geometric_mean": over_rows("geomean"),
    "histogram": _histogram,
    "map_agg": _map_agg,
    "bitwise_and_agg": over_rows_cast("bit_and"),
    "bitwise_or_agg": over_rows_cast("bit_or"),
    "grouping": _grouping,
    "row_number": over_rows("row_number"),
    "rank": over_rows("rank"),
    "dense_rank": over_rows("dense_rank"),
    "percent_rank": over_rows("percent_rank"),
    "cume_dist": over_rows("cume_dist"),
    "ntile": over_rows("ntile"),
    "lag": _shifted,
    "lead": _shifted,
    "first_value": over_rows("first_value"),
    "last_value": over_rows("last_value"),
    "nth_value": over_rows("nth_value"),
}  # fmt: skip

RESULTS = {"sum": _sum_type, "avg": _avg_type}
