"""Materialized views: names that point at snapshots, each defined by a query.

A view's definition is its query, its tier and its schedule; its rows are those of the last run
that published it (see `endings`). Made again after it was deleted, a view has a new id, so a run
in flight can never publish into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_if_absent

from qanat.clock import from_us, to_us
from qanat.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.names import ExecutionId, Handle, Label, NameId, QueryId, SnapshotId
from qanat.store import tables as t
from qanat.store.codec import moment
from qanat.store.database import Prepared, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a view is refreshed by itself."""

    cron: str
    next_at: datetime | None  #: None: `until` has passed, or will have by the next fire
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a view is to be."""

    query: QueryId
    tier: str
    is_private: bool
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view as it is now."""

    id: NameId
    label: Label
    owner: Handle
    definition: Definition
    snapshot: SnapshotId | None  #: None: never published
    row_count: int
    size_bytes: int
    moves: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How fresh a view is, and what became of its last run."""

    view: View
    published_at: datetime | None
    fire_started_at: datetime | None  #: last fire of the schedule whose run still goes on
    passed_over_at: datetime | None
    last_run: str | None
    last_state: str | None
    last_ended_at: datetime | None


_COLUMNS: Final = (
    t.name.c.id,
    t.name.c.label,
    t.name.c.owner,
    t.name.c.is_private,
    t.name.c.snapshot,
    t.name.c.moves,
    t.name.c.created_us,
    t.name.c.updated_us,
    t.view.c.query,
    t.view.c.tier,
    t.view.c.cron,
    t.view.c.cron_until_us,
    t.view.c.next_us,
    func.coalesce(t.snapshot.c.size_bytes, 0).label("size_bytes"),
    func.coalesce(t.snapshot.c.row_count, 0).label("row_count"),
)


def _views(*more: Any) -> Select[Any]:  # noqa: ANN401  # columns
    return (
        select(*_COLUMNS, *more)
        .join(t.view, t.view.c.name == t.name.c.id)
        .outerjoin(t.snapshot, t.snapshot.c.id == t.name.c.snapshot)
        .where(t.name.c.deleted_us.is_(None), t.name.c.kind == "view")
    )


_ONE: Final = Prepared(_views().where(t.name.c.label == bindparam("full_name")))
_OF_QUERY: Final = Prepared(
    _views().where(t.view.c.query == bindparam("query_id")).order_by(t.name.c.label)
)
_LIST: Final = Prepared(
    _views()
    .where(t.name.c.owner == bindparam("owner_handle"))
    .order_by(t.name.c.label)
    .limit(bindparam("most"))
    .offset(bindparam("after"))
)
_LOCK: Final = Prepared(
    select(t.name.c.id)
    .where(t.name.c.label == bindparam("full_name"), t.name.c.deleted_us.is_(None))
    .with_for_update()
)
_TAKEN: Final = Prepared(
    select(t.name.c.kind).where(
        t.name.c.label == bindparam("full_name"), t.name.c.deleted_us.is_(None)
    )
)
_ADD_NAME: Final = Prepared(
    insert_if_absent(t.name).values(kind="view", moves=0).on_conflict_do_nothing(),
    [
        "id", "namespace", "label", "kind", "owner", "is_private", "moves", "created_us",
        "updated_us",
    ],
)  # fmt: skip
_ADD_VIEW: Final = Prepared(
    insert(t.view), ["name", "query", "tier", "cron", "cron_until_us", "next_us"]
)
_CHANGE_NAME: Final = Prepared(
    update(t.name)
    .where(t.name.c.id == bindparam("name_id"))
    .values(is_private=bindparam("private"), updated_us=bindparam("at"))
)
_CHANGE_VIEW: Final = Prepared(
    update(t.view)
    .where(t.view.c.name == bindparam("name_id"))
    .values(
        tier=bindparam("new_tier"),
        cron=bindparam("new_cron"),
        cron_until_us=bindparam("until"),
        next_us=bindparam("following"),
    )
)
_DELETE: Final = Prepared(
    update(t.name)
    .where(t.name.c.id == bindparam("name_id"))
    .values(deleted_us=bindparam("at"), snapshot=None)
)
_UNSCHEDULE: Final = Prepared(
    update(t.view)
    .where(t.view.c.name == bindparam("name_id"))
    .values(cron=None, cron_until_us=None, next_us=None)
)
_EXECUTIONS: Final = Prepared(
    select(t.node.c.execution)
    .select_from(
        t.run_view.join(t.run, t.run.c.id == t.run_view.c.run).join(
            t.node,
            (t.node.c.run == t.run_view.c.run) & (t.node.c.name == t.run_view.c.name),
        )
    )
    .where(t.run_view.c.name == bindparam("name_id"))
    .order_by(t.run.c.accepted.desc())
    .limit(bindparam("most"))
)
_published: Final = (
    select(t.move.c.moved_us)
    .where(t.move.c.name == t.name.c.id)
    .order_by(t.move.c.moment.desc())
    .limit(1)
    .correlate(t.name)
    .scalar_subquery()
    .label("published_us")
)
_last_accepted: Final = (
    select(func.max(t.run.c.accepted))
    .join(t.run_view, t.run_view.c.run == t.run.c.id)
    .where(t.run_view.c.name == t.name.c.id)
    .correlate(t.name)
    .scalar_subquery()
)
_fired: Final = t.run.alias("fired")
_last: Final = t.run.alias("last")
_FRESHNESS: Final = Prepared(
    _views(
        _published,
        t.view.c.passed_over_us,
        _fired.c.accepted_us.label("fired_us"),
        _last.c.id.label("last_run"),
        _last.c.state.label("last_state"),
        _last.c.ended_us.label("last_ended_us"),
    )
    .outerjoin(
        _fired,
        (_fired.c.id == t.view.c.scheduled_run)
        & ((_fired.c.state == "pending") | (_fired.c.state == "executing")),
    )
    .outerjoin(_last, _last.c.accepted == _last_accepted)
    .where(t.name.c.owner == bindparam("owner_handle"))
    .order_by(t.name.c.label)
    .limit(bindparam("most"))
)


def read(tx: Transaction, caller: Caller, label: Label) -> View:
    """Return a view that the caller may read.

    Raises:
        NotFoundError: There is none.
    """
    row = tx.row(_ONE, full_name=label)
    if row is None or not caller.sees(row["owner"], is_private=bool(row["is_private"])):
        raise NotFoundError("Materialized view not found")
    return _view(row)


def lock(tx: Transaction, caller: Caller, label: Label) -> View:
    """Return a view that the caller may change; nobody else changes it in the meantime.

    Raises:
        NotFoundError: There is none.
        ForbiddenError: It belongs to another owner.
    """
    tx.value(_LOCK, full_name=label)
    found = read(tx, caller, label)
    if found.owner != caller.handle:
        raise ForbiddenError(f"{label} belongs to {found.owner}: only its owner changes it")
    return found


def of_query(tx: Transaction, query: QueryId) -> list[View]:
    """Return the views that a query defines."""
    return [_view(row) for row in tx.rows(_OF_QUERY, query_id=query)]


def upsert(
    tx: Transaction, caller: Caller, label: Label, wanted: Definition, *, id_: NameId, at_us: int
) -> View:
    """Make the view `label` of the caller's namespace, or change it; as it is now.

    Args:
        tx: The transaction.
        caller: Whose view it is.
        label: Its full name.
        wanted: What it is to be. The query has been checked.
        id_: The id it gets if it is new.
        at_us: Now.

    Raises:
        InvalidRequestError: The name is taken by another query or an upload, or the query has a
            view of another name.
    """
    for other in of_query(tx, wanted.query):
        if other.owner == caller.handle and other.label != label:
            raise InvalidRequestError(
                f"query {wanted.query} is materialized as {other.label}: delete that view first"
            )
    kind = tx.value(_TAKEN, full_name=label)
    if kind not in (None, "view"):
        raise InvalidRequestError(f"{label} is the name of an uploaded table")
    schedule = _schedule_values(wanted.schedule)
    if kind is None:
        _add(tx, caller, label, wanted, id_, at_us)
        return read(tx, caller, label)
    before = lock(tx, caller, label)
    if before.definition.query != wanted.query:
        raise InvalidRequestError(
            f"{label} is defined by query {before.definition.query}: delete that view first"
        )
    tx.run(_CHANGE_NAME, name_id=before.id, private=int(wanted.is_private), at=at_us)
    tx.run(
        _CHANGE_VIEW,
        name_id=before.id,
        new_tier=wanted.tier,
        new_cron=schedule["cron"],
        until=schedule["cron_until_us"],
        following=schedule["next_us"],
    )
    return read(tx, caller, label)


def _add(
    tx: Transaction, caller: Caller, label: Label, wanted: Definition, id_: NameId, at_us: int
) -> None:
    added = tx.run(
        _ADD_NAME,
        id=id_,
        namespace=caller.handle,
        label=label,
        owner=caller.handle,
        is_private=int(wanted.is_private),
        created_us=at_us,
        updated_us=at_us,
    )
    if not added:
        raise ConflictError(f"{label} was made by another request at the same moment")
    tx.run(
        _ADD_VIEW,
        name=id_,
        query=wanted.query,
        tier=wanted.tier,
        **_schedule_values(wanted.schedule),
    )


def delete(tx: Transaction, view: View, *, at_us: int) -> None:
    """Delete a view, which the caller has locked.

    Its rows stay for the runs that pinned them, and are collected after that.
    """
    tx.run(_DELETE, name_id=view.id, at=at_us)
    tx.run(_UNSCHEDULE, name_id=view.id)


def list_of(tx: Transaction, caller: Caller, *, limit: int, offset: int) -> list[View]:
    """Return the caller's own views, by name."""
    found = tx.rows(_LIST, owner_handle=caller.handle, most=limit, after=offset)
    return [_view(row) for row in found]


