"""Column types, in Trino's words.

A type is its text: `bigint`, `decimal(18,3)`, `timestamp(3) with time zone`,
`array(varchar)`, `map(varchar,bigint)`, `row(a bigint,b varchar)`. DuneSQL adds `uint256` and
`int256`. The text is what clients read in `column_types` and what is stored beside a snapshot.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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


class Column(NamedTuple):
    """A column of a relation or a result. A tuple, because statements are looked up by these."""

    name: str
    type: str  #: Trino's words, lower case


Columns = tuple[Column, ...]  #: in order; names are unique without regard to case
