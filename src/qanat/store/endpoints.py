"""Custom endpoints: the latest result of a saved query under a name (contract section 5).

An endpoint is its query's shadow: it exists for whoever sees the query, and for nobody else. Who
may change it follows from its address: an owner's names are that owner's alone.
"""

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
from qanat.store import queries
from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction
from qanat.store.queries import Query

PER_OWNER: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A name for a query's latest result."""

    owner: Handle
    slug: str
    query: QueryId
    title: str  #: the query's name
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """A page of an owner's endpoints, and how many there are."""

    found: Sequence[Endpoint]
    total: int


_SELECT: Final = select(t.endpoint, t.query.c.name.label("title")).join(
    t.query, t.query.c.id == t.endpoint.c.query
)
_ONE: Final = Prepared(
    _SELECT.where(
        t.endpoint.c.owner == bindparam("handle"), t.endpoint.c.slug == bindparam("short")
    )
)
_LIST: Final = Prepared(
    _SELECT.where(t.endpoint.c.owner == bindparam("handle"))
    .order_by(t.endpoint.c.slug)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_COUNT: Final = Prepared(
    select(func.count()).select_from(t.endpoint).where(t.endpoint.c.owner == bindparam("handle"))
)
#: Two changes of one owner's names come one after the other: neither a name nor the count of
#: names can be wrong then.
_LOCK: Final = Prepared(
    select(t.owner.c.number).where(t.owner.c.handle == bindparam("handle")).with_for_update()
)
_ADD: Final = Prepared(insert(t.endpoint), ["owner", "slug", "query", "created_us", "updated_us"])
_CHANGE: Final = Prepared(
    update(t.endpoint)
    .where(t.endpoint.c.owner == bindparam("handle"), t.endpoint.c.slug == bindparam("short"))
    .values(query=bindparam("named"), updated_us=bindparam("at"))
)
_REMOVE: Final = Prepared(
    delete(t.endpoint).where(
        t.endpoint.c.owner == bindparam("handle"), t.endpoint.c.slug == bindparam("short")
    )
)


def put(tx: Transaction, caller: Caller, slug: str, query: QueryId, *, at_us: int) -> Endpoint:
    """Have a name of the caller's stand for `query`, whatever it stood for before.

    Raises:
        NotFoundError: There is no such query, or the caller may not know of it.
        ForbiddenError: It belongs to another owner, is archived or temporary.
        InvalidRequestError: The caller has too many endpoints.
    """
    tx.value(_LOCK, handle=caller.handle)
    head = queries.lock(tx, caller, query).head
    if head.is_temp:
        raise ForbiddenError("only saved queries have endpoints")
    if head.is_archived:
        raise ForbiddenError(f"query {query} is archived")
    if tx.row(_ONE, handle=caller.handle, short=slug) is not None:
        tx.run(_CHANGE, handle=caller.handle, short=slug, named=query, at=at_us)
    elif tx.value(_COUNT, handle=caller.handle) >= PER_OWNER:
        raise InvalidRequestError(f"an owner has at most {PER_OWNER} endpoints")
    else:
        tx.run(
            _ADD, owner=caller.handle, slug=slug, query=query, created_us=at_us, updated_us=at_us
        )
    made = tx.row(_ONE, handle=caller.handle, short=slug)
    assert made is not None
    return _endpoint(made)


def remove(tx: Transaction, caller: Caller, slug: str) -> None:
    """Forget a name of the caller's; its query stays.

    Raises:
        NotFoundError: There is none.
    """
    tx.value(_LOCK, handle=caller.handle)
    if tx.row(_ONE, handle=caller.handle, short=slug) is None:
        raise _unknown(caller.handle, slug)
    tx.run(_REMOVE, handle=caller.handle, short=slug)


def query_of(tx: Transaction, caller: Caller, owner: str, slug: str) -> Query:
    """Return the query that a name stands for.

    Raises:
        NotFoundError: There is none, or the caller may not know of it.
    """
    row = tx.row(_ONE, handle=owner, short=slug)
    if row is None:
        raise _unknown(owner, slug)
    try:
        return queries.read(tx, caller, QueryId(row["query"]))
    except NotFoundError:
        raise _unknown(owner, slug) from None


def list_of(tx: Transaction, caller: Caller, *, limit: int, offset: int) -> Endpoints:
    """Return the caller's endpoints by name."""
    rows = tx.rows(_LIST, handle=caller.handle, limit=limit, offset=offset)
    return Endpoints(
        found=[_endpoint(row) for row in rows], total=int(tx.value(_COUNT, handle=caller.handle))
    )


def _unknown(owner: str, slug: str) -> NotFoundError:
    return NotFoundError(f"not found: no custom endpoint {owner[:64]}/{slug[:64]}")


def _endpoint(row: dict[str, Any]) -> Endpoint:
    return Endpoint(
        owner=Handle(row["owner"]),
        slug=row["slug"],
        query=QueryId(row["query"]),
        title=row["title"],
        created_at=from_us(row["created_us"]),
        updated_at=from_us(row["updated_us"]),
    )
