"""Query views: another saved query as a relation, read inline where it is named.

A view used twice with the same arguments stands once in the engine's text, as a CTE of the whole
statement; so a chain of views that each read the one below twice does not double at every level.
"""

# SQL is made here of names, types and literals spelled by `words`

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from qanat.errors import InvalidRequestError, SqlRejectedError
from qanat.sql.dialect.duckdb import words
from qanat.sql.interface import QueryViews, Reference, ViewedQuery
from qanat.sql.parameters import resolve, substitute
from qanat.sql.parse import parse
from qanat.sql.scope import Named, Scope
from qanat.sql.source import Source

if TYPE_CHECKING:
    from qanat.sql.query import Queries

MAX_VIEWS = 500  #: query views, with their arguments, that one statement goes through
MAX_DEPTH = 20  #: query views that read one another


class Views:
    """Translates the query views that one text reads."""

    def __init__(self, queries: Queries) -> None:
        self.queries = queries
        self.statement, self.source = queries.statement, queries.source

    def view(self, reference: Reference, node: exp.Expr) -> Named:
        """Return the rows of a query view.

        Raises:
            SqlRejectedError: There is no such query, it is at fault, or it reads itself.
        """
        known = self.statement.views.get(reference.label)
        if known is not None:
            return known
        inner = open_view(reference, self.statement.query_views, self.source)
        tree = parse(inner)
        made = self.queries.within(inner).query(tree, Scope())
        for place, output in enumerate(made.outputs, 1):
            if output.name is None:
                raise self.queries.refused(
                    node, f"{reference.label} cannot be read: its column {place} has no name"
                )
        named = Named(self.statement.fresh("v"), made.outputs)
        columns = ", ".join(words.name(o.column) for o in made.outputs)
        self.statement.views[reference.label] = named
        self.statement.view_texts.append(f"{named.name}({columns}) AS ({made.text})")
        if len(self.statement.view_texts) > MAX_VIEWS:
            raise self.queries.refused(node, f"more than {MAX_VIEWS} query views are read")
        return named


def open_view(reference: Reference, query_views: QueryViews, within: Source) -> Source:
    """Return the text of a query view with its arguments in place.

    Args:
        reference: The view, as `within` names it.
        query_views: Where to find it.
        within: The text that names it: the user's, or that of another view.

    Raises:
        SqlRejectedError: It does not exist, its arguments do not fit, or it reads itself.
    """
    assert reference.query is not None  # the caller looked
    position = within.reference or reference.position
    number = f"query_{reference.query}"
    if number in within.path:
        cycle = [*within.path[within.path.index(number) :], number]
        raise SqlRejectedError(f"query views read themselves: {' > '.join(cycle)}", position)
    if len(within.path) >= MAX_DEPTH:
        raise SqlRejectedError(f"query views are more than {MAX_DEPTH} levels deep", position)
    try:
        viewed = query_views(replace(reference, position=position))
        values = view_values(viewed, reference)
        text = substitute(viewed.sql, values)
    except InvalidRequestError as error:
        raise SqlRejectedError(f"{number}: {error}", position) from error
    except SqlRejectedError as error:
        raise SqlRejectedError(error.message, position) from error
    return Source(text, view=number, reference=position, path=(*within.path, number))


def view_values(viewed: ViewedQuery, reference: Reference) -> dict[str, str]:
    """Return the parameters of a viewed query; arguments match names without regard to case."""
    if any(parameter.from_query is not None for parameter in viewed.parameters):
        raise InvalidRequestError("a parameter takes its list from another query's rows")
    names = {parameter.key.lower(): parameter.key for parameter in viewed.parameters}
    given = {names.get(name, name): value for name, value in reference.arguments.items()}
    return resolve(viewed.parameters, given, sql=viewed.sql)
