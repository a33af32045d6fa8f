"""The `sort_by` option: contract section 6.8.

NULLs come last both ways, as in Trino. The caller adds the row's number as the last key, so equal
rows keep their stored order and pages never overlap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from qanat.engines.duckdb.scan import quoted
from qanat.errors import InvalidRequestError
from qanat.model.types import Column, Columns
from qanat.results.columns import finder
from qanat.results.shapes import shape

_LONGEST: Final = 20_000  #: characters
_MOST_KEYS: Final = 64
_KEY: Final = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^\s",()\';]+))', re.ASCII)
_REST: Final = re.compile(r"(?:\s+(asc|desc))?\s*(,|$)", re.ASCII | re.IGNORECASE)
_UNORDERED: Final = frozenset({"map", "json"})


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column that rows are ordered by."""

    column: Column
    descending: bool


def parse(text: str, columns: Columns) -> tuple[SortKey, ...]:
    """Return the keys of a `sort_by` on a result with these columns, the first one first.

    Raises:
        InvalidRequestError: It is malformed, or names a column that is unknown or has no order.
    """
    if len(text) > _LONGEST:
        raise InvalidRequestError(f"sort_by: longer than {_LONGEST} characters")
    find, keys = finder(columns, "sort_by"), list[SortKey]()
    at, more = 0, True
    while more:
        name = _KEY.match(text, at)
        rest = _REST.match(text, name.end()) if name else None
        if name is None or rest is None:
            raise InvalidRequestError(f"sort_by: cannot be read from character {at + 1} on")
        wanted = name[1].replace('""', '"') if name[1] is not None else name[2]
        column = find(wanted)
        if shape(column.type).kind in _UNORDERED:
            raise InvalidRequestError(f"sort_by: column '{column.name}' has no order")
        keys.append(SortKey(column, (rest[1] or "").lower() == "desc"))
        if len(keys) > _MOST_KEYS:
            raise InvalidRequestError(f"sort_by: more than {_MOST_KEYS} columns")
        at, more = rest.end(), rest[2] == ","
    return tuple(keys)


def to_sql(keys: tuple[SortKey, ...]) -> list[tuple[str, str]]:
    """Return each key as an expression over the columns' own names, and its direction."""
    return [
        (_value(key.column), f"{'DESC' if key.descending else 'ASC'} NULLS LAST") for key in keys
    ]


def _value(column: Column) -> str:
    name, kind = quoted(column.name), shape(column.type).kind
    # 256-bit numbers and intervals lie in the file as text, whose order is another.
    if kind in ("uint256", "int256"):
        return f"CAST({name} AS BIGNUM)"
    return f"CAST({name} AS INTERVAL)" if kind.startswith("interval") else name
