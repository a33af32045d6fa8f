"""Dashboards: made, read, changed, archived, refreshed as one run."""

from __future__ import annotations

from typing import Annotated, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from qanat.api.parameters import DashboardIdText, Limit, Offset, Starred
from qanat.api.requests import Request
from qanat.api.routing import get, patch, post
from qanat.api.wire import dashboard_changes as asked
from qanat.api.wire import dashboards as wire
from qanat.api.wire.common import given, is_true, number, page
from qanat.api.wire.pipelines import RunStarted, run_started
from qanat.coordinator import dashboards as core
from qanat.errors import ForbiddenError
from qanat.model.pipeline import tier_of
from qanat.store import dashboards as store
from qanat.store import refreshes
from qanat.store.dashboards import Change, Dashboard
from qanat.store.database import Transaction

TAG: Final = "Dashboards"
_PARAMS: Final = "params."
_DASHBOARD: Final = {
    "dashboard_id": 9,
    "name": "DEX overview",
    "slug": "dex-overview",
    "is_private": False,
    "tags": [],
    "dashboard_url": "http://127.0.0.1:8327/d/me/dex-overview",
    "visualization_widgets": [
        {
            "widget_id": 1,
            "visualization_id": 55,
            "position": {"row": 0, "col": 0, "size_x": 3, "size_y": 8},
        }
    ],
    "text_widgets": [],
    "param_widgets": [],
    "owner": "me",
    "updated_at": "2026-11-24T10:41:07.000000Z",
    "revision": 1,
}


@post(
    "/dashboards",
    tag=TAG,
    summary="Make a dashboard",
    asks={"name": "DEX overview", "visualization_ids": [55], "columns_per_row": 2},
    example=_DASHBOARD,
)
async def create_dashboard(
    request: Request, data: JSONBody[asked.CreateDashboard]
) -> wire.DashboardShown:
    """Make a dashboard of the caller."""
    services = request.services
    made = await services.write(
        store.create,
        request.caller,
        asked.name_of(data.name),
        asked.first_widgets(data),
        is_private=bool(given(data.is_private)),
        at_us=services.now_us(),
    )
    return wire.shown(made, request.base_url)


@get(
    "/dashboards",
    tag=TAG,
    summary="Dashboards that the key may see, last changed first",
    example={
        "dashboards": [
            {
                "dashboard_id": 9,
                "name": "DEX overview",
                "slug": "dex-overview",
                "owner": "me",
                "is_private": False,
                "tags": [],
                "widget_count": 4,
                "updated_at": "2026-11-24T10:41:07.000000Z",
                "revision": 1,
                "published_at": "2026-11-24T10:41:07.000000Z",
            }
        ],
        "total": 1,
    },
)
async def list_dashboards(
    request: Request,
    q: Annotated[str | None, QueryParameter(description="Part of a name or a tag")] = None,
    limit: Limit = None,
    offset: Offset = None,
    starred: Starred = None,
) -> wire.DashboardList:
    """Return dashboards that are not archived."""
    size, start = page(limit, offset, default=50, most=500)
    found = await request.services.read(
        store.visible,
        request.caller,
        (q or "")[: asked.NAME_CHARS],
        limit=size,
        offset=start,
        is_starred=is_true(starred),
    )
    return wire.dashboard_list(found)


@get("/dashboards/{dashboard_id:str}", tag=TAG, summary="A dashboard", example=_DASHBOARD)
async def get_dashboard(request: Request, dashboard_id: DashboardIdText) -> wire.DashboardShown:
    """Return a dashboard, also an archived one."""
    found = await request.services.read(store.get, request.caller, _id(dashboard_id))
    return wire.shown(found, request.base_url)


@get(
    "/dashboards/by-slug/{owner:str}/{slug:str}",
    tag=TAG,
    summary="A dashboard, by its owner and its slug",
    example=_DASHBOARD,
)
async def get_dashboard_by_slug(
    request: Request,
    owner: Annotated[str, PathParameter(description="Handle of its owner")],
    slug: Annotated[str, PathParameter(description="As in its address")],
) -> wire.DashboardShown:
    """Return a dashboard, also an archived one."""
    found = await request.services.read(store.by_slug, request.caller, owner, slug)
    return wire.shown(found, request.base_url)


