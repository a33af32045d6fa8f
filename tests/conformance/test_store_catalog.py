"""What a caller may read by name, in lists and one by one; on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from qanat.model.access import Caller
from qanat.model.types import Column
from qanat.names import AttemptId, Handle, Label, NameId, QueryId, RunId, SnapshotId
from qanat.store import catalog, endings, upload_moves, uploads
from qanat.store import tables as t
from qanat.store.database import Database, Prepared, Transaction
from qanat.store.upload_moves import NewFile
from qanat.store.uploads import DeclaredColumn, NewUpload, Upload
from tests.conformance import seeds
from tests.conformance.seeds import AT, SERVER, new_id

_ADD_NAME = Prepared(
    insert(t.name),
    [
        "id", "namespace", "label", "kind", "owner", "is_private", "snapshot", "created_us",
        "updated_us",
    ],
)  # fmt: skip
_ADD_VIEW = Prepared(insert(t.view), ["name", "query", "tier"])
_ADD_SNAPSHOT = Prepared(
    insert(t.snapshot), ["id", "columns", "row_count", "size_bytes", "inputs", "created_us"]
)


@pytest.fixture(autouse=True)
def _store(database: Database) -> None:
    seeds.found_store(database)


@pytest.fixture
def me(database: Database) -> Caller:
    return seeds.caller(database, "me")


@pytest.fixture
def other(database: Database) -> Caller:
    return seeds.caller(database, "other")


def upload(database: Database, owner: Handle, table: str, *, is_private: bool = False) -> Upload:
    new = NewUpload(
        id=NameId(new_id()),
        namespace=owner,
        table=table,
        owner=owner,
        is_private=is_private,
        description="",
        columns=(
            DeclaredColumn(name="day", type="date"),
            DeclaredColumn(name="rate", type="double", nullable=False),
        ),
    )
    return database.write(lambda tx: uploads.create(tx, new, at_us=AT))


def fill(database: Database, into: Upload, rows: int, at_us: int) -> None:
    file = NewFile(
        id=AttemptId(new_id()), columns=into.plain_columns, row_count=rows, size_bytes=rows * 10
    )

    def work(tx: Transaction) -> None:
        upload_moves.begin_file(tx, file.id, SERVER)
        upload_moves.append(tx, into, file, merged=None, snapshot=SnapshotId(new_id()), at_us=at_us)

    database.write(work)


def view(
    database: Database, owner: Handle, table: str, query: QueryId, *, run: RunId | None
) -> NameId:
    """Make a view; with `run`, one that the run published."""
    id_, snapshot = NameId(new_id()), new_id()

    def work(tx: Transaction) -> None:
        if run:
            tx.run(
                _ADD_SNAPSHOT,
                id=snapshot,
                columns='[["volume","double"]]',
                row_count=3,
                size_bytes=33,
                inputs="{}",
                created_us=AT,
            )
        tx.run(
            _ADD_NAME,
            id=id_,
            namespace=owner,
            label=f"dune.{owner}.{table}",
            kind="view",
            owner=owner,
            is_private=0,
            snapshot=snapshot if run else None,
            created_us=AT,
            updated_us=AT,
        )
        tx.run(_ADD_VIEW, name=id_, query=query, tier="medium")
        if run:
            tx.run(
                endings.ADD_MOVE,
                moment=tx.value(endings.NEXT_MOMENT),
                name=id_,
                from_snapshot=None,
                to_snapshot=snapshot,
                run=run,
                moved_us=AT + 7,
            )

    database.write(work)
    return id_


def labels(database: Database, who: Caller, text: str = "") -> list[str]:
    return [one.label for one in database.read(lambda tx: catalog.visible(tx, who, text))]


def test_what_is_private_is_listed_for_its_owner_alone(
    database: Database, me: Caller, other: Caller
) -> None:
    upload(database, me.handle, "open")
    upload(database, me.handle, "secret", is_private=True)
    upload(database, other.handle, "theirs")

    assert labels(database, me) == ["dune.me.open", "dune.me.secret", "dune.other.theirs"]
    assert labels(database, other) == ["dune.me.open", "dune.other.theirs"]
    secret = Label("dune.me.secret")
    assert database.read(lambda tx: catalog.find(tx, other, secret)) is None
    assert database.read(lambda tx: catalog.find(tx, me, secret)) is not None


def test_an_upload_shows_its_declared_columns_with_and_without_rows(
    database: Database, me: Caller
) -> None:
    made = upload(database, me.handle, "rates")
    empty = database.read(lambda tx: catalog.find(tx, me, made.label))
    fill(database, made, 4, AT + 9)
    full = database.read(lambda tx: catalog.find(tx, me, made.label))

    assert empty is not None
    assert full is not None
    assert empty.columns == full.columns == made.columns
    assert (empty.row_count, empty.size_bytes, empty.moved_at) == (0, 0, None)
    assert (full.row_count, full.size_bytes) == (4, 40)
    assert full.moved_at is not None


def test_a_view_shows_what_it_points_at_and_nothing_before_it_was_published(
    database: Database, me: Caller
) -> None:
    query = seeds.query(database, me)
    run = seeds.run(database, me.handle)
    view(database, me.handle, "result_new", query, run=None)
    view(database, me.handle, "result_volume", query, run=run)

    new, published = database.read(lambda tx: catalog.visible(tx, me))

    assert (new.kind, new.query, new.columns, new.row_count) == ("view", query, (), None)
    assert (new.snapshot, new.moved_at) == (None, None)
    assert published.columns == (DeclaredColumn(name="volume", type="double"),)
    assert (published.row_count, published.size_bytes) == (3, 33)
    assert published.moved_at is not None


def test_a_search_finds_names_and_columns_and_takes_wildcards_for_themselves(
    database: Database, me: Caller
) -> None:
    upload(database, me.handle, "rates")
    run = seeds.run(database, me.handle)
    view(database, me.handle, "result_x", seeds.query(database, me), run=run)

    assert labels(database, me, "RATES") == ["dune.me.rates"]
    assert labels(database, me, "volume") == ["dune.me.result_x"]
    assert labels(database, me, "t_x") == ["dune.me.result_x"]
    assert labels(database, me, "%") == []


def test_history_is_newest_first_and_paged_by_moment(database: Database, me: Caller) -> None:
    made = upload(database, me.handle, "rates")
    for number in range(1, 4):
        fill(database, made, number, AT + number)

    first = database.read(lambda tx: catalog.moves(tx, made.id, before=2**60, limit=2))
    rest = database.read(lambda tx: catalog.moves(tx, made.id, before=first[-1].moment, limit=2))

    assert [(move.moment, move.row_count) for move in first] == [(3, 6), (2, 3)]
    assert [(move.moment, move.row_count) for move in rest] == [(1, 1)]
    assert first[0].run is None


def test_a_views_move_names_its_run(database: Database, me: Caller) -> None:
    run = seeds.run(database, me.handle)
    id_ = view(database, me.handle, "result_x", seeds.query(database, me), run=run)

    (move,) = database.read(lambda tx: catalog.moves(tx, id_, before=2**60, limit=9))

    assert (move.run, move.row_count, move.size_bytes) == (run, 3, 33)


def test_a_deleted_table_is_gone(database: Database, me: Caller) -> None:
    made = upload(database, me.handle, "rates")
    database.write(lambda tx: uploads.delete(tx, made.id, at_us=AT))

    assert labels(database, me) == []


def test_namespaces_count_what_the_caller_sees_own_first(
    database: Database, me: Caller, other: Caller
) -> None:
    seeds.query(database, other)
    seeds.query(database, other, is_private=True)
    fill(database, upload(database, other.handle, "open"), 2, AT)
    upload(database, other.handle, "secret", is_private=True)
    run = seeds.run(database, other.handle)
    view(database, other.handle, "result_x", seeds.query(database, other), run=run)

    mine, theirs = database.read(lambda tx: catalog.namespaces(tx, me))

    assert mine == catalog.Namespace(handle=me.handle, queries=0, views=0, uploads=0, size_bytes=0)
    assert theirs == catalog.Namespace(
        handle=other.handle, queries=2, views=1, uploads=1, size_bytes=53
    )


def test_columns_of_a_view_are_those_of_its_snapshot(database: Database, me: Caller) -> None:
    run = seeds.run(database, me.handle)
    view(database, me.handle, "result_x", seeds.query(database, me), run=run)

    (found,) = database.read(lambda tx: catalog.visible(tx, me))

    assert [Column(column.name, column.type) for column in found.columns] == [
        Column("volume", "double")
    ]
