"""Rows from outside into uploaded tables: parsed beside, then moved in by one transaction.

A request either stores all of its rows or none. The order is protocol section 9: the file's row,
the file, its flush to disk, the move. Whatever stops in between leaves a garbage file and an
unchanged table. Tables of many small files are merged as they grow, in the move that passes the
limit, so that readers never open more than `FILES` of one table.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from qanat.clock import Clock, to_us
from qanat.coordinator.new_files import NewFiles
from qanat.engines import Engine, Limits, Load, Relation
from qanat.errors import (
    ConflictError,
    EngineUnavailableError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    SqlRejectedError,
)
from qanat.model.access import Caller
from qanat.model.snapshot import Format, Snapshot
from qanat.model.types import Column, Columns
from qanat.names import Label, NameId, ServerId, SnapshotId, dune_label, new_ulid
from qanat.store import loading, requests, upload_moves, uploads
from qanat.store.database import Database, Transaction
from qanat.store.upload_moves import Merged, NewFile, StoredFile
from qanat.store.uploads import DeclaredColumn, NewUpload, Upload

FILES: Final = 64  #: of one table; an insert beyond merges them first
ATTEMPTS: Final = 3  #: of one merge, when the table moves meanwhile
_STRIPES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What an insert or a load put into a table."""

    row_count: int
    size_bytes: int  #: as stored
    columns: Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """How a table that a file makes is to be called and seen."""

    namespace: str
    table: str
    is_private: bool
    description: str


class _AppendedError(Exception):
    """The same request has appended its rows meanwhile."""


