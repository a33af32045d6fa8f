"""Configured pipelines: the graph stored for a query, which runs instead of its lineage.

The graph is kept as the text that `coordinator.planner` writes and reads. `revision` rises with
each change, so that two people who edit one graph do not undo each other's work unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, delete, func, insert, or_, select, update

from qanat.clock import from_us
from qanat.errors import ConflictError, NotFoundError
from qanat.model.access import Caller
from qanat.names import QueryId, RunId
from qanat.store import tables as t
from qanat.store.codec import moment
from qanat.store.database import Prepared, Transaction
from qanat.store.queries import like_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPipeline:
    """The graph stored for a query."""

    nodes: str  #: as the planner wrote it
    revision: int  #: from 1
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineEntry:
    """A query that is more than itself when it runs as a pipeline."""

    query: QueryId
    name: str
    nodes: str | None  #: the stored graph; None: by lineage
    updated_at: datetime
    last_run: RunId | None
    last_state: str | None
    last_submitted_at: datetime | None
    last_ended_at: datetime | None


_ONE: Final = Prepared(select(t.pipeline).where(t.pipeline.c.query == bindparam("query_id")))
_ADD: Final = Prepared(
    insert(t.pipeline).values(version=1),
    ["query", "nodes", "version", "updated_us", "updated_by"],
)
_CHANGE: Final = Prepared(
    update(t.pipeline)
    .where(t.pipeline.c.query == bindparam("query_id"))
    .values(
        nodes=bindparam("new_nodes"),
        version=t.pipeline.c.version + 1,
        updated_us=bindparam("at"),
        updated_by=bindparam("who"),
    )
    .returning(t.pipeline.c.version)
)
_REMOVE: Final = Prepared(delete(t.pipeline).where(t.pipeline.c.query == bindparam("query_id")))

_last: Final = (
    select(t.run.c.query, func.max(t.run.c.accepted).label("accepted"))
    .where(t.run.c.kind == "pipeline", t.run.c.owner == bindparam("owner_handle"))
    .group_by(t.run.c.query)
    .subquery("last")
)
#: The newest version reads a view of its owner: more than one node.
_reads_own_view: Final = t.query_version.c.reads.like(bindparam("own_prefix"), escape="\\")


def _listed(what: Select[Any]) -> Select[Any]:
    return what.where(
        t.query.c.owner == bindparam("owner_handle"),
        t.query.c.is_archived == 0,
        t.query.c.is_temp == 0,
        or_(t.pipeline.c.query.is_not(None), _reads_own_view),
        or_(
            func.lower(t.query.c.name).like(bindparam("pattern"), escape="\\"),
            t.query.c.id == bindparam("number"),
        ),
    )


_from: Final = t.query.join(
    t.query_version,
    and_(t.query_version.c.query == t.query.c.id, t.query_version.c.version == t.query.c.version),
).outerjoin(t.pipeline, t.pipeline.c.query == t.query.c.id)
_LIST: Final = Prepared(
    _listed(
        select(
            t.query.c.id,
            t.query.c.name,
            t.query.c.updated_us,
            t.pipeline.c.nodes,
            t.pipeline.c.updated_us.label("stored_us"),
            t.run.c.id.label("run"),
            t.run.c.state,
            t.run.c.accepted_us,
            t.run.c.ended_us,
        ).select_from(
            _from.outerjoin(_last, _last.c.query == t.query.c.id).outerjoin(
                t.run, t.run.c.accepted == _last.c.accepted
            )
        )
    )
    .order_by(func.coalesce(_last.c.accepted, 0).desc(), func.lower(t.query.c.name), t.query.c.id)
    .limit(bindparam("most"))
    .offset(bindparam("after"))
)
_COUNT: Final = Prepared(_listed(select(func.count()).select_from(_from)))


def find(tx: Transaction, query: QueryId) -> StoredPipeline | None:
    """Return the graph stored for a query; None if its lineage decides."""
    row = tx.row(_ONE, query_id=query)
    if row is None:
        return None
    return StoredPipeline(
        nodes=row["nodes"], revision=row["version"], updated_at=from_us(row["updated_us"])
    )


def put(
    tx: Transaction,
    caller: Caller,
    query: QueryId,
    nodes: str,
    *,
    revision: int | None = None,
    at_us: int,
) -> int:
    """Store a graph for a query, in place of any other; its revision.

    The caller has locked the query.

    Raises:
        ConflictError: The stored graph is not at `revision`; 0 means that none may be stored.
    """
    before = find(tx, query)
    now = 0 if before is None else before.revision
    if revision is not None and revision != now:
        raise ConflictError(f"the pipeline of query {query} is at revision {now}, not {revision}")
    if before is None:
        tx.run(_ADD, query=query, nodes=nodes, updated_us=at_us, updated_by=caller.handle)
        return 1
    return int(tx.value(_CHANGE, query_id=query, new_nodes=nodes, at=at_us, who=caller.handle))


def remove(tx: Transaction, query: QueryId) -> None:
    """Forget the graph stored for a query.

    Raises:
        NotFoundError: None is stored.
    """
    if tx.run(_REMOVE, query_id=query) == 0:
        raise NotFoundError("Object not found")


def list_of(
    tx: Transaction, caller: Caller, *, limit: int, offset: int, search: str = ""
) -> tuple[list[PipelineEntry], int]:
    """Return the caller's queries with a stored graph or views below them, last run first.

    Also how many there are altogether.
    """
    own = like_pattern(f'"name":"dune.{caller.handle}.result_')
    asked = {
        "owner_handle": caller.handle,
        "own_prefix": own,
        "pattern": like_pattern(search),
        "number": int(search) if search.isdecimal() and len(search) < 16 else 0,
    }
    entries = [
        PipelineEntry(
            query=QueryId(row["id"]),
            name=row["name"],
            nodes=row["nodes"],
            updated_at=from_us(row["stored_us"] or row["updated_us"]),
            last_run=row["run"],
            last_state=row["state"],
            last_submitted_at=moment(row["accepted_us"]),
            last_ended_at=moment(row["ended_us"]),
        )
        for row in tx.rows(_LIST, **asked, most=limit, after=offset)
    ]
    return entries, tx.value(_COUNT, **asked)
