"""Everything a statement may read by name: mounted tables, uploaded tables and views, as one list.

What is private to another owner is not in it. A mounted table that cannot be read is, with the
reason: its owner wants to know.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from qanat.coordinator.sources import Mounted, Sources
from qanat.errors import NotFoundError, SqlRejectedError
from qanat.model.access import Caller
from qanat.names import Handle, Label, NameId, QueryId, SnapshotId
from qanat.store import catalog
from qanat.store.catalog import Named
from qanat.store.database import Database
from qanat.store.uploads import DeclaredColumn

Kind = Literal["source", "upload", "view"]
KINDS: Final[tuple[Kind, ...]] = ("source", "upload", "view")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogTable:
    """A relation that may be read by name."""

    label: Label
    kind: Kind
    owner: Handle | None = None  #: None: the operator's, a source
    is_private: bool = False
    description: str = ""
    columns: tuple[DeclaredColumn, ...] = ()
    row_count: int | None = None
    size_bytes: int | None = None
    created_at: datetime = _EPOCH
    updated_at: datetime | None = None  #: None: a view never published, a source unreadable
    error: str | None = None  #: why a source cannot be read
    query: QueryId | None = None  #: of a view
    name: NameId | None = None  #: of a view or an upload
    snapshot: SnapshotId | None = None
    file_count: int | None = None  #: of a source

    def columns_with(self, text: str) -> list[str]:
        """Return the names of columns that `text` (lower case) is part of."""
        return [column.name for column in self.columns if text in column.name.lower()]


class Catalog:
    """Lists and finds relations."""

    def __init__(self, database: Database, sources: Sources) -> None:
        self._database = database
        self._sources = sources

    def tables(
        self, caller: Caller, *, text: str = "", kinds: Collection[Kind] = KINDS
    ) -> list[CatalogTable]:
        """Return what the caller may read, by name.

        With `text`, only relations with it in their name, or in a column's.
        """
        wanted = text.lower()
        found: list[CatalogTable] = []
        if "source" in kinds:
            found += [self._source(mounted) for mounted in self._sources.mounted.values()]
        if "upload" in kinds or "view" in kinds:
            named = self._database.read(lambda tx: catalog.visible(tx, caller, text))
            found += [_table(one) for one in named if one.kind in kinds]
        return sorted(
            (
                table
                for table in found
                if not wanted or wanted in table.label.lower() or table.columns_with(wanted)
            ),
            key=lambda table: table.label,
        )

    def table(self, caller: Caller, label: Label) -> CatalogTable:
        """Return a relation by its folded full name.

        Raises:
            NotFoundError: There is none that the caller may read.
        """
        mounted = self._sources.mounted.get(label)
        if mounted is not None:
            return self._source(mounted)
        named = self._database.read(lambda tx: catalog.find(tx, caller, label))
        if named is None:
            raise NotFoundError("Object not found")
        return _table(named)

    def _source(self, mounted: Mounted) -> CatalogTable:
        try:
            seen = self._sources.now(mounted.label)
        except SqlRejectedError as error:
            return CatalogTable(
                label=mounted.label,
                kind="source",
                description=mounted.description,
                error=error.message,
            )
        times = [file.mtime_ns for file in seen.version.files]
        return CatalogTable(
            label=mounted.label,
            kind="source",
            description=mounted.description,
            columns=tuple(DeclaredColumn(name=c.name, type=c.type) for c in seen.version.columns),
            row_count=seen.row_count,
            size_bytes=seen.size_bytes,
            created_at=_from_ns(min(times)),
            updated_at=_from_ns(max(times)),
            file_count=len(times),
        )


def _from_ns(ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ns // 1_000)


def _table(named: Named) -> CatalogTable:
    return CatalogTable(
        label=named.label,
        kind=named.kind,
        owner=named.owner,
        is_private=named.is_private,
        description=named.description,
        columns=named.columns,
        row_count=named.row_count,
        size_bytes=named.size_bytes,
        created_at=named.created_at,
        updated_at=named.moved_at or (named.created_at if named.kind == "upload" else None),
        query=named.query,
        name=named.id,
        snapshot=named.snapshot,
    )
