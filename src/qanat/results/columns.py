"""Columns of a result, by name: finding them, and lists of them as a URL holds them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from qanat.errors import InvalidRequestError
from qanat.model.types import Column, Columns

_LONGEST: Final = 100_000  #: characters of a list; more than a URL holds
_BARE: Final = re.compile(r"([^\",]*)(,|$)")
_QUOTED: Final = re.compile(r'\s*"((?:[^"\\]|\\.|"")*)"\s*(,|$)', re.DOTALL)


def finder(columns: Columns, where: str) -> Callable[[str], Column]:
    """Return what finds a column by its name: as written, or else without regard to case.

    It raises InvalidRequestError, whose text begins with `where`, if there is no such column.
    """
    exact = {column.name: column for column in columns}
    folded = {column.name.lower(): column for column in columns}

    def find(name: str) -> Column:
        column = exact.get(name) or folded.get(name.lower())
        if column is None:
            shown = name[:200].encode("utf-8", "replace").decode()
            raise InvalidRequestError(f"{where}: the result has no column '{shown}'")
        return column

    return find


def parse_columns(text: str, columns: Columns) -> tuple[str, ...]:
    r"""Return the columns that a comma list names; one that is named twice counts once.

    A name with a comma or a quote stands in double quotes, in which `\"` and `""` are a quote.

    Raises:
        InvalidRequestError: The list is malformed or names an unknown column.
    """
    if len(text) > _LONGEST:
        raise InvalidRequestError("columns: the list is too long")
    find, found = finder(columns, "columns"), dict[str, None]()
    at, more = 0, True
    while more:
        quoted = _QUOTED.match(text, at)
        item = quoted or _BARE.match(text, at)
        if item is None:
            raise InvalidRequestError(f"columns: cannot be read from character {at + 1} on")
        name = _unescaped(item[1]) if quoted else item[1].strip()
        if not name:
            raise InvalidRequestError("columns: a name is missing")
        found[find(name).name] = None
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
