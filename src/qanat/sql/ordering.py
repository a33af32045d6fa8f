"""ORDER BY, OFFSET and LIMIT of a query."""

# SQL is made here of names, types and literals spelled by `words`

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from qanat.sql.dialect.duckdb import words
from qanat.sql.scope import Field, Output, Relation, Scope
from qanat.sql.statement import Value

if TYPE_CHECKING:
    from qanat.sql.query import Queries


def tail(
    it: Queries,
    node: exp.Expr,
    scope: Scope,
    outputs: tuple[Output, ...],
    selected: Mapping[str, Value],
) -> str:
    """Return what follows a query: its order and its limits.

    Args:
        it: The translator.
        node: The query.
        scope: What its expressions may name.
        outputs: The columns it gives.
        selected: The expression of each column, by its engine name; none where the columns
            are all there is to order by.
    """
    order = node.args.get("order")
    text = ""
    if order is not None:
        terms = [_order_term(it, t, scope, outputs, selected) for t in order.expressions]
        # A constant orders nothing; DuckDB refuses it.
        terms = [term for term in terms if term]
        text = f" ORDER BY {', '.join(terms)}" if terms else ""
    limit, offset = node.args.get("limit"), node.args.get("offset")
    if (limit is not None or offset is not None) and order is None:
        it.statement.volatile = True
    if limit is not None:
        text += _limit(it, limit)
    if offset is not None:
        text += f" OFFSET {_count(it, offset.args['expression'], 'OFFSET')}"
    return text


def _order_term(
    it: Queries,
    node: exp.Expr,
    scope: Scope,
    outputs: tuple[Output, ...],
    selected: Mapping[str, Value],
) -> str:
    inner = node.this if isinstance(node, exp.Ordered) else node
    nulls = "FIRST" if node.args.get("nulls_first") else "LAST"
    way = f"{'DESC' if node.args.get('desc') else 'ASC'} NULLS {nulls}"
    if node.args.get("with_fill"):
        raise it.refused(node, "WITH FILL is not supported")
    if isinstance(inner, exp.Literal) and not inner.args["is_string"]:
        return f"{ordinal(it, inner, len(outputs), 'ORDER BY')} {way}"
    if isinstance(inner, exp.Null | exp.Boolean | exp.Literal):
        return ""
    if isinstance(inner, exp.Column) and inner.args.get("table") is None:
        name = inner.name.lower()
        places = [i for i, o in enumerate(outputs, 1) if o.name and o.name.lower() == name]
        if len({outputs[place - 1].column for place in places}) > 1 and not _same(
            [selected.get(outputs[place - 1].column) for place in places]
        ):
            raise it.refused(inner, f"Column '{inner.name}' is ambiguous")
        if places:
            return f"{places[0]} {way}"
    if not selected:
        fields = tuple(Field(o.name, o.type, f"q.{words.name(o.column)}") for o in outputs)
        named = Scope(parent=None, ctes=scope.ctes, relations=[Relation(None, fields)])
        return f"{it.expressions.value(inner, named).text} {way}"
    aliases = {
        o.name.lower(): Field(o.name, o.type, selected[o.column].text) for o in outputs if o.name
    }
    return f"{it.expressions.value(inner, scope.with_aliases(aliases)).text} {way}"


def _limit(it: Queries, node: exp.Expr) -> str:
    if isinstance(node, exp.Fetch):
        options = node.args.get("limit_options")
        if options is not None and (options.args.get("with_ties") or
                                    options.args.get("percent")):  # fmt: skip
            raise it.refused(node, "FETCH … WITH TIES is not supported")
        count = node.args.get("count")
        return f" LIMIT {_count(it, count, 'FETCH FIRST') if count is not None else 1}"
    it.only(node, frozenset({"expression"}))
    count = node.args["expression"]
    if isinstance(count, exp.Var) and count.name.upper() == "ALL":
        return ""
    return f" LIMIT {_count(it, count, 'LIMIT')}"


def _count(it: Queries, node: exp.Expr, clause: str) -> int:
    if (
        isinstance(node, exp.Literal)
        and node.name.isdigit()
        and len(node.name) < 19
        and (not node.args["is_string"])
    ):
        return int(node.name)
    raise it.refused(node, f"{clause} takes a whole number")


def ordinal(it: Queries, node: exp.Literal, count: int, clause: str) -> int:
    """Return which column a number in GROUP BY or ORDER BY means."""
    place = int(node.name) if node.name.isdigit() and len(node.name) < 10 else 0
    if not 1 <= place <= count:
        raise it.refused(node, f"{clause} position {node.name[:40]} is not in select list")
    return place


def _same(values: Sequence[Value | None]) -> bool:
    return len({value.text if value else None for value in values}) == 1
