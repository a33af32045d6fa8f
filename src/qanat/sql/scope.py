"""Which columns a name may mean at a place in a statement.

A scope holds the relations of one FROM (or the arguments of one lambda) and knows the scope around
it. Names are compared folded: SQL here does not mind case, quoted or not.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from qanat.sql.types import Type


@dataclass(frozen=True, slots=True)
class Field:
    """A column in scope."""

    name: str | None  #: as written; None: it has no name and can only come out of a star
    type: Type
    text: str  #: how the engine's text refers to it


@dataclass(frozen=True, slots=True)
class Output:
    """A column that a query gives."""

    name: str | None  #: as the user named it; None: the user did not
    type: Type
    column: str  #: what the engine's text calls it; unique in its query


@dataclass(frozen=True, slots=True)
class Named:
    """A CTE or a query view: rows with a name in the engine's text."""

    name: str
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """Something that stands in a FROM."""

    alias: str | None  #: folded
    fields: tuple[Field, ...]
    path: tuple[str, ...] = ()  #: of a table without an alias: its full name, folded
    is_open: bool = False  #: does not exist, and that was said: it may have any column


class AmbiguousError(Exception):
    """A name means more than one column."""


@dataclass(slots=True)
class Scope:
    """The columns of one level of a statement."""

    parent: Scope | None = None
    relations: list[Relation] = field(default_factory=list)
    merged: dict[str, Field] = field(default_factory=dict)  #: columns joined by USING, folded
    ctes: Mapping[str, Named] = field(default_factory=dict)  #: folded name → rows
    windows: Mapping[str, exp.Window] = field(default_factory=dict)  #: of WINDOW, folded
    aliases: Mapping[str, Field] = field(default_factory=dict)  #: output names, in ORDER BY

    def find(self, parts: Sequence[str]) -> tuple[Field, int] | None:
        """Return the column that a dotted name means and how many of its parts name it.

        The remaining parts are fields of a row.

        Raises:
            AmbiguousError: It means several.
        """
        scope: Scope | None = self
        while scope is not None:
            found = scope.here(parts)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def here(self, parts: Sequence[str]) -> tuple[Field, int] | None:
        """Return what `find` returns, of this level only."""
        folded = [part.lower() for part in parts]
        if folded[0] in self.aliases:
            return self.aliases[folded[0]], 1
        for used in range(min(len(folded) - 1, 3), 0, -1):
            for relation in self.relations_named(folded[:used]):
                if found := _one(f for f in relation.fields if _is(f, folded[used])):
                    return found, used + 1
        if folded[0] in self.merged:
            return self.merged[folded[0]], 1
        found = _one(f for relation in self.relations for f in relation.fields if _is(f, folded[0]))
        return (found, 1) if found else None

    def relations_named(self, path: Sequence[str]) -> list[Relation]:
        """Return the relations here that a (folded) path names."""
        if len(path) == 1:
            named = [r for r in self.relations if r.alias == path[0]]
            if named:
                return named
        return [
            r for r in self.relations if r.alias is None and r.path[-len(path) :] == tuple(path)
        ]

    def star(self) -> list[Field]:
        """Return what `*` stands for: merged columns first, then the others in order."""
        shown = [f for r in self.relations for f in r.fields]
        rest = [f for f in shown if f.name is None or f.name.lower() not in self.merged]
        return [*self.merged.values(), *rest]

    def with_aliases(self, aliases: Mapping[str, Field]) -> Scope:
        """Return this scope as ORDER BY sees it: the names of the output come first."""
        return Scope(self.parent, self.relations, self.merged, self.ctes, self.windows, aliases)

    def is_open(self) -> bool:
        """Return whether a column that is not found may be one of a relation that is unknown."""
        scope: Scope | None = self
        while scope is not None:
            if any(relation.is_open for relation in scope.relations):
                return True
            scope = scope.parent
        return False

    def near(self, name: str) -> str | None:
        """Return a column's name that looks like `name`, for a suggestion."""
        names: dict[str, str] = {}
        scope: Scope | None = self
        while scope is not None:
            for relation in scope.relations:
                names |= {f.name.lower(): f.name for f in relation.fields if f.name}
            scope = scope.parent
        return nearest(name, names)


def nearest(name: str, names: Mapping[str, str] | Iterable[str]) -> str | None:
    """Return the one of `names` (folded, or folded → shown) that is most like `name`."""
    shown = names if isinstance(names, Mapping) else {n: n for n in names}
    found = difflib.get_close_matches(name.lower()[:100], list(shown)[:2000], n=1, cutoff=0.75)
    return shown[found[0]] if found else None


def _is(column: Field, folded: str) -> bool:
    return column.name is not None and column.name.lower() == folded


def _one(fields: Iterable[Field]) -> Field | None:
    found = list(fields)
    if len(found) > 1:
        raise AmbiguousError
    return found[0] if found else None
