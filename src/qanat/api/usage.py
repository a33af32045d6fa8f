"""What the caller used: by month, by day, by receipt. The sum of receipts is the usage."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from qanat.api.parameters import Limit, Offset
from qanat.api.requests import Request
from qanat.api.routing import get, post
from qanat.api.wire import usage as wire
from qanat.api.wire.common import page
from qanat.api.wire.common import query_id as as_query_id
from qanat.errors import InvalidRequestError
from qanat.names import QueryId
from qanat.store import usage as store
from qanat.store.database import Transaction

TAG: Final = "Usage"
Day = Annotated[str | None, QueryParameter(description="A day in UTC, such as 2026-11-24")]


@post(
    "/usage",
    tag=TAG,
    summary="What the caller has and used, by calendar month",
    body_required=False,
    asks={"start_date": "2026-11-01", "end_date": "2026-11-30"},
    example={
        "private_queries": 1,
        "private_dashboards": 0,
        "bytes_used": 1000,
        "bytes_allowed": 0,
        "billing_periods": [
            {
                "start_date": "2026-11-01",
                "end_date": "2026-12-01",
                "credits_used": 100.1,
                "credits_included": 2500,
            }
        ],
    },
)
async def usage(request: Request, data: JSONBody[wire.AskUsage]) -> wire.Usage:
    """Return every month that overlaps the days in question; else this one."""
    services, owner = request.services, request.caller.handle
    months = wire.months(data, services.clock.now().date())

    def work(tx: Transaction) -> wire.Usage:
        return wire.usage(
            store.holdings(tx, owner),
            [(first, after, store.used(tx, owner, first, after)) for first, after in months],
            services.settings.usage,
        )

    return await services.read(work)


@get(
    "/usage/days",
    tag=TAG,
    summary="What each day cost, and which queries cost most",
    example={
        "from": "2026-11-01",
        "to": "2026-11-30",
        "credits_used": 41.7,
        "credits_included": 500,
        "days": [{"date": "2026-11-01", "credits": 1.2, "executions": 40}],
        "top": [{"title": "Token flows", "query_id": 41, "credits": 22.1, "executions": 12}],
    },
)
async def usage_days(
    request: Request,
    from_: Annotated[
        str | None, QueryParameter(name="from", description="The first day, UTC")
    ] = None,
    to: Day = None,
) -> wire.UsageDays:
    """Return days, both ends included; else those of this month."""
    services, owner = request.services, request.caller.handle
    first, last = wire.days(from_, to, services.clock.now().date())
    after = last + timedelta(days=1)

    def work(tx: Transaction) -> wire.UsageDays:
        return wire.usage_days(
            first,
            last,
            store.by_day(tx, owner, first, after),
            store.dearest(tx, owner, first, after),
            services.settings.usage,
        )

    return await services.read(work)


@get(
    "/usage/receipts",
    tag=TAG,
    summary="The receipts of one day, dearest first",
    example={
        "receipts": [
            {
                "execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1C",
                "pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
                "attempt": 1,
                "title": "dex_trades",
                "query_id": 13,
                "tier": "medium",
                "cpu_seconds": 4.1,
                "bytes_scanned": 120000,
                "bytes_written": 90311,
                "peak_memory_bytes": 73400320,
                "credits": 0.08,
                "ended_at": "2026-11-24T10:40:33.000000Z",
            }
        ],
        "total": 1,
        "credits": 0.08,
    },
)
async def usage_receipts(
    request: Request,
    date: Day = None,
    query_id: Annotated[
        str | None, QueryParameter(description="Only those of this query; 0: ad-hoc SQL")
    ] = None,
    limit: Limit = None,
    offset: Offset = None,
) -> wire.ReceiptList:
    """Return the receipts of which a day's bar is made."""
    if date is None:
        raise InvalidRequestError("date is missing")
    size, start = page(limit, offset, default=100, most=1_000)
    only = None
    if query_id is not None:
        only = QueryId(0) if query_id == "0" else as_query_id(query_id)
    found = await request.services.read(
        store.receipts,
        request.caller.handle,
        wire.day_of(date, "date"),
        query=only,
        limit=size,
        offset=start,
    )
    return wire.receipt_list(found)


ROUTES: Final[list[HTTPRouteHandler]] = [usage, usage_days, usage_receipts]
