"""What an owner used. Every figure is a sum over receipts, never a counter beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, distinct, func, select

from qanat.clock import from_us, to_us
from qanat.names import ExecutionId, Handle, QueryId, RunId
from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction

DAY_US: Final = 24 * 3600 * 1_000_000
TOP: Final = 10  #: queries that cost most


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What an owner has that counts against a plan."""

    private_queries: int
    private_dashboards: int
    size_bytes: int  #: of the rows that views and uploads point at


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a day in UTC cost."""

    date: date
    micro_credits: int
    executions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCost:
    """What a query cost, in whatever runs it was a node."""

    query: QueryId  #: 0: ad-hoc SQL
    title: str
    micro_credits: int
    executions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one attempt of an execution used."""

    execution: ExecutionId
    run: RunId
    attempt: int  #: 0: reused
    title: str
    query: QueryId
    tier: str
    cpu_seconds: float
    bytes_scanned: int
    bytes_written: int
    peak_memory_bytes: int
    micro_credits: int
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """A page of the receipts of a time, and the sum of all of them."""

    receipts: Sequence[Receipt]
    total: int
    micro_credits: int


_SPAN: Final = (
    t.receipt.c.owner == bindparam("owner"),
    t.receipt.c.ended_us >= bindparam("from_us"),
    t.receipt.c.ended_us < bindparam("until_us"),
)
_SUM: Final = Prepared(select(func.coalesce(func.sum(t.receipt.c.micro_credits), 0)).where(*_SPAN))
_day = (t.receipt.c.ended_us // DAY_US).label("day")
_BY_DAY: Final = Prepared(
    select(
        _day,
        func.sum(t.receipt.c.micro_credits),
        func.count(distinct(t.receipt.c.execution)),
    )
    .where(*_SPAN)
    .group_by("day")
)
_cost = func.sum(t.receipt.c.micro_credits).label("cost")
_TOP: Final = Prepared(
    select(
        t.execution.c.query,
        func.max(t.query.c.name),
        _cost,
        func.count(distinct(t.receipt.c.execution)),
    )
    .join(t.execution, t.execution.c.id == t.receipt.c.execution)
    .outerjoin(t.query, t.query.c.id == t.execution.c.query)
    .where(*_SPAN)
    .group_by(t.execution.c.query)
    .order_by(_cost.desc(), t.execution.c.query)
    .limit(TOP)
)
_OF_QUERY: Final = (bindparam("query") == -1) | (t.execution.c.query == bindparam("query"))
_RECEIPTS: Final = Prepared(
    select(
        t.receipt,
        t.execution.c.run,
        t.execution.c.query,
        t.node.c.label,
        t.query.c.name,
    )
    .join(t.execution, t.execution.c.id == t.receipt.c.execution)
    .outerjoin(t.node, (t.node.c.run == t.execution.c.run) & (t.node.c.id == t.execution.c.node))
    .outerjoin(t.query, t.query.c.id == t.execution.c.query)
    .where(*_SPAN, _OF_QUERY)
    .order_by(
        t.receipt.c.micro_credits.desc(),
        t.receipt.c.ended_us,
        t.receipt.c.execution,
        t.receipt.c.attempt,
    )
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_RECEIPTS_TOTAL: Final = Prepared(
    select(func.count(), func.coalesce(func.sum(t.receipt.c.micro_credits), 0))
    .select_from(t.receipt)
    .join(t.execution, t.execution.c.id == t.receipt.c.execution)
    .where(*_SPAN, _OF_QUERY)
)
_PRIVATE_QUERIES: Final = Prepared(
    select(func.count())
    .select_from(t.query)
    .where(
        t.query.c.owner == bindparam("owner"),
        t.query.c.is_private == 1,
        t.query.c.is_archived == 0,
        t.query.c.is_temp == 0,
    )
)
_PRIVATE_DASHBOARDS: Final = Prepared(
    select(func.count())
    .select_from(t.dashboard)
    .where(
        t.dashboard.c.owner == bindparam("owner"),
        t.dashboard.c.is_private == 1,
        t.dashboard.c.is_archived == 0,
    )
)
_STORED: Final = Prepared(
    select(func.coalesce(func.sum(t.snapshot.c.size_bytes), 0))
    .select_from(t.name)
    .join(t.snapshot, t.snapshot.c.id == t.name.c.snapshot)
    .where(t.name.c.owner == bindparam("owner"), t.name.c.deleted_us.is_(None))
)


def holdings(tx: Transaction, owner: Handle) -> Holdings:
    """Return what `owner` has."""
    return Holdings(
        private_queries=int(tx.value(_PRIVATE_QUERIES, owner=owner)),
        private_dashboards=int(tx.value(_PRIVATE_DASHBOARDS, owner=owner)),
        size_bytes=int(tx.value(_STORED, owner=owner)),
    )


def used(tx: Transaction, owner: Handle, first: date, until: date) -> int:
    """Return the micro-credits of the days from `first` to before `until`."""
    return int(tx.value(_SUM, owner=owner, from_us=day_us(first), until_us=day_us(until)))


def by_day(tx: Transaction, owner: Handle, first: date, until: date) -> list[Day]:
    """Return each day from `first` to before `until`, in order; days without use too."""
    from_us_, until_us = day_us(first), day_us(until)
    found = {
        int(day): (int(cost), int(executions))
        for day, cost, executions in tx.tuples(
            _BY_DAY, owner=owner, from_us=from_us_, until_us=until_us
        )
    }
    days = []
    for number in range(from_us_ // DAY_US, until_us // DAY_US):
        cost, executions = found.get(number, (0, 0))
        days.append(
            Day(date=from_us(number * DAY_US).date(), micro_credits=cost, executions=executions)
        )
    return days


def dearest(tx: Transaction, owner: Handle, first: date, until: date) -> list[QueryCost]:
    """Return the queries that cost most in those days, dearest first."""
    return [
        QueryCost(
            query=QueryId(query),
            title=_title(None, name, query),
            micro_credits=int(cost),
            executions=int(executions),
        )
        for query, name, cost, executions in tx.tuples(
            _TOP, owner=owner, from_us=day_us(first), until_us=day_us(until)
        )
    ]


def receipts(
    tx: Transaction,
    owner: Handle,
    day: date,
    *,
    query: QueryId | None,
    limit: int,
    offset: int,
) -> Receipts:
    """Return the receipts of a day, dearest first; with `query`, only those of its executions."""
    span = {
        "owner": owner,
        "from_us": day_us(day),
        "until_us": day_us(day) + DAY_US,
        "query": -1 if query is None else query,
    }
    rows = tx.rows(_RECEIPTS, **span, limit=limit, offset=offset)
    total, cost = tx.tuples(_RECEIPTS_TOTAL, **span)[0]
    return Receipts(
        receipts=[
            Receipt(
                execution=ExecutionId(row["execution"]),
                run=RunId(row["run"]),
                attempt=row["attempt"],
                title=_title(row["label"], row["name"], row["query"]),
                query=QueryId(row["query"]),
                tier=row["tier"],
                cpu_seconds=row["cpu_us"] / 1_000_000,
                bytes_scanned=row["bytes_scanned"],
                bytes_written=row["bytes_written"],
                peak_memory_bytes=row["peak_memory_bytes"],
                micro_credits=row["micro_credits"],
                ended_at=from_us(row["ended_us"]),
            )
            for row in rows
        ],
        total=int(total),
        micro_credits=int(cost),
    )


def day_us(day: date) -> int:
    """Return the first microsecond of a day in UTC."""
    return to_us(datetime(day.year, day.month, day.day, tzinfo=UTC))


def month_of(day: date) -> tuple[date, date]:
    """Return the calendar month of `day`: its first day, and the first of the month after."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _title(view: str | None, query: str | None, id_: int) -> str:
    if view is not None:
        return view.rsplit(".", 1)[-1].removeprefix("result_")
    return query or ("SQL" if id_ == 0 else f"query {id_}")
