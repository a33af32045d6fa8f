"""Saved queries and their versions, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qanat.errors import ConflictError, ForbiddenError, NotFoundError
from qanat.model.access import Caller, Scope
from qanat.model.parameters import Parameter
from qanat.names import Handle, KeyId, QueryId
from qanat.store import keys, queries, versions
from qanat.store.database import Database, Transaction
from qanat.store.queries import Head, Read, Text

AT_US = 1_795_516_800_000_000
ME = Caller(handle=Handle("me"), scope=Scope.WRITE, key=KeyId("k"), number=1)
OTHER = Caller(handle=Handle("other"), scope=Scope.WRITE, key=KeyId("l"), number=2)
TEXT = Text(
    sql="SELECT '{{day}}'",
    parameters=(Parameter(key="day", type="datetime", value="2026-11-01 00:00:00"),),
    reads=(Read(name="ethereum.blocks", line=1, column=8),),
)


@pytest.fixture(autouse=True)
def _owners(database: Database) -> None:
    for handle in ("me", "other"):
        database.write(lambda tx, handle=handle: keys.ensure_owner(tx, handle, AT_US))  # type: ignore[misc]  # binds the loop's variable


def saved(database: Database, head: Head | None = None, text: Text = TEXT) -> QueryId:
    return database.write(
        lambda tx: queries.create(tx, ME, head or Head(name="Flows"), text, at_us=AT_US)
    )


def change(database: Database, id_: QueryId, *, sql: str | None = None, **head: object) -> int:
    base = head.pop("base_version", None)

    def work(tx: Transaction) -> int:
        before = queries.lock(tx, ME, id_)
        return queries.save(
            tx,
            ME,
            before,
            replace(before.head, **head),  # type: ignore[arg-type]  # fields of Head
            before.text if sql is None else replace(before.text, sql=sql),
            base_version=base,  # type: ignore[arg-type]  # a number, said by the test
            at_us=AT_US + 5,
        )

    return database.write(work)


def test_a_query_reads_back_as_it_was_saved(database: Database) -> None:
    id_ = saved(database, Head(name="Flöws", description="d", tags=("a", "b"), is_private=True))
    found = database.read(lambda tx: queries.read(tx, ME, id_))
    assert (found.version, found.owner, found.text, found.view) == (1, "me", TEXT, None)
    assert found.head == Head(name="Flöws", description="d", tags=("a", "b"), is_private=True)


def test_every_update_is_a_new_version_and_old_ones_stay(database: Database) -> None:
    id_ = saved(database)
    assert change(database, id_, sql="SELECT 2") == 2
    assert change(database, id_, name="Other name") == 3

    found, total = database.read(lambda tx: versions.list_of(tx, id_, limit=10, offset=0))
    assert total == 3
    assert [(one.number, one.text.sql) for one in found] == [
        (3, "SELECT 2"),
        (2, "SELECT 2"),
        (1, TEXT.sql),
    ]
    assert database.read(lambda tx: versions.read(tx, id_, 1)).text == TEXT
    with pytest.raises(NotFoundError):
        database.read(lambda tx: versions.read(tx, id_, 4))


def test_a_new_name_leaves_the_text_as_it_was(database: Database) -> None:
    """So the latest result of a query survives that it is renamed."""
    id_ = saved(database)

    def since() -> int:
        return database.read(lambda tx: versions.same_text_since(tx, queries.read(tx, ME, id_)))

    assert since() == 1
    change(database, id_, name="Other name")
    assert since() == 1
    change(database, id_, sql="SELECT 2")
    change(database, id_, description="why")
    assert since() == 3


def test_an_update_of_an_old_version_is_refused_and_changes_nothing(database: Database) -> None:
    id_ = saved(database)
    change(database, id_, sql="SELECT 2", base_version=1)
    with pytest.raises(ConflictError, match="query 1 is at version 2, not 1"):
        change(database, id_, sql="SELECT 3", base_version=1)
    assert database.read(lambda tx: queries.read(tx, ME, id_)).text.sql == "SELECT 2"


def test_what_is_private_does_not_exist_for_others(database: Database) -> None:
    id_ = saved(database, Head(name="mine", is_private=True))
    for act in (queries.read, queries.lock):
        with pytest.raises(NotFoundError, match="Query not found"):
            database.write(lambda tx, act=act: act(tx, OTHER, id_))  # type: ignore[misc]  # binds the loop's variable


def test_what_is_public_is_changed_by_its_owner_alone(database: Database) -> None:
    id_ = saved(database)
    assert database.read(lambda tx: queries.read(tx, OTHER, id_)).id == id_
    with pytest.raises(ForbiddenError):
        database.write(lambda tx: queries.lock(tx, OTHER, id_))


def test_an_archived_query_can_only_be_brought_back(database: Database) -> None:
    id_ = saved(database)

    def archive(tx: Transaction) -> None:
        before = queries.lock(tx, ME, id_)
        queries.mark(tx, before, replace(before.head, is_archived=True), at_us=AT_US)

    database.write(archive)
    assert database.read(lambda tx: queries.read(tx, ME, id_)).version == 1
    with pytest.raises(ForbiddenError, match="archived"):
        change(database, id_, name="x")
    assert change(database, id_, name="x", is_archived=False) == 2


def test_lists_hold_what_is_own_saved_and_alive_newest_first(database: Database) -> None:
    first = saved(database, Head(name="100% of flows", tags=("dex",)))
    second = saved(database, Head(name="prices"))
    saved(database, Head(name="temporary", is_temp=True))
    saved(database, Head(name="old", is_archived=True))
    database.write(lambda tx: queries.create(tx, OTHER, Head(name="x"), TEXT, at_us=AT_US))

    def ids(search: str = "", **more: object) -> tuple[list[int], int]:
        entries, total = database.read(
            lambda tx: queries.list_of(
                tx,
                ME,
                limit=10,
                offset=0,
                search=search,
                **more,  # type: ignore[arg-type]  # a flag
            )
        )
        return [entry.id for entry in entries], total

    assert ids() == ([second, first], 2)
    assert ids("DEX") == ([first], 1)
    assert ids("100%") == ([first], 1)
    assert ids("%") == ([first], 1)
    assert ids("_") == ([], 0)
    assert ids(str(second)) == ([second], 1)
    assert ids(is_archived=True)[1] == 1
