"""What all parts of one statement share while it is compiled: slots, names, origins, bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp

from qanat.errors import Position, SqlRejectedError
from qanat.names import Label
from qanat.sql.interface import Catalog, QueryViews
from qanat.sql.scope import Named, Output
from qanat.sql.source import Source
from qanat.sql.types import Type

MAX_ENGINE_TEXT: Final = 4_000_000  #: characters of a template
MAX_PROBLEMS: Final = 100


@dataclass(frozen=True, slots=True)
class Value:
    """An expression in the engine's words."""

    text: str
    type: Type


@dataclass(frozen=True, slots=True)
class Translated:
    """A query in the engine's words."""

    text: str
    outputs: tuple[Output, ...]


@dataclass(slots=True)
class Statement:
    """One statement on its way to the engine."""

    catalog: Catalog
    query_views: QueryViews
    problems: list[SqlRejectedError] | None = None  #: errors gone past; None: none may be
    slots: dict[Label, int] = field(default_factory=dict)
    origins: dict[str, Position] = field(default_factory=dict)
    views: dict[Label, Named] = field(default_factory=dict)
    view_texts: list[str] = field(default_factory=list)  #: `"v1" AS (…)`, in order of need
    volatile: bool = False
    _count: int = 0
    _length: int = 0

    def passed(self, error: SqlRejectedError) -> None:
        """Go past an error if all are to be found, else raise it."""
        if self.problems is None or len(self.problems) >= MAX_PROBLEMS:
            raise error
        self.problems.append(error)

    def fresh(self, letter: str) -> str:
        """Return a name that nothing else in the engine's text has."""
        self._count += 1
        return f"{letter}{self._count}"

    def has_noted(self, name: str) -> bool:
        """Return whether the place of a name is known, so that it need not be worked out."""
        return name.lower() in self.origins

    def note(self, name: str, position: Position) -> None:
        """Remember where the user wrote a name that the engine may complain of."""
        self.origins.setdefault(name.lower(), position)

    def checked(self, text: str, source: Source, node: exp.Expr) -> str:
        """Return `text`; refuse a statement whose rewriting has no reasonable length."""
        if len(text) > 20_000:
            self._length += len(text)
            if self._length > 40 * MAX_ENGINE_TEXT or len(text) > MAX_ENGINE_TEXT:
                raise refusal(source, node, "the statement is too complex")
        return text


def span(node: exp.Expr) -> tuple[int, int] | None:
    """Return where a node stands in its text: start and length; None if nothing in it knows."""
    for found in node.dfs():
        meta = found.meta if found._meta else None  # noqa: SLF001  # `meta` would make one for every node
        if meta and "start" in meta:
            return meta["start"], meta["end"] - meta["start"] + 1
    return None


def refusal(source: Source, node: exp.Expr | None, message: str) -> SqlRejectedError:
    """Return the error that says `message` of a node."""
    while node is not None:
        found = span(node)
        if found is not None:
            return source.error(message, *found)
        node = node.parent
    return source.error(message, None)
