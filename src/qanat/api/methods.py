"""What may be done with a path, for whoever asks with OPTIONS.

These handlers go before all others: the framework makes its own for a path that has none, and
that one knows only the methods of the handler it was made beside.
"""

from __future__ import annotations

from collections.abc import Iterable

from litestar import Response
from litestar.handlers import HTTPRouteHandler


def options_of(routes: Iterable[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return a handler of OPTIONS for each path of `routes`."""
    allowed: dict[str, set[str]] = {}
    for route in routes:
        for path in route.paths:
            allowed.setdefault(path, {"OPTIONS"}).update(map(str, route.http_methods))
    return [_options(path, ", ".join(sorted(methods))) for path, methods in allowed.items()]


def _options(path: str, methods: str) -> HTTPRouteHandler:
    async def options() -> Response[None]:
        return Response(None, status_code=204, headers={"Allow": methods})

    return HTTPRouteHandler(path, http_method=["OPTIONS"], include_in_schema=False)(options)
