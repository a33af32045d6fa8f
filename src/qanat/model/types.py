"""Column types, in Trino's words.

A type is its text: `bigint`, `decimal(18,3)`, `timestamp(3) with time zone`,
`array(varchar)`, `map(varchar,bigint)`, `row(a bigint,b varchar)`. DuneSQL adds `uint256` and
`int256`. The text is what clients read in `column_types` and what is stored beside a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: What an uploaded table's column may be.
UPLOAD_TYPES: Final = (
    "varchar",
    "varbinary",
    "uint256",
    "int256",
    "bigint",
    "integer",
    "double",
    "boolean",
    "timestamp",
    "date",
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation or a result."""

    name: str
    type: str  #: Trino's words, lower case


Columns = tuple[Column, ...]  #: in order; names are unique without regard to case
