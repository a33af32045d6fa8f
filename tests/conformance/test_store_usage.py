"""Usage is the sum of receipts, by month, by day and by query; on both databases."""

from __future__ import annotations

from datetime import date

import pytest

from qanat.model.access import Caller
from qanat.names import QueryId
from qanat.store import usage
from qanat.store.database import Database
from tests.conformance import seeds
from tests.conformance.seeds import AT

DAY = date(2026, 11, 24)
NEXT = date(2026, 11, 25)


@pytest.fixture
def me(database: Database) -> Caller:
    return seeds.caller(database, "me")


def test_a_day_holds_what_ended_in_it_to_the_microsecond(database: Database, me: Caller) -> None:
    run = seeds.run(database, me.handle)
    execution = seeds.execution(database, run, me.handle, 0)
    for attempt, at_us in enumerate((AT - 1, AT, AT + usage.DAY_US - 1, AT + usage.DAY_US)):
        seeds.receipt(database, execution, me.handle, 10**attempt, attempt=attempt + 1, at_us=at_us)

    days = database.read(lambda tx: usage.by_day(tx, me.handle, date(2026, 11, 22), NEXT))

    assert [(day.date, day.micro_credits, day.executions) for day in days] == [
        (date(2026, 11, 22), 0, 0),
        (date(2026, 11, 23), 1, 1),
        (DAY, 110, 1),
    ]
    assert database.read(lambda tx: usage.used(tx, me.handle, DAY, NEXT)) == 110
    total = database.read(lambda tx: usage.used(tx, me.handle, *usage.month_of(DAY)))
    assert total == 1111


def test_another_owners_receipts_are_not_counted(database: Database, me: Caller) -> None:
    other = seeds.caller(database, "other")
    run = seeds.run(database, other.handle)
    execution = seeds.execution(database, run, other.handle, 0)
    seeds.receipt(database, execution, other.handle, 500)

    assert database.read(lambda tx: usage.used(tx, me.handle, DAY, NEXT)) == 0
    assert database.read(lambda tx: usage.used(tx, other.handle, DAY, NEXT)) == 500
    found = database.read(
        lambda tx: usage.receipts(tx, me.handle, DAY, query=None, limit=10, offset=0)
    )
    assert (found.total, found.micro_credits, list(found.receipts)) == (0, 0, [])


def test_the_dearest_queries_come_first_and_ad_hoc_sql_is_one_of_them(
    database: Database, me: Caller
) -> None:
    cheap = seeds.query(database, me, "Cheap")
    dear = seeds.query(database, me, "Dear")
    run = seeds.run(database, me.handle)
    for node, (query, cost) in enumerate(((cheap, 1), (dear, 50), (dear, 60), (0, 7)), start=1):
        execution = seeds.execution(database, run, me.handle, query, node=node)
        seeds.receipt(database, execution, me.handle, cost)

    found = database.read(lambda tx: usage.dearest(tx, me.handle, DAY, NEXT))

    assert [(one.title, one.query, one.micro_credits, one.executions) for one in found] == [
        ("Dear", dear, 110, 2),
        ("SQL", 0, 7, 1),
        ("Cheap", cheap, 1, 1),
    ]


def test_receipts_of_a_day_are_paged_dearest_first_and_their_sum_is_the_days(
    database: Database, me: Caller
) -> None:
    query = seeds.query(database, me, "Prices")
    run = seeds.run(database, me.handle)
    one = seeds.execution(database, run, me.handle, query, node=1)
    two = seeds.execution(database, run, me.handle, query, node=2, view="dune.me.result_dex_trades")
    three = seeds.execution(database, run, me.handle, 0, node=3)
    for execution, cost in ((one, 5), (two, 9), (three, 7)):
        seeds.receipt(database, execution, me.handle, cost)

    def page(limit: int, offset: int, only: QueryId | None = None) -> usage.Receipts:
        return database.read(
            lambda tx: usage.receipts(tx, me.handle, DAY, query=only, limit=limit, offset=offset)
        )

    first, rest = page(2, 0), page(2, 2)
    assert [receipt.title for receipt in first.receipts] == ["dex_trades", "SQL"]
    assert [receipt.title for receipt in rest.receipts] == ["Prices"]
    assert (first.total, first.micro_credits) == (rest.total, rest.micro_credits) == (3, 21)
    assert first.receipts[0].cpu_seconds == 1.5
    assert first.receipts[0].run == run
    of_query = page(10, 0, query)
    assert [receipt.execution for receipt in of_query.receipts] == [two, one]
    assert (of_query.total, of_query.micro_credits) == (2, 14)
    assert page(10, 0, QueryId(0)).total == 1


def test_holdings_count_private_things_that_are_not_archived(
    database: Database, me: Caller
) -> None:
    seeds.query(database, me, is_private=True)
    seeds.query(database, me, is_private=True, is_archived=True)
    seeds.query(database, me, is_private=True, is_temp=True)
    seeds.query(database, me)

    found = database.read(lambda tx: usage.holdings(tx, me.handle))

    assert (found.private_queries, found.private_dashboards, found.size_bytes) == (1, 0, 0)


@pytest.mark.parametrize(
    ("day", "first", "until"),
    [
        (date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        (date(2024, 2, 29), date(2024, 2, 1), date(2024, 3, 1)),
        (date(2026, 1, 1), date(2026, 1, 1), date(2026, 2, 1)),
    ],
)
def test_a_month_ends_where_the_next_begins(day: date, first: date, until: date) -> None:
    assert usage.month_of(day) == (first, until)
