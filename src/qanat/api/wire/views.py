"""Materialized views (contract section 8)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe, maybe_timestamp, timestamp
from qanat.api.wire.words import Tier, tier_word
from qanat.errors import InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.model.state import RunState
from qanat.names import ExecutionId, Label, dune_label
from qanat.store.views import Freshness, Schedule, View

NAME: Final = re.compile(r"result_[a-z0-9_]{0,118}[a-z0-9]")
_FULL: Final = re.compile(r'(?:"?dune"?\.)?"?([A-Za-z0-9_]{1,64})"?\."?([A-Za-z0-9_]{1,128})"?')
_BARE: Final = re.compile(r'"?([A-Za-z0-9_]{1,128})"?')


class UpsertView(Wire):
    """What a view is to be."""

    name: str
    query_id: int
    is_private: bool | UnsetType = UNSET
    performance: str | UnsetType = UNSET
    cron_expression: str | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET


class Upserted(Wire):
    """A view was made or changed, and is being refreshed."""

    name: str
    execution_id: str
    pipeline_execution_id: str


class RefreshView(Wire):
    """What to refresh a view with."""

    performance: str | UnsetType = UNSET


class Refreshed(Wire):
    """A refresh was recorded."""

    sql_id: str
    execution_id: str
    pipeline_execution_id: str


class ViewSchedule(Wire):
    """When a view is refreshed by itself."""

    cron_expression: str
    performance: Tier
    next_execution_time: str | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET


class ViewEntry(Wire):
    """A view in a list."""

    id: str
    sql_id: str
    query_id: int
    is_private: bool
    table_size_bytes: int


class ViewList(Wire):
    """A page of views."""

    materialized_views: list[ViewEntry]
    next_offset: int | UnsetType = UNSET


class ViewShown(ViewEntry, kw_only=True):
    """A view."""

    last_execution_ids: list[str]
    schedule: ViewSchedule | UnsetType = UNSET


class LastRun(Wire):
    """The newest run of something."""

    pipeline_execution_id: str
    state: RunState
    submitted_at: str | UnsetType = UNSET
    ended_at: str | UnsetType = UNSET


class FreshView(Wire):
    """How fresh a view is."""

    name: str
    query_id: int
    late: bool
    published_at: str | UnsetType = UNSET
    row_count: int | UnsetType = UNSET
    size_bytes: int | UnsetType = UNSET
    schedule: ViewSchedule | UnsetType = UNSET
    last_run: LastRun | UnsetType = UNSET


class Fresh(Wire):
    """How fresh views are: late first, then oldest first, never published last."""

    views: list[FreshView]


def full_label(text: str, caller: Caller) -> Label:
    """Return the full name that a client means: a bare one is in the caller's namespace.

    Raises:
        NotFoundError: No view can be called that.
    """
    if found := _FULL.fullmatch(text):
        return dune_label(found[1], found[2])
    if found := _BARE.fullmatch(text):
        return dune_label(caller.handle, found[1])
    raise NotFoundError("Materialized view not found")


def new_label(text: str, caller: Caller) -> Label:
    """Return the full name of a view that the caller wants to have.

    Raises:
        InvalidRequestError: It is no name for a view, or not in the caller's namespace.
    """
    found = _FULL.fullmatch(text)
    namespace, name = (found[1], found[2]) if found else (caller.handle, text)
    if namespace.lower() != caller.handle:
        raise InvalidRequestError(f"the namespace must be your own, {caller.handle}")
    if not NAME.fullmatch(name):
        raise InvalidRequestError(
            "name must start with result_, hold lower-case letters, digits and underscores, "
            "and not end in an underscore"
        )
    return dune_label(caller.handle, name)


def moment_of(name: str, text: str) -> datetime:
    """Return the moment that a client wrote for the field `name`.

    Raises:
        InvalidRequestError: It is no timestamp.
    """
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequestError(
            f"{name}: '{text[:40]}' is no timestamp such as 2026-12-31T00:00:00Z"
        ) from None


def entry(view: View) -> ViewEntry:
    """Return a view in a list."""
    return ViewEntry(
        id=view.id,
        sql_id=view.label,
        query_id=view.definition.query,
        is_private=view.definition.is_private,
        table_size_bytes=view.size_bytes,
    )


def shown(view: View, executions: list[ExecutionId]) -> ViewShown:
    """Return a view."""
    return ViewShown(
        id=view.id,
        sql_id=view.label,
        query_id=view.definition.query,
        is_private=view.definition.is_private,
        table_size_bytes=view.size_bytes,
        last_execution_ids=[str(id_) for id_ in executions],
        schedule=schedule_of(view.definition.schedule, view.definition.tier),
    )


def schedule_of(schedule: Schedule | None, tier: str) -> ViewSchedule | UnsetType:
    """Return a schedule; UNSET if there is none."""
    if schedule is None:
        return UNSET
    return ViewSchedule(
        cron_expression=schedule.cron,
        performance=tier_word(tier),
        next_execution_time=maybe_timestamp(schedule.next_at),
        expires_at=maybe_timestamp(schedule.until),
    )


def fresh(found: list[Freshness], last_fires: dict[Label, datetime]) -> Fresh:
    """Return how fresh views are. `last_fires`: when each schedule should have fired last."""
    shown_ = [_fresh(one, last_fires.get(one.view.label)) for one in found]
    shown_.sort(key=lambda one: (not one.late, one.published_at is UNSET, one.published_at or ""))
    return Fresh(views=shown_)


def _fresh(one: Freshness, last_fire: datetime | None) -> FreshView:
    view, published = one.view, one.published_at
    late = (
        last_fire is not None
        and one.fire_started_at is None
        and last_fire > (published or view.created_at)
    )
    last: LastRun | UnsetType = UNSET
    if one.last_run is not None and one.last_state is not None:
        last = LastRun(
            pipeline_execution_id=one.last_run,
            state=RunState(one.last_state),
            ended_at=maybe_timestamp(one.last_ended_at),
        )
    return FreshView(
        name=view.label,
        query_id=view.definition.query,
        late=late,
        published_at=UNSET if published is None else timestamp(published),
        row_count=maybe(view.row_count if view.snapshot else None),
        size_bytes=maybe(view.size_bytes if view.snapshot else None),
        schedule=schedule_of(view.definition.schedule, view.definition.tier),
        last_run=last,
    )
