"""Columns of a result, by name: finding one, and lists of them as a URL holds them."""

from __future__ import annotations

import re
from typing import Final

from qanat.errors import InvalidRequestError
from qanat.model.types import Column, Columns

_LONGEST: Final = 100_000  #: characters of a list; more than a URL holds
_BARE: Final = re.compile(r"([^\",]*)(,|$)")
_QUOTED: Final = re.compile(r'\s*"((?:[^"\\]|\\.|"")*)"\s*(,|$)', re.DOTALL)


def find_column(name: str, columns: Columns, where: str) -> Column:
    """Return the column of that name: as written, or else without regard to case.

    Raises:
        InvalidRequestError: There is none; the text begins with `where`.
    """
    folded = None
    for column in columns:
        if column.name == name:
            return column
        if column.name.lower() == name.lower():
            folded = column
    if folded is None:
        shown = name[:200].encode("utf-8", "replace").decode()
        raise InvalidRequestError(f"{where}: the result has no column '{shown}'")
    return folded


def parse_columns(text: str, columns: Columns) -> tuple[str, ...]:
    r"""Return the columns that a comma list names; one that is named twice counts once.

    A name with a comma or a quote stands in double quotes, in which `\"` and `""` are a quote.

    Raises:
        InvalidRequestError: The list is malformed or names an unknown column.
    """
    if len(text) > _LONGEST:
        raise InvalidRequestError("columns: the list is too long")
    found: dict[str, None] = {}
    at, more = 0, True
    while more:
        quoted = _QUOTED.match(text, at)
        item = quoted or _BARE.match(text, at)
        if item is None:
            raise InvalidRequestError(f"columns: cannot be read from character {at + 1} on")
        name = _unescaped(item[1]) if quoted else item[1].strip()
        if not name:
            raise InvalidRequestError("columns: a name is missing")
        found[find_column(name, columns, "columns").name] = None
        at, more = item.end(), item[2] == ","
    return tuple(found)


def columns_text(names: tuple[str, ...]) -> str:
    """Return the comma list that `parse_columns` reads as `names`."""
    return ",".join(_quoted(name) for name in names)


def _quoted(name: str) -> str:
    if name == name.strip() and not set(name) & set('",\\'):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unescaped(text: str) -> str:
    return re.sub(r'\\(["\\])|""', lambda found: found[1] or '"', text)
