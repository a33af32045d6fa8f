"""Visualizations follow their query's privacy and belong to its owner; on both databases."""

from __future__ import annotations

import pytest

from qanat.errors import ForbiddenError, NotFoundError
from qanat.model.access import Caller
from qanat.names import QueryId
from qanat.store import visualizations
from qanat.store.database import Database
from qanat.store.visualizations import Chart
from tests.conformance import seeds
from tests.conformance.seeds import AT

BAR = Chart(name="Volume", type="chart", description="", options={"x": "day", "y": [1, 2.5]})


@pytest.fixture
def me(database: Database) -> Caller:
    return seeds.caller(database, "me")


@pytest.fixture
def other(database: Database) -> Caller:
    return seeds.caller(database, "other")


def make(database: Database, who: Caller, query: QueryId, chart: Chart = BAR) -> int:
    return database.write(lambda tx: visualizations.create(tx, who, query, chart, at_us=AT))


def test_a_visualization_is_read_back_as_it_was_made(database: Database, me: Caller) -> None:
    query = seeds.query(database, me)
    id_ = make(database, me, query)

    found = database.read(lambda tx: visualizations.get(tx, me, id_))

    assert (found.query, found.owner, found.chart) == (query, "me", BAR)
    assert found.created_at == found.updated_at == seeds.NOW


def test_a_change_replaces_the_whole_and_keeps_the_time_of_making(
    database: Database, me: Caller
) -> None:
    id_ = make(database, me, seeds.query(database, me))
    pie = Chart(name="Share", type="table", description="By token", options={})

    database.write(lambda tx: visualizations.change(tx, me, id_, pie, at_us=AT + 5))

    found = database.read(lambda tx: visualizations.get(tx, me, id_))
    assert found.chart == pie
    assert found.created_at == seeds.NOW
    assert found.updated_at > found.created_at


def test_a_query_lists_its_own_oldest_first(database: Database, me: Caller) -> None:
    query, empty = seeds.query(database, me), seeds.query(database, me)
    ids = [make(database, me, query) for _ in range(3)]

    page = database.read(lambda tx: visualizations.of_query(tx, me, query, limit=2, offset=1))
    nothing = database.read(lambda tx: visualizations.of_query(tx, me, empty, limit=2, offset=0))

    assert ([one.id for one in page.found], page.total) == (ids[1:], 3)
    assert (list(nothing.found), nothing.total) == ([], 0)


def test_a_strangers_public_chart_may_be_read_and_not_changed(
    database: Database, me: Caller, other: Caller
) -> None:
    query = seeds.query(database, me)
    id_ = make(database, me, query)

    assert database.read(lambda tx: visualizations.get(tx, other, id_)).id == id_
    with pytest.raises(ForbiddenError):
        database.write(lambda tx: visualizations.change(tx, other, id_, BAR, at_us=AT))
    with pytest.raises(ForbiddenError):
        database.write(lambda tx: visualizations.remove(tx, other, id_))
    with pytest.raises(ForbiddenError):
        make(database, other, query)


def test_a_strangers_private_chart_does_not_exist(
    database: Database, me: Caller, other: Caller
) -> None:
    query = seeds.query(database, me, is_private=True)
    id_ = make(database, me, query)

    with pytest.raises(NotFoundError):
        database.read(lambda tx: visualizations.get(tx, other, id_))
    with pytest.raises(NotFoundError):
        database.write(lambda tx: visualizations.remove(tx, other, id_))
    with pytest.raises(NotFoundError):
        make(database, other, query)
    with pytest.raises(NotFoundError):
        database.read(lambda tx: visualizations.of_query(tx, other, query, limit=1, offset=0))


def test_only_saved_queries_in_use_have_charts(database: Database, me: Caller) -> None:
    with pytest.raises(ForbiddenError, match="saved"):
        make(database, me, seeds.query(database, me, is_temp=True))
    with pytest.raises(ForbiddenError, match="archived"):
        make(database, me, seeds.query(database, me, is_archived=True))
    with pytest.raises(NotFoundError):
        make(database, me, QueryId(999))


def test_a_deleted_chart_is_gone(database: Database, me: Caller) -> None:
    id_ = make(database, me, seeds.query(database, me))

    database.write(lambda tx: visualizations.remove(tx, me, id_))

    with pytest.raises(NotFoundError):
        database.read(lambda tx: visualizations.get(tx, me, id_))
