"""Conditions: comparisons, LIKE, IN, BETWEEN, EXISTS, and AND, OR, NOT between them."""

# ruff: noqa: S608  # SQL is made here of names, types and literals spelled by `words`

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.sql.dialect.duckdb import casts, operators, words
from qanat.sql.scope import Scope
from qanat.sql.statement import Value
from qanat.sql.types import BOOLEAN, UNKNOWN, VARCHAR, common

if TYPE_CHECKING:
    from qanat.sql.expression import Expressions

COMPARISONS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip


def comparison(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return a comparison, also with a row or with all or any rows of a query."""
    sign = COMPARISONS[type(node)]
    right = node.args["expression"]
    if isinstance(right, exp.All | exp.Any):
        return _quantified(it, node, scope, sign)
    return compared(it, node, sign, it.value(node.this, scope), it.value(right, scope))


def compared(it: Expressions, node: exp.Expr, sign: str, left: Value, right: Value) -> Value:
    """Return a comparison of two values; `node` is where it stands."""
    if "row" in {left.type.name, right.type.name} and sign in {"=", "<>"}:
        return _rows_equal(it, node, sign, left, right)
    if {left.type.name, right.type.name} & {"row", "array", "map", "json"} and (
        not sign.startswith("IS")
    ):
        raise it.refused(
            node, f"comparing {left.type} and {right.type} is not supported by this engine"
        )
    try:
        text = operators.compared(sign, (left.text, left.type), (right.text, right.type))
    except operators.NoOperatorError:
        raise it.refused(node, f"Cannot apply operator: {left.type} {sign} {right.type}") from None
    return Value(text, BOOLEAN)


def _rows_equal(it: Expressions, node: exp.Expr, sign: str, left: Value, right: Value) -> Value:
    """Compare field by field: unknown where a field is NULL and no other one differs."""
    if common(left.type, right.type) is None:
        raise it.refused(node, f"Cannot apply operator: {left.type} {sign} {right.type}")
    if UNKNOWN in {left.type, right.type}:
        return Value("CAST(NULL AS BOOLEAN)", BOOLEAN)
    sides = [
        [
            Value(words.field(value.text, value.type, place), type_)
            for place, (_, type_) in enumerate(value.type.args)
        ]
        for value in (left, right)
    ]
    texts = [compared(it, node, "=", a, b).text for a, b in zip(*sides, strict=True)]
    joined = f"({' AND '.join(texts)})"
    return Value(f"(NOT {joined})" if sign == "<>" else joined, BOOLEAN)


def _quantified(it: Expressions, node: exp.Expr, scope: Scope, sign: str) -> Value:
    right = node.args["expression"]
    word = "ALL" if isinstance(right, exp.All) else "ANY"
    left = it.value(node.this, scope)
    query = it.queries.subquery(right.this, scope)
    wanted = common(left.type, query.outputs[0].type) if len(query.outputs) == 1 else None
    if wanted is None:
        raise it.refused(node, f"Cannot apply operator: {left.type} {sign} {word} (…)")
    output = query.outputs[0]
    column = casts.widen(f'q."{output.column}"', output.type, wanted)
    text = casts.widen(left.text, left.type, wanted)
    return Value(f"({text} {sign} {word} (SELECT {column} FROM ({query.text}) AS q))", BOOLEAN)


def distinct_from(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return `IS [NOT] DISTINCT FROM`."""
    sign = "IS DISTINCT FROM" if isinstance(node, exp.NullSafeNEQ) else "IS NOT DISTINCT FROM"
    left, right = it.value(node.this, scope), it.value(node.args["expression"], scope)
    return compared(it, node, sign, left, right)


def connector(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return conditions joined by AND or OR, however many, as one flat chain."""
    kind = type(node)
    word = "AND" if kind is exp.And else "OR"
    parts: list[exp.Expr] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if type(current) is kind:
            pending += (current.args["expression"], current.this)
        else:
            parts.append(current)
    texts = [it.condition(part, scope, f"Logical expression term of {word}")
             for part in parts]  # fmt: skip
    return Value(f"({f' {word} '.join(texts)})", BOOLEAN)


def inversion(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return NOT."""
    return Value(f"(NOT {it.condition(node.this, scope, 'Value of NOT')})", BOOLEAN)


def is_(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return IS NULL; Trino has no other IS."""
    if not isinstance(node.args["expression"], exp.Null):
        raise it.refused(node, "IS is only supported with NULL and DISTINCT FROM")
    return Value(f"({it.value(node.this, scope).text} IS NULL)", BOOLEAN)


def between(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return BETWEEN."""
    if node.args.get("symmetric"):
        raise it.refused(node, "BETWEEN SYMMETRIC is not supported")
    value = it.value(node.this, scope)
    low = compared(it, node, ">=", value, it.value(node.args["low"], scope))
    high = compared(it, node, "<=", value, it.value(node.args["high"], scope))
    return Value(f"({low.text} AND {high.text})", BOOLEAN)


def like(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return [NOT] LIKE, with its escape if it has one."""
    escape = ""
    if isinstance(node, exp.Escape):
        escape = f" ESCAPE {_varchar(it, node.args['expression'], scope)}"
        node = node.this
        if not isinstance(node, exp.Like):
            raise it.refused(node, "ESCAPE is only supported with LIKE")
    word = "NOT LIKE" if node.args.get("negate") else "LIKE"
    value = _varchar(it, node.this, scope)
    pattern = _varchar(it, node.args["expression"], scope)
    return Value(f"({value} {word} {pattern}{escape})", BOOLEAN)


def _varchar(it: Expressions, node: exp.Expr, scope: Scope) -> str:
    made = it.value(node, scope)
    if made.type not in {VARCHAR, UNKNOWN}:
        raise it.refused(node, f"LIKE must be on varchar values: actual type {made.type}")
    return it.fitted(made, VARCHAR)


def in_(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return IN, with values or a query."""
    word = "NOT IN" if node.args.get("negate") else "IN"
    if node.args.get("unnest") or node.args.get("field"):
        raise it.refused(node, "this form of IN is not supported")
    query = node.args.get("query")
    if query is not None:
        return _in_query(it, node, query, word, scope)
    nodes = [node.this, *node.expressions]
    values = [it.value(part, scope) for part in nodes]
    wanted = it.united(nodes, values, "IN values")
    if wanted.name in {"row", "array", "map", "json"}:
        tests = [compared(it, node, "=", values[0], value).text for value in values[1:]]
        return Value(f"({'NOT ' if word != 'IN' else ''}({' OR '.join(tests)}))", BOOLEAN)
    first, *rest = (it.fitted(value, wanted) for value in values)
    return Value(f"({first} {word} ({', '.join(rest)}))", BOOLEAN)


def _in_query(it: Expressions, node: exp.Expr, query: exp.Expr, word: str, scope: Scope) -> Value:
    left = node.this.expressions if isinstance(node.this, exp.Tuple) else [node.this]
    values = [it.value(part, scope) for part in left]
    made = it.queries.subquery(query, scope)
    if len(made.outputs) != len(values):
        raise it.refused(node, f"IN compares {len(values)} values with {len(made.outputs)} columns")
    selected = []
    for part, (value, output) in enumerate(zip(values, made.outputs, strict=True)):
        wanted = common(value.type, output.type)
        if wanted is None:
            raise it.refused(
                node, f"value and result of subquery must be of the same type for IN "
                f"expression: {value.type} vs {output.type}"
            )  # fmt: skip
        selected.append(casts.widen(f'q."{output.column}"', output.type, wanted))
        values[part] = Value(casts.widen(value.text, value.type, wanted), wanted)
    texts = ", ".join(value.text for value in values)
    tested = f"({texts})" if len(values) > 1 else texts
    body = f"SELECT {', '.join(selected)} FROM ({made.text}) AS q"
    return Value(f"({tested} {word} ({body}))", BOOLEAN)


def exists(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return EXISTS."""
    return Value(f"EXISTS ({it.queries.subquery(node.this, scope).text})", BOOLEAN)
