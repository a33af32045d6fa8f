"""Uploaded tables (contract section 9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, timestamp
from qanat.errors import ForbiddenError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.model.types import UPLOAD_TYPES
from qanat.names import Label, dune_label
from qanat.sql.quoting import written
from qanat.store.uploads import DeclaredColumn, Upload

TABLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,127}")
COLUMN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
DESCRIPTION_CHARS: Final = 10_000
COLUMNS: Final = 2_000
CSV_PREFIX: Final = "dataset_"
FORMATS: Final = {
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/json": "ndjson",
}
_PART: Final = re.compile(r'"?([A-Za-z0-9_]{1,128})"?')


class NewColumn(Wire):
    """A column of a table about to be made."""

    name: str
    type: Any  #: a word; Dune also has objects, which are refused by name
    nullable: bool | None = True


class CreateTable(Wire):
    """A table about to be made."""

    namespace: str
    table_name: str
    schema: list[NewColumn]
    description: str | UnsetType = UNSET
    is_private: bool | UnsetType = UNSET


class TableCreated(Wire):
    """A table was made."""

    namespace: str
    table_name: str
    full_name: str
    example_query: str
    already_existed: bool
    message: str


class UploadCsv(Wire):
    """A table as a CSV text makes it; the text was put beside."""

    table_name: str
    description: str | UnsetType = UNSET
    is_private: bool | UnsetType = UNSET


class CsvUploaded(Wire):
    """A table was made, or has new rows."""

    success: bool
    table_name: str
    full_name: str
    example_query: str


class Inserted(Wire):
    """Every row of a file is in a table."""

    name: str
    rows_written: int
    bytes_written: int


class Owner(Wire):
    """Whose it is."""

    handle: str
    type: str


class ColumnShown(Wire):
    """A column of a table."""

    name: str
    type: str
    nullable: bool
    metadata: dict[str, Any]


class TableEntry(Wire):
    """An uploaded table in a list."""

    full_name: str
    is_private: bool
    table_size_bytes: str  #: text, as clients read it
    created_at: str
    updated_at: str
    owner: Owner
    columns: list[ColumnShown]


class TableList(Wire):
    """A page of uploaded tables."""

    tables: list[TableEntry]
    next_offset: int | UnsetType = UNSET


def example_query(label: Label) -> str:
    """Return how a table is read."""
    return f"select * from {written(label)} limit 10"  # noqa: S608  # shown to people, and never run here


def require_own(namespace: str, caller: Caller) -> None:
    """Return if the caller may make tables in a namespace.

    Raises:
        ForbiddenError: It belongs to somebody else.
    """
    if namespace != caller.handle:
        raise ForbiddenError(f"the namespace must be your own, {caller.handle}")


def table_name(text: str) -> str:
    """Return the name of a table about to be made.

    Raises:
        InvalidRequestError: It is none.
    """
    if not TABLE_NAME.fullmatch(text):
        raise InvalidRequestError(
            f"table_name '{text[:64]}' must start with a lower-case letter and hold only "
            "lower-case letters, digits and underscores, at most 128"
        )
    return text


def csv_table_name(text: str) -> str:
    """Return what the table of a CSV text is called: `dataset_` and its name, once.

    Raises:
        InvalidRequestError: It is no name.
    """
    return table_name(text if text.startswith(CSV_PREFIX) else CSV_PREFIX + table_name(text))


def description(text: str | UnsetType) -> str:
    """Return a description; nothing if none was sent.

    Raises:
        InvalidRequestError: It is too long.
    """
    if text is UNSET:
        return ""
    if len(text) > DESCRIPTION_CHARS:
        raise InvalidRequestError(f"description: at most {DESCRIPTION_CHARS} characters")
    return text


def declared(columns: Sequence[NewColumn]) -> tuple[DeclaredColumn, ...]:
    """Return the columns of a table about to be made.

    Raises:
        InvalidRequestError: There are none or too many, or one has no usable name or type.
    """
    if not columns:
        raise InvalidRequestError("schema: a table needs at least one column")
    if len(columns) > COLUMNS:
        raise InvalidRequestError(f"schema: at most {COLUMNS} columns")
    seen: set[str] = set()
    made = []
    for column in columns:
        if not COLUMN_NAME.fullmatch(column.name):
            raise InvalidRequestError(
                f"schema: column name '{column.name[:64]}' must start with a letter or an "
                "underscore and hold only letters, digits and underscores, at most 128"
            )
        if column.name.lower() in seen:
            raise InvalidRequestError(f"schema: column '{column.name}' appears twice")
        seen.add(column.name.lower())
        kind = column.type.lower() if isinstance(column.type, str) else None
        if kind not in UPLOAD_TYPES:
            raise InvalidRequestError(
                f"schema: column '{column.name}': the type must be one of {', '.join(UPLOAD_TYPES)}"
            )
        made.append(
            DeclaredColumn(name=column.name, type=kind, nullable=column.nullable is not False)
        )
    return tuple(made)


def label_of(namespace: str, table: str) -> Label:
    """Return the full name that a path means.

    Raises:
        NotFoundError: No table can be called that.
    """
    parts = _PART.fullmatch(namespace), _PART.fullmatch(table)
    if parts[0] is None or parts[1] is None:
        raise NotFoundError("Table not found")
    return dune_label(parts[0][1], parts[1][1])


def format_of(content_type: str) -> str:
    """Return the format of a file by the type that came with it.

    Raises:
        InvalidRequestError: It is none that can be inserted.
    """
    found = FORMATS.get(content_type.partition(";")[0].strip().lower())
    if found is None:
        raise InvalidRequestError("Content-Type must be text/csv or application/x-ndjson")
    return found


def column_shown(column: DeclaredColumn) -> ColumnShown:
    """Return a column as lists show it."""
    return ColumnShown(name=column.name, type=column.type, nullable=column.nullable, metadata={})


def entry(upload: Upload) -> TableEntry:
    """Return a table in a list."""
    return TableEntry(
        full_name=upload.label,
        is_private=upload.is_private,
        table_size_bytes=str(upload.size_bytes),
        created_at=timestamp(upload.created_at),
        updated_at=timestamp(upload.updated_at),
        owner=Owner(handle=upload.owner, type="user"),
        columns=[column_shown(column) for column in upload.columns],
    )
