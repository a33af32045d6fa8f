"""Values computed of others: arithmetic, CASE, casts, subscripts, queries used as values."""

# SQL is made here of names, types and literals spelled by `words`

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.sql import literals, predicates
from qanat.sql.dialect.duckdb import casts, operators, words
from qanat.sql.literals import MAX_BIGINT
from qanat.sql.scope import Scope
from qanat.sql.statement import Value
from qanat.sql.tokens import DECIMAL
from qanat.sql.types import BIGINT, TIMESTAMPTZ, VARCHAR, Type, common

if TYPE_CHECKING:
    from qanat.sql.expression import Expressions

_ARITHMETIC: Final[dict[type[exp.Expr], str]] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%",
}  # fmt: skip
CHAINED: Final = frozenset({*_ARITHMETIC, exp.DPipe})
_ZONED: Final = re.compile(r"\d\d:\d\d\S*\s*([A-Za-z]\S*|[+-]\d\d?:?\d*)\s*$")


def paren(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return what stands in brackets."""
    return it.value(node.this, scope)


def chain(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return arithmetic and concatenation; long chains lean left, so this is a loop."""
    spine = [node]
    while type(spine[-1].this) in CHAINED:
        spine.append(spine[-1].this)
    made = it.value(spine[-1].this, scope)
    for link in reversed(spine):
        right = it.value(link.args["expression"], scope)
        pair = ((made.text, made.type), (right.text, right.type))
        sign = _ARITHMETIC.get(type(link), "||")
        try:
            text, type_ = (
                operators.concatenated(*pair) if sign == "||" else operators.arithmetic(sign, *pair)
            )
        except operators.NoOperatorError as error:
            message = str(error) or f"Cannot apply operator: {made.type} {sign} {right.type}"
            raise it.refused(link, message) from None
        made = Value(text, type_)
        it.statement.checked(text, it.source, link)
    return made


def negation(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return a number or an interval with its sign changed."""
    made = it.value(node.this, scope)
    if isinstance(node.this, exp.Literal) and node.this.name == str(MAX_BIGINT + 1):
        return Value("CAST('-9223372036854775808' AS BIGINT)", BIGINT)
    try:
        return Value(*operators.negated(made.text, made.type))
    except operators.NoOperatorError as error:
        message = str(error) or f"Cannot negate {made.type}"
        raise it.refused(node, message) from None


def scalar(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return a query used as a value: one column, at most one row."""
    made = it.queries.subquery(node, scope)
    if len(made.outputs) != 1:
        raise it.refused(
            node, f"Multiple columns returned by subquery are not yet supported. Found "
            f"{len(made.outputs)}"
        )  # fmt: skip
    return Value(f"({made.text})", made.outputs[0].type)


def case(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return CASE, in both forms."""
    operand = it.value(node.this, scope) if node.this is not None else None
    tests, nodes, values = [], [], []
    for branch in node.args["ifs"]:
        if operand is None:
            tests.append(it.condition(branch.this, scope, "CASE WHEN clause"))
        else:
            when = it.value(branch.this, scope)
            tests.append(predicates.compared(it, branch.this, "=", operand, when).text)
        nodes.append(branch.args["true"])
    default = node.args.get("default")
    if default is not None:
        nodes.append(default)
    values = [it.value(part, scope) for part in nodes]
    wanted = it.united(nodes, values, "CASE results")
    texts = [it.fitted(value, wanted) for value in values]
    branches = " ".join(f"WHEN {t} THEN {v}" for t, v in zip(tests, texts, strict=False))
    rest = f" ELSE {texts[-1]}" if default is not None else ""
    return Value(f"CASE {branches}{rest} END", wanted)


def cast(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return CAST and TRY_CAST; also typed literals, which the parser reads as casts."""
    wanted, length = it.type_of(node.args["to"])
    made = it.value(node.this, scope)
    trying = isinstance(node, exp.TryCast)
    literal = node.this if isinstance(node.this, exp.Literal) else None
    if literal is not None and wanted.name.startswith("timestamp"):
        zone = _ZONED.search(literal.name)
        if zone is not None and zone[1].upper() not in casts.UTC_NAMES:
            raise it.refused(node, "time zones other than UTC are not supported by this engine")
    try:
        text = casts.cast(made.text, made.type, wanted, trying=trying)
    except casts.NoCastError:
        raise it.refused(node, f"Cannot cast {made.type} to {wanted}") from None
    if length is not None and made.type == VARCHAR:
        text = f"left({text}, {length})"
    elif length is not None:
        long = casts.fail(f"Value cannot be represented as varchar({length})")
        text = f"CASE WHEN length({text}) > {length} THEN CAST({long} AS VARCHAR) ELSE {text} END"
        text = f"TRY({text})" if trying else text
    return Value(text, wanted)


def subscript(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return `array[i]`, `map[key]`, `row[i]`."""
    if len(node.expressions) != 1 or node.args.get("safe"):
        raise it.refused(node, "a subscript takes one index")
    index_node = node.expressions[0]
    base, index = it.value(node.this, scope), it.value(index_node, scope)
    if base.type.name == "row" and isinstance(index_node, exp.Literal):
        place = int(index_node.name) if index_node.name.isdigit() else 0
        if not 1 <= place <= len(base.type.args):
            raise it.refused(node, "Row index is out of bounds")
        text = words.field(base.text, base.type, place - 1)
        return Value(text, base.type.args[place - 1][1])
    wanted = (
        BIGINT
        if base.type.name == "array"
        else base.type.args[0]
        if (base.type.name == "map")
        else None
    )
    if wanted is None or common(index.type, wanted) != wanted:
        raise it.refused(node, f"Cannot use {index.type} for subscript of {base.type}")
    return Value(it.calls.subscript(base, it.fitted(index, wanted)), base.type.element)


def at_time_zone(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Refuse AT TIME ZONE unless it changes nothing: a zone cannot be kept here."""
    made = it.value(node.this, scope)
    zone = node.args["zone"]
    if not (isinstance(zone, exp.Literal) and zone.name.upper() == "UTC"):
        raise it.refused(node, "AT TIME ZONE is only supported with 'UTC' by this engine")
    if made.type.name == "timestamp":
        return Value(f"CAST({made.text} AS TIMESTAMPTZ)",
                     Type(TIMESTAMPTZ.name, made.type.args))  # fmt: skip
    if made.type.name != TIMESTAMPTZ.name:
        raise it.refused(node, f"AT TIME ZONE is not defined on {made.type}")
    return made


def row(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return `(a, b)` as a row."""
    return it.calls.row([it.value(part, scope) for part in node.expressions])


def call(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return a function's call, or the decimal that stands as one."""
    if isinstance(node, exp.Anonymous) and node.name == DECIMAL:
        return literals.decimal_literal(it, node)
    return it.calls.call(node, scope)
