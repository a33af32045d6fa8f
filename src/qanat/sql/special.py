"""Calls whose arguments are not all values of fixed types: IF, ROW, EXTRACT, JSON paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.sql.dialect.duckdb import casts, operators, rules, words
from qanat.sql.scope import Scope
from qanat.sql.statement import Value
from qanat.sql.types import UNKNOWN, VARCHAR, array
from qanat.sql.written import Written

if TYPE_CHECKING:
    from qanat.sql.call import Calls

_EXTRACTED: Final = frozenset(
    {
        "year", "quarter", "month", "week", "day", "day_of_week", "day_of_year", "year_of_week",
        "hour", "minute", "second",
    }
)  # fmt: skip


def _array_call(it: Calls, written: Written, scope: Scope) -> Value:
    values = [it.expressions.value(part, scope) for part in written.arguments]
    element = it.expressions.united(written.arguments, values, "ARRAY elements")
    texts = [casts.widen(v.text, v.type, element) for v in values]
    if not texts:
        return Value(f"CAST([] AS {words.type_name(array(element))})", array(element))
    return Value(f"[{', '.join(texts)}]", array(element))


def _row_call(it: Calls, written: Written, scope: Scope) -> Value:
    if not written.arguments:
        raise it.refused(written.node, "a row has at least one field")
    return it.row([it.expressions.value(part, scope) for part in written.arguments])


def _if_call(it: Calls, written: Written, scope: Scope) -> Value:
    if len(written.arguments) not in {2, 3}:
        raise it.refused(written.node, "if takes two or three arguments")
    condition = it.expressions.condition(written.arguments[0], scope, "IF condition")
    nodes = written.arguments[1:]
    values = [it.expressions.value(part, scope) for part in nodes]
    type_ = it.expressions.united(nodes, values, "IF results")
    texts = [casts.fit(v.text, v.type, type_) for v in values]
    rest = f" ELSE {texts[1]}" if len(texts) == 2 else ""
    return Value(f"CASE WHEN {condition} THEN {texts[0]}{rest} END", type_)


def _try_call(it: Calls, written: Written, scope: Scope) -> Value:
    if len(written.arguments) != 1:
        raise it.refused(written.node, "try takes one argument")
    value = it.expressions.value(written.arguments[0], scope)
    return Value(f"TRY({value.text})", value.type)


def _nullif_call(it: Calls, written: Written, scope: Scope) -> Value:
    if len(written.arguments) != 2:
        raise it.refused(written.node, "nullif takes two arguments")
    left, right = (it.expressions.value(part, scope) for part in written.arguments)
    try:
        test = operators.compared("=", (left.text, left.type), (right.text, right.type))
    except operators.NoOperatorError:
        raise it.refused(
            written.node, f"Types are not comparable with nullif: {left.type} vs {right.type}"
        ) from None
    if left.type == right.type:
        return Value(f"nullif({left.text}, {right.text})", left.type)
    return Value(f"CASE WHEN NOT coalesce({test}, false) THEN {left.text} END", left.type)


def _mod_call(it: Calls, written: Written, scope: Scope) -> Value:
    if len(written.arguments) != 2:
        raise it.refused(written.node, "mod takes two arguments")
    left, right = (it.expressions.value(part, scope) for part in written.arguments)
    try:
        pair = (left.text, left.type), (right.text, right.type)
        return Value(*operators.arithmetic("%", *pair))
    except operators.NoOperatorError:
        raise it.refused(
            written.node, f"mod of {left.type} and {right.type} is not supported"
        ) from None


def _extract_call(it: Calls, written: Written, scope: Scope) -> Value:
    node = written.node
    unit = node.this.name.lower()
    name = {"day_of_month": "day", "dow": "day_of_week", "doy": "day_of_year",
            "yow": "year_of_week"}.get(unit, unit)  # fmt: skip
    if name not in _EXTRACTED:
        raise it.refused(node, f"Invalid EXTRACT field: {unit[:40]}")
    call = exp.Anonymous(this=name, expressions=[node.args["expression"].copy()])
    call.parent = node
    return it.call(call, scope)


def _trim_call(it: Calls, written: Written, scope: Scope) -> Value:
    node = written.node
    side = str(node.args.get("position") or "BOTH").upper()
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side, "trim")
    texts = []
    for part in (node.this, node.args.get("expression")):
        if part is not None:
            value = it.expressions.value(part, scope)
            if value.type not in {VARCHAR, UNKNOWN}:
                raise it.refused(node, f"trim is not defined on {value.type}")
            texts.append(casts.fit(value.text, value.type, VARCHAR))
    if len(texts) == 1:
        texts.append(words.string(rules.BLANKS))
    return Value(f"{name}({', '.join(texts)})", VARCHAR)


def _json_call(it: Calls, written: Written, scope: Scope) -> Value:
    made = rules.json_path_call(written.node)
    if made is None:
        raise it.refused(written.node, f"this form of {written.name.upper()} is not supported")
    value = it.expressions.value(written.node.this, scope)
    if value.type not in {VARCHAR, UNKNOWN}:
        raise it.refused(written.node, f"{written.name} is not defined on {value.type}")
    template, type_ = made
    text = template.format(casts.fit(value.text, value.type, VARCHAR))
    returning = written.node.args.get("returning")
    if isinstance(returning, exp.Expr):
        type_, _ = it.expressions.type_of(returning)
        try:
            text = casts.cast(text, VARCHAR, type_, trying=True)
        except casts.NoCastError:
            raise it.refused(written.node, f"Cannot cast varchar to {type_}") from None
    return Value(text, type_)


SPECIAL: Final[dict[str, Callable[[Calls, Written, Scope], Value]]] = {
    "array": _array_call,
    "row": _row_call,
    "if": _if_call,
    "try": _try_call,
    "nullif": _nullif_call,
    "mod": _mod_call,
    "extract": _extract_call,
    "trim from": _trim_call,
    "json_query": _json_call,
    "json_value": _json_call,
}
