"""What a query was at each of its versions; they are only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, bindparam, func, or_, select

from qanat.clock import from_us
from qanat.errors import NotFoundError
from qanat.names import QueryId
from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction
from qanat.store.queries import Query, Text, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A query as it was saved once."""

    number: int
    text: Text
    created_at: datetime


_VERSIONS: Final = Prepared(
    select(t.query_version)
    .where(t.query_version.c.query == bindparam("query_id"))
    .order_by(t.query_version.c.version.desc())
    .limit(bindparam("most"))
    .offset(bindparam("after"))
)
_VERSION: Final = Prepared(
    select(t.query_version).where(
        t.query_version.c.query == bindparam("query_id"),
        t.query_version.c.version == bindparam("number"),
    )
)
_now: Final = t.query_version.alias("now")
_SAME_SINCE: Final = Prepared(
    select(func.coalesce(func.max(t.query_version.c.version), 0) + 1)
    .select_from(
        t.query_version.join(
            _now,
            and_(
                _now.c.query == t.query_version.c.query, _now.c.version == bindparam("version_now")
            ),
        )
    )
    .where(
        t.query_version.c.query == bindparam("query_id"),
        or_(
            t.query_version.c.sql != _now.c.sql,
            t.query_version.c.parameters != _now.c.parameters,
        ),
    )
)
_COUNT_VERSIONS: Final = Prepared(
    select(func.count())
    .select_from(t.query_version)
    .where(t.query_version.c.query == bindparam("query_id"))
)


def list_of(tx: Transaction, id_: QueryId, *, limit: int, offset: int) -> tuple[list[Version], int]:
    """Return the versions of a query, newest first, and how many there are altogether."""
    found = tx.rows(_VERSIONS, query_id=id_, most=limit, after=offset)
    return [_version(row) for row in found], tx.value(_COUNT_VERSIONS, query_id=id_)


def read(tx: Transaction, id_: QueryId, number: int) -> Version:
    """Return one version of a query.

    Raises:
        NotFoundError: There is none of that number.
    """
    row = tx.row(_VERSION, query_id=id_, number=number)
    if row is None:
        raise NotFoundError("Object not found")
    return _version(row)


def same_text_since(tx: Transaction, query: Query) -> int:
    """Return the first version since which text and parameters have been as they are now."""
    return int(tx.value(_SAME_SINCE, query_id=query.id, version_now=query.version))


def _version(row: dict[str, Any]) -> Version:
    return Version(number=row["version"], text=text_of(row), created_at=from_us(row["created_us"]))
