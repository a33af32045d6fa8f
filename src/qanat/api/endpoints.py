"""Custom endpoints: their names. What they answer is a result, and stands in `results`."""

from __future__ import annotations

from typing import Annotated, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from qanat.api.parameters import Limit, Offset
from qanat.api.requests import Request
from qanat.api.routing import delete, get, put
from qanat.api.wire import common
from qanat.api.wire import endpoints as wire
from qanat.api.wire.common import Message
from qanat.store import endpoints as store

TAG: Final = "Custom endpoints"
_ENDPOINT: Final = {
    "handle": "me",
    "slug": "daily-volume",
    "query_id": 41,
    "name": "Daily volume",
    "url": "http://127.0.0.1:8327/api/v1/endpoints/me/daily-volume/results",
    "created_at": "2026-11-24T10:00:00.000000Z",
    "updated_at": "2026-11-24T10:00:00.000000Z",
}
_Slug = Annotated[str, PathParameter(title="Endpoint", description="The name of an endpoint")]


@put(
    "/endpoints/{slug:str}",
    tag=TAG,
    summary="Name a saved query, so that its latest result has an address",
    asks={"query_id": 41},
    example=_ENDPOINT,
)
async def put_endpoint(
    request: Request, slug: _Slug, data: JSONBody[wire.PutEndpoint]
) -> wire.EndpointShown:
    """Answer with the endpoint; a name that exists stands for the new query from now on."""
    services = request.services
    made = await services.write(
        store.put,
        request.caller,
        common.slug(slug),
        common.query_id(str(data.query_id)),
        at_us=services.now_us(),
    )
    return wire.shown(made, request.base_url)


@delete(
    "/endpoints/{slug:str}",
    tag=TAG,
    summary="Forget the name of a query",
    example={"message": "ok"},
)
async def delete_endpoint(request: Request, slug: _Slug) -> Message:
    """Answer once its address is gone; the query stays."""
    await request.services.write(store.remove, request.caller, common.slug(slug))
    return Message(message="ok")


@get(
    "/endpoints",
    tag=TAG,
    summary="Custom endpoints of the key's owner, by name",
    example={"endpoints": [_ENDPOINT], "total": 1},
)
async def list_endpoints(
    request: Request, limit: Limit = None, offset: Offset = None
) -> wire.EndpointList:
    """Answer with a page."""
    most, after = common.page(limit, offset, default=50, most=store.PER_OWNER)
    found = await request.services.read(store.list_of, request.caller, limit=most, offset=after)
    return wire.listed(found, request.base_url)


ROUTES: Final[list[HTTPRouteHandler]] = [
    put_endpoint,
    delete_endpoint,
    list_endpoints,
]
