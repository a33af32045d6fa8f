"""Files that are sent once, looked at, and only then land."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, cast

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire
from qanat.api.wire.uploads import COLUMN_NAME
from qanat.errors import InvalidRequestError
from qanat.model.snapshot import Format
from qanat.model.types import UPLOAD_TYPES, Column, Columns

FORMATS: Final = ("csv", "ndjson", "parquet")
NAME_CHARS: Final = 100


class ColumnSent(Wire):
    """A column, as the file has it or as the table is to have it."""

    name: str
    type: str


class Staged(Wire):
    """A file that was looked at."""

    staged_id: str
    format: str
    suggested_name: str
    columns: list[ColumnSent]
    rows: list[dict[str, Any]]
    row_count: int
    size_bytes: int
    expires_at: str


class Commit(Wire):
    """How a staged file is to land."""

    table_name: str
    columns: list[ColumnSent]
    description: str | UnsetType = UNSET
    is_private: bool | UnsetType = UNSET
    replace: bool | UnsetType = UNSET


class Committed(Wire):
    """A staged file is a table."""

    full_name: str
    table_name: str
    row_count: int
    size_bytes: int
    example_query: str


def format_of(text: str | None) -> Format:
    """Return the format that a client names.

    Raises:
        InvalidRequestError: It is none.
    """
    if text not in FORMATS:
        raise InvalidRequestError(f"format must be one of {', '.join(FORMATS)}")
    return cast("Format", text)


def suggested_name(file_name: str) -> str:
    """Return what a table of a file may be called."""
    stem = re.split(r"[/\\]", file_name)[-1].partition(".")[0].lower()
    name = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:NAME_CHARS].strip("_")
    return name if name[:1].isalpha() else f"table_{name}".rstrip("_")


def wanted(sent: Sequence[ColumnSent], staged: Columns) -> Columns:
    """Return the columns of the table, in the order of the file's.

    Raises:
        InvalidRequestError: They are not all of them, or a name or type is none.
    """
    if len(sent) != len(staged):
        raise InvalidRequestError(f"columns: the file has {len(staged)}, not {len(sent)}")
    seen: set[str] = set()
    made = []
    for column, before in zip(sent, staged, strict=True):
        if column.name != before.name and not COLUMN_NAME.fullmatch(column.name):
            raise InvalidRequestError(
                f"columns: name '{column.name[:64]}' must start with a letter or an underscore "
                "and hold only letters, digits and underscores, at most 128"
            )
        if column.name.lower() in seen:
            raise InvalidRequestError(f"columns: '{column.name[:64]}' appears twice")
        seen.add(column.name.lower())
        if column.type not in UPLOAD_TYPES and column.type != before.type:
            raise InvalidRequestError(
                f"columns: '{column.name[:64]}': the type must be one of {', '.join(UPLOAD_TYPES)}"
            )
        made.append(Column(column.name, column.type))
    return tuple(made)


def columns_shown(columns: Columns) -> list[ColumnSent]:
    """Return columns."""
    return [ColumnSent(name=column.name, type=column.type) for column in columns]