def last_executions(tx: Transaction, view: View, *, limit: int) -> list[ExecutionId]:
    """Return the executions that refreshed a view, or were to, newest first."""
    return [ExecutionId(id_) for (id_,) in tx.tuples(_EXECUTIONS, name_id=view.id, most=limit)]


def freshness(tx: Transaction, caller: Caller, *, limit: int) -> list[Freshness]:
    """Return how fresh the caller's own views are, by name."""
    return [
        Freshness(
            view=_view(row),
            published_at=moment(row["published_us"]) if row["snapshot"] else None,
            fire_started_at=moment(row["fired_us"]),
            passed_over_at=moment(row["passed_over_us"]),
            last_run=row["last_run"],
            last_state=row["last_state"],
            last_ended_at=moment(row["last_ended_us"]),
        )
        for row in tx.rows(_FRESHNESS, owner_handle=caller.handle, most=limit)
    ]


def _schedule_values(schedule: Schedule | None) -> dict[str, Any]:
    if schedule is None:
        return {"cron": None, "cron_until_us": None, "next_us": None}
    return {
        "cron": schedule.cron,
        "cron_until_us": None if schedule.until is None else to_us(schedule.until),
        "next_us": None if schedule.next_at is None else to_us(schedule.next_at),
    }


def _view(row: dict[str, Any]) -> View:
    schedule = None
    if row["cron"] is not None:
        schedule = Schedule(
            cron=row["cron"],
            next_at=moment(row["next_us"]),
            until=moment(row["cron_until_us"]),
        )
    return View(
        id=NameId(row["id"]),
        label=Label(row["label"]),
        owner=Handle(row["owner"]),
        definition=Definition(
            query=QueryId(row["query"]),
            tier=row["tier"],
            is_private=bool(row["is_private"]),
            schedule=schedule,
        ),
        snapshot=row["snapshot"],
        row_count=row["row_count"],
        size_bytes=row["size_bytes"],
        moves=row["moves"],
        created_at=from_us(row["created_us"]),
        updated_at=from_us(row["updated_us"]),
    )
