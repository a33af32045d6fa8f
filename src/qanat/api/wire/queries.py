"""Saved queries (contract section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, bounded, maybe, timestamp
from qanat.api.wire.nodes import RunError, error_of
from qanat.api.wire.parameters import ParameterShape, parameter_shown
from qanat.api.wire.views import ViewSchedule, schedule_of
from qanat.api.wire.words import Tier, tier_word
from qanat.errors import InvalidRequestError
from qanat.model.credits import as_credits
from qanat.model.records import Cause, RunKind
from qanat.model.state import ExecutionState
from qanat.store.history import ExecutionLine
from qanat.store.queries import Entry, Head, Query
from qanat.store.versions import Version
from qanat.store.views import View

ENGINE: Final = "v2 DuneSQL"
NAME_CHARS: Final = 600
DESCRIPTION_CHARS: Final = 1_000
TAGS: Final = 50
TAG_CHARS: Final = 100


class ChangeQuery(Wire):
    """What to change of a query; absent fields stay as they are."""

    name: str | UnsetType = UNSET
    query_sql: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    is_private: bool | UnsetType = UNSET
    is_archived: bool | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    parameters: list[ParameterShape] | UnsetType = UNSET
    query_parameters: dict[str, Any] | UnsetType = UNSET
    base_version: int | UnsetType = UNSET


class CreateQuery(Wire):
    """A query to save."""

    name: str
    query_sql: str
    description: str | UnsetType = UNSET
    is_private: bool | UnsetType = UNSET
    is_temp: bool | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    parameters: list[ParameterShape] | UnsetType = UNSET
    query_parameters: dict[str, Any] | UnsetType = UNSET


class QueryId(Wire):
    """The query that was made or changed."""

    query_id: int


class ViewOfQuery(Wire):
    """The materialized view that is made of a query."""

    name: str
    schedule: ViewSchedule | UnsetType = UNSET


class QueryShown(Wire):
    """A saved query."""

    query_id: int
    name: str
    description: str
    tags: list[str]
    version: int
    parameters: list[ParameterShape]
    query_engine: str
    query_sql: str
    is_private: bool
    is_archived: bool
    is_unsaved: bool
    is_temp: bool
    owner: str
    created_at: str
    updated_at: str
    view: ViewOfQuery | UnsetType = UNSET


class QueryEntry(Wire):
    """A query in a list."""

    id: int
    name: str
    description: str
    owner: str
    tags: list[str]
    created_at: str
    updated_at: str
    is_private: bool
    version: int
    view: str | UnsetType = UNSET


class QueryList(Wire):
    """A page of queries."""

    queries: list[QueryEntry]
    total: int


class VersionEntry(Wire):
    """A version in a list."""

    version: int
    name: str
    created_at: str


class VersionList(Wire):
    """A page of versions, newest first."""

    versions: list[VersionEntry]
    total: int


class VersionShown(Wire):
    """A query as it was saved once."""

    query_id: int
    version: int
    name: str
    description: str
    query_sql: str
    parameters: list[ParameterShape]
    created_at: str


class ExecutionEntry(Wire):
    """An execution of a query in a list."""

    execution_id: str
    pipeline_execution_id: str
    kind: RunKind
    trigger: Cause
    state: ExecutionState
    query_version: int
    tier: Tier
    query_parameters: dict[str, str]
    submitted_at: str
    credits: float
    published: bool
    started_at: str | UnsetType = UNSET
    ended_at: str | UnsetType = UNSET
    row_count: int | UnsetType = UNSET
    size_bytes: int | UnsetType = UNSET
    error: RunError | UnsetType = UNSET


class ExecutionList(Wire):
    """A page of executions, newest first."""

    executions: list[ExecutionEntry]
    next_before: str | UnsetType = UNSET


def checked_head(head: Head) -> Head:
    """Return what is known of a query beside its text, if it is not too long.

    Raises:
        InvalidRequestError: It is; named.
    """
    bounded("name", head.name, NAME_CHARS)
    bounded("description", head.description, DESCRIPTION_CHARS)
    if len(head.tags) > TAGS:
        raise InvalidRequestError(f"at most {TAGS} tags")
    for tag in head.tags:
        bounded("a tag", tag, TAG_CHARS)
    return head


def shown(query: Query, view: View | None) -> QueryShown:
    """Return a query; `view` is what is made of it, if the caller may know."""
    head = query.head
    of: ViewOfQuery | UnsetType = UNSET
    if view is not None:
        of = ViewOfQuery(
            name=view.label, schedule=schedule_of(view.definition.schedule, view.definition.tier)
        )
    return QueryShown(
        query_id=query.id,
        name=head.name,
        description=head.description,
        tags=list(head.tags),
        version=query.version,
        parameters=[parameter_shown(one) for one in query.text.parameters],
        query_engine=ENGINE,
        query_sql=query.text.sql,
        is_private=head.is_private,
        is_archived=head.is_archived,
        is_unsaved=head.is_temp,
        is_temp=head.is_temp,
        owner=query.owner,
        created_at=timestamp(query.created_at),
        updated_at=timestamp(query.updated_at),
        view=of,
    )


def listed(entries: Sequence[Entry], total: int) -> QueryList:
    """Return a page of queries."""
    return QueryList(
        queries=[
            QueryEntry(
                id=one.id,
                name=one.head.name,
                description=one.head.description,
                owner=one.owner,
                tags=list(one.head.tags),
                created_at=timestamp(one.created_at),
                updated_at=timestamp(one.updated_at),
                is_private=one.head.is_private,
                version=one.version,
                view=maybe(one.view),
            )
            for one in entries
        ],
        total=total,
    )


def versions(query: Query, found: Sequence[Version], total: int) -> VersionList:
    """Return a page of versions."""
    return VersionList(
        versions=[
            VersionEntry(
                version=one.number, name=query.head.name, created_at=timestamp(one.created_at)
            )
            for one in found
        ],
        total=total,
    )


def version(query: Query, found: Version) -> VersionShown:
    """Return a query as it was saved once."""
    return VersionShown(
        query_id=query.id,
        version=found.number,
        name=query.head.name,
        description=query.head.description,
        query_sql=found.text.sql,
        parameters=[parameter_shown(one) for one in found.text.parameters],
        created_at=timestamp(found.created_at),
    )


def executions(lines: Sequence[ExecutionLine], *, more: bool) -> ExecutionList:
    """Return a page of executions."""
    return ExecutionList(
        executions=[_execution(line) for line in lines],
        next_before=maybe(lines[-1].id if more else None),
    )


def _execution(line: ExecutionLine) -> ExecutionEntry:
    completed = line.state == "completed"
    failure = line.failure if line.state == "failed" else None
    return ExecutionEntry(
        execution_id=line.id,
        pipeline_execution_id=line.run,
        kind=line.kind,
        trigger=line.cause,
        state=line.state,
        query_version=line.query_version,
        tier=tier_word(line.tier),
        query_parameters=dict(line.parameters),
        submitted_at=timestamp(line.submitted_at),
        credits=as_credits(line.micro_credits),
        published=completed and line.published,
        started_at=UNSET if line.started_at is None else timestamp(line.started_at),
        ended_at=UNSET if line.ended_at is None else timestamp(line.ended_at),
        row_count=maybe(line.row_count if completed else None),
        size_bytes=maybe(line.size_bytes if completed else None),
        error=UNSET if failure is None else error_of(failure),
    )
