"""The relations that a statement reads, also through query views.

One walk over the tree, no catalog needed: it is done when a query is saved and when a run is
planned. The result says at which place in the user's text each relation is first named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from qanat.errors import Position, SqlRejectedError
from qanat.names import Label, QueryId
from qanat.sql.interface import Lineage, QueryViews, Reference, ViewedQuery
from qanat.sql.parameters import substitute
from qanat.sql.parse import parse
from qanat.sql.reference import reference_of
from qanat.sql.source import Source
from qanat.sql.statement import refusal
from qanat.sql.tokens import MARK
from qanat.sql.view import MAX_VIEWS, open_view


def lineage(sql: str, values: Mapping[str, str], query_views: QueryViews) -> Lineage:
    """Return what a statement reads. What is wrong with its text is in `error`, not raised."""
    relations: dict[Label, Position] = {}
    queries: set[tuple[QueryId, int]] = set()
    try:
        source = Source(substitute(sql, values))
        _read(source, _watching(query_views, queries), relations, set())
    except SqlRejectedError as error:
        return Lineage(relations={}, error=error)
    except RecursionError:
        return Lineage(relations={}, error=SqlRejectedError("the statement is nested too deeply"))
    return Lineage(relations=relations, queries=frozenset(queries))


def references(source: Source) -> Iterator[Reference]:
    """Return every relation that a text names and that is not one of its own CTEs.

    Raises:
        SqlRejectedError: The text is not one query.
    """
    tree = parse(source)
    for node, ctes in _tables(tree):
        reference = reference_of(node, source)
        if isinstance(reference, str):
            raise refusal(source, node, reference)
        if node.args.get("db") is not None or reference.label not in ctes:
            yield reference


def _watching(query_views: QueryViews, seen: set[tuple[QueryId, int]]) -> QueryViews:
    def watch(reference: Reference) -> ViewedQuery:
        viewed = query_views(reference)
        seen.add((viewed.query, viewed.version))
        return viewed

    return watch


def _read(
    source: Source,
    query_views: QueryViews,
    relations: dict[Label, Position],
    done: set[Label],
) -> None:
    for reference in references(source):
        if reference.query is None:
            relations.setdefault(reference.label, reference.position)
            continue
        # A view is opened once; only the path to it may differ, and a cycle is found on any path.
        if reference.label in done:
            continue
        inner = open_view(reference, query_views, source)
        _read(inner, query_views, relations, done)
        done.add(reference.label)
        if len(done) > MAX_VIEWS:
            raise SqlRejectedError(
                f"more than {MAX_VIEWS} query views are read", reference.position
            )


def _tables(tree: exp.Expr) -> Iterator[tuple[exp.Table, frozenset[str]]]:
    """Return the tables of a tree, each with the names of the CTEs that it may mean (folded)."""
    pending: list[tuple[exp.Expr, frozenset[str]]] = [(tree, frozenset())]
    while pending:
        node, ctes = pending.pop()
        if isinstance(node, exp.Table):
            yield node, ctes
        inner: list[tuple[exp.Expr, frozenset[str]]] = []
        clause = node.args.get("with_")
        if clause is not None:
            recursive = bool(clause.args.get("recursive"))
            for cte in clause.expressions:
                name = _cte_name(cte)
                # A CTE sees those before it, and itself if the clause is recursive.
                inner.append((cte, ctes | {name} if recursive else ctes))
                ctes = ctes | {name}
        inner += [(child, ctes) for child in node.iter_expressions() if child is not clause]
        pending += reversed(inner)


def _cte_name(cte: exp.Expr) -> str:
    alias = cte.args.get("alias")
    name = alias.this if alias is not None else None
    return str(name.name).removeprefix(MARK).lower() if name is not None else ""