@patch(
    "/dashboards/{dashboard_id:str}",
    tag=TAG,
    summary="Change a dashboard",
    also=(409,),
    asks={"name": "DEX overview", "revision": 1},
    example=_DASHBOARD,
)
async def change_dashboard(
    request: Request, dashboard_id: DashboardIdText, data: JSONBody[asked.ChangeDashboard]
) -> wire.DashboardShown:
    """Change what was sent; with `revision`, only if nobody else did meanwhile."""
    services, caller, id_ = request.services, request.caller, _id(dashboard_id)
    at_us = services.now_us()

    def work(tx: Transaction) -> Dashboard:
        return store.change(
            tx,
            caller,
            id_,
            lambda now: asked.change(data, now),
            revision=given(data.revision),
            at_us=at_us,
        )

    return wire.shown(await services.write(work), request.base_url)


@post(
    "/dashboards/{dashboard_id:str}/archive",
    tag=TAG,
    summary="Archive a dashboard",
    example={"ok": True, "dashboard_id": 9},
)
async def archive_dashboard(request: Request, dashboard_id: DashboardIdText) -> wire.Archived:
    """Take a dashboard out of the lists; it stays readable by its id."""
    services, id_ = request.services, _id(dashboard_id)
    await services.write(
        store.change,
        request.caller,
        id_,
        lambda _: Change(),
        revision=None,
        at_us=services.now_us(),
        archive=True,
    )
    return wire.Archived(ok=True, dashboard_id=id_)


@post(
    "/dashboards/{dashboard_id:str}/refresh",
    tag=TAG,
    summary="Run everything that a dashboard shows, as one run",
    also=(422,),
    asks={"query_parameters": {"token": "ETH"}, "performance": "medium"},
    example={"pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A"},
    body_required=False,
)
async def refresh_dashboard(
    request: Request, dashboard_id: DashboardIdText, data: JSONBody[asked.AskRefresh]
) -> RunStarted:
    """Answer once the run is recorded."""
    services, id_ = request.services, _id(dashboard_id)
    tier = given(data.performance)
    found = await services.read(store.get, request.caller, id_)
    if found.is_archived:
        raise ForbiddenError("the dashboard is archived")
    accepted = await services.call(
        core.refresh,
        services.coordinator,
        request.caller,
        id_,
        given(data.query_parameters) or {},
        None if tier is None else tier_of(tier),
        await request.idempotency(),
    )
    return run_started(accepted.run)


@get(
    "/dashboards/{dashboard_id:str}/results",
    tag=TAG,
    summary="What a dashboard shows: the last published refresh",
    example={
        "results": [
            {
                "visualization_id": 55,
                "query_id": 41,
                "query_version": 7,
                "execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1C",
                "row_count": 1200,
            }
        ],
        "query_parameters": {"token": "ETH"},
        "pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
        "published_at": "2026-11-24T10:41:07.000000Z",
    },
)
async def dashboard_results(
    request: Request, dashboard_id: DashboardIdText
) -> wire.DashboardResults:
    """Return executions of one run; `params.<key>` restricts to refreshes with that value."""
    id_, caller = _id(dashboard_id), request.caller
    values = {
        name.removeprefix(_PARAMS): found[-1]
        for name, found in request.values.items()
        if name.startswith(_PARAMS)
    }

    def work(tx: Transaction) -> wire.DashboardResults:
        one = store.get(tx, caller, id_)
        return wire.results(one, refreshes.shown(tx, caller, id_, values))

    return await request.services.read(work)


ROUTES: Final[list[HTTPRouteHandler]] = [
    create_dashboard,
    list_dashboards,
    get_dashboard,
    get_dashboard_by_slug,
    change_dashboard,
    archive_dashboard,
    refresh_dashboard,
    dashboard_results,
]


def _id(text: str) -> int:
    return number(text, "the dashboard ID")
