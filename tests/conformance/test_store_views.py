"""Definitions of materialized views, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qanat.errors import ForbiddenError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller, Scope
from qanat.names import Handle, KeyId, Label, NameId, QueryId
from qanat.store import keys, queries, schedules, views
from qanat.store.database import Database
from qanat.store.queries import Head, Text
from qanat.store.views import Definition, Schedule, View

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
AT_US = 1_795_514_400_000_000
ME = Caller(handle=Handle("me"), scope=Scope.WRITE, key=KeyId("k"), number=1)
OTHER = Caller(handle=Handle("other"), scope=Scope.WRITE, key=KeyId("l"), number=2)
LABEL = Label("dune.me.result_x")


@pytest.fixture
def query(database: Database) -> QueryId:
    for handle in ("me", "other"):
        database.write(lambda tx, handle=handle: keys.ensure_owner(tx, handle, AT_US))  # type: ignore[misc]  # binds the loop's variable
    return saved(database)


def saved(database: Database) -> QueryId:
    return database.write(
        lambda tx: queries.create(tx, ME, Head(name="q"), Text(sql="SELECT 1 AS n"), at_us=AT_US)
    )


def make(
    database: Database,
    query: QueryId,
    label: Label = LABEL,
    *,
    id_: str = "01N0000000000000000000000A",
    is_private: bool = False,
    schedule: Schedule | None = None,
) -> View:
    wanted = Definition(query=query, tier="small", is_private=is_private, schedule=schedule)
    return database.write(
        lambda tx: views.upsert(tx, ME, label, wanted, id_=NameId(id_), at_us=AT_US)
    )


def test_a_view_reads_back_as_it_was_made(database: Database, query: QueryId) -> None:
    schedule = Schedule(cron="0 * * * *", next_at=AT + timedelta(hours=1), until=AT + timedelta(9))
    made = make(database, query, schedule=schedule)
    assert made == database.read(lambda tx: views.read(tx, OTHER, LABEL))
    assert made.definition == Definition(
        query=query, tier="small", is_private=False, schedule=schedule
    )
    assert (made.snapshot, made.row_count, made.size_bytes, made.moves) == (None, 0, 0, 0)
    found = database.read(lambda tx: queries.read(tx, ME, query))
    assert found.view == LABEL


def test_made_again_by_the_same_query_it_is_changed_in_place(
    database: Database, query: QueryId
) -> None:
    """A schedule that is not named any more is removed (contract section 8.1)."""
    first = make(database, query, schedule=Schedule(cron="0 * * * *", next_at=AT))
    again = make(database, query, id_="01N0000000000000000000000B", is_private=True)
    assert again.id == first.id
    assert again.definition.schedule is None
    assert again.definition.is_private
    assert database.read(lambda tx: schedules.due(tx, AT_US * 2)) == []


def test_a_name_and_its_query_belong_together(database: Database, query: QueryId) -> None:
    make(database, query)
    with pytest.raises(InvalidRequestError, match="delete that view first"):
        make(database, saved(database), id_="01N0000000000000000000000B")
    with pytest.raises(InvalidRequestError, match=r"materialized as dune.me.result_x"):
        make(database, query, Label("dune.me.result_y"), id_="01N0000000000000000000000B")


def test_a_private_view_does_not_exist_for_others(database: Database, query: QueryId) -> None:
    make(database, query, is_private=True)
    with pytest.raises(NotFoundError, match="Materialized view not found"):
        database.read(lambda tx: views.read(tx, OTHER, LABEL))
    with pytest.raises(NotFoundError):
        database.write(lambda tx: views.lock(tx, OTHER, LABEL))


def test_a_public_view_is_changed_by_its_owner_alone(database: Database, query: QueryId) -> None:
    make(database, query)
    with pytest.raises(ForbiddenError):
        database.write(lambda tx: views.lock(tx, OTHER, LABEL))


def test_a_view_made_again_after_it_was_deleted_is_another_one(
    database: Database, query: QueryId
) -> None:
    """A run that was to publish the old one must not reach the new one."""
    first = make(database, query, schedule=Schedule(cron="0 * * * *", next_at=AT))
    database.write(lambda tx: views.delete(tx, views.lock(tx, ME, LABEL), at_us=AT_US))
    with pytest.raises(NotFoundError):
        database.read(lambda tx: views.read(tx, ME, LABEL))
    assert database.read(lambda tx: schedules.due(tx, AT_US * 2)) == []
    assert database.read(lambda tx: queries.read(tx, ME, query)).view is None

    again = make(database, query, id_="01N0000000000000000000000B")
    assert again.id != first.id


def test_a_list_holds_the_own_views_by_name_page_by_page(
    database: Database, query: QueryId
) -> None:
    make(database, query)
    make(database, saved(database), Label("dune.me.result_a"), id_="01N0000000000000000000000B")

    def labels(caller: Caller, limit: int, offset: int) -> list[str]:
        found = database.read(lambda tx: views.list_of(tx, caller, limit=limit, offset=offset))
        return [view.label for view in found]

    assert labels(ME, 10, 0) == ["dune.me.result_a", LABEL]
    assert labels(ME, 1, 1) == [LABEL]
    assert labels(OTHER, 10, 0) == []


def test_a_view_that_was_never_published_is_known_as_such(
    database: Database, query: QueryId
) -> None:
    made = make(database, query)
    (fresh,) = database.read(lambda tx: views.freshness(tx, ME, limit=10))
    assert fresh.view == made
    assert (fresh.published_at, fresh.last_run, fresh.fire_started_at) == (None, None, None)
    assert database.read(lambda tx: views.last_executions(tx, made, limit=5)) == []
