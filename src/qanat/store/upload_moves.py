"""How an uploaded table moves: its files, from their row to a snapshot. Protocol section 9.

A file has its row before it is opened and becomes whole only in the transaction that makes it
part of a snapshot, so what an insert left behind half-way is garbage and nothing else. The name
is locked first and the store's moment taken last; between the two nobody else moves the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from qanat.errors import ConflictError, EngineUnavailableError
from qanat.model.snapshot import Snapshot
from qanat.model.types import Columns
from qanat.names import AttemptId, NameId, ServerId, SnapshotId
from qanat.store import loading
from qanat.store import tables as t
from qanat.store.codec import dump_columns
from qanat.store.database import Prepared, Transaction
from qanat.store.endings import ADD_MOVE, NEXT_MOMENT
from qanat.store.uploads import NewUpload, Upload, create, dump_declared, load_declared


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of a table as it is now."""

    id: AttemptId
    row_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile(StoredFile):
    """A file that was written and flushed to disk, and is in no snapshot yet."""

    columns: Columns  #: as the engine wrote them


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The rows of a snapshot's last files in one file, to stand in place of them."""

    of: SnapshotId
    kept: tuple[StoredFile, ...]  #: the snapshot's first files, which stay
    file: NewFile


class RowsMovedError(ConflictError):
    """A table's rows moved while its files were merged: merge what is there now."""


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
_FILES: Final = Prepared(
    select(t.file.c.id, t.file.c.row_count, t.file.c.size_bytes)
    .join(t.snapshot_file, t.snapshot_file.c.file == t.file.c.id)
    .where(t.snapshot_file.c.snapshot == bindparam("snapshot"))
    .order_by(t.snapshot_file.c.position)
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


def snapshot_of(tx: Transaction, name: NameId) -> SnapshotId | None:
    """Return where a table points now; None if nowhere, or if it was deleted."""
    found = tx.row(_LOOK, name=name)
    return SnapshotId(found["snapshot"]) if found and found["snapshot"] else None


def files_of(tx: Transaction, snapshot: SnapshotId) -> list[StoredFile]:
    """Return the files of a snapshot, in the order of their rows."""
    return [
        StoredFile(id=AttemptId(id_), row_count=rows, size_bytes=size)
        for id_, rows, size in tx.tuples(_FILES, snapshot=snapshot)
    ]


def make_empty(tx: Transaction, new: NewUpload, *, snapshot: SnapshotId, at_us: int) -> Upload:
    """Make an uploaded table, move it to no rows so that it can be read, and return it.

    Raises:
        ConflictError: A table or a view has the name.
    """
    made = create(tx, new, at_us=at_us)
    clear(tx, made, snapshot=snapshot, at_us=at_us)
    return made


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
    fresh = [file]
    kept: Sequence[StoredFile] = files_of(tx, old.id) if old else ()
    if merged is not None:
        if locked["snapshot"] != merged.of:
            raise RowsMovedError(f"Table {upload.label} changed while its files were merged")
        fresh, kept = [merged.file, file], merged.kept
    for part in fresh:
        _keep(tx, part)
    parts = [*kept, *fresh]
    _move(
        tx,
        upload.id,
        Snapshot(
            id=snapshot,
            columns=old.columns if old and old.files else file.columns,
            row_count=sum(part.row_count for part in parts),
            size_bytes=sum(part.size_bytes for part in parts),
            files=tuple(part.id for part in parts),
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
