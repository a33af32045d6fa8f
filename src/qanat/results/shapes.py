"""Column types, read from their text (Trino's words) into a tree.

A word that is not known becomes a scalar of that name, so a new type of an engine is shown as
text rather than refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Where precision is not said, Trino means three digits: milliseconds.
_DEFAULT_PRECISION: Final = 3
_SCALARS: Final = frozenset(
    {
        "boolean",
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "double",
        "real",
        "decimal",
        "uint256",
        "int256",
        "varchar",
        "char",
        "varbinary",
        "date",
        "timestamp",
        "timestamp with time zone",
        "time",
        "time with time zone",
        "interval year to month",
        "interval day to second",
        "json",
        "uuid",
        "ipaddress",
        "unknown",
    }
)
_WORDS: Final = re.compile(r"([^()]*?)\s*(?:\((.*)\))?\s*([^()]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shape:
    """A type as a tree."""

    kind: str  #: `bigint`, `timestamp with time zone`, `array`, `map`, `row`, …
    numbers: tuple[int, ...] = ()  #: length, precision, or precision and scale
    parts: tuple[Shape, ...] = ()  #: the element; the key and the value; the fields
    names: tuple[str, ...] = ()  #: of a row's fields; empty when they have none

    @property
    def digits(self) -> int:
        """Return how many digits of a second are shown."""
        return self.numbers[0] if self.numbers else _DEFAULT_PRECISION


@lru_cache(maxsize=4096)
def shape(text: str) -> Shape:
    """Return the tree of a type's text."""
    match = _WORDS.fullmatch(text.strip())
    if match is None:
        return Shape(text.strip())
    head, inner, tail = match[1].strip().lower(), match[2], match[3].strip().lower()
    if inner is None:
        return Shape(f"{head} {tail}".strip())
    items = _split(inner)
    if head == "array":
        return Shape("array", parts=(shape(inner),))
    if head == "map":
        return Shape("map", parts=tuple(shape(item) for item in items))
    if head == "row":
        return _row(items)
    numbers = tuple(int(item) for item in items if item.strip().isdigit())
    return Shape(f"{head} {tail}".strip(), numbers=numbers)


def _row(items: list[str]) -> Shape:
    fields = [_field(item.strip()) for item in items]
    names = tuple(name for name, _ in fields if name is not None)
    parts = tuple(shape(of) for _, of in fields)
    return Shape("row", parts=parts, names=names if len(names) == len(parts) else ())


def _field(item: str) -> tuple[str | None, str]:
    """Return a field's name, None if it has none, and the text of its type."""
    quoted = re.match(r'"((?:[^"]|"")*)"\s*', item)
    if quoted:
        return quoted[1].replace('""', '"'), item[quoted.end() :]
    name, space, of = item.partition(" ")
    if not space or shape(item).kind in _SCALARS or re.match(r"(array|map|row)\s*\(", item):
        return None, item
    return name, of


def _split(inner: str) -> list[str]:
    """Return what stands between the commas that are in no parentheses and no quotes."""
    items, depth, quoted, start = [], 0, False, 0
    for at, letter in enumerate(inner):
        if letter == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "," and depth == 0:
            items.append(inner[start:at])
            start = at + 1
    items.append(inner[start:])
    return items
