"""Datasets: the catalog as Dune's clients ask for it."""

from __future__ import annotations

from typing import Annotated, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from qanat.api.catalog import label_of
from qanat.api.parameters import Limit, Offset
from qanat.api.requests import Request
from qanat.api.routing import get, post
from qanat.api.wire import datasets as wire
from qanat.api.wire.common import page

TAG: Final = "Datasets"
_DATASET: Final = {
    "full_name": "dune.me.prices",
    "type": "uploaded_table",
    "is_private": False,
    "owner": {"handle": "me", "type": "user"},
    "columns": [{"name": "d", "type": "timestamp", "nullable": True, "metadata": {}}],
    "metadata": {},
    "created_at": "2026-11-24T10:40:26.000000Z",
    "updated_at": "2026-11-24T10:41:07.000000Z",
}
_FOUND: Final = {
    "total": 1,
    "results": [
        {
            "full_name": "dune.me.prices",
            "category": "community",
            "dataset_type": "uploaded_table",
            "blockchains": [],
            "visibility": "public",
            "owner_scope": "me",
            "description": "",
        }
    ],
    "pagination": {"limit": 20, "offset": 0, "has_more": False},
}


@get(
    "/datasets",
    tag=TAG,
    summary="Relations that the key may read",
    example={"datasets": [_DATASET], "total": 1},
)
async def datasets(
    request: Request,
    limit: Limit = None,
    offset: Offset = None,
    owner_handle: Annotated[
        str | None, QueryParameter(description="Only those of this owner")
    ] = None,
    type_: Annotated[
        str | None, QueryParameter(name="type", description="Comma list of dataset types")
    ] = None,
) -> wire.DatasetList:
    """Return relations, by name."""
    size, start = page(limit, offset, default=50, most=250)
    kinds = wire.kinds_of(",".join(request.values.get("type", [])) if type_ else None)
    found = await request.services.call_long(
        request.services.coordinator.catalog.tables, request.caller, kinds=kinds
    )
    if owner_handle:
        found = [one for one in found if wire.owner_of(one).handle == owner_handle]
    return wire.DatasetList(
        datasets=[wire.dataset(one) for one in found[start : start + size]], total=len(found)
    )


@get(
    "/datasets/{slug:str}",
    tag=TAG,
    summary="One relation, by its full name",
    example=_DATASET,
)
async def dataset(
    request: Request,
    slug: Annotated[str, PathParameter(description="Full name, such as dune.me.prices")],
) -> wire.Dataset:
    """Return one relation."""
    found = await request.services.call_long(
        request.services.coordinator.catalog.table, request.caller, label_of(slug)
    )
    return wire.dataset(found)


@post(
    "/datasets/search",
    tag=TAG,
    summary="Search relations by name, description and column",
    asks={"query": "prices", "include_schema": True, "limit": 20},
    example=_FOUND,
    body_required=False,
)
async def search_datasets(request: Request, data: JSONBody[wire.Search]) -> wire.SearchResults:
    """Return what was found, best first."""
    found = await request.services.call_long(
        request.services.coordinator.catalog.tables, request.caller
    )
    return wire.searched(found, data, request.caller)


@post(
    "/datasets/search-by-contract",
    tag=TAG,
    summary="Search decoded tables by contract; there are none here",
    asks={"contract_address": "0x1f9840a85d5af5bf1d1762f925bdaddc4201f984"},
    example={
        "total": 0,
        "results": [],
        "pagination": {"limit": 20, "offset": 0, "has_more": False},
    },
)
async def search_by_contract(data: JSONBody[wire.ContractSearch]) -> wire.SearchResults:
    """Return nothing: no contract is decoded here."""
    return wire.no_contracts(data)


ROUTES: Final[list[HTTPRouteHandler]] = [datasets, dataset, search_datasets, search_by_contract]
