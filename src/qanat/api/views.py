"""Materialized views: make, read, refresh, delete; how fresh they are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from qanat import cron
from qanat.api.checking import view_columns
from qanat.api.parameters import Limit, Offset
from qanat.api.requests import Request
from qanat.api.routing import delete, get, post
from qanat.api.wire import common
from qanat.api.wire import views as wire
from qanat.api.wire.common import Message
from qanat.errors import ForbiddenError, InvalidRequestError
from qanat.model.pipeline import tier_of
from qanat.names import Label, NameId, new_ulid
from qanat.sql.interface import Template
from qanat.store import queries, requests, views
from qanat.store.database import Transaction
from qanat.store.queries import Query
from qanat.store.views import Definition, Freshness, Schedule

TAG: Final = "Materialized views"
LAST_EXECUTIONS: Final = 10
FRESH_VIEWS: Final = 10_000
_ENTRY: Final = {
    "id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1D",
    "sql_id": "dune.me.result_base",
    "query_id": 12,
    "is_private": False,
    "table_size_bytes": 1024,
}
_SCHEDULE: Final = {
    "cron_expression": "0 */6 * * *",
    "performance": "medium",
    "next_execution_time": "2026-11-24T12:00:00.000000Z",
}
_STARTED: Final = {
    "execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1C",
    "pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
}
NameText = Annotated[
    str, PathParameter(description="Full name, or the last part in the key's own namespace")
]


@post(
    "/materialized-views",
    tag=TAG,
    summary="Make a view of a query, or change it; it is refreshed at once",
    example={"name": "dune.me.result_base", **_STARTED},
    asks={"name": "result_base", "query_id": 12, "cron_expression": "0 */6 * * *"},
    also=(402, 409, 422),
)
async def upsert_view(request: Request, data: JSONBody[wire.UpsertView]) -> wire.Upserted:
    """Answer once the view is there and its refresh is recorded."""
    services, caller = request.services, request.caller
    label = wire.new_label(data.name, caller)
    tier = tier_of(common.given(data.performance))
    schedule = _schedule(data, services.clock.now())
    query_id = common.query_id(str(data.query_id))
    idempotency = await request.idempotency()
    known = await services.read(requests.known_answer, caller.handle, idempotency)
    if known is not None:
        return wire.Upserted(
            name=label, execution_id=known["execution"], pipeline_execution_id=known["run"]
        )
    query = await services.read(queries.read, caller, query_id)
    _check_query(query)
    _check_names(query, await services.call(view_columns, services, caller, query.text.sql))
    id_ = NameId(new_ulid(services.clock.now()))

    def work(tx: Transaction) -> None:
        _check_query(queries.read(tx, caller, query_id))
        wanted = Definition(
            query=query_id,
            tier=tier,
            is_private=bool(common.given(data.is_private)),
            schedule=schedule,
        )
        views.upsert(tx, caller, label, wanted, id_=id_, at_us=services.now_us())

    await services.write(work)
    accepted = await services.call(
        services.coordinator.refresh_view, caller, label, tier, idempotency
    )
    return wire.Upserted(
        name=label, execution_id=accepted.execution, pipeline_execution_id=accepted.run
    )


@get(
    "/materialized-views",
    tag=TAG,
    summary="The key's own views, by name",
    example={"materialized_views": [_ENTRY]},
)
async def list_views(request: Request, limit: Limit = None, offset: Offset = None) -> wire.ViewList:
    """Answer with a page."""
    most, after = common.page(limit, offset, default=10_000, most=10_000)
    found = await request.services.read(views.list_of, request.caller, limit=most + 1, offset=after)
    return wire.ViewList(
        materialized_views=[wire.entry(view) for view in found[:most]],
        next_offset=common.maybe(after + most if len(found) > most else None),
    )


@get(
    "/materialized-views/{name:str}",
    tag=TAG,
    summary="A view",
    example={**_ENTRY, "last_execution_ids": [], "schedule": _SCHEDULE},
)
async def read_view(request: Request, name: NameText) -> wire.ViewShown:
    """Answer with its definition and its last executions."""
    label, caller = wire.full_label(name, request.caller), request.caller

    def look(tx: Transaction) -> wire.ViewShown:
        view = views.read(tx, caller, label)
        return wire.shown(view, views.last_executions(tx, view, limit=LAST_EXECUTIONS))

    return await request.services.read(look)


@delete(
    "/materialized-views/{name:str}",
    tag=TAG,
    summary="Delete a view; what reads it fails from then on",
    example={"message": "ok"},
)
async def delete_view(request: Request, name: NameText) -> Message:
    """Answer once it is gone."""
    label, caller = wire.full_label(name, request.caller), request.caller
    services = request.services

    def work(tx: Transaction) -> None:
        views.delete(tx, views.lock(tx, caller, label), at_us=services.now_us())

    await services.write(work)
    return Message(message="ok")


@post(
    "/materialized-views/{name:str}/refresh",
    tag=TAG,
    summary="Refresh a view",
    example={"sql_id": "dune.me.result_base", **_STARTED},
    asks={"performance": "medium"},
    also=(402, 409, 422),
    body_required=False,
)
async def refresh_view(
    request: Request, name: NameText, data: JSONBody[wire.RefreshView]
) -> wire.Refreshed:
    """Answer once the refresh is recorded."""
    services, caller = request.services, request.caller
    label = wire.full_label(name, caller)
    asked = common.given(data.performance)
    accepted = await services.call(
        services.coordinator.refresh_view,
        caller,
        label,
        None if asked is None else tier_of(asked),
        await request.idempotency(),
    )
    return wire.Refreshed(
        sql_id=label, execution_id=accepted.execution, pipeline_execution_id=accepted.run
    )


@get(
    "/freshness",
    tag=TAG,
    summary="How fresh the key's own views are: late first, then oldest first",
    example={
        "views": [
            {
                "name": "dune.me.result_prices",
                "query_id": 15,
                "published_at": "2026-11-24T07:41:00.000000Z",
                "late": True,
                "row_count": 90,
                "size_bytes": 1200,
                "schedule": _SCHEDULE,
            }
        ]
    },
)
async def freshness(request: Request) -> wire.Fresh:
    """Answer with every view of the key's owner."""
    services = request.services
    found = await services.read(views.freshness, request.caller, limit=FRESH_VIEWS)
    return wire.fresh(found, _last_fires(found, services.clock.now()))


