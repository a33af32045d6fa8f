"""Charts of saved queries. A chart belongs to its query and is seen by whoever sees the query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from qanat.clock import from_us
from qanat.errors import ForbiddenError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.names import Handle, QueryId
from qanat.store import tables as t
from qanat.store.codec import dump, load
from qanat.store.database import Prepared, Transaction

PER_QUERY: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a visualization is called and how it is drawn."""

    name: str
    type: str
    description: str
    options: dict[str, Any]  #: the drawer's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Visualization:
    """A chart of a saved query."""

    id: int
    query: QueryId
    owner: Handle  #: of the query
    chart: Chart
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visualizations:
    """A page of the charts of a query, and how many it has."""

    found: Sequence[Visualization]
    total: int


_SELECT: Final = select(
    t.visualization,
    t.query.c.owner,
    t.query.c.is_private,
    t.query.c.is_archived,
    t.query.c.is_temp,
).join(t.query, t.query.c.id == t.visualization.c.query)
_ONE: Final = Prepared(_SELECT.where(t.visualization.c.id == bindparam("id")))
_OF_QUERY: Final = Prepared(
    _SELECT.where(t.visualization.c.query == bindparam("query"))
    .order_by(t.visualization.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_COUNT: Final = Prepared(
    select(func.count())
    .select_from(t.visualization)
    .where(t.visualization.c.query == bindparam("query"))
)
_QUERY: Final = Prepared(
    select(t.query.c.owner, t.query.c.is_private, t.query.c.is_archived, t.query.c.is_temp).where(
        t.query.c.id == bindparam("query")
    )
)
_ADD: Final = Prepared(
    insert(t.visualization).returning(t.visualization.c.id),
    ["query", "name", "description", "type", "options", "created_us", "updated_us"],
)
_CHANGE: Final = Prepared(
    update(t.visualization)
    .where(t.visualization.c.id == bindparam("visualization"))
    .values(
        name=bindparam("title"),
        description=bindparam("about"),
        type=bindparam("kind"),
        options=bindparam("drawn"),
        updated_us=bindparam("at"),
    )
)
_DELETE: Final = Prepared(
    delete(t.visualization).where(t.visualization.c.id == bindparam("visualization"))
)


def create(tx: Transaction, caller: Caller, query: QueryId, chart: Chart, *, at_us: int) -> int:
    """Return the id of a new chart of `query`.

    Raises:
        NotFoundError: There is no such query, or the caller may not know of it.
        ForbiddenError: The query belongs to another owner, or may not have charts.
        InvalidRequestError: It has too many.
    """
    row = tx.row(_QUERY, query=query)
    if row is None or not caller.sees(row["owner"], is_private=bool(row["is_private"])):
        raise NotFoundError("Query not found")
    _require_own(caller, row)
    if tx.value(_COUNT, query=query) >= PER_QUERY:
        raise InvalidRequestError(f"a query has at most {PER_QUERY} visualizations")
    return int(
        tx.value(
            _ADD,
            query=query,
            name=chart.name,
            description=chart.description,
            type=chart.type,
            options=dump(chart.options),
            created_us=at_us,
            updated_us=at_us,
        )
    )


def get(tx: Transaction, caller: Caller, id_: int) -> Visualization:
    """Return a chart.

    Raises:
        NotFoundError: There is none, or the caller may not know of it.
    """
    return _visualization(_seen(tx, caller, id_))


def of_query(
    tx: Transaction, caller: Caller, query: QueryId, *, limit: int, offset: int
) -> Visualizations:
    """Return the charts of a query, oldest first.

    Raises:
        NotFoundError: There is no such query, or the caller may not know of it.
    """
    row = tx.row(_QUERY, query=query)
    if row is None or not caller.sees(row["owner"], is_private=bool(row["is_private"])):
        raise NotFoundError("Query not found")
    return Visualizations(
        found=[
            _visualization(found)
            for found in tx.rows(_OF_QUERY, query=query, limit=limit, offset=offset)
        ],
        total=int(tx.value(_COUNT, query=query)),
    )


def change(tx: Transaction, caller: Caller, id_: int, chart: Chart, *, at_us: int) -> None:
    """Make a chart into `chart`, whole.

    Raises:
        NotFoundError: There is none, or the caller may not know of it.
        ForbiddenError: Its query belongs to another owner, or is archived.
    """
    _require_own(caller, _seen(tx, caller, id_))
    tx.run(
        _CHANGE,
        visualization=id_,
        title=chart.name,
        about=chart.description,
        kind=chart.type,
        drawn=dump(chart.options),
        at=at_us,
    )


def remove(tx: Transaction, caller: Caller, id_: int) -> None:
    """Delete a chart; dashboards that show it show it no longer.

    Raises:
        NotFoundError: There is none, or the caller may not know of it.
        ForbiddenError: Its query belongs to another owner, or is archived.
    """
    _require_own(caller, _seen(tx, caller, id_))
    tx.run(_DELETE, visualization=id_)


def _seen(tx: Transaction, caller: Caller, id_: int) -> dict[str, Any]:
    row = tx.row(_ONE, id=id_)
    if row is None or not caller.sees(row["owner"], is_private=bool(row["is_private"])):
        raise NotFoundError("Object not found")
    return row


def _require_own(caller: Caller, row: dict[str, Any]) -> None:
    if row["owner"] != caller.handle:
        raise ForbiddenError(f"the query belongs to {row['owner']}")
    if row["is_archived"]:
        raise ForbiddenError("the query is archived")
    if row["is_temp"]:
        raise ForbiddenError("only a saved query has visualizations")


def _visualization(row: dict[str, Any]) -> Visualization:
    return Visualization(
        id=row["id"],
        query=QueryId(row["query"]),
        owner=Handle(row["owner"]),
        chart=Chart(
            name=row["name"],
            type=row["type"],
            description=row["description"],
            options=load(row["options"]),
        ),
        created_at=from_us(row["created_us"]),
        updated_at=from_us(row["updated_us"]),
    )
