"""What reads what, at both ends only as far as the caller may see; on both databases."""

from __future__ import annotations

import pytest

from qanat.errors import NotFoundError
from qanat.model.access import Caller
from qanat.model.dashboard import Placed, lay_out
from qanat.names import Label, NameId, QueryId
from qanat.store import dashboards, lineage, queries, uploads, views, visualizations
from qanat.store.database import Database, Transaction
from qanat.store.lineage import Reader
from qanat.store.queries import Read
from qanat.store.uploads import DeclaredColumn, NewUpload
from qanat.store.visualizations import Chart
from tests.conformance import seeds
from tests.conformance.seeds import AT

SOURCES = frozenset({Label("ethereum.blocks")})


@pytest.fixture
def me(database: Database) -> Caller:
    return seeds.caller(database, "me")


@pytest.fixture
def other(database: Database) -> Caller:
    return seeds.caller(database, "other")


def reading(
    database: Database, who: Caller, name: str, *labels: str, is_private: bool = False
) -> QueryId:
    """Save a query whose text names relations, each on a line of its own."""
    reads = tuple(
        Read(
            name=label,
            line=line,
            column=6,
            query=int(label.removeprefix("query_")) if label.startswith("query_") else None,
        )
        for line, label in enumerate(labels, start=1)
    )
    head = queries.Head(name=name, is_private=is_private)
    text = queries.Text(sql="SELECT 1", reads=reads)
    return database.write(lambda tx: queries.create(tx, who, head, text, at_us=AT))


def view(database: Database, who: Caller, table: str, query: QueryId) -> Label:
    label = Label(f"dune.{who.handle}.{table}")
    definition = views.Definition(query=query, tier="medium", is_private=False)
    database.write(
        lambda tx: views.upsert(tx, who, label, definition, id_=NameId(seeds.new_id()), at_us=AT)
    )
    return label


def upload(database: Database, who: Caller, table: str, *, is_private: bool) -> Label:
    new = NewUpload(
        id=NameId(seeds.new_id()),
        namespace=who.handle,
        table=table,
        owner=who.handle,
        is_private=is_private,
        description="",
        columns=(DeclaredColumn(name="a", type="date"),),
    )
    return database.write(lambda tx: uploads.create(tx, new, at_us=AT)).label


def test_reads_are_told_by_kind_in_the_order_of_the_text(database: Database, me: Caller) -> None:
    prices = upload(database, me, "prices", is_private=False)
    base = reading(database, me, "Base")
    blocks = view(database, me, "result_blocks", base)
    query = reading(
        database, me, "Top", blocks, "ethereum.blocks", prices, f"query_{base}", "no.where"
    )

    found = database.read(lambda tx: lineage.reads(tx, me, query, SOURCES))

    assert [(one.name, one.kind, one.query, one.line) for one in found] == [
        (blocks, "view", base, 1),
        ("ethereum.blocks", "source", None, 2),
        (prices, "upload", None, 3),
        (f"query_{base}", "query", base, 4),
    ]


def test_what_is_private_to_another_owner_is_left_out(
    database: Database, me: Caller, other: Caller
) -> None:
    secret = upload(database, me, "secret", is_private=True)
    public = reading(database, me, "Public", secret)
    private = reading(database, me, "Private", "ethereum.blocks", is_private=True)

    assert database.read(lambda tx: lineage.reads(tx, other, public, SOURCES)) == []
    assert database.read(lambda tx: lineage.readers(tx, other, "ethereum.blocks")) == []
    assert [r.title for r in database.read(lambda tx: lineage.readers(tx, me, secret))] == [
        "Public"
    ]
    with pytest.raises(NotFoundError):
        database.read(lambda tx: lineage.reads(tx, other, private, SOURCES))


def test_only_a_whole_name_of_the_newest_version_counts(database: Database, me: Caller) -> None:
    """`_` is no wildcard, one name is no other's beginning, and old texts are history."""
    reading(database, me, "Near", "dune.me.result_ab", "dune.me.resultxa")
    query = reading(database, me, "Old", "dune.me.result_a")

    def change(tx: Transaction) -> None:
        before = queries.lock(tx, me, query)
        queries.save(tx, me, before, before.head, queries.Text(sql="SELECT 2"), at_us=AT)

    label = "dune.me.result_a"
    assert len(database.read(lambda tx: lineage.readers(tx, me, label))) == 1
    database.write(change)
    assert database.read(lambda tx: lineage.readers(tx, me, label)) == []


def test_a_query_is_read_by_name_through_its_view_and_on_dashboards(
    database: Database, me: Caller
) -> None:
    base = reading(database, me, "Base")
    blocks = view(database, me, "result_blocks", base)
    by_name = reading(database, me, "A by name", f"query_{base}")
    by_view = reading(database, me, "B by view", blocks)
    pairs = view(database, me, "result_pairs", by_view)
    chart = Chart(name="c", type="table", description="", options={})
    charts = [
        database.write(lambda tx: visualizations.create(tx, me, base, chart, at_us=AT))
        for _ in range(2)
    ]
    widgets = lay_out([Placed(visualization=id_) for id_ in charts], [])
    board = database.write(
        lambda tx: dashboards.create(tx, me, "DEX", widgets, is_private=False, at_us=AT)
    )

    found = database.read(lambda tx: lineage.readers_of_query(tx, me, base))

    assert found == [
        Reader(kind="query", title="A by name", query=by_name),
        Reader(kind="query", title="B by view", query=by_view),
        Reader(kind="view", title="B by view", query=by_view, name=pairs),
        Reader(kind="dashboard", title="DEX", dashboard=board.id),
    ]
