"""What the parts of `qanat.sql` hand to one another and to the coordinator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from qanat.errors import Position
from qanat.model.parameters import Parameter as Parameter  # noqa: PLC0414  # sql's parts read it here
from qanat.model.types import Columns
from qanat.names import Label, QueryId


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewedQuery:
    """A saved query as another query sees it (`query_123`)."""

    query: QueryId
    version: int
    sql: str
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A relation that a text names and that is not one of its own CTEs."""

    label: Label  #: folded: `dune.acme.result_x`, `ethereum.blocks`, `query_12(a='b')`
    position: Position
    query: QueryId | None = None  #: of a query view: which query
    arguments: Mapping[str, str] = field(default_factory=dict)  #: of a query view


QueryViews = Callable[[Reference], ViewedQuery]
"""Returns the query behind a query view; raises SqlRejectedError if there is none to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What a statement reads, through query views too."""

    relations: Mapping[Label, Position]  #: tables, views and sources → where they are first named
    queries: frozenset[tuple[QueryId, int]] = frozenset()  #: query views gone through, by version
    error: Exception | None = None  #: the text could not be read; the relations are then empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An engine statement with a slot per relation; made once, bound for every run.

    Slot k stands in `text` as the quoted identifier `"$k"`.
    """

    text: str
    slots: tuple[Label, ...]  #: what fills each slot
    names: tuple[str, ...]  #: output columns, unique; unnamed ones are `_col0`, `_col1`, …
    types: tuple[str, ...] = ()  #: of the output columns, in Trino's words
    unnamed: tuple[int, ...] = ()  #: places of output columns that the user gave no name
    volatile: bool  #: another run on the same inputs may give other rows
    origins: Mapping[str, Position] = field(default_factory=dict)
    #: identifiers of the engine's text, folded → where the user wrote them


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with a statement; without line and column if its place is not known."""

    line: int | None
    column: int | None
    length: int | None  #: characters to underline
    message: str
    suggestion: str | None = None  #: what may have been meant


Catalog = Callable[[Label], Columns | None]
"""Returns the columns of a relation; None if there is none by that name that may be read."""
