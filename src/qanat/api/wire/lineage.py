"""What reads what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe
from qanat.store.lineage import Reader, Reads, RelationKind


class ReadShown(Wire):
    """A relation that a text names, and where."""

    name: str
    kind: RelationKind
    line: int | UnsetType = UNSET
    column: int | UnsetType = UNSET
    query_id: int | UnsetType = UNSET


class ReaderShown(Wire):
    """What reads a relation."""

    kind: Literal["query", "view", "dashboard"]
    query_id: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    dashboard_id: int | UnsetType = UNSET
    title: str | UnsetType = UNSET


class LineageShown(Wire):
    """What a query reads, and what reads it."""

    reads: list[ReadShown]
    read_by: list[ReaderShown]


def reads(found: Sequence[Reads]) -> list[ReadShown]:
    """Return what a text names."""
    return [
        ReadShown(
            name=one.name,
            kind=one.kind,
            query_id=maybe(one.query),
            line=maybe(one.line),
            column=maybe(one.column),
        )
        for one in found
    ]


def readers(found: Sequence[Reader]) -> list[ReaderShown]:
    """Return what reads a relation."""
    return [
        ReaderShown(
            kind=one.kind,
            query_id=maybe(one.query),
            name=maybe(one.name),
            dashboard_id=maybe(one.dashboard),
            title=UNSET if one.kind == "view" else one.title,
        )
        for one in found
    ]
