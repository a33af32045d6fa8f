"""Stars: queries and dashboards that an owner marked to find again.

A star is its owner's own: nobody else sees it, and it changes nothing about the thing. It lasts
while the thing is archived. While the thing is private to another owner, the star does not show;
it is there again once the thing is public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Table, and_, bindparam, delete, exists, func, insert, not_, or_, select
from sqlalchemy.sql import ColumnElement

from qanat.errors import InvalidRequestError
from qanat.model.access import Caller
from qanat.names import QueryId
from qanat.store import dashboards, queries
from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction

PER_OWNER: Final = 1_000


class Kind(StrEnum):
    """What can have a star."""

    QUERY = "query"
    DASHBOARD = "dashboard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stars:
    """What an owner starred and may see, last starred first."""

    queries: Sequence[QueryId]
    dashboards: Sequence[int]


#: Raises NotFoundError for what the caller may not know of.
_READ: Final[Mapping[Kind, Callable[[Transaction, Caller, Any], object]]] = {
    Kind.QUERY: queries.read,
    Kind.DASHBOARD: dashboards.get,
}


def _seen(kind: Kind, things: Table) -> ColumnElement[bool]:
    """Return whether a star is of this kind, and its owner may know of the thing."""
    return and_(
        t.star.c.kind == kind.value,
        exists().where(
            things.c.id == t.star.c.thing,
            or_(things.c.is_private == 0, things.c.owner == t.star.c.owner),
        ),
    )


_SEEN: Final = or_(_seen(Kind.QUERY, t.query), _seen(Kind.DASHBOARD, t.dashboard))
_OWN: Final = t.star.c.owner == bindparam("handle")
_ONE: Final = and_(_OWN, t.star.c.kind == bindparam("what"), t.star.c.thing == bindparam("number"))
#: Two changes of one owner's stars come one after the other: their count cannot be wrong then.
_LOCK: Final = Prepared(
    select(t.owner.c.number).where(t.owner.c.handle == bindparam("handle")).with_for_update()
)
_HAS: Final = Prepared(select(t.star.c.thing).where(_ONE))
_COUNT: Final = Prepared(select(func.count()).select_from(t.star).where(_OWN))
_LIST: Final = Prepared(
    select(t.star.c.kind, t.star.c.thing)
    .where(_OWN, _SEEN)
    .order_by(t.star.c.starred_us.desc(), t.star.c.kind, t.star.c.thing.desc())
)
_ADD: Final = Prepared(insert(t.star), ["owner", "kind", "thing", "starred_us"])
_REMOVE: Final = Prepared(delete(t.star).where(_ONE))
_FORGET_UNSEEN: Final = Prepared(delete(t.star).where(_OWN, not_(_SEEN)))


def put(tx: Transaction, caller: Caller, kind: Kind, thing: int, *, at_us: int) -> None:
    """Give a thing the caller's star; one that has it keeps it as it is.

    Stars that do not show give way when there is no room.

    Raises:
        NotFoundError: There is no such thing, or the caller may not know of it.
        InvalidRequestError: The caller has too many stars.
    """
    tx.value(_LOCK, handle=caller.handle)
    _READ[kind](tx, caller, thing)
    if tx.value(_HAS, handle=caller.handle, what=kind.value, number=thing) is not None:
        return
    is_full = tx.value(_COUNT, handle=caller.handle) >= PER_OWNER
    if is_full and tx.run(_FORGET_UNSEEN, handle=caller.handle) == 0:
        raise InvalidRequestError(
            f"an owner has at most {PER_OWNER} stars: take one off before giving another"
        )
    tx.run(_ADD, owner=caller.handle, kind=kind.value, thing=thing, starred_us=at_us)


def remove(tx: Transaction, caller: Caller, kind: Kind, thing: int) -> None:
    """Take the caller's star off a thing, whether or not there was one."""
    tx.run(_REMOVE, handle=caller.handle, what=kind.value, number=thing)


def of(tx: Transaction, caller: Caller) -> Stars:
    """Return what the caller starred and may see, archived things too."""
    rows = tx.tuples(_LIST, handle=caller.handle)
    return Stars(
        queries=[QueryId(thing) for kind, thing in rows if kind == Kind.QUERY],
        dashboards=[thing for kind, thing in rows if kind == Kind.DASHBOARD],
    )