def _schedule(data: wire.UpsertView, now: datetime) -> Schedule | None:
    """Return the schedule that is asked for; None removes one."""
    expression, until_text = common.given(data.cron_expression), common.given(data.expires_at)
    until = wire.moment_of("expires_at", until_text) if until_text else None
    if not expression:
        return None
    plain = cron.check(expression)
    following = cron.next_fire(plain, now)
    return Schedule(
        cron=plain,
        next_at=None if until is not None and following > until else following,
        until=until,
    )


def _check_query(query: Query) -> None:
    """Return if a view may be made of a query (contract section 8.1)."""
    if query.head.is_archived or query.head.is_temp:
        raise ForbiddenError(f"query {query.id} is archived or not saved: no view is made of it")
    if query.text.parameters:
        raise InvalidRequestError(
            f"query {query.id} has parameters: a materialized view is made of a query without"
        )


def _check_names(query: Query, made: Template | None) -> None:
    """Return if every column has a name. A text that cannot be read yet fails when it is run."""
    if made is not None and made.unnamed:
        place = made.unnamed[0] + 1
        raise InvalidRequestError(
            f"query {query.id} has an unnamed column at place {place}: a view needs names for all"
        )


def _last_fires(found: list[Freshness], now: datetime) -> dict[Label, datetime]:
    """Return the last time at or before `now` at which each scheduled view was to be refreshed."""
    fires: dict[Label, datetime] = {}
    for one in found:
        schedule = one.view.definition.schedule
        if schedule is not None and (schedule.until is None or now <= schedule.until):
            fires[one.view.label] = cron.last_fire(schedule.cron, now)
    return fires


ROUTES: Final[list[HTTPRouteHandler]] = [
    upsert_view,
    list_views,
    read_view,
    delete_view,
    refresh_view,
    freshness,
]
