"""Snapshots: immutable rows, and what it takes to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qanat.model.types import Columns
from qanat.names import AttemptId, Label, SnapshotId

Format = Literal["parquet", "csv", "ndjson"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Rows as one attempt left them; never changed after that, and owned by no name.

    A view, an upload or an execution points at a snapshot. Several may point at one.
    """

    id: SnapshotId
    columns: Columns
    row_count: int
    size_bytes: int  #: as stored, after compression
    files: tuple[AttemptId, ...]  #: in the order of their rows; none for an emptied upload


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A mounted file as a run saw it; any change of these is another version."""

    path: str
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceVersion:
    """What a mounted table was at one moment: its files, sorted by path."""

    label: Label
    format: Format
    columns: Columns
    files: tuple[SourceFile, ...]
