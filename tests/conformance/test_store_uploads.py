"""Uploaded tables in the store: made, moved one file at a time, deleted; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, update

from qanat.errors import ConflictError, EngineUnavailableError
from qanat.model.snapshot import Snapshot
from qanat.model.types import Column
from qanat.names import AttemptId, Handle, Label, NameId, ServerId, SnapshotId, new_ulid
from qanat.store import invariants, loading, recovery, upload_moves, uploads
from qanat.store import tables as t
from qanat.store.database import Database, Prepared, Transaction
from qanat.store.upload_moves import Merged, NewFile
from qanat.store.uploads import DeclaredColumn, NewUpload, Upload

NOW = datetime(2026, 11, 24, tzinfo=UTC)
AT = 1_795_478_400_000_000
SERVER = ServerId("S1")
ACME = Handle("acme")
LABEL = Label("dune.acme.prices")
DECLARED = (
    DeclaredColumn(name="d", type="timestamp"),
    DeclaredColumn(name="price", type="double", nullable=False),
)
COLUMNS = (Column("d", "timestamp(3)"), Column("price", "double"))

_ADD_OWNER = Prepared(insert(t.owner), ["handle", "created_us"])
_MOVES = Prepared(
    select(t.move.c.moment, t.move.c.from_snapshot, t.move.c.to_snapshot, t.move.c.run)
    .where(t.move.c.name == bindparam("name"))
    .order_by(t.move.c.moment)
)
_FILE = Prepared(select(t.file).where(t.file.c.id == bindparam("file")))
_GIVE_UP = Prepared(
    update(t.file).where(t.file.c.id == bindparam("file")).values(state="garbage", due_us=0)
)


@pytest.fixture(autouse=True)
def _place(database: Database) -> Iterator[None]:
    """A store with a server; whatever a test did, it is in order after it."""

    def place(tx: Transaction) -> None:
        recovery.create_store(tx, place_id="P", boot_id="B")
        recovery.enter(tx, SERVER, at_us=AT, lease_us=1)
        tx.run(_ADD_OWNER, handle=ACME, created_us=AT)

    database.write(place)
    yield
    assert database.read(invariants.violations) == []


def new_id() -> str:
    return new_ulid(NOW)


def new_upload(label: Label = LABEL) -> NewUpload:
    _, namespace, table = label.split(".")
    return NewUpload(
        id=NameId(new_id()),
        namespace=namespace,
        table=table,
        owner=ACME,
        is_private=False,
        description="What things cost",
        columns=DECLARED,
    )


def make(database: Database, label: Label = LABEL) -> Upload:
    return database.write(lambda tx: uploads.create(tx, new_upload(label), at_us=AT))


def written(database: Database, rows: int) -> NewFile:
    file = NewFile(id=AttemptId(new_id()), columns=COLUMNS, row_count=rows, size_bytes=rows * 10)
    database.write(lambda tx: upload_moves.begin_file(tx, file.id, SERVER))
    return file


def append(
    database: Database, upload: Upload, file: NewFile, *, merged: Merged | None = None
) -> SnapshotId:
    to = SnapshotId(new_id())
    database.write(
        lambda tx: upload_moves.append(tx, upload, file, merged=merged, snapshot=to, at_us=AT + 1)
    )
    return to


def found(database: Database, label: Label = LABEL) -> Upload:
    upload = database.read(lambda tx: uploads.find(tx, label))
    assert upload is not None
    return upload


def rows_of(database: Database, label: Label = LABEL) -> Snapshot:
    upload = found(database, label)
    snapshot = database.read(
        lambda tx: loading.snapshot(tx, upload_moves.snapshot_of(tx, upload.id))
    )
    assert snapshot is not None
    return snapshot


def test_a_new_table_is_found_as_it_was_declared_and_has_no_rows(database: Database) -> None:
    make(database)

    upload = found(database)

    assert upload.columns == DECLARED
    assert (upload.owner, upload.description, upload.is_private) == (
        ACME,
        "What things cost",
        False,
    )
    assert (upload.snapshot, upload.row_count, upload.size_bytes) == (None, 0, 0)
    assert upload.created_at == NOW


def test_a_table_made_empty_can_be_read_at_once(database: Database) -> None:
    """It points at no rows of its columns, by a move like any other."""
    new, to = new_upload(), SnapshotId(new_id())

    database.write(lambda tx: upload_moves.make_empty(tx, new, snapshot=to, at_us=AT))

    rows = rows_of(database)
    assert (rows.id, rows.row_count, rows.files) == (to, 0, ())
    assert [column.name for column in rows.columns] == ["d", "price"]
    assert found(database).moves == 1
    with pytest.raises(ConflictError):
        database.write(
            lambda tx: upload_moves.make_empty(
                tx, new_upload(), snapshot=SnapshotId(new_id()), at_us=AT
            )
        )


def test_a_name_that_is_taken_is_refused_and_the_table_stays_as_it_was(database: Database) -> None:
    first = make(database)

    with pytest.raises(ConflictError, match=r"Table dune\.acme\.prices already exists"):
        make(database)

    assert found(database).id == first.id


def test_an_append_keeps_the_old_rows_and_records_one_move(database: Database) -> None:
    upload = make(database)
    first, second = written(database, 3), written(database, 4)

    one = append(database, upload, first)
    two = append(database, upload, second)

    snapshot = rows_of(database)
    assert snapshot.files == (first.id, second.id)
    assert (snapshot.row_count, snapshot.size_bytes) == (7, 70)
    assert snapshot.columns == COLUMNS
    assert found(database).moves == 2
    assert database.read(lambda tx: tx.tuples(_MOVES, name=upload.id)) == [
        (1, None, one, None),
        (2, one, two, None),
    ]


def test_a_file_becomes_whole_and_synced_only_with_the_move(database: Database) -> None:
    """A file in no snapshot is garbage, so nothing is left over when a server dies half-way."""
    upload = make(database)
    file = written(database, 3)
    before = database.read(lambda tx: tx.row(_FILE, file=file.id))
    append(database, upload, file)
    after = database.read(lambda tx: tx.row(_FILE, file=file.id))

    assert before is not None
    assert after is not None
    assert (before["state"], before["synced"]) == ("writing", 0)
    assert (after["state"], after["synced"], after["row_count"], after["size_bytes"]) == (
        "whole",
        1,
        3,
        30,
    )


def test_a_replacement_leaves_only_its_own_rows_and_its_own_columns(database: Database) -> None:
    upload = make(database)
    append(database, upload, written(database, 3))
    file = NewFile(
        id=AttemptId(new_id()), columns=(Column("x", "bigint"),), row_count=1, size_bytes=5
    )
    database.write(lambda tx: upload_moves.begin_file(tx, file.id, SERVER))
    described = NewUpload(
        id=NameId("unused"),
        namespace="acme",
        table="prices",
        owner=ACME,
        is_private=True,
        description="",
        columns=(DeclaredColumn(name="x", type="bigint"),),
    )

    database.write(
        lambda tx: upload_moves.replace(
            tx, upload, file, described=described, snapshot=SnapshotId(new_id()), at_us=AT
        )
    )

    now = found(database)
    assert rows_of(database).files == (file.id,)
    assert rows_of(database).columns == (Column("x", "bigint"),)
    assert now.id == upload.id
    assert now.columns == described.columns
    assert now.is_private


def test_a_cleared_table_has_its_columns_and_no_rows(database: Database) -> None:
    upload = make(database)
    append(database, upload, written(database, 3))

    database.write(
        lambda tx: upload_moves.clear(tx, upload, snapshot=SnapshotId(new_id()), at_us=AT)
    )

    assert rows_of(database).files == ()
    assert rows_of(database).row_count == 0
    assert found(database).columns == DECLARED
    assert found(database).moves == 2


def test_rows_parsed_by_other_columns_are_refused(database: Database) -> None:
    """Between parsing a file and moving to it, another request may give the table new columns."""
    upload = make(database)
    file = written(database, 1)
    database.write(
        lambda tx: upload_moves.replace(
            tx,
            upload,
            written_in(tx),
            described=NewUpload(
                id=NameId("unused"),
                namespace="acme",
                table="prices",
                owner=ACME,
                is_private=False,
                description="",
                columns=(DeclaredColumn(name="other", type="bigint"),),
            ),
            snapshot=SnapshotId(new_id()),
            at_us=AT,
        )
    )
    moves = found(database).moves

    with pytest.raises(ConflictError, match="columns"):
        append(database, upload, file)

    assert found(database).moves == moves


def written_in(tx: Transaction) -> NewFile:
    file = NewFile(id=AttemptId(new_id()), columns=COLUMNS, row_count=1, size_bytes=1)
    upload_moves.begin_file(tx, file.id, SERVER)
    return file


def test_a_table_made_again_under_its_name_is_another_one(database: Database) -> None:
    upload = make(database)
    append(database, upload, written(database, 3))
    assert database.write(lambda tx: uploads.delete(tx, upload.id, at_us=AT))
    assert not database.write(lambda tx: uploads.delete(tx, upload.id, at_us=AT))
    assert database.read(lambda tx: uploads.find(tx, LABEL)) is None

    again = make(database)

    assert again.id != upload.id
    assert again.snapshot is None
    with pytest.raises(ConflictError, match="deleted"):
        append(database, upload, written(database, 1))
    assert found(database).moves == 0


def test_a_merge_takes_the_place_of_the_files_it_holds(database: Database) -> None:
    upload = make(database)
    append(database, upload, written(database, 3))
    of = append(database, upload, written(database, 4))
    merged, file = written(database, 7), written(database, 1)

    append(database, upload, file, merged=Merged(of=of, kept=(), file=merged))

    assert rows_of(database).files == (merged.id, file.id)
    assert rows_of(database).row_count == 8


def test_a_merge_of_the_last_files_keeps_the_first(database: Database) -> None:
    upload = make(database)
    for rows in (100, 3, 4):
        of = append(database, upload, written(database, rows))
    first, *others = database.read(lambda tx: upload_moves.files_of(tx, of))
    merged, file = written(database, 7), written(database, 1)

    append(database, upload, file, merged=Merged(of=of, kept=(first,), file=merged))

    assert [other.row_count for other in others] == [3, 4]
    assert rows_of(database).files == (first.id, merged.id, file.id)
    assert (rows_of(database).row_count, rows_of(database).size_bytes) == (108, 1080)


def test_a_merge_of_rows_that_moved_is_refused_whole(database: Database) -> None:
    upload = make(database)
    of = append(database, upload, written(database, 3))
    late = append(database, upload, written(database, 4))
    merged, file = written(database, 3), written(database, 1)

    with pytest.raises(upload_moves.RowsMovedError):
        append(database, upload, file, merged=Merged(of=of, kept=(), file=merged))

    assert found(database).snapshot == late
    row = database.read(lambda tx: tx.row(_FILE, file=merged.id))
    assert row is not None
    assert row["state"] == "writing"


def test_a_file_that_recovery_gave_up_cannot_become_rows(database: Database) -> None:
    """The server was declared dead while it wrote: its late answer must change nothing."""
    upload = make(database)
    file = written(database, 3)
    database.write(lambda tx: tx.run(_GIVE_UP, file=file.id))

    with pytest.raises(EngineUnavailableError):
        append(database, upload, file)

    assert found(database).moves == 0


def test_a_discarded_file_is_garbage_but_one_in_use_is_left_alone(database: Database) -> None:
    upload = make(database)
    used, unused = written(database, 3), written(database, 3)
    append(database, upload, used)

    for file in (used, unused):
        database.write(lambda tx, id_=file.id: upload_moves.discard_file(tx, id_, due_us=AT))  # type: ignore[misc]  # mypy does not see that the default fits

    states = [database.read(lambda tx, id_=f.id: tx.row(_FILE, file=id_)) for f in (used, unused)]  # type: ignore[misc]  # as above
    assert [state["state"] for state in states if state] == ["whole", "garbage"]


def test_ten_appends_at_once_all_arrive_and_every_moment_differs(database: Database) -> None:
    """Inserts into one table are serialised by its row, and no move overwrites another."""
    upload = make(database)
    files = [written(database, 1) for _ in range(10)]
    failures: list[BaseException] = []

    def go(file: NewFile) -> None:
        try:
            append(database, upload, file)
        except BaseException as error:  # noqa: BLE001  # a thread's error is shown by the test
            failures.append(error)

    threads = [threading.Thread(target=go, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(rows_of(database).files) == sorted(file.id for file in files)
    moves = database.read(lambda tx: tx.tuples(_MOVES, name=upload.id))
    assert [move[0] for move in moves] == list(range(1, 11))
    assert [move[1] for move in moves[1:]] == [move[2] for move in moves[:-1]]


def test_the_list_is_the_owners_own_by_name(database: Database) -> None:
    for table in ("c", "a", "b"):
        make(database, Label(f"dune.acme.{table}"))

    def listed(limit: int, offset: int) -> list[str]:
        rows = database.read(lambda tx: uploads.owned(tx, ACME, limit=limit, offset=offset))
        return [upload.label for upload in rows]

    assert listed(2, 0) == ["dune.acme.a", "dune.acme.b"]
    assert listed(2, 2) == ["dune.acme.c"]
    assert database.read(lambda tx: uploads.owned(tx, Handle("x"), limit=9, offset=0)) == []
