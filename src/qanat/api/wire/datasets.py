"""Datasets: the catalog in Dune's words (contract section 10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import LARGEST_ID, Wire, given, timestamp
from qanat.api.wire.uploads import ColumnShown, Owner, column_shown
from qanat.coordinator.catalog import CatalogTable, Kind
from qanat.errors import InvalidRequestError
from qanat.model.access import Caller

TYPES: Final[dict[Kind, str]] = {
    "source": "dune_table",
    "upload": "uploaded_table",
    "view": "materialized_view",
}
#: What Dune has besides; there is none of them here.
OTHER_TYPES: Final = frozenset(
    {"transformation_view", "transformation_table", "decoded_table", "spell"}
)
CATEGORIES: Final = ("canonical", "decoded", "spell", "community")
SCOPES: Final = ("all", "me", "team")
SOURCE_OWNER: Final = "dune"  #: whose mounted tables are, in a field that clients require
SEARCH_LIMIT: Final = 250


class Dataset(Wire):
    """A relation."""

    full_name: str
    type: str
    is_private: bool
    owner: Owner
    columns: list[ColumnShown]
    metadata: dict[str, Any]
    created_at: str
    updated_at: str


class DatasetList(Wire):
    """A page of relations."""

    datasets: list[Dataset]
    total: int


class Search(Wire):
    """What is searched for."""

    query: str | UnsetType = UNSET
    categories: list[str] | UnsetType = UNSET
    blockchains: list[str] | UnsetType = UNSET
    schemas: list[str] | UnsetType = UNSET
    dataset_types: list[str] | UnsetType = UNSET
    owner_scope: str | UnsetType = UNSET
    include_private: bool | UnsetType = UNSET
    include_schema: bool | UnsetType = UNSET
    include_metadata: bool | UnsetType = UNSET
    limit: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET


class ContractSearch(Wire):
    """A contract whose decoded tables are searched for; there are none here."""

    contract_address: str
    limit: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET


class SchemaColumn(Wire):
    """A column of a relation that was found."""

    name: str
    type: str
    nullable: bool


class FoundMetadata(Wire):
    """What is known of a relation that was found."""

    page_rank_score: float
    description: str


class Found(Wire):
    """A relation that was found."""

    full_name: str
    category: str
    dataset_type: str
    blockchains: list[str]
    visibility: str
    owner_scope: str
    description: str
    schema: list[SchemaColumn] | UnsetType = UNSET
    metadata: FoundMetadata | UnsetType = UNSET


class Pagination(Wire):
    """Which part of what was found this is."""

    limit: int
    offset: int
    has_more: bool
    next_offset: int | UnsetType = UNSET


class SearchResults(Wire):
    """What was found, best first."""

    total: int
    results: list[Found]
    pagination: Pagination


def kinds_of(text: str | None) -> set[Kind]:
    """Return the kinds of relations that a comma list of dataset types means.

    Raises:
        InvalidRequestError: One of them is no type of dataset.
    """
    if not text:
        return set(TYPES)
    return _kinds([part.strip() for part in text.split(",") if part.strip()])


def _kinds(types: Sequence[str]) -> set[Kind]:
    known = {name: kind for kind, name in TYPES.items()}
    found: set[Kind] = set()
    for type_ in types:
        if type_ in known:
            found.add(known[type_])
        elif type_ not in OTHER_TYPES:
            raise InvalidRequestError(f"unknown dataset type '{type_[:40]}'")
    return found


def owner_of(table: CatalogTable) -> Owner:
    """Return whose a relation is."""
    if table.owner is None:
        return Owner(handle=SOURCE_OWNER, type="team")
    return Owner(handle=table.owner, type="user")


def dataset(table: CatalogTable) -> Dataset:
    """Return a relation in Dune's words."""
    metadata: dict[str, Any] = {}
    if table.description:
        metadata["description"] = table.description
    return Dataset(
        full_name=table.label,
        type=TYPES[table.kind],
        is_private=table.is_private,
        owner=owner_of(table),
        columns=[column_shown(column) for column in table.columns],
        metadata=metadata,
        created_at=timestamp(table.created_at),
        updated_at=timestamp(table.updated_at or table.created_at),
    )


