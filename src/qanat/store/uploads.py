"""Uploaded tables: names whose rows come from outside. How they move is in `upload_moves`.

A table made again under its name after it was deleted has a new id, so nothing that was begun for
the old one reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_if_absent

from qanat.clock import from_us
from qanat.errors import ConflictError
from qanat.model.types import Column, Columns
from qanat.names import Handle, Label, NameId, SnapshotId, dune_label
from qanat.store import tables as t
from qanat.store.codec import dump
from qanat.store.database import Prepared, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredColumn:
    """A column of an uploaded table."""

    name: str
    type: str  #: Trino's words
    nullable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """An uploaded table about to be made."""

    id: NameId
    namespace: str
    table: str
    owner: Handle
    is_private: bool
    description: str
    columns: tuple[DeclaredColumn, ...]

    @property
    def label(self) -> Label:
        """The table's folded full name."""
        return dune_label(self.namespace, self.table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An uploaded table as it is now."""

    id: NameId
    label: Label
    owner: Handle
    is_private: bool
    description: str
    columns: tuple[DeclaredColumn, ...]
    snapshot: SnapshotId | None  #: None: nothing was ever put in
    moves: int
    size_bytes: int
    row_count: int
    created_at: datetime
    updated_at: datetime

    @property
    def plain_columns(self) -> Columns:
        """The columns without what is declared of them."""
        return tuple(Column(column.name, column.type) for column in self.columns)


_declared: Final = msgspec.json.Decoder(list[tuple[str, str, bool]])
_COLUMNS: Final = (
    t.name.c.id,
    t.name.c.label,
    t.name.c.owner,
    t.name.c.is_private,
    t.name.c.description,
    t.name.c.columns,
    t.name.c.snapshot,
    t.name.c.moves,
    t.name.c.created_us,
    t.name.c.updated_us,
    func.coalesce(t.snapshot.c.size_bytes, 0).label("size_bytes"),
    func.coalesce(t.snapshot.c.row_count, 0).label("row_count"),
)
_UPLOADS: Final = (
    select(*_COLUMNS)
    .outerjoin(t.snapshot, t.snapshot.c.id == t.name.c.snapshot)
    .where(t.name.c.kind == "upload", t.name.c.deleted_us.is_(None))
)
_FIND: Final = Prepared(_UPLOADS.where(t.name.c.label == bindparam("label")))
_LIST: Final = Prepared(
    _UPLOADS.where(t.name.c.owner == bindparam("owner"))
    .order_by(t.name.c.label)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_ADD: Final = Prepared(
    insert_if_absent(t.name).values(kind="upload", moves=0).on_conflict_do_nothing(),
    [
        "id", "namespace", "label", "kind", "owner", "is_private", "description", "columns",
        "moves", "created_us", "updated_us",
    ],
)  # fmt: skip
_DELETE: Final = Prepared(
    update(t.name)
    .where(t.name.c.id == bindparam("name"), t.name.c.deleted_us.is_(None))
    .values(deleted_us=bindparam("at"), updated_us=bindparam("at"), snapshot=None)
)


def dump_declared(columns: Sequence[DeclaredColumn]) -> str:
    """Return declared columns as JSON: an array of [name, type, nullable]."""
    return dump([(column.name, column.type, column.nullable) for column in columns])


def load_declared(text: str) -> tuple[DeclaredColumn, ...]:
    """Return what `dump_declared` wrote."""
    return tuple(
        DeclaredColumn(name=name, type=kind, nullable=nullable)
        for name, kind, nullable in _declared.decode(text)
    )


def find(tx: Transaction, label: Label) -> Upload | None:
    """Return an uploaded table by its folded full name; None if there is none."""
    row = tx.row(_FIND, label=label)
    return None if row is None else _upload(row)


def owned(tx: Transaction, owner: Handle, *, limit: int, offset: int) -> list[Upload]:
    """Return the tables of an owner, by name."""
    return [_upload(row) for row in tx.rows(_LIST, owner=owner, limit=limit, offset=offset)]


def create(tx: Transaction, new: NewUpload, *, at_us: int) -> Upload:
    """Make the name of an uploaded table, and return it. It points nowhere: see `make_empty`.

    Raises:
        ConflictError: A table or a view has the name.
    """
    made = tx.run(
        _ADD,
        id=new.id,
        namespace=new.namespace,
        label=new.label,
        owner=new.owner,
        is_private=int(new.is_private),
        description=new.description,
        columns=dump_declared(new.columns),
        created_us=at_us,
        updated_us=at_us,
    )
    if made == 0:
        raise ConflictError(f"Table {new.label} already exists")
    made_now = find(tx, new.label)
    assert made_now is not None
    return made_now


def delete(tx: Transaction, name: NameId, *, at_us: int) -> bool:
    """Delete a table; False if it was deleted already.

    Its rows stay for the runs that pinned them, and are collected after that.
    """
    return tx.run(_DELETE, name=name, at=at_us) == 1


def _upload(row: dict[str, Any]) -> Upload:
    return Upload(
        id=NameId(row["id"]),
        label=Label(row["label"]),
        owner=Handle(row["owner"]),
        is_private=bool(row["is_private"]),
        description=row["description"],
        columns=load_declared(row["columns"] or "[]"),
        snapshot=SnapshotId(row["snapshot"]) if row["snapshot"] else None,
        moves=row["moves"],
        size_bytes=row["size_bytes"],
        row_count=row["row_count"],
        created_at=from_us(row["created_us"]),
        updated_at=from_us(row["updated_us"]),
    )
