"""What an owner used (contract section 11), and of what it is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, given, maybe, timestamp
from qanat.api.wire.words import Tier, tier_word
from qanat.config import UsageSettings
from qanat.errors import InvalidRequestError
from qanat.model.credits import as_credits
from qanat.store import usage as store

MONTHS = 120  #: billing periods in one answer
DAYS = 366  #: in one answer


class AskUsage(Wire):
    """The days in question; an empty text counts as absent."""

    start_date: str | UnsetType = UNSET
    end_date: str | UnsetType = UNSET


class BillingPeriod(Wire):
    """A calendar month in UTC; `end_date` is the first day after it."""

    start_date: str
    end_date: str
    credits_used: float
    credits_included: int


class Usage(Wire):
    """What an owner has and used."""

    private_queries: int
    private_dashboards: int
    bytes_used: int
    bytes_allowed: int
    billing_periods: list[BillingPeriod]


class DayShown(Wire):
    """What a day cost."""

    date: str
    credits: float
    executions: int


class QueryCostShown(Wire):
    """What a query cost."""

    title: str
    query_id: int
    credits: float
    executions: int


class UsageDays(Wire, rename={"first": "from", "last": "to"}):
    """What each day cost, and which queries cost most."""

    first: str
    last: str
    credits_used: float
    days: list[DayShown]
    top: list[QueryCostShown]
    credits_included: int | UnsetType = UNSET


class ReceiptShown(Wire):
    """What one attempt of an execution used."""

    execution_id: str
    pipeline_execution_id: str
    attempt: int
    title: str
    query_id: int
    tier: Tier
    cpu_seconds: float
    bytes_scanned: int
    bytes_written: int
    peak_memory_bytes: int
    credits: float
    ended_at: str


class ReceiptList(Wire):
    """Receipts of a day, dearest first, and the sum of all of them."""

    receipts: list[ReceiptShown]
    total: int
    credits: float


def day_of(text: str, name: str) -> date:
    """Return the day that a client wrote.

    Raises:
        InvalidRequestError: It is none.
    """
    try:
        if len(text) == len("2026-11-24"):
            found = date.fromisoformat(text)
            # Room on both sides for the month before and the month after.
            if 1971 <= found.year <= 9000:
                return found
    except ValueError:
        pass
    raise InvalidRequestError(f"{name} must be a date such as 2026-11-24, not '{text[:40]}'")


def months(asked: AskUsage, today: date) -> list[tuple[date, date]]:
    """Return the calendar months that overlap the days in question; else this one.

    Each is its first day, and the first of the month after.

    Raises:
        InvalidRequestError: A day is none, they are in the wrong order, or too many months.
    """
    start, end = given(asked.start_date) or None, given(asked.end_date) or None
    first = day_of(start, "start_date") if start else None
    last = day_of(end, "end_date") if end else None
    if first is None:
        first = last or today
    if last is None:
        last = max(first, today)
    if last < first:
        raise InvalidRequestError("end_date is before start_date")
    found = [store.month_of(first)]
    while found[-1][1] <= last:
        found.append(store.month_of(found[-1][1]))
        if len(found) > MONTHS:
            raise InvalidRequestError(f"at most {MONTHS} months at once")
    return found


def days(start: str | None, end: str | None, today: date) -> tuple[date, date]:
    """Return the first and the last day in question; else those of this month.

    Raises:
        InvalidRequestError: A day is none, they are in the wrong order, or too many.
    """
    begin, after = store.month_of(today)
    first = day_of(start, "from") if start else begin
    last = day_of(end, "to") if end else max(first, after - timedelta(days=1))
    if last < first:
        raise InvalidRequestError("'to' is before 'from'")
    if (last - first).days >= DAYS:
        raise InvalidRequestError(f"at most {DAYS} days at once")
    return first, last


def usage(
    holdings: store.Holdings,
    periods: Sequence[tuple[date, date, int]],
    settings: UsageSettings,
) -> Usage:
    """Return what an owner has and used. `periods`: first day, day after, micro-credits."""
    return Usage(
        private_queries=holdings.private_queries,
        private_dashboards=holdings.private_dashboards,
        bytes_used=holdings.size_bytes,
        bytes_allowed=settings.bytes_allowed,
        billing_periods=[
            BillingPeriod(
                start_date=first.isoformat(),
                end_date=after.isoformat(),
                credits_used=as_credits(micro),
                credits_included=settings.credits_included,
            )
            for first, after, micro in periods
        ],
    )


def usage_days(
    first: date,
    last: date,
    found: Sequence[store.Day],
    top: Sequence[store.QueryCost],
    settings: UsageSettings,
) -> UsageDays:
    """Return what each day cost, and which queries cost most."""
    return UsageDays(
        first=first.isoformat(),
        last=last.isoformat(),
        credits_used=as_credits(sum(day.micro_credits for day in found)),
        credits_included=maybe(settings.credits_included or None),
        days=[
            DayShown(
                date=day.date.isoformat(),
                credits=as_credits(day.micro_credits),
                executions=day.executions,
            )
            for day in found
        ],
        top=[
            QueryCostShown(
                title=one.title,
                query_id=one.query,
                credits=as_credits(one.micro_credits),
                executions=one.executions,
            )
            for one in top
        ],
    )


def receipt_list(found: store.Receipts) -> ReceiptList:
    """Return receipts."""
    return ReceiptList(
        receipts=[
            ReceiptShown(
                execution_id=one.execution,
                pipeline_execution_id=one.run,
                attempt=one.attempt,
                title=one.title,
                query_id=one.query,
                tier=tier_word(one.tier),
                cpu_seconds=one.cpu_seconds,
                bytes_scanned=one.bytes_scanned,
                bytes_written=one.bytes_written,
                peak_memory_bytes=one.peak_memory_bytes,
                credits=as_credits(one.micro_credits),
                ended_at=timestamp(one.ended_at),
            )
            for one in found.receipts
        ],
        total=found.total,
        credits=as_credits(found.micro_credits),
    )
