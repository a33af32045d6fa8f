"""Views and uploaded tables as a catalog shows them: what a caller may read, by name.

A relation that is private to another owner is not there, in lists, in counts and by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import bindparam, func, or_, select

from qanat.clock import from_us
from qanat.model.access import Caller
from qanat.names import ExecutionId, Handle, Label, NameId, QueryId, RunId, SnapshotId
from qanat.store import tables as t
from qanat.store.codec import load_columns, moment
from qanat.store.database import Prepared, Transaction
from qanat.store.uploads import DeclaredColumn, load_declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A view or an uploaded table, and the rows it points at."""

    id: NameId
    label: Label
    kind: Literal["view", "upload"]
    owner: Handle
    is_private: bool
    description: str
    query: QueryId | None  #: of a view
    columns: tuple[DeclaredColumn, ...]  #: none: a view that was never published
    snapshot: SnapshotId | None
    row_count: int | None  #: None: a view that was never published
    size_bytes: int | None
    created_at: datetime
    moved_at: datetime | None  #: when it got these rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One move of a view or an uploaded table."""

    moment: int
    at: datetime
    run: RunId | None  #: None: an insert, a load or a clear
    execution: ExecutionId | None  #: whose rows these are, if it is still known
    snapshot: SnapshotId | None
    row_count: int | None  #: None: collected
    size_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """An owner, and what of theirs a caller may see."""

    handle: Handle
    queries: int
    views: int
    uploads: int
    size_bytes: int


_moved_us: Final = (
    select(t.move.c.moved_us)
    .where(t.move.c.name == t.name.c.id)
    .order_by(t.move.c.moment.desc())
    .limit(1)
    .scalar_subquery()
)
_SEEN: Final = (
    t.name.c.deleted_us.is_(None),
    or_(t.name.c.is_private == 0, t.name.c.owner == bindparam("caller")),
)
_SELECT: Final = (
    select(
        t.name.c.id,
        t.name.c.label,
        t.name.c.kind,
        t.name.c.owner,
        t.name.c.is_private,
        t.name.c.description,
        t.name.c.columns.label("declared"),
        t.name.c.snapshot,
        t.name.c.created_us,
        t.view.c.query,
        t.snapshot.c.columns,
        t.snapshot.c.row_count,
        t.snapshot.c.size_bytes,
        _moved_us.label("moved_us"),
    )
    .outerjoin(t.view, t.view.c.name == t.name.c.id)
    .outerjoin(t.snapshot, t.snapshot.c.id == t.name.c.snapshot)
    .where(*_SEEN)
)
_LIST: Final = Prepared(
    _SELECT.where(
        or_(
            func.lower(t.name.c.label).like(bindparam("pattern"), escape="\\"),
            func.lower(t.name.c.description).like(bindparam("pattern"), escape="\\"),
            func.lower(t.name.c.columns).like(bindparam("pattern"), escape="\\"),
            func.lower(t.snapshot.c.columns).like(bindparam("pattern"), escape="\\"),
        )
    ).order_by(t.name.c.label)
)
_ONE: Final = Prepared(_SELECT.where(t.name.c.label == bindparam("label")))
_execution = (
    select(t.execution.c.id)
    .where(t.execution.c.run == t.move.c.run, t.execution.c.snapshot == t.move.c.to_snapshot)
    .limit(1)
    .scalar_subquery()
)
_MOVES: Final = Prepared(
    select(
        t.move.c.moment,
        t.move.c.moved_us,
        t.move.c.run,
        t.move.c.to_snapshot,
        _execution.label("execution"),
        t.snapshot.c.row_count,
        t.snapshot.c.size_bytes,
    )
    .outerjoin(t.snapshot, t.snapshot.c.id == t.move.c.to_snapshot)
    .where(t.move.c.name == bindparam("name"), t.move.c.moment < bindparam("before"))
    .order_by(t.move.c.moment.desc())
    .limit(bindparam("limit"))
)
_NAMESPACES: Final = Prepared(
    select(
        t.name.c.owner,
        t.name.c.kind,
        func.count(),
        func.coalesce(func.sum(t.snapshot.c.size_bytes), 0),
    )
    .outerjoin(t.snapshot, t.snapshot.c.id == t.name.c.snapshot)
    .where(*_SEEN)
    .group_by(t.name.c.owner, t.name.c.kind)
)
_QUERIES: Final = Prepared(
    select(t.query.c.owner, func.count())
    .where(
        t.query.c.is_archived == 0,
        t.query.c.is_temp == 0,
        or_(t.query.c.is_private == 0, t.query.c.owner == bindparam("caller")),
    )
    .group_by(t.query.c.owner)
)


