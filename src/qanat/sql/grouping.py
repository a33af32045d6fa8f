"""GROUP BY: columns, expressions, places in the select list, grouping sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.sql import ordering
from qanat.sql.scope import Scope
from qanat.sql.statement import Value

if TYPE_CHECKING:
    from qanat.sql.query import Queries

_WORDS: Final[dict[type[exp.Expr], str]] = {
    exp.GroupingSets: "GROUPING SETS ", exp.Cube: "CUBE ", exp.Rollup: "ROLLUP ",
}  # fmt: skip


def group(
    it: Queries, node: exp.Select, scope: Scope, items: Sequence[tuple[str | None, Value, exp.Expr]]
) -> str:
    """Return the GROUP BY of a query."""
    clause = node.args.get("group")
    if clause is None:
        return ""
    it.only(clause, frozenset({"expressions"}))
    if not clause.expressions:
        raise it.refused(node, "syntax error: GROUP BY names nothing")
    texts = [_grouping(it, part, scope, items) for part in clause.expressions]
    return f" GROUP BY {', '.join(texts)}"


def _grouping(
    it: Queries,
    node: exp.Expr,
    scope: Scope,
    items: Sequence[tuple[str | None, Value, exp.Expr]],
) -> str:
    if type(node) in _WORDS or isinstance(node, exp.Tuple):
        parts = [_grouping(it, part, scope, items) for part in node.expressions]
        return f"{_WORDS.get(type(node), '')}({', '.join(parts)})"
    if isinstance(node, exp.Paren):
        return f"({_grouping(it, node.this, scope, items)})"
    if isinstance(node, exp.Literal) and not node.args["is_string"]:
        ordering.ordinal(it, node, len(items), "GROUP BY")
        return node.name
    return it.expressions.value(node, scope).text