class Uploads:
    """Loads and clears uploaded tables."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        clock: Clock,
        server_id: ServerId,
        limits: Limits,
        *,
        free_disk_bytes: int,
    ) -> None:
        """Make it.

        Args:
            database: Where the tables are remembered.
            engine: Parses files and merges them.
            clock: Tells the time.
            server_id: This server's live row; files are written in its name.
            limits: What parsing or merging one file may use.
            free_disk_bytes: What must stay free on disk beyond the file's own size.
        """
        self._database = database
        self._engine = engine
        self._clock = clock
        self._files = NewFiles(
            database, engine, clock, server_id, limits, free_disk_bytes=free_disk_bytes
        )
        self._merging = tuple(threading.Lock() for _ in range(_STRIPES))

    def load_upload(
        self,
        caller: Caller,
        name: Label,
        path: Path,
        format: Format,  # noqa: A002  # the word of engines.Load
        *,
        mode: Literal["replace", "append"],
        infer: bool = False,
        described: Described | None = None,
        idempotency: tuple[str, str] | None = None,
    ) -> Loaded:
        """Put the rows of a file into a table; all of them, or none.

        Rows that were appended under an `idempotency` key before are not appended again.

        With `infer`, columns and types are those of the file and replace the table's. With
        `described`, a table that does not exist is made in the same transaction as its rows.

        Raises:
            NotFoundError: There is no such table, or the caller may not know of it.
            ForbiddenError: It belongs to another owner.
            InvalidRequestError: A row does not fit; the text names its line and column.
            ConflictError: The table was deleted or got other columns meanwhile.
            TooManyRequestsError: The disk is nearly full.
            EngineUnavailableError: The engine failed three times.
            UnprocessableError: The idempotency key was used with another request.
        """
        upload = self._owned(caller, name, may_be_absent=described is not None)
        self._files.require_room(path.stat().st_size)
        load = Load(path=str(path), format=format)
        if upload is not None and not infer:
            load = replace(
                load,
                columns=upload.plain_columns,
                required=frozenset(c.name for c in upload.columns if not c.nullable),
            )
        with contextlib.suppress(_AppendedError), self._files.loaded(load) as new:
            if mode == "append":
                assert upload is not None, "only a file that replaces a table may make it"
                if new.row_count > 0:
                    self._append(caller, upload, new, idempotency)
                else:
                    self._files.discard(new.id)
            else:
                self._replace(caller, upload, new, described, infer=infer)
        return Loaded(row_count=new.row_count, size_bytes=new.size_bytes, columns=new.columns)

    @contextlib.contextmanager
    def trial(self, path: Path, format: Format) -> Iterator[tuple[NewFile, Relation]]:  # noqa: A002  # the word of engines.Load
        """Yield what a file would be as rows; nothing is left of them after the block.

        Raises:
            InvalidRequestError: It is not of its format; the text names the line.
            TooManyRequestsError: The disk is nearly full.
            EngineUnavailableError: The engine failed three times.
        """
        self._files.require_room(path.stat().st_size)
        columns = None
        if format == "ndjson":  # where it is looked at, types are found; where it is read, not
            try:
                columns, _ = self._engine.inspect((str(path),), format)
            except SqlRejectedError as error:
                raise InvalidRequestError(error.message) from None
        load = Load(path=str(path), format=format, columns=columns)
        with self._files.loaded(load) as new:
            try:
                yield new, Relation(columns=new.columns, files=(str(self._engine.path(new.id)),))
            finally:
                self._files.discard(new.id)

    def place(
        self,
        caller: Caller,
        path: Path,
        format: Format,  # noqa: A002  # the word of engines.Load
        described: Described,
        *,
        found: Columns,
        wanted: Columns,
        may_replace: bool,
    ) -> Loaded:
        """Make a table of a file, its columns called and typed as wanted.

        Args:
            caller: Whose table it is.
            path: The file.
            format: Its format.
            described: How the table is called and seen.
            found: The file's columns, as `trial` found them.
            wanted: The table's, in the same order.
            may_replace: Whether the caller's table of this name may be replaced.

        Raises:
            ConflictError: The name is taken.
            InvalidRequestError: A value does not fit; the text names line and column.
            TooManyRequestsError: The disk is nearly full.
            EngineUnavailableError: The engine failed three times.
        """
        label = dune_label(described.namespace, described.table)
        upload = self._owned(caller, label, may_be_absent=True)
        if upload is not None and not may_replace:
            raise ConflictError(f"Table {label} already exists")
        self._files.require_room(path.stat().st_size)
        typed = tuple(
            Column(before.name, after.type) for before, after in zip(found, wanted, strict=True)
        )
        load = Load(path=str(path), format=format, columns=typed)
        with (
            self._files.loaded(load) as loaded,
            self._renamed(loaded, wanted) as new,
        ):
            self._replace(caller, upload, new, described, infer=True, may_replace=may_replace)
        return Loaded(row_count=new.row_count, size_bytes=new.size_bytes, columns=new.columns)

    @contextlib.contextmanager
    def _renamed(self, file: NewFile, wanted: Columns) -> Iterator[NewFile]:
        """Yield the rows of a file under the names that are wanted."""
        names = tuple(column.name for column in wanted)
        if names == tuple(column.name for column in file.columns):
            yield file
            return
        rows = Relation(columns=file.columns, files=(str(self._engine.path(file.id)),))
        with self._files.rewritten(rows, names) as new:
            yield new
        self._files.discard(file.id)

    def clear_upload(self, caller: Caller, name: Label) -> None:
        """Take all rows out of a table.

        Raises:
            NotFoundError: There is no such table, or the caller may not know of it.
            ForbiddenError: It belongs to another owner.
        """
        upload = self._owned(caller, name, may_be_absent=False)
        assert upload is not None
        self._move(lambda tx, to, at_us: upload_moves.clear(tx, upload, snapshot=to, at_us=at_us))

    def _owned(self, caller: Caller, name: Label, *, may_be_absent: bool) -> Upload | None:
        found = self._database.read(lambda tx: uploads.find(tx, name))
        if found is None and may_be_absent:
            return None
        if found is None or not caller.sees(found.owner, is_private=found.is_private):
            raise NotFoundError(f"Table {name} not found")
        if found.owner != caller.handle:
            raise ForbiddenError(f"Table {name} belongs to {found.owner}")
        return found

    def appended(self, caller: Caller, idempotency: tuple[str, str] | None) -> int | None:
        """Return how many rows were appended under a key; None if none were.

        Raises:
            UnprocessableError: The key was used with another request.
        """
        known = self._database.read(
            lambda tx: requests.known_answer(tx, caller.handle, idempotency)
        )
        return None if known is None else int(known["rows"])

    def _append(
        self, caller: Caller, upload: Upload, new: NewFile, idempotency: tuple[str, str] | None
    ) -> None:
        # One merge of a table at a time: two would throw one another's work away.
        with self._merging[hash(upload.id) % _STRIPES]:
            for _ in range(ATTEMPTS - 1):
                with contextlib.suppress(upload_moves.RowsMovedError):
                    self._append_once(caller, upload, new, idempotency)
                    return
            self._append_once(caller, upload, new, idempotency)

    def _append_once(
        self, caller: Caller, upload: Upload, new: NewFile, idempotency: tuple[str, str] | None
    ) -> None:
        with self._merged(upload) as merged:

            def move(tx: Transaction, to: SnapshotId, at_us: int) -> None:
                upload_moves.append(tx, upload, new, merged=merged, snapshot=to, at_us=at_us)
                # Behind the lock of the table: of two at a time, the second sees the first.
                if requests.known_answer(tx, caller.handle, idempotency) is not None:
                    raise _AppendedError
                requests.remember(
                    tx, caller.handle, idempotency, {"rows": new.row_count}, at_us=at_us
                )

            self._move(move)

    @contextlib.contextmanager
    def _merged(self, upload: Upload) -> Iterator[Merged | None]:
        """Yield some of the table's files as one, if it has too many to get another."""

        def look(tx: Transaction) -> tuple[Snapshot | None, list[StoredFile]]:
            snapshot = loading.snapshot(tx, upload_moves.snapshot_of(tx, upload.id))
            return snapshot, upload_moves.files_of(tx, snapshot.id) if snapshot else []

        snapshot, files = self._database.read(look)
        if snapshot is None or len(files) < FILES:
            yield None
            return
        kept = to_keep([file.size_bytes for file in files])
        rows = Relation(
            columns=snapshot.columns,
            files=tuple(str(self._engine.path(file.id)) for file in files[kept:]),
        )
        with self._files.rewritten(rows, tuple(c.name for c in rows.columns)) as file:
            if file.row_count != sum(each.row_count for each in files[kept:]):
                raise EngineUnavailableError("rows were missing when files were merged")
            yield Merged(of=snapshot.id, kept=tuple(files[:kept]), file=file)

    def _replace(
        self,
        caller: Caller,
        upload: Upload | None,
        new: NewFile,
        described: Described | None,
        *,
        infer: bool,
        may_replace: bool = True,
    ) -> None:
        made = None
        if described is not None or infer:
            made = _made(caller, upload, new.columns, described, self._new_id())

        def move(tx: Transaction, to: SnapshotId, at_us: int) -> None:
            into = upload
            if into is None:
                assert made is not None
                known = uploads.find(tx, made.label) if may_replace else None
                into = known or uploads.create(tx, made, at_us=at_us)
            upload_moves.replace(tx, into, new, described=made, snapshot=to, at_us=at_us)

        self._move(move)

    def _move(self, work: Callable[[Transaction, SnapshotId, int], None]) -> None:
        now = self._clock.now()
        to = SnapshotId(new_ulid(now))
        self._database.write(lambda tx: work(tx, to, to_us(now)))

    def _new_id(self) -> str:
        return new_ulid(self._clock.now())


def to_keep(sizes: Sequence[int]) -> int:
    """Return how many of a table's first files stay when the others are merged.

    At least half of the files are merged, and with them each file before that is not larger than
    what follows it: so a large file is not written again for every few small inserts.
    """
    kept = len(sizes) // 2
    following = sum(sizes[kept:])
    while kept and sizes[kept - 1] <= following:
        kept -= 1
        following += sizes[kept]
    return kept


def _made(
    caller: Caller,
    upload: Upload | None,
    columns: Columns,
    described: Described | None,
    id_: str,
) -> NewUpload:
    """Return the table as a file with its own columns makes it."""
    if described is None:
        assert upload is not None
        _, namespace, table = upload.label.split(".", 2)
        described = Described(
            namespace=namespace,
            table=table,
            is_private=upload.is_private,
            description=upload.description,
        )
    return NewUpload(
        id=NameId(id_),
        namespace=described.namespace,
        table=described.table,
        owner=caller.handle,
        is_private=described.is_private,
        description=described.description,
        columns=tuple(DeclaredColumn(name=c.name, type=c.type) for c in columns),
    )