def visible(tx: Transaction, caller: Caller, text: str = "") -> list[Named]:
    """Return what the caller may read, by name; with `text`, what may have to do with it.

    `text` is looked for in names, descriptions and columns as they are stored: whoever asks looks
    more closely at what is found.
    """
    escaped = re.sub(r"([\\%_])", r"\\\1", text.lower())
    rows = tx.rows(_LIST, caller=caller.handle, pattern=f"%{escaped}%")
    return [_named(row) for row in rows]


def find(tx: Transaction, caller: Caller, label: Label) -> Named | None:
    """Return a view or an uploaded table by its folded full name; None if the caller sees none."""
    row = tx.row(_ONE, caller=caller.handle, label=label)
    return None if row is None else _named(row)


def moves(tx: Transaction, name: NameId, *, before: int, limit: int) -> list[Moved]:
    """Return how a name moved, newest first, from before a moment."""
    return [
        Moved(
            moment=row["moment"],
            at=from_us(row["moved_us"]),
            run=RunId(row["run"]) if row["run"] else None,
            execution=ExecutionId(row["execution"]) if row["execution"] else None,
            snapshot=SnapshotId(row["to_snapshot"]) if row["to_snapshot"] else None,
            row_count=row["row_count"],
            size_bytes=row["size_bytes"],
        )
        for row in tx.rows(_MOVES, name=name, before=before, limit=limit)
    ]


def namespaces(tx: Transaction, caller: Caller) -> Sequence[Namespace]:
    """Return every owner of something that the caller sees: the caller first, then by name."""
    queries = {owner: int(count) for owner, count in tx.tuples(_QUERIES, caller=caller.handle)}
    names = {
        (owner, kind): (int(count), int(size))
        for owner, kind, count, size in tx.tuples(_NAMESPACES, caller=caller.handle)
    }
    owners = {caller.handle, *queries, *(owner for owner, _ in names)}
    made = []
    for owner in sorted(owners, key=lambda owner: (owner != caller.handle, owner)):
        views, uploads = names.get((owner, "view"), (0, 0)), names.get((owner, "upload"), (0, 0))
        made.append(
            Namespace(
                handle=Handle(owner),
                queries=queries.get(owner, 0),
                views=views[0],
                uploads=uploads[0],
                size_bytes=views[1] + uploads[1],
            )
        )
    return made


def _named(row: dict[str, Any]) -> Named:
    columns: tuple[DeclaredColumn, ...] = ()
    if row["declared"]:
        columns = load_declared(row["declared"])
    elif row["columns"]:
        columns = tuple(
            DeclaredColumn(name=column.name, type=column.type)
            for column in load_columns(row["columns"])
        )
    is_upload = row["kind"] == "upload"
    return Named(
        id=NameId(row["id"]),
        label=Label(row["label"]),
        kind="upload" if is_upload else "view",
        owner=Handle(row["owner"]),
        is_private=bool(row["is_private"]),
        description=row["description"],
        query=None if row["query"] is None else QueryId(row["query"]),
        columns=columns,
        snapshot=SnapshotId(row["snapshot"]) if row["snapshot"] else None,
        row_count=0 if is_upload and row["row_count"] is None else row["row_count"],
        size_bytes=0 if is_upload and row["size_bytes"] is None else row["size_bytes"],
        created_at=from_us(row["created_us"]),
        moved_at=moment(row["moved_us"]),
    )
