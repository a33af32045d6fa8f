"""Stars: queries and dashboards that an owner marked to find again."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from qanat.api.parameters import DashboardIdText, QueryIdText
from qanat.api.requests import Request
from qanat.api.routing import delete, get, put
from qanat.api.wire import common
from qanat.api.wire import stars as wire
from qanat.api.wire.visualizations import Ok
from qanat.store import stars as store
from qanat.store.stars import Kind

TAG: Final = "Stars"
_OK: Final = {"ok": True}


@get(
    "/stars",
    tag=TAG,
    summary="What the key's owner starred, last starred first",
    example={"queries": [41, 12], "dashboards": [9]},
)
async def list_stars(request: Request) -> wire.StarsShown:
    """Answer with the ids of what may be seen, archived things too."""
    return wire.shown(await request.services.read(store.of, request.caller))


@put("/stars/query/{query_id:str}", tag=TAG, summary="Star a query", example=_OK)
async def star_query(request: Request, query_id: QueryIdText) -> Ok:
    """Answer once it has the star of the key's owner, also if it had it before."""
    return await _put(request, Kind.QUERY, common.query_id(query_id))


@put("/stars/dashboard/{dashboard_id:str}", tag=TAG, summary="Star a dashboard", example=_OK)
async def star_dashboard(request: Request, dashboard_id: DashboardIdText) -> Ok:
    """Answer once it has the star of the key's owner, also if it had it before."""
    return await _put(request, Kind.DASHBOARD, common.number(dashboard_id, "the dashboard ID"))


@delete("/stars/query/{query_id:str}", tag=TAG, summary="Take the star off a query", example=_OK)
async def unstar_query(request: Request, query_id: QueryIdText) -> Ok:
    """Answer once it has no star of the key's owner, also if it had none."""
    return await _remove(request, Kind.QUERY, common.query_id(query_id))


@delete(
    "/stars/dashboard/{dashboard_id:str}",
    tag=TAG,
    summary="Take the star off a dashboard",
    example=_OK,
)
async def unstar_dashboard(request: Request, dashboard_id: DashboardIdText) -> Ok:
    """Answer once it has no star of the key's owner, also if it had none."""
    return await _remove(request, Kind.DASHBOARD, common.number(dashboard_id, "the dashboard ID"))


ROUTES: Final[list[HTTPRouteHandler]] = [
    list_stars,
    star_query,
    star_dashboard,
    unstar_query,
    unstar_dashboard,
]


async def _put(request: Request, kind: Kind, thing: int) -> Ok:
    services = request.services
    await services.write(store.put, request.caller, kind, thing, at_us=services.now_us())
    return Ok(ok=True)


async def _remove(request: Request, kind: Kind, thing: int) -> Ok:
    await request.services.write(store.remove, request.caller, kind, thing)
    return Ok(ok=True)
