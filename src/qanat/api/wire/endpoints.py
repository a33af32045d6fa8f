"""Custom endpoints as they are asked for and shown."""

from __future__ import annotations

from qanat.api.wire.common import Wire, timestamp
from qanat.store.endpoints import Endpoint, Endpoints


class PutEndpoint(Wire):
    """What a name is to stand for."""

    query_id: int


class EndpointShown(Wire):
    """A name for a query's latest result."""

    handle: str
    slug: str
    query_id: int
    name: str
    url: str
    created_at: str
    updated_at: str


class EndpointList(Wire):
    """A page of endpoints."""

    endpoints: list[EndpointShown]
    total: int


def shown(one: Endpoint, base_url: str) -> EndpointShown:
    """Return an endpoint as it is shown."""
    return EndpointShown(
        handle=one.owner,
        slug=one.slug,
        query_id=one.query,
        name=one.title,
        url=f"{base_url}/api/v1/endpoints/{one.owner}/{one.slug}/results",
        created_at=timestamp(one.created_at),
        updated_at=timestamp(one.updated_at),
    )


def listed(page: Endpoints, base_url: str) -> EndpointList:
    """Return a page of endpoints as it is shown."""
    return EndpointList(endpoints=[shown(one, base_url) for one in page.found], total=page.total)
