"""Who asks, and whose relations there are."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from qanat.api.requests import Request
from qanat.api.routing import get
from qanat.api.wire import whoami as wire
from qanat.store import catalog


@get(
    "/whoami",
    base="/api",
    tag="Keys",
    summary="The owner of the key",
    example={
        "customer_id": "user_1",
        "handle": "me",
        "api_key_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
        "created_by": 1,
    },
)
async def whoami(request: Request) -> wire.WhoAmI:
    """Answer from what the key check found."""
    return wire.whoami(request.caller)


@get(
    "/namespaces",
    tag="Catalog",
    summary="Every owner of something that the key may see, its own first",
    example={
        "namespaces": [
            {
                "handle": "me",
                "own": True,
                "queries": 12,
                "views": 7,
                "uploads": 2,
                "size_bytes": 1203993,
            }
        ]
    },
)
async def namespaces(request: Request) -> wire.Namespaces:
    """Return owners with what they have."""
    found = await request.services.read(catalog.namespaces, request.caller)
    return wire.namespaces(found, request.caller)


ROUTES: Final[list[HTTPRouteHandler]] = [whoami, namespaces]
