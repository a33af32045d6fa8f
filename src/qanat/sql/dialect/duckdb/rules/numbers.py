"""Functions on numbers."""

from __future__ import annotations

from qanat.sql.dialect.duckdb.casts import fail
from qanat.sql.dialect.duckdb.rules.base import (
    Call,
    RefusedError,
    Rule,
    by_type,
    cast_to_result,
    let,
    plain,
)
from qanat.sql.dialect.duckdb.words import type_name
from qanat.sql.types import BIG, INTEGERS, Type, decimal

_WHOLE = dict.fromkeys((*INTEGERS, *BIG), plain("{0}"))
_INFINITY = "CAST('Infinity' AS DOUBLE)"
_NAN = "CAST('NaN' AS DOUBLE)"


def _whole(types: tuple[Type, ...]) -> Type:
    """The type of ceil, floor and round without decimals."""
    given = types[0]
    if given.name != "decimal":
        return given
    precision, scale = given.args
    return decimal(precision - scale + min(scale, 1), 0)


def _rounded(types: tuple[Type, ...]) -> Type:
    if len(types) == 1:
        return _whole(types)
    given = types[0]
    return decimal(given.args[0] + 1, given.args[1]) if given.name == "decimal" else given


def _truncated(types: tuple[Type, ...]) -> Type:
    given = types[0]
    if len(types) == 1 and given.name == "decimal":
        return decimal(max(given.args[0] - given.args[1], 1), 0)
    return given


def _unsupported(call: Call) -> tuple[str, Type]:
    raise RefusedError(f"{call.name} of {call.types[0]} is not supported by this engine yet")


def _round(call: Call) -> tuple[str, Type]:
    if call.types[0].name in BIG and (call.number(1) or 0) >= 0:
        return call.arguments[0], call.result
    if call.types[0].name in INTEGERS:
        if len(call.arguments) == 1 or (call.number(1) or 0) > 0:
            return call.arguments[0], call.result
        return f"CAST(round({', '.join(call.arguments)}) AS {type_name(call.result)})", call.result
    places = call.arguments[1] if len(call.arguments) > 1 else "0"
    if call.types[0].name == "decimal":
        if len(call.arguments) > 1 and call.number(1) is None:
            raise RefusedError("round of a decimal to a computed number of places is not supported")
        text = f"round({call.arguments[0]}, {places})"
        return f"CAST({text} AS {type_name(call.result)})", call.result
    return f"round({call.arguments[0]}, CAST({places} AS INTEGER))", call.result


def _truncate(call: Call) -> tuple[str, Type]:
    if len(call.arguments) == 1:
        return f"CAST(trunc({call.arguments[0]}) AS {type_name(call.result)})", call.result
    if (
        call.types[0].name in {"double", "real", "decimal"}
        and (call.number(1) or 0) >= 0
        and (call.number(1) is not None)
    ):
        text = f"trunc({call.arguments[0]}, {call.number(1)})"
        return f"CAST({text} AS {type_name(call.result)})", call.result
    raise RefusedError("truncate with this number of places is not supported")


def _logarithm(function: str) -> Rule:
    return plain(
        f"CASE WHEN {{0}} > 0 THEN {function}({{0}}) WHEN {{0}} = 0 THEN -{_INFINITY}"
        f" WHEN {{0}} IS NOT NULL THEN {_NAN} END"
    )


def _right_shift(call: Call) -> tuple[str, Type]:
    bits = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}[call.types[0].name]
    x, n = call.arguments
    text = (
        f"CASE WHEN {n} >= {bits} THEN 0 WHEN {x} >= 0 THEN {x} >> CAST({n} AS INTEGER) ELSE "
        f"(CAST({x} AS HUGEINT) + {2**bits}::HUGEINT) >> CAST({n} AS INTEGER) END"
    )
    return f"CAST({text} AS {type_name(call.result)})", call.result


def _arithmetic_shift(call: Call) -> tuple[str, Type]:
    x, n = call.arguments
    text = f"floor(CAST({x} AS DOUBLE) / pow(2, least({n}, 63)))"
    if call.types[0].name == "bigint":
        text = (
            f"CASE WHEN {x} >= 0 THEN {x} >> CAST(least({n}, 63) AS INTEGER) ELSE "
            f"-((-({x} + 1)) >> CAST(least({n}, 63) AS INTEGER)) - 1 END"
        )
    return f"CAST({text} AS {type_name(call.result)})", call.result


