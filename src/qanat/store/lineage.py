"""What reads what, as the texts of saved queries name it: for people, not for planning.

Only newest versions count. What a caller may not know of is left out at both ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import bindparam, or_, select

from qanat.model.access import Caller
from qanat.names import Label, QueryId
from qanat.store import lookup, queries
from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction
from qanat.store.queries import like_pattern

MOST: Final = 1_000  #: readers of one relation that are told
RelationKind = Literal["source", "upload", "view", "query"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """A relation that a query's text names."""

    name: str
    kind: RelationKind
    query: QueryId | None  #: behind a view or a query view
    line: int | None  #: None: only through a query view
    column: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Something that reads a relation: a query, the view made of it, or a dashboard."""

    kind: Literal["query", "view", "dashboard"]
    title: str
    query: QueryId | None = None
    name: Label | None = None  #: of a view
    dashboard: int | None = None


_READERS: Final = Prepared(
    select(t.query.c.id, t.query.c.name)
    .join(
        t.query_version,
        (t.query_version.c.query == t.query.c.id)
        & (t.query_version.c.version == t.query.c.version),
    )
    .where(
        t.query_version.c.reads.like(bindparam("pattern"), escape="\\"),
        t.query.c.is_archived == 0,
        t.query.c.is_temp == 0,
        or_(t.query.c.is_private == 0, t.query.c.owner == bindparam("caller")),
    )
    .order_by(t.query.c.name, t.query.c.id)
    .limit(MOST)
)
_VIEWS: Final = Prepared(
    select(t.name.c.label)
    .join(t.view, t.view.c.name == t.name.c.id)
    .where(
        t.view.c.query == bindparam("query"),
        t.name.c.deleted_us.is_(None),
        or_(t.name.c.is_private == 0, t.name.c.owner == bindparam("caller")),
    )
    .order_by(t.name.c.label)
)
_CHARTS: Final = Prepared(
    select(t.visualization.c.id).where(t.visualization.c.query == bindparam("query"))
)
_DASHBOARDS: Final = Prepared(
    select(t.dashboard.c.id, t.dashboard.c.name)
    .where(
        t.dashboard.c.widgets.like(bindparam("pattern"), escape="\\"),
        t.dashboard.c.is_archived == 0,
        or_(t.dashboard.c.is_private == 0, t.dashboard.c.owner == bindparam("caller")),
    )
    .order_by(t.dashboard.c.name, t.dashboard.c.id)
    .limit(MOST)
)


def reads(
    tx: Transaction, caller: Caller, query: QueryId, sources: frozenset[Label]
) -> list[Reads]:
    """Return what the text of a query names, in the order of the text.

    Raises:
        NotFoundError: There is no such query, or the caller may not know of it.
    """
    found = []
    for read in queries.read(tx, caller, query).text.reads:
        kind, behind = _resolved(tx, caller, read, sources)
        if kind is not None:
            found.append(
                Reads(name=read.name, kind=kind, query=behind, line=read.line, column=read.column)
            )
    return sorted(found, key=lambda one: (one.line or 0, one.column or 0))


def readers(tx: Transaction, caller: Caller, label: str) -> list[Reader]:
    """Return the queries that name a relation, each with the views made of it."""
    return _readers(tx, caller, [label])


def readers_of_query(tx: Transaction, caller: Caller, query: QueryId) -> list[Reader]:
    """Return what reads a query: as a query view, through its view, or on a dashboard."""
    views = [label for (label,) in tx.tuples(_VIEWS, query=query, caller=caller.handle)]
    found = _readers(tx, caller, [f"query_{query}", *views])
    seen: set[int] = set()
    for (chart,) in tx.tuples(_CHARTS, query=query):
        pattern = like_pattern(f'"visualization":{chart},')
        for id_, name in tx.tuples(_DASHBOARDS, pattern=pattern, caller=caller.handle):
            if id_ not in seen:
                seen.add(id_)
                found.append(Reader(kind="dashboard", title=name, dashboard=id_))
    return found


def _readers(tx: Transaction, caller: Caller, labels: Sequence[str]) -> list[Reader]:
    found: dict[int, str] = {}
    for label in labels:
        pattern = like_pattern(f'"name":"{label}"')
        found.update(tx.tuples(_READERS, pattern=pattern, caller=caller.handle))
    made = []
    for id_, name in found.items():
        made.append(Reader(kind="query", title=name, query=QueryId(id_)))
        made += [
            Reader(kind="view", title=name, query=QueryId(id_), name=Label(label))
            for (label,) in tx.tuples(_VIEWS, query=id_, caller=caller.handle)
        ]
    return made


def _resolved(
    tx: Transaction, caller: Caller, read: queries.Read, sources: frozenset[Label]
) -> tuple[RelationKind | None, QueryId | None]:
    if read.query is not None:
        return "query", QueryId(read.query)
    named = lookup.name(tx, read.name)
    if named is not None and caller.sees(named["owner"], is_private=bool(named["is_private"])):
        if named["kind"] == "upload":
            return "upload", None
        return "view", QueryId(named["query"])
    return ("source" if read.name in sources else None), None
