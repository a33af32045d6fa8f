"""WITH: queries that have a name for the rest of the query."""

# ruff: noqa: S608  # SQL is made here of names, types and literals spelled by `words`

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from qanat.sql.dialect.duckdb import casts, words
from qanat.sql.scope import Named, Scope
from qanat.sql.tokens import MARK
from qanat.sql.types import common

if TYPE_CHECKING:
    from qanat.sql.query import Queries


def with_clause(it: Queries, node: exp.Expr, outer: Scope) -> tuple[str, Scope]:
    """Return the WITH of a query, and what the query may name thanks to it."""
    clause = node.args.get("with_")
    if clause is None:
        return "", outer
    ctes = dict(outer.ctes)
    texts = []
    for cte in clause.expressions:
        if not isinstance(cte, exp.CTE) or cte.args.get("scalar"):
            raise it.refused(cte, "only queries may stand in WITH")
        scope = Scope(parent=outer.parent, ctes=ctes)
        folded = cte.args["alias"].this.name.removeprefix(MARK).lower()
        engine_name = it.statement.fresh("c")
        if clause.args.get("recursive") and isinstance(cte.this, exp.Union):
            text, named = _recursive(it, cte, scope, folded, engine_name)
        else:
            made = it.query(cte.this, scope)
            outputs = it.renamed(cte.args["alias"], made.outputs)
            text, named = made.text, Named(engine_name, outputs)
        columns = ", ".join(words.name(o.column) for o in named.outputs)
        texts.append(f"{engine_name}({columns}) AS ({text})")
        ctes = {**ctes, folded: named}
    word = "WITH RECURSIVE" if clause.args.get("recursive") else "WITH"
    return f"{word} {', '.join(texts)} ", Scope(
        parent=outer.parent, ctes=ctes, relations=outer.relations, merged=outer.merged
    )


def _recursive(
    it: Queries, cte: exp.CTE, scope: Scope, folded: str, engine_name: str
) -> tuple[str, Named]:
    union = cte.this
    it.only(union, frozenset({"this", "expression", "distinct"}))
    first = it.query(union.this, scope)
    outputs = it.renamed(cte.args["alias"], first.outputs)
    named = Named(engine_name, outputs)
    step = it.query(
        union.args["expression"],
        Scope(parent=scope.parent, ctes={**scope.ctes, folded: named}),
    )
    if len(step.outputs) != len(outputs):
        raise it.refused(cte, "both parts of a recursive query must have the same columns")
    picked = []
    for made, wanted in zip(step.outputs, outputs, strict=True):
        if common(made.type, wanted.type) is None:
            raise it.refused(cte, f"recursive column type mismatch: {wanted.type}, {made.type}")
        picked.append(casts.widen(words.name(made.column), made.type, wanted.type))
    word = "UNION" if union.args.get("distinct") else "UNION ALL"
    return f"({first.text}) {word} (SELECT {', '.join(picked)} FROM ({step.text}) AS q)", named