def _bit_count(call: Call) -> tuple[str, Type]:
    if call.number(1) != 64:
        raise RefusedError("bit_count is only supported with 64 bits")
    return f"CAST(bit_count({call.arguments[0]}) AS BIGINT)", call.result


def _extreme(call: Call) -> tuple[str, Type]:
    nulls = " OR ".join(f"{argument} IS NULL" for argument in call.arguments)
    text = f"{call.name}({', '.join(call.arguments)})"
    return f"CASE WHEN NOT ({nulls}) THEN {text} END", call.result


def _random(call: Call) -> tuple[str, Type]:
    if not call.arguments:
        return "random()", call.result
    low, high = call.arguments if len(call.arguments) > 1 else ("0", call.arguments[0])
    text = f"{low} + floor(random() * ({high} - {low}))"
    return f"CAST({text} AS {type_name(call.result)})", call.result


_ROOT = f"CASE WHEN {{0}} >= 0 OR {{0}} IS NULL OR isnan({{0}}) THEN sqrt({{0}}) ELSE {_NAN} END"
_ARC = "CASE WHEN abs({{0}}) <= 1 OR {{0}} IS NULL THEN {0}({{0}}) ELSE " + _NAN + " END"
_BUCKET = (
    "CASE WHEN {3} <= 0 THEN " + fail("bucketCount must be greater than 0") + " WHEN {1} = {2} THEN"
    " " + fail("bounds cannot equal each other") + " WHEN ({0} - {1}) * sign({2} - {1}) < 0 THEN 0"
    " WHEN ({0} - {2}) * sign({2} - {1}) >= 0 THEN {3} + 1 ELSE"
    " CAST(floor(({0} - {1}) / ({2} - {1}) * {3}) AS BIGINT) + 1 END"
)

RULES: dict[str, Rule] = {
    "abs": by_type(
        0,
        {
            "uint256": plain("{0}"),
            "int256": plain(let("{0}", "n", "CASE WHEN n < 0 THEN 0::BIGNUM - n ELSE n END")),
            "*": plain("abs({0})"),
        },
    ),
    "ceil": by_type(0, {**_WHOLE, "*": cast_to_result("ceil({0})")}),
    "ceiling": by_type(0, {**_WHOLE, "*": cast_to_result("ceil({0})")}),
    "floor": by_type(0, {**_WHOLE, "*": cast_to_result("floor({0})")}),
    "round": _round,
    "truncate": by_type(0, {**_WHOLE, "*": _truncate}),
    "sign": by_type(0, {**dict.fromkeys(BIG, _unsupported), "*": cast_to_result("sign({0})")}),
    "power": plain("pow({0}, {1})"),
    "pow": plain("pow({0}, {1})"),
    "sqrt": plain(_ROOT),
    **{name: plain(f"{name}({{0}})") for name in (
        "cbrt", "exp", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "degrees", "radians",
    )},
    "asin": plain(_ARC.format("asin")),
    "acos": plain(_ARC.format("acos")),
    "atan2": plain("atan2({0}, {1})"),
    "ln": _logarithm("ln"),
    "log2": _logarithm("log2"),
    "log10": _logarithm("log10"),
    "log": plain("(ln({1}) / ln({0}))"),
    "e": plain("exp(1::DOUBLE)"),
    "pi": plain("pi()"),
    "infinity": plain(_INFINITY),
    "nan": plain(_NAN),
    "is_nan": plain("isnan({0})"),
    "is_finite": plain("isfinite({0})"),
    "is_infinite": plain("isinf({0})"),
    "random": _random,
    "rand": _random,
    "bitwise_and": cast_to_result("{0} & {1}"),
    "bitwise_or": cast_to_result("{0} | {1}"),
    "bitwise_xor": cast_to_result("xor({0}, {1})"),
    "bitwise_not": cast_to_result("~ {0}"),
    "bitwise_left_shift": cast_to_result("CAST({0} AS HUGEINT) << CAST({1} AS INTEGER)"),
    "bitwise_right_shift": _right_shift,
    "bitwise_right_shift_arithmetic": _arithmetic_shift,
    "bit_count": _bit_count,
    "width_bucket": plain(_BUCKET),
    "to_base": plain(
        "(CASE WHEN {0} < 0 THEN '-' ELSE '' END || lower(to_base(abs({0}), CAST({1} AS INTEGER))))"
    ),
    "greatest": _extreme,
    "least": _extreme,
}  # fmt: skip

RESULTS = {
    "ceil": _whole,
    "ceiling": _whole,
    "floor": _whole,
    "round": _rounded,
    "truncate": _truncated,
}
