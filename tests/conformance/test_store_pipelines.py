"""Graphs stored for queries, on both databases."""

from __future__ import annotations

import pytest

from qanat.errors import ConflictError, NotFoundError
from qanat.model.access import Caller, Scope
from qanat.names import Handle, KeyId, QueryId
from qanat.store import keys, pipelines, queries
from qanat.store.database import Database
from qanat.store.queries import Head, Read, Text

AT_US = 1_795_516_800_000_000
ME = Caller(handle=Handle("me"), scope=Scope.WRITE, key=KeyId("k"), number=1)
NODES = '[{"id":1,"kind":"query","query":1}]'


@pytest.fixture
def query(database: Database) -> QueryId:
    database.write(lambda tx: keys.ensure_owner(tx, "me", AT_US))
    return saved(database, "b")


def saved(database: Database, name: str, *reads: str) -> QueryId:
    text = Text(sql="SELECT 1", reads=tuple(Read(name=one, line=1, column=1) for one in reads))
    return database.write(lambda tx: queries.create(tx, ME, Head(name=name), text, at_us=AT_US))


def put(database: Database, query: QueryId, nodes: str, revision: int | None = None) -> int:
    return database.write(
        lambda tx: pipelines.put(tx, ME, query, nodes, revision=revision, at_us=AT_US)
    )


def test_a_graph_is_stored_replaced_and_forgotten(database: Database, query: QueryId) -> None:
    assert database.read(lambda tx: pipelines.find(tx, query)) is None
    assert put(database, query, "[]") == 1
    assert put(database, query, NODES) == 2
    found = database.read(lambda tx: pipelines.find(tx, query))
    assert found is not None
    assert (found.nodes, found.revision) == (NODES, 2)

    database.write(lambda tx: pipelines.remove(tx, query))
    assert database.read(lambda tx: pipelines.find(tx, query)) is None
    with pytest.raises(NotFoundError):
        database.write(lambda tx: pipelines.remove(tx, query))


def test_two_people_do_not_undo_each_others_work(database: Database, query: QueryId) -> None:
    """Revision 0 asks that no graph is stored yet."""
    assert put(database, query, NODES, 0) == 1
    with pytest.raises(ConflictError, match="is at revision 1, not 0"):
        put(database, query, "[]", 0)
    assert put(database, query, "[]", 1) == 2
    with pytest.raises(ConflictError):
        put(database, query, NODES, 1)


def test_listed_is_what_has_a_graph_or_reads_views_of_its_owner(
    database: Database, query: QueryId
) -> None:
    reading = saved(database, "a", "ethereum.blocks", "dune.me.result_x")
    saved(database, "alone", "ethereum.blocks")
    saved(database, "foreign", "dune.other.result_x", "dune.meXresult_")
    put(database, query, NODES)
    entries, total = database.read(lambda tx: pipelines.list_of(tx, ME, limit=10, offset=0))
    assert total == 2
    assert [(entry.query, entry.name, entry.nodes) for entry in entries] == [
        (reading, "a", None),
        (query, "b", NODES),
    ]
    assert [entry.last_run for entry in entries] == [None, None]
    found, _ = database.read(lambda tx: pipelines.list_of(tx, ME, limit=10, offset=0, search="B"))
    assert [entry.query for entry in found] == [query]
