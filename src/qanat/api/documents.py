"""The description of the API, for programs and for people, and whether the server is up.

A route's examples and free options are declared beside it (`routing`); the framework does not know
of them, so they are put into its document here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Litestar, Response, Router
from litestar import Request as LitestarRequest
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

import qanat
from qanat.api.links import linked
from qanat.api.page import PAGE_HEADERS, page
from qanat.api.requests import Request
from qanat.api.routing import get
from qanat.api.wire.common import Wire, encode

ADDRESS: Final = "/openapi.json"  #: below /api


class Document(JsonRenderPlugin):
    """The OpenAPI document, with the examples that the routes carry."""

    def render(
        self, request: LitestarRequest[Any, Any, Any], openapi_schema: dict[str, Any]
    ) -> bytes:
        """Return the document as JSON."""
        return encode(document(request.app, openapi_schema))


class _Routes(Router):
    """The document's address alone.

    The framework would put a page of its own beside it, in HTML, for every address below /api that
    has one part and is not there.
    """

    @classmethod
    def get_route_handler_map(cls, value: Any) -> dict[str, Any]:  # noqa: ANN401  # as it is there
        """Return the handlers of an address that is to be served."""
        found = super().get_route_handler_map(value)
        return {path: handlers for path, handlers in found.items() if path == ADDRESS}


def config() -> OpenAPIConfig:
    """Return what the framework is to say of the routes; of one application each."""
    return OpenAPIConfig(
        title="Qanat",
        version=qanat.__version__,
        description=(
            "Saved queries, materialized views, and everything a query depends on run as one unit. "
            "The paths and shapes of Dune's API, and Qanat's own beside them."
        ),
        openapi_router=_Routes("/api", route_handlers=[], include_in_schema=False),
        render_plugins=[Document(path=ADDRESS)],
        components=Components(
            security_schemes={
                "key": SecurityScheme(
                    type="apiKey", name="X-Dune-Api-Key", security_scheme_in="header"
                ),
                "keyInQuery": SecurityScheme(
                    type="apiKey", name="api_key", security_scheme_in="query"
                ),
                "session": SecurityScheme(
                    type="apiKey", name="qanat_session", security_scheme_in="cookie"
                ),
            }
        ),
        security=[{"key": []}, {"keyInQuery": []}, {"session": []}],
    )


class Health(Wire):
    """The server answers."""

    status: str
    version: str


@get(
    "/health",
    base="/api",
    tag="Server",
    summary="Whether the server is up; needs no key",
    example={"status": "ok", "version": "0.1.0"},
    security=[{}],
)
async def health() -> Health:
    """Answer."""
    return Health(status="ok", version=qanat.__version__)


@get(
    "/docs",
    base="/api",
    tag="Server",
    summary="This API, for people",
    media_type="text/html",
    security=[{}],
)
async def docs(request: Request) -> Response[bytes]:
    """Answer with a page that shows every endpoint."""
    described = document(request.app, request.app.openapi_schema.to_schema())
    return Response(page(described), media_type="text/html", headers={**PAGE_HEADERS})


ROUTES: Final[list[HTTPRouteHandler]] = [health, docs]


def document(app: Litestar, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the framework's schema with what routes say; its own dict is left alone."""
    paths: dict[str, dict[str, Any]] = {}
    for path, operations in schema["paths"].items():
        paths[path] = {}
        for method, operation in operations.items():
            handler = _handler(app, path, method)
            paths[path][method] = _completed(operation, handler.opt if handler else {})
    return {**schema, "paths": linked(paths)}


def _handler(app: Litestar, path: str, method: str) -> HTTPRouteHandler | None:
    for route in app.routes:
        if route.path_format == path and isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if method.upper() in handler.http_methods:
                    return handler
    return None


def _completed(operation: dict[str, Any], opt: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(operation)
    if opt.get("options"):
        made["parameters"] = [
            *operation.get("parameters", ()),
            *(
                {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
                for name, meaning in opt["options"].items()
            ),
        ]
    if opt.get("example") is not None:
        made["responses"] = {
            status: _exemplified(answer, opt["example"]) if status == "200" else answer
            for status, answer in operation["responses"].items()
        }
    if opt.get("asks") is not None and "requestBody" in operation:
        made["requestBody"] = _exemplified(
            {**operation["requestBody"], "required": bool(opt["body_required"])}, opt["asks"]
        )
    return made


def _exemplified(spec: dict[str, Any], example: object) -> dict[str, Any]:
    content = {
        kind: {**shape, "example": example} for kind, shape in spec.get("content", {}).items()
    }
    return {**spec, "content": content}
