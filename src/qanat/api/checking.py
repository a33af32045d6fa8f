"""A text is read as a run would read it, and nothing is run. Blocks.

A view that was never published has no columns yet: those of its query stand in, so that a chain
of new views can be written before any of them has run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from qanat.api.services import Services
from qanat.api.wire import checks as wire
from qanat.api.wire.nodes import ResultColumn
from qanat.errors import InvalidRequestError, NotFoundError, QanatError, SqlRejectedError
from qanat.model.access import Caller
from qanat.model.parameters import Parameter
from qanat.model.types import Column, Columns
from qanat.names import Label, QueryId
from qanat.sql.check import suggestion
from qanat.sql.compile import analyse, compile_statement
from qanat.sql.interface import Reference, Template, ViewedQuery
from qanat.sql.lineage import references
from qanat.sql.parameters import (
    auto_declare,
    default_text,
    placeholders,
    substitute,
    value_text,
)
from qanat.sql.scope import nearest
from qanat.sql.source import Source
from qanat.store import catalog, queries
from qanat.store.lineage import RelationKind

UNPUBLISHED: Final = 32  #: views below one another that have no rows yet
_NO_TABLE: Final = re.compile(r"Table '([^']+)' does not exist")


def check(
    services: Services,
    caller: Caller,
    sql: str,
    declared: Sequence[Parameter],
    given: Mapping[str, object],
) -> wire.CheckedSql:
    """Return what is wrong with a text, or what it gives."""
    problems: list[wire.SqlProblem] = []
    rejected: list[SqlRejectedError] = []
    values = _values(sql, declared, given, problems)
    reading = Reading(services, caller)
    named = list(_named(sql, values))
    template = None
    try:
        template = analyse(sql, values, reading.columns, reading.viewed, rejected)
    except SqlRejectedError as error:
        rejected.append(error)
    except QanatError as error:
        problems.append(wire.problem(str(error), None))
    problems += reading.problems(rejected, named)
    ok = template is not None and not problems
    return wire.CheckedSql(
        ok=ok,
        errors=problems,
        columns=[ResultColumn(name=one.name, type=one.type) for one in _columns(template)]
        if ok
        else [],
        parameters=list(placeholders(sql)),
        reads=[read for reference in named if (read := reading.read(reference)) is not None],
    )


def view_columns(services: Services, caller: Caller, sql: str) -> Template | None:
    """Return what a query without parameters gives; None if it cannot be told now."""
    reading = Reading(services, caller)
    try:
        return compile_statement(sql, {}, reading.columns, reading.viewed)
    except QanatError:
        return None


def _values(
    sql: str,
    declared: Sequence[Parameter],
    given: Mapping[str, object],
    problems: list[wire.SqlProblem],
) -> dict[str, str]:
    values: dict[str, str] = {}
    for parameter in auto_declare(sql, declared):
        values[parameter.key] = default_text(parameter)
        if parameter.key in given:
            try:
                values[parameter.key] = value_text(parameter, given[parameter.key])  # type: ignore[arg-type]  # it refuses what does not fit
            except InvalidRequestError as error:
                problems.append(wire.problem(str(error), None))
    return values


class Reading:
    """What a caller's text may read, as it is now.

    `written` are views that will be computed anew before they are read, with their queries.
    """

    def __init__(
        self,
        services: Services,
        caller: Caller,
        *,
        written: Mapping[Label, QueryId] | None = None,
    ) -> None:
        self._services, self._caller = services, caller
        self._sources = services.coordinator.context.sources
        self._written = written or {}
        self._open: list[Label] = []
        self._known: dict[Label, Columns | None] = {}

    def columns(self, label: Label) -> Columns | None:
        """Return the columns of a relation; None if there is none by that name."""
        if label not in self._known:
            self._known[label] = self._columns(label)
        return self._known[label]

    def _columns(self, label: Label) -> Columns | None:
        if label in self._written:
            return self._of_query(label, self._written[label])
        if label in self._sources.labels:
            return self._sources.now(label).version.columns
        found = self._services.database.read(lambda tx: catalog.find(tx, self._caller, label))
        if found is None:
            return None
        if found.columns or found.query is None:
            return tuple(Column(column.name, column.type) for column in found.columns)
        return self._of_query(label, found.query)

    def _of_query(self, label: Label, query: QueryId) -> Columns | None:
        if label in self._open or len(self._open) >= UNPUBLISHED:
            raise SqlRejectedError(f"{label} reads itself: {' > '.join([*self._open, label])}")
        self._open.append(label)
        try:
            text = self._services.database.read(
                lambda tx: queries.read(tx, self._caller, query)
            ).text
            return _columns(compile_statement(text.sql, {}, self.columns, self.viewed))
        except SqlRejectedError as error:
            # Its places belong to another text.
            raise SqlRejectedError(f"{label} cannot be computed: {error.message}") from error
        except NotFoundError:
            return None
        finally:
            self._open.pop()

    def viewed(self, reference: Reference) -> ViewedQuery:
        """Return the query behind a query view."""
        id_ = reference.query or QueryId(0)
        try:
            found = self._services.database.read(lambda tx: queries.read(tx, self._caller, id_))
        except NotFoundError:
            raise SqlRejectedError(f"Query '{id_}' does not exist", reference.position) from None
        if found.head.is_archived or found.head.is_temp:
            raise SqlRejectedError(f"Query '{id_}' is archived or not saved", reference.position)
        return ViewedQuery(
            query=id_,
            version=found.version,
            sql=found.text.sql,
            parameters=found.text.parameters,
        )

    def problems(
        self, errors: Sequence[SqlRejectedError], named: Sequence[Reference]
    ) -> list[wire.SqlProblem]:
        """Return errors in the order of the text, each once, with what was probably meant."""
        unique = {(one.position, one.message): one for one in errors}.values()
        found = [self._problem(one, named) for one in unique]
        return sorted(found, key=lambda one: (one.line or 0, one.column or 0, one.message))

    @cached_property
    def _labels(self) -> list[str]:
        """Every relation that the caller may read."""
        seen = self._services.database.read(lambda tx: catalog.visible(tx, self._caller))
        return [*map(str, self._sources.labels), *(str(one.label) for one in seen)]

    def _problem(self, error: SqlRejectedError, named: Sequence[Reference]) -> wire.SqlProblem:
        unknown = _NO_TABLE.match(error.message)
        if unknown is None:
            return wire.problem(error.message, error.position, suggestion(error))
        # The place of the whole name, which the suggestion replaces.
        places = [one.position for one in named if one.label == unknown[1]]
        at = places[0] if places else error.position
        return wire.problem(error.message, at, nearest(unknown[1], self._labels))

    def read(self, reference: Reference) -> wire.SqlRead | None:
        """Return a relation that a text names; None if there is none by that name."""
        name = reference.label
        kind: RelationKind = "query"
        if reference.query is not None:
            name = Label(f"query_{reference.query}")
        elif name in self._sources.labels:
            kind = "source"
        else:
            found = self._services.database.read(lambda tx: catalog.find(tx, self._caller, name))
            if found is None:
                return None
            kind = found.kind
        at = reference.position
        return wire.SqlRead(name=name, kind=kind, line=at.line, column=at.column)


def _named(sql: str, values: Mapping[str, str]) -> Iterator[Reference]:
    """Yield the relations that a text names, each once."""
    try:
        found = list(references(Source(substitute(sql, values))))
    except (QanatError, RecursionError):
        return
    seen: set[Label] = set()
    for reference in found:
        if reference.label not in seen:
            seen.add(reference.label)
            yield reference


def _columns(template: Template | None) -> Columns:
    if template is None:
        return ()
    return tuple(map(Column, template.names, template.types))
