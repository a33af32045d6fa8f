"""Visualizations of saved queries."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from qanat.api.parameters import Limit, Offset, QueryIdText, VisualizationIdText
from qanat.api.requests import Request
from qanat.api.routing import delete, get, post, put, under_both
from qanat.api.wire import visualizations as wire
from qanat.api.wire.common import number, page
from qanat.api.wire.common import query_id as as_query_id
from qanat.store import visualizations as store

TAG: Final = "Visualizations"
_SENT: Final = {"name": "Volume by day", "type": "chart", "description": "", "options": {}}
_SHOWN: Final = {
    "id": 55,
    "query_id": 41,
    **_SENT,
    "created_at": "2026-11-24T10:40:26.000000Z",
    "updated_at": "2026-11-24T10:41:07.000000Z",
}


async def _create(
    request: Request, query_id: QueryIdText, data: JSONBody[wire.ChartSent]
) -> wire.Id:
    """Make a visualization of one of the caller's saved queries."""
    services = request.services
    made = await services.write(
        store.create,
        request.caller,
        as_query_id(query_id),
        wire.chart(data),
        at_us=services.now_us(),
    )
    return wire.Id(id=made)


@get(
    "/queries/{query_id:str}/visualizations",
    tag=TAG,
    summary="The visualizations of a query",
    example={"results": [_SHOWN], "total_count": 1},
)
async def list_visualizations(
    request: Request, query_id: QueryIdText, limit: Limit = None, offset: Offset = None
) -> wire.VisualizationList:
    """Return visualizations, oldest first."""
    size, start = page(limit, offset, default=25, most=500)
    found = await request.services.read(
        store.of_query, request.caller, as_query_id(query_id), limit=size, offset=start
    )
    return wire.visualization_list(found)


@get("/visualizations/{visualization_id:str}", tag=TAG, summary="A visualization", example=_SHOWN)
async def get_visualization(
    request: Request, visualization_id: VisualizationIdText
) -> wire.VisualizationShown:
    """Return one visualization."""
    found = await request.services.read(
        store.get, request.caller, number(visualization_id, "the visualization ID")
    )
    return wire.shown(found)


@put(
    "/visualizations/{visualization_id:str}",
    tag=TAG,
    summary="Replace a visualization",
    asks=_SENT,
    example={"id": 55},
)
async def put_visualization(
    request: Request, visualization_id: VisualizationIdText, data: JSONBody[wire.ChartSent]
) -> wire.Id:
    """Make a visualization into what was sent, whole."""
    services, id_ = request.services, number(visualization_id, "the visualization ID")
    await services.write(
        store.change, request.caller, id_, wire.chart(data), at_us=services.now_us()
    )
    return wire.Id(id=id_)


@delete(
    "/visualizations/{visualization_id:str}",
    tag=TAG,
    summary="Delete a visualization",
    example={"ok": True},
)
async def delete_visualization(request: Request, visualization_id: VisualizationIdText) -> wire.Ok:
    """Delete a visualization; dashboards show it no longer."""
    await request.services.write(
        store.remove, request.caller, number(visualization_id, "the visualization ID")
    )
    return wire.Ok(ok=True)


ROUTES: Final[list[HTTPRouteHandler]] = [
    *under_both(
        post,
        _create,
        "/queries/{query_id:str}/visualizations",
        "/query/{query_id:str}/visualization",
        tag=TAG,
        summary="Make a visualization of a query",
        asks=_SENT,
        example={"id": 55},
    ),
    list_visualizations,
    get_visualization,
    put_visualization,
    delete_visualization,
]
