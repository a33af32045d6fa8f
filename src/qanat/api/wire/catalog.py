"""The catalog: everything that may be read by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe, maybe_timestamp, timestamp
from qanat.api.wire.lineage import ReaderShown, ReadShown
from qanat.api.wire.views import ViewSchedule
from qanat.coordinator.catalog import KINDS, CatalogTable, Kind
from qanat.errors import InvalidRequestError
from qanat.store.catalog import Moved
from qanat.store.uploads import DeclaredColumn


class ColumnShown(Wire):
    """A column of a relation."""

    name: str
    type: str


class TableShown(Wire):
    """A relation."""

    name: str
    kind: Kind
    column_count: int
    is_private: bool
    owner: str | UnsetType = UNSET
    query_id: int | UnsetType = UNSET
    description: str | UnsetType = UNSET
    row_count: int | UnsetType = UNSET
    size_bytes: int | UnsetType = UNSET
    updated_at: str | UnsetType = UNSET
    error: str | UnsetType = UNSET
    columns: list[ColumnShown] | UnsetType = UNSET
    matched_columns: list[str] | UnsetType = UNSET


class TableList(Wire):
    """A page of relations."""

    tables: list[TableShown]
    total: int


class TableDetail(TableShown):
    """A relation with what it is made of."""

    reads: list[ReadShown] | UnsetType = UNSET
    read_by: list[ReaderShown] | UnsetType = UNSET
    created_at: str | UnsetType = UNSET
    schedule: ViewSchedule | UnsetType = UNSET
    pipeline_execution_id: str | UnsetType = UNSET
    execution_id: str | UnsetType = UNSET
    snapshot_id: str | UnsetType = UNSET
    location_count: int | UnsetType = UNSET


class MoveShown(Wire):
    """One move of a view or an upload."""

    moment: int
    at: str
    pipeline_execution_id: str | UnsetType = UNSET
    execution_id: str | UnsetType = UNSET
    snapshot_id: str | UnsetType = UNSET
    row_count: int | UnsetType = UNSET
    size_bytes: int | UnsetType = UNSET


class History(Wire):
    """How a view or an upload moved, newest first."""

    moves: list[MoveShown]
    next_before: int | UnsetType = UNSET


class SampleMetadata(Wire):
    """What the rows of a sample are."""

    column_names: list[str]
    column_types: list[str]
    row_count: int
    total_row_count: int | UnsetType = UNSET


class Sample(Wire):
    """The first rows of a relation."""

    rows: list[dict[str, Any]]
    metadata: SampleMetadata


class FunctionShown(Wire):
    """A function that a statement may call."""

    name: str
    signature: str
    description: str


class Functions(Wire):
    """Every function."""

    functions: list[FunctionShown]


Shown = TypeVar("Shown", bound=TableShown)


def kinds_of(text: str | None) -> tuple[Kind, ...]:
    """Return the kinds of relations that a client names.

    Raises:
        InvalidRequestError: One of them is none.
    """
    if not text:
        return KINDS
    found = [part.strip() for part in text.split(",")]
    for kind in found:
        if kind not in KINDS:
            raise InvalidRequestError(f"kind must be of {', '.join(KINDS)}, not '{kind[:40]}'")
    return cast("tuple[Kind, ...]", tuple(found))


def table(found: CatalogTable, *, text: str = "", columns: bool = False) -> TableShown:
    """Return a relation in a list; `text` is what was searched for."""
    return _fill(TableShown, found, text=text, columns=columns)


def detail(found: CatalogTable) -> TableDetail:
    """Return a relation, not yet with what is around it."""
    made = _fill(TableDetail, found, text="", columns=True)
    made.created_at = UNSET if found.error else timestamp(found.created_at)
    made.snapshot_id = maybe(found.snapshot)
    made.location_count = maybe(found.file_count)
    return made


def columns_shown(columns: Sequence[DeclaredColumn]) -> list[ColumnShown]:
    """Return columns."""
    return [ColumnShown(name=column.name, type=column.type) for column in columns]


def history(found: Sequence[Moved], limit: int) -> History:
    """Return a page of `limit` moves; one more found tells that there are more."""
    return History(
        moves=[
            MoveShown(
                moment=move.moment,
                at=timestamp(move.at),
                pipeline_execution_id=maybe(move.run),
                execution_id=maybe(move.execution),
                snapshot_id=maybe(move.snapshot),
                row_count=maybe(move.row_count),
                size_bytes=maybe(move.size_bytes),
            )
            for move in found[:limit]
        ],
        next_before=found[limit - 1].moment if len(found) > limit else UNSET,
    )


def _fill(kind: type[Shown], found: CatalogTable, *, text: str, columns: bool) -> Shown:
    matched = found.columns_with(text) if text and text not in found.label else []
    return kind(
        name=found.label,
        kind=found.kind,
        column_count=len(found.columns),
        is_private=found.is_private,
        owner=maybe(found.owner),
        query_id=maybe(found.query),
        description=found.description or UNSET,
        row_count=maybe(found.row_count),
        size_bytes=maybe(found.size_bytes),
        updated_at=maybe_timestamp(found.updated_at),
        error=maybe(found.error),
        columns=columns_shown(found.columns) if columns else UNSET,
        matched_columns=matched or UNSET,
    )