def searched(tables: Sequence[CatalogTable], asked: Search, caller: Caller) -> SearchResults:
    """Return the relations that were asked for, best first.

    Raises:
        InvalidRequestError: A word is none of those that a field has.
    """
    for category in given(asked.categories) or ():
        if category not in CATEGORIES:
            raise InvalidRequestError(f"unknown category '{category[:40]}'")
    if (given(asked.owner_scope) or "all") not in SCOPES:
        raise InvalidRequestError("owner_scope must be all, me or team")
    types = given(asked.dataset_types)
    kinds = _kinds(types) if types else set(TYPES)
    text = (given(asked.query) or "*").strip().lower()
    text = "" if text == "*" else text
    ranked = sorted(
        (
            (-rank, table.label, table)
            for table in tables
            if table.kind in kinds
            and _is_asked_for(table, asked, caller)
            and (rank := _rank(table, text)) > 0
        ),
        key=lambda one: one[:2],
    )
    wanted = given(asked.limit)
    limit = 20 if wanted is None else max(1, min(wanted, SEARCH_LIMIT))
    offset = max(0, min(given(asked.offset) or 0, LARGEST_ID))
    shown = ranked[offset : offset + limit]
    has_more = offset + limit < len(ranked)
    return SearchResults(
        total=len(ranked),
        results=[_found(table, -rank, asked, caller) for rank, _, table in shown],
        pagination=Pagination(
            limit=limit,
            offset=offset,
            has_more=has_more,
            next_offset=offset + limit if has_more else UNSET,
        ),
    )


def no_contracts(asked: ContractSearch) -> SearchResults:
    """Return the empty answer to a search by contract: nothing is decoded here.

    Raises:
        InvalidRequestError: There is no address.
    """
    if not asked.contract_address.strip():
        raise InvalidRequestError("contract_address is missing")
    wanted = given(asked.limit)
    limit = 20 if wanted is None else max(1, min(wanted, SEARCH_LIMIT))
    offset = max(0, min(given(asked.offset) or 0, LARGEST_ID))
    return SearchResults(
        total=0, results=[], pagination=Pagination(limit=limit, offset=offset, has_more=False)
    )


def _category(table: CatalogTable) -> str:
    return "canonical" if table.kind == "source" else "community"


def _schema(table: CatalogTable) -> str:
    """Return the part of a full name before the last: `ethereum`, or an owner's namespace."""
    return table.label.rsplit(".", 2)[-2]


def _is_asked_for(table: CatalogTable, asked: Search, caller: Caller) -> bool:
    if table.is_private and not given(asked.include_private):
        return False
    if given(asked.owner_scope) in ("me", "team") and table.owner != caller.handle:
        return False
    categories, schemas = given(asked.categories), given(asked.schemas)
    if categories and _category(table) not in categories:
        return False
    if schemas and _schema(table) not in [schema.lower() for schema in schemas]:
        return False
    # No relation here says which blockchain it is about.
    return not given(asked.blockchains)


def _rank(table: CatalogTable, text: str) -> float:
    """Return how well a relation fits: 0 not at all, 1 perfectly."""
    if not text:
        return 0.5
    last = table.label.rsplit(".", 1)[-1]
    if text in (table.label, last):
        return 1.0
    if last.startswith(text):
        return 0.8
    if text in table.label:
        return 0.6
    if text in table.description.lower():
        return 0.4
    if table.columns_with(text):
        return 0.3
    # Several words: each must be somewhere.
    words = text.split()
    everywhere = f"{table.label} {table.description.lower()}"
    if len(words) > 1 and all(w in everywhere or table.columns_with(w) for w in words):
        return 0.2
    return 0.0


def _found(table: CatalogTable, rank: float, asked: Search, caller: Caller) -> Found:
    return Found(
        full_name=table.label,
        category=_category(table),
        dataset_type=TYPES[table.kind],
        blockchains=[],
        visibility="private" if table.is_private else "public",
        owner_scope="me" if table.owner == caller.handle else "all",
        description=table.description,
        schema=[
            SchemaColumn(name=column.name, type=column.type, nullable=column.nullable)
            for column in table.columns
        ]
        if given(asked.include_schema)
        else UNSET,
        metadata=FoundMetadata(page_rank_score=rank, description=table.description)
        if given(asked.include_metadata)
        else UNSET,
    )
