"""HTTP, in Dune's shapes: the ASGI application and every route it serves.

A request goes through `edge` (room, key, rate), then to the handler of its route. Handlers parse,
ask the core and answer; what an error means is said in `errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Litestar, Response
from litestar import Request as LitestarRequest
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from qanat.api import (
    catalog,
    checks,
    dashboards,
    datasets,
    documents,
    endpoints,
    events,
    executions,
    keys,
    pipelines,
    queries,
    results,
    runs,
    sessions,
    staged,
    stars,
    uploads,
    usage,
    views,
    visualizations,
    whoami,
)
from qanat.api.auth import check_scope
from qanat.api.edge import Edge
from qanat.api.errors import failed
from qanat.api.methods import options_of
from qanat.api.requests import Request
from qanat.api.services import Services
from qanat.api.web import WEB_ROUTES

#: Every route, module by module.
ROUTES: Final[list[HTTPRouteHandler]] = [
    *documents.ROUTES,
    *executions.ROUTES,
    *results.ROUTES,
    *endpoints.ROUTES,
    *checks.ROUTES,
    *pipelines.ROUTES,
    *runs.ROUTES,
    *events.ROUTES,
    *queries.ROUTES,
    *views.ROUTES,
    *uploads.ROUTES,
    *staged.ROUTES,
    *datasets.ROUTES,
    *catalog.ROUTES,
    *visualizations.ROUTES,
    *dashboards.ROUTES,
    *stars.ROUTES,
    *usage.ROUTES,
    *whoami.ROUTES,
    *keys.ROUTES,
    *sessions.ROUTES,
]


def create_app(services: Services) -> Edge:
    """Return the application that serves `services` over HTTP."""
    app = Litestar(
        route_handlers=[*options_of(ROUTES), *ROUTES],
        request_class=Request,
        before_request=_before,
        exception_handlers={Exception: _answer},
        openapi_config=documents.config(),
        state=State({"services": services}),
        request_max_body_size=None,  # Request.body and Request.pieces know each route's limit
        logging_config=None,
        on_shutdown=[services.close],
    )
    # Apart, so that its one catch-all address does not stand between the API and its 404s.
    web = Litestar(
        route_handlers=[*WEB_ROUTES],
        exception_handlers={Exception: _answer},
        openapi_config=None,
        logging_config=None,
    )
    return Edge(app, web, services)


async def _before(request: LitestarRequest[Any, Any, Any]) -> None:
    """Check the scope of the key, once the route is known and before the body is read."""
    scope: Mapping[str, Any] = request.scope
    if scope["user"] is not None:
        check_scope(scope["user"], scope["method"], scope["path_template"])


def _answer(request: LitestarRequest[Any, Any, Any], error: Exception) -> Response[bytes]:
    scope: Mapping[str, Any] = request.scope
    request_id: str = scope["request_id"]
    why = failed(error, method=request.method, request_id=request_id)
    return Response(
        why.body, status_code=why.status, headers=dict(why.headers), media_type="application/json"
    )
