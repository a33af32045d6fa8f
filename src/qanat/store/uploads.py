"""Uploaded tables: names whose rows come from outside, one file an insert. Protocol section 9.

A file has its row before it is opened and becomes whole only in the transaction that makes it
part of a snapshot, so what an insert left behind half-way is garbage and nothing else. The name
is locked first and the store's moment taken last; between the two nobody else moves the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_if_absent

from qanat.clock import from_us
from qanat.errors import ConflictError, EngineUnavailableError
from qanat.model.snapshot import Snapshot
from qanat.model.types import Column, Columns
from qanat.names import AttemptId, Handle, Label, NameId, ServerId, SnapshotId, dune_label
from qanat.store import loading
from qanat.store import tables as t
from qanat.store.codec import dump, dump_columns
from qanat.store.database import Prepared, Transaction
from qanat.store.endings import ADD_MOVE, NEXT_MOMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredColumn:
    """A column of an uploaded table."""

    name: str
    type: str  #: Trino's words
    nullable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """An uploaded table about to be made."""

    id: NameId
    namespace: str
    table: str
    owner: Handle
    is_private: bool
    description: str
    columns: tuple[DeclaredColumn, ...]

    @property
    def label(self) -> Label:
        """The table's folded full name."""
        return dune_label(self.namespace, self.table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An uploaded table as it is now."""

    id: NameId
    label: Label
    owner: Handle
    is_private: bool
    description: str
    columns: tuple[DeclaredColumn, ...]
    snapshot: SnapshotId | None  #: None: nothing was ever put in
    moves: int
    size_bytes: int
    row_count: int
    created_at: datetime
    updated_at: datetime

    @property
    def plain_columns(self) -> Columns:
        """The columns without what is declared of them."""
        return tuple(Column(column.name, column.type) for column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file that was written and flushed to disk, and is in no snapshot yet."""

    id: AttemptId
    columns: Columns  #: as the engine wrote them
    row_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """All rows of a snapshot in one file, to stand in place of its many."""

    of: SnapshotId
    file: NewFile


class RowsMovedError(ConflictError):
    """A table's rows moved while its files were merged: merge what is there now."""


_declared: Final = msgspec.json.Decoder(list[tuple[str, str, bool]])
_COLUMNS: Final = (
    t.name.c.id,
    t.name.c.label,
    t.name.c.owner,
    t.name.c.is_private,
    t.name.c.description,
    t.name.c.columns,
    t.name.c.snapshot,
    t.name.c.moves,
    t.name.c.created_us,
    t.name.c.updated_us,
    func.coalesce(t.snapshot.c.size_bytes, 0).label("size_bytes"),
    func.coalesce(t.snapshot.c.row_count, 0).label("row_count"),
)
_UPLOADS: Final = (
    select(*_COLUMNS)
    .outerjoin(t.snapshot, t.snapshot.c.id == t.name.c.snapshot)
    .where(t.name.c.kind == "upload", t.name.c.deleted_us.is_(None))
)
_FIND: Final = Prepared(_UPLOADS.where(t.name.c.label == bindparam("label")))
_LIST: Final = Prepared(
    _UPLOADS.where(t.name.c.owner == bindparam("owner"))
    .order_by(t.name.c.label)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_ADD: Final = Prepared(
    insert_if_absent(t.name).values(kind="upload", moves=0).on_conflict_do_nothing(),
    [
        "id", "namespace", "label", "kind", "owner", "is_private", "description", "columns",
        "moves", "created_us", "updated_us",
    ],
)  # fmt: skip
_POINTER: Final = select(t.name.c.columns, t.name.c.snapshot).where(
    t.name.c.id == bindparam("name"), t.name.c.deleted_us.is_(None)
)
_LOOK: Final = Prepared(_POINTER)
_LOCK: Final = Prepared(_POINTER.with_for_update())
_DESCRIBE: Final = Prepared(
    update(t.name)
    .where(t.name.c.id == bindparam("name"))
    .values(
        columns=bindparam("declared"),
        description=bindparam("about"),
        is_private=bindparam("private"),
    )
)
_DELETE: Final = Prepared(
    update(t.name)
    .where(t.name.c.id == bindparam("name"), t.name.c.deleted_us.is_(None))
    .values(deleted_us=bindparam("at"), updated_us=bindparam("at"), snapshot=None)
)
_ADD_FILE: Final = Prepared(
    insert(t.file).values(state="writing", synced=0), ["id", "server", "state", "synced"]
)
_WHOLE: Final = Prepared(
    update(t.file)
    .where(t.file.c.id == bindparam("file"), t.file.c.state == "writing")
    .values(state="whole", synced=1, size_bytes=bindparam("bytes"), row_count=bindparam("rows"))
)
_DISCARD: Final = Prepared(
    update(t.file)
    .where(t.file.c.id == bindparam("file"), t.file.c.state == "writing")
    .values(state="garbage", due_us=bindparam("due"))
)
_ADD_SNAPSHOT: Final = Prepared(
    insert(t.snapshot).values(reusable=0, inputs="{}"),
    ["id", "columns", "row_count", "size_bytes", "reusable", "inputs", "created_us"],
)
_ADD_SNAPSHOT_FILE: Final = Prepared(insert(t.snapshot_file), ["snapshot", "position", "file"])
_POINT: Final = Prepared(
    update(t.name)
    .where(t.name.c.id == bindparam("name"))
    .values(snapshot=bindparam("to"), moves=t.name.c.moves + 1, updated_us=bindparam("at"))
)


def dump_declared(columns: Sequence[DeclaredColumn]) -> str:
    """Return declared columns as JSON: an array of [name, type, nullable]."""
    return dump([(column.name, column.type, column.nullable) for column in columns])


def load_declared(text: str) -> tuple[DeclaredColumn, ...]:
    """Return what `dump_declared` wrote."""
    return tuple(
        DeclaredColumn(name=name, type=kind, nullable=nullable)
        for name, kind, nullable in _declared.decode(text)
    )


def find(tx: Transaction, label: Label) -> Upload | None:
    """Return an uploaded table by its folded full name; None if there is none."""
    row = tx.row(_FIND, label=label)
    return None if row is None else _upload(row)


def owned(tx: Transaction, owner: Handle, *, limit: int, offset: int) -> list[Upload]:
    """Return the tables of an owner, by name."""
    return [_upload(row) for row in tx.rows(_LIST, owner=owner, limit=limit, offset=offset)]


def snapshot_of(tx: Transaction, name: NameId) -> SnapshotId | None:
    """Return where a table points now; None if nowhere, or if it was deleted."""
    found = tx.row(_LOOK, name=name)
    return SnapshotId(found["snapshot"]) if found and found["snapshot"] else None


def create(tx: Transaction, new: NewUpload, *, at_us: int) -> Upload:
    """Make an uploaded table without rows, and return it.

    Raises:
        ConflictError: A table or a view has the name.
    """
    made = tx.run(
        _ADD,
        id=new.id,
        namespace=new.namespace,
        label=new.label,
        owner=new.owner,
        is_private=int(new.is_private),
        description=new.description,
        columns=dump_declared(new.columns),
        created_us=at_us,
        updated_us=at_us,
    )
    if made == 0:
        raise ConflictError(f"Table {new.label} already exists")
    made_now = find(tx, new.label)
    assert made_now is not None
    return made_now


def delete(tx: Transaction, name: NameId, *, at_us: int) -> bool:
    """Delete a table; False if it was deleted already.

    Its rows stay for the runs that pinned them, and are collected after that.
    """
    return tx.run(_DELETE, name=name, at=at_us) == 1


def begin_file(tx: Transaction, file: AttemptId, server: ServerId) -> None:
    """Record that `server` is going to write `file`; only then may it be opened."""
    tx.run(_ADD_FILE, id=file, server=server)


def discard_file(tx: Transaction, file: AttemptId, *, due_us: int) -> None:
    """Give up a file that became part of no snapshot."""
    tx.run(_DISCARD, file=file, due=due_us)


def append(
    tx: Transaction,
    upload: Upload,
    file: NewFile,
    *,
    merged: Merged | None,
    snapshot: SnapshotId,
    at_us: int,
) -> None:
    """Move a table to its old rows and those of `file`.

    Raises:
        ConflictError: The table was deleted, or its columns changed since `upload` was read.
        RowsMovedError: `merged` does not hold the rows that the table has now.
        EngineUnavailableError: The server that wrote the file was declared dead meanwhile.
    """
    locked = _lock(tx, upload)
    old = loading.snapshot(tx, locked["snapshot"])
    parts = [file]
    if merged is not None:
        if locked["snapshot"] != merged.of:
            raise RowsMovedError(f"Table {upload.label} changed while its files were merged")
        parts = [merged.file, file]
        old = None
    for part in parts:
        _keep(tx, part)
    _move(
        tx,
        upload.id,
        Snapshot(
            id=snapshot,
            columns=old.columns if old and old.files else file.columns,
            row_count=(old.row_count if old else 0) + sum(part.row_count for part in parts),
            size_bytes=(old.size_bytes if old else 0) + sum(part.size_bytes for part in parts),
            files=((*old.files,) if old else ()) + tuple(part.id for part in parts),
        ),
        before=locked["snapshot"],
        at_us=at_us,
    )


def replace(
    tx: Transaction,
    upload: Upload,
    file: NewFile,
    *,
    described: NewUpload | None,
    snapshot: SnapshotId,
    at_us: int,
) -> None:
    """Move a table to the rows of `file` alone; with `described`, to its columns too.

    Raises:
        ConflictError: The table was deleted, or its columns changed since `upload` was read.
        EngineUnavailableError: The server that wrote the file was declared dead meanwhile.
    """
    locked = _lock(tx, upload)
    if described is not None:
        tx.run(
            _DESCRIBE,
            name=upload.id,
            declared=dump_declared(described.columns),
            about=described.description,
            private=int(described.is_private),
        )
    _keep(tx, file)
    _move(
        tx,
        upload.id,
        Snapshot(
            id=snapshot,
            columns=file.columns,
            row_count=file.row_count,
            size_bytes=file.size_bytes,
            files=(file.id,),
        ),
        before=locked["snapshot"],
        at_us=at_us,
    )


def clear(tx: Transaction, upload: Upload, *, snapshot: SnapshotId, at_us: int) -> None:
    """Move a table to no rows.

    Raises:
        ConflictError: The table was deleted, or its columns changed since `upload` was read.
    """
    locked = _lock(tx, upload)
    _move(
        tx,
        upload.id,
        Snapshot(id=snapshot, columns=upload.plain_columns, row_count=0, size_bytes=0, files=()),
        before=locked["snapshot"],
        at_us=at_us,
    )


def _lock(tx: Transaction, upload: Upload) -> dict[str, Any]:
    locked = tx.row(_LOCK, name=upload.id)
    if locked is None:
        raise ConflictError(f"Table {upload.label} was deleted meanwhile; nothing was written")
    if load_declared(locked["columns"]) != upload.columns:
        raise ConflictError(
            f"the columns of table {upload.label} changed meanwhile; nothing was written"
        )
    return locked


def _keep(tx: Transaction, file: NewFile) -> None:
    if tx.run(_WHOLE, file=file.id, bytes=file.size_bytes, rows=file.row_count) == 0:
        raise EngineUnavailableError("the rows were given up while they were written; send again")


def _move(tx: Transaction, name: NameId, to: Snapshot, *, before: str | None, at_us: int) -> None:
    tx.run(
        _ADD_SNAPSHOT,
        id=to.id,
        columns=dump_columns(to.columns),
        row_count=to.row_count,
        size_bytes=to.size_bytes,
        created_us=at_us,
    )
    tx.many(
        _ADD_SNAPSHOT_FILE,
        [
            {"snapshot": to.id, "position": position, "file": file}
            for position, file in enumerate(to.files)
        ],
    )
    tx.run(_POINT, name=name, to=to.id, at=at_us)
    # From here to the commit every other mover waits, so moments commit in their order.
    moment = tx.value(NEXT_MOMENT)
    tx.run(
        ADD_MOVE,
        moment=moment,
        name=name,
        from_snapshot=before,
        to_snapshot=to.id,
        run=None,
        moved_us=at_us,
    )


def _upload(row: dict[str, Any]) -> Upload:
    return Upload(
        id=NameId(row["id"]),
        label=Label(row["label"]),
        owner=Handle(row["owner"]),
        is_private=bool(row["is_private"]),
        description=row["description"],
        columns=load_declared(row["columns"] or "[]"),
        snapshot=SnapshotId(row["snapshot"]) if row["snapshot"] else None,
        moves=row["moves"],
        size_bytes=row["size_bytes"],
        row_count=row["row_count"],
        created_at=from_us(row["created_us"]),
        updated_at=from_us(row["updated_us"]),
    )
