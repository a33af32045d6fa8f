"""A statement into a template: every name resolved, every type known, a slot per relation."""

# SQL is made here of names, types and literals spelled by `words`

from __future__ import annotations

from collections.abc import Mapping

from qanat.errors import SqlRejectedError
from qanat.sql.interface import Catalog, QueryViews, Template
from qanat.sql.parameters import substitute
from qanat.sql.parse import parse
from qanat.sql.query import Queries
from qanat.sql.scope import Scope
from qanat.sql.source import Source
from qanat.sql.statement import Statement


def compile_statement(
    sql: str, values: Mapping[str, str], catalog: Catalog, query_views: QueryViews
) -> Template:
    """Return the template of a statement with its parameters' values in place.

    Raises:
        SqlRejectedError: It is not one safe query of known relations, columns and functions.
        InvalidRequestError: With its parameters it is longer than any statement may be.
    """
    return analyse(sql, values, catalog, query_views, None)


def analyse(
    sql: str,
    values: Mapping[str, str],
    catalog: Catalog,
    query_views: QueryViews,
    problems: list[SqlRejectedError] | None,
) -> Template:
    """Return the template of a statement, or go on after an error to find the others.

    Args:
        sql: The user's text.
        values: Of its parameters.
        catalog: The relations there are.
        query_views: The queries there are.
        problems: Receives errors that are gone past; the template is then of no use. None: the
            first error is raised.

    Raises:
        SqlRejectedError: The text is at fault, and nothing can be said of the rest.
        InvalidRequestError: With its parameters it is longer than any statement may be.
    """
    source = Source(substitute(sql, values))
    statement = Statement(catalog=catalog, query_views=query_views, problems=problems)
    try:
        made = Queries(statement, source).query(parse(source), Scope())
    except RecursionError:
        raise SqlRejectedError("the statement is nested too deeply") from None
    names = tuple(output.column for output in made.outputs)
    return Template(
        text=_with_views(statement.view_texts, made.text),
        slots=tuple(statement.slots),
        names=names,
        types=tuple(str(output.type) for output in made.outputs),
        unnamed=tuple(place for place, output in enumerate(made.outputs) if output.name is None),
        volatile=statement.volatile,
        origins=statement.origins,
    )


def _with_views(views: list[str], text: str) -> str:
    """Return a statement's text with its query views before its own CTEs."""
    if not views:
        return text
    for word in ("WITH RECURSIVE ", "WITH "):
        if text.startswith(word):
            return f"{word}{', '.join(views)}, {text.removeprefix(word)}"
    return f"WITH {', '.join(views)} {text}"
