"""Dashboards.

What is private to another owner does not exist for a caller, on a dashboard too: a chart of
somebody's private query is left out of what others see of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_if_absent

from qanat.clock import from_us
from qanat.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.model.dashboard import Widgets, without_charts
from qanat.model.state import RunState
from qanat.names import Handle, QueryId
from qanat.store import tables as t
from qanat.store.codec import dump, load, moment
from qanat.store.database import Prepared, Transaction

SLUGS: Final = 1_000  #: tries to find one that is free
SLUG_TEXT: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SLUG_CHARS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A dashboard, as one caller sees it."""

    id: int
    owner: Handle
    slug: str
    name: str
    is_private: bool
    is_archived: bool
    tags: tuple[str, ...]
    widgets: Widgets
    queries: Mapping[int, QueryId]  #: visualization → the query it draws
    revision: int
    updated_at: datetime
    published_at: datetime | None = None  #: of the last refresh that was published; in lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboards:
    """A page of dashboards, without the queries of their charts, and how many there are."""

    found: Sequence[Dashboard]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be changed; None leaves it."""

    name: str | None = None
    slug: str | None = None
    is_private: bool | None = None
    tags: tuple[str, ...] | None = None
    widgets: Widgets | None = None


_CHART_SEEN: Final = Prepared(
    select(t.visualization.c.id, t.visualization.c.query)
    .join(t.query, t.query.c.id == t.visualization.c.query)
    .where(
        t.visualization.c.id == bindparam("visualization"),
        or_(t.query.c.is_private == 0, t.query.c.owner == bindparam("caller")),
    )
)
_QUERY_SEEN: Final = Prepared(
    select(t.query.c.id).where(
        t.query.c.id == bindparam("query"),
        or_(t.query.c.is_private == 0, t.query.c.owner == bindparam("caller")),
    )
)
_ONE: Final = Prepared(select(t.dashboard).where(t.dashboard.c.id == bindparam("id")))
_LOCK: Final = Prepared(
    select(t.dashboard).where(t.dashboard.c.id == bindparam("id")).with_for_update()
)
_BY_SLUG: Final = Prepared(
    select(t.dashboard).where(
        t.dashboard.c.owner == bindparam("owner"), t.dashboard.c.slug == bindparam("slug")
    )
)
_published = (
    select(func.max(t.run.c.ended_us))
    .join(t.dashboard_run, t.dashboard_run.c.run == t.run.c.id)
    .where(
        t.dashboard_run.c.dashboard == t.dashboard.c.id,
        t.run.c.state == RunState.COMPLETED.value,
    )
    .scalar_subquery()
)
_VISIBLE: Final = (
    t.dashboard.c.is_archived == 0,
    or_(t.dashboard.c.is_private == 0, t.dashboard.c.owner == bindparam("caller")),
    or_(
        func.lower(t.dashboard.c.name).like(bindparam("pattern"), escape="\\"),
        func.lower(t.dashboard.c.tags).like(bindparam("pattern"), escape="\\"),
    ),
)
_STARRED: Final = t.dashboard.c.id.in_(
    select(t.star.c.thing).where(
        t.star.c.owner == bindparam("caller"), t.star.c.kind == "dashboard"
    )
)


def _list_and_count(*which: ColumnElement[bool]) -> tuple[Prepared, Prepared]:
    return (
        Prepared(
            select(t.dashboard, _published.label("published_us"))
            .where(*which)
            .order_by(t.dashboard.c.updated_us.desc(), t.dashboard.c.id.desc())
            .limit(bindparam("limit"))
            .offset(bindparam("offset"))
        ),
        Prepared(select(func.count()).select_from(t.dashboard).where(*which)),
    )


_LIST_VISIBLE: Final = _list_and_count(*_VISIBLE)
_LIST_STARRED: Final = _list_and_count(*_VISIBLE, _STARRED)
_LOCK_OWNER: Final = Prepared(
    select(t.owner.c.number).where(t.owner.c.handle == bindparam("owner")).with_for_update()
)
_ADD: Final = Prepared(
    insert_if_absent(t.dashboard)
    .values(is_archived=0, revision=1)
    .on_conflict_do_nothing()
    .returning(t.dashboard.c.id),
    [
        "owner", "slug", "name", "is_private", "is_archived", "tags", "widgets", "revision",
        "created_us", "updated_us",
    ],
)  # fmt: skip
_CHANGE: Final = Prepared(
    update(t.dashboard)
    .where(t.dashboard.c.id == bindparam("dashboard"))
    .values(
        name=bindparam("title"),
        slug=bindparam("short"),
        is_private=bindparam("private"),
        tags=bindparam("marks"),
        widgets=bindparam("shown"),
        is_archived=bindparam("archived"),
        revision=t.dashboard.c.revision + 1,
        updated_us=bindparam("at"),
    )
)
_widgets: Final = msgspec.json.Decoder(Widgets)


def create(
    tx: Transaction,
    caller: Caller,
    name: str,
    widgets: Widgets,
    *,
    is_private: bool,
    at_us: int,
) -> Dashboard:
    """Return a new dashboard of the caller.

    Raises:
        InvalidRequestError: It shows a visualization that the caller does not see.
    """
    _require_seen(tx, caller, widgets)
    base = slug_of(name)
    for number in range(1, SLUGS + 1):
        made = tx.value(
            _ADD,
            owner=caller.handle,
            slug=base if number == 1 else f"{base}-{number}",
            name=name,
            is_private=int(is_private),
            tags="[]",
            widgets=dump(widgets),
            created_us=at_us,
            updated_us=at_us,
        )
        if made is not None:
            return get(tx, caller, int(made))
    raise ConflictError(f"there are {SLUGS} dashboards of this name already")


def get(tx: Transaction, caller: Caller, id_: int) -> Dashboard:
    """Return a dashboard, also an archived one.

    Raises:
        NotFoundError: There is none, or the caller may not know of it.
    """
    return _seen(tx, caller, tx.row(_ONE, id=id_))


def by_slug(tx: Transaction, caller: Caller, owner: str, slug: str) -> Dashboard:
    """Return a dashboard by its owner and its slug.

    Raises:
        NotFoundError: There is none, or the caller may not know of it.
    """
    return _seen(tx, caller, tx.row(_BY_SLUG, owner=owner, slug=slug))


def visible(
    tx: Transaction,
    caller: Caller,
    text: str,
    *,
    limit: int,
    offset: int,
    is_starred: bool = False,
) -> Dashboards:
    """Return dashboards with `text` in name or tags, last changed first.

    With `is_starred`, those that the caller starred.
    """
    list_of, count_of = _LIST_STARRED if is_starred else _LIST_VISIBLE
    escaped = re.sub(r"([\\%_])", r"\\\1", text.lower())
    asked = {"caller": caller.handle, "pattern": f"%{escaped}%"}
    rows = tx.rows(list_of, **asked, limit=limit, offset=offset)
    return Dashboards(
        found=[_dashboard(row, _widgets.decode(row["widgets"]), {}) for row in rows],
        total=int(tx.value(count_of, **asked)),
    )


def change(
    tx: Transaction,
    caller: Caller,
    id_: int,
    decide: Callable[[Dashboard], Change],
    *,
    revision: int | None,
    at_us: int,
    archive: bool = False,
) -> Dashboard:
    """Return the dashboard as `decide` wants it changed, told how it is stored.

    With `revision`, only if it is still the stored one.

    Raises:
        NotFoundError: There is none, or the caller may not know of it.
        ForbiddenError: It belongs to another owner, or is archived.
        ConflictError: Another change came first, or the slug is taken.
        InvalidRequestError: It shows a visualization that the caller does not see.
    """
    row = tx.row(_LOCK, id=id_)
    now = _seen(tx, caller, row)
    assert row is not None
    whole = _dashboard(row, _widgets.decode(row["widgets"]), now.queries)
    if now.owner != caller.handle:
        raise ForbiddenError(f"the dashboard belongs to {now.owner}")
    if now.is_archived:
        if archive:
            return now
        raise ForbiddenError("the dashboard is archived")
    if revision is not None and revision != now.revision:
        raise ConflictError(f"dashboard {id_} is at revision {now.revision}, not {revision}")
    what = decide(whole)
    if what.slug is not None and what.slug != now.slug:
        tx.value(_LOCK_OWNER, owner=now.owner)  # two changes must not take one slug
        other = tx.row(_BY_SLUG, owner=now.owner, slug=what.slug)
        if other is not None:
            raise ConflictError(f"another dashboard has the slug '{what.slug}'")
    if what.widgets is not None:
        _require_seen(tx, caller, what.widgets)
    tx.run(
        _CHANGE,
        dashboard=id_,
        title=now.name if what.name is None else what.name,
        short=now.slug if what.slug is None else what.slug,
        private=int(now.is_private if what.is_private is None else what.is_private),
        marks=dump(now.tags if what.tags is None else what.tags),
        shown=row["widgets"] if what.widgets is None else dump(what.widgets),
        archived=int(archive),
        at=at_us,
    )
    return get(tx, caller, id_)


def slug_of(name: str) -> str:
    """Return what a name is in an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:SLUG_CHARS].strip("-") or "dashboard"


def _require_seen(tx: Transaction, caller: Caller, widgets: Widgets) -> None:
    wanted = {widget.visualization for widget in widgets.charts}
    missing = sorted(wanted - set(_charts(tx, caller, widgets)))
    if missing:
        raise InvalidRequestError(f"visualization {missing[0]} not found")
    for query in sorted({widget.query for widget in widgets.parameters}):
        if tx.value(_QUERY_SEEN, query=query, caller=caller.handle) is None:
            raise InvalidRequestError(f"query {query} of a parameter widget not found")


def _charts(tx: Transaction, caller: Caller, widgets: Widgets) -> dict[int, QueryId]:
    found = {}
    for widget in widgets.charts:
        if widget.visualization not in found:
            for id_, query in tx.tuples(
                _CHART_SEEN, visualization=widget.visualization, caller=caller.handle
            ):
                found[id_] = QueryId(query)
    return found


def _seen(tx: Transaction, caller: Caller, row: dict[str, Any] | None) -> Dashboard:
    if row is None or not caller.sees(row["owner"], is_private=bool(row["is_private"])):
        raise NotFoundError("Object not found")
    widgets = _widgets.decode(row["widgets"])
    queries = _charts(tx, caller, widgets)
    gone = frozenset(widget.visualization for widget in widgets.charts) - queries.keys()
    return _dashboard(row, without_charts(widgets, gone), queries)


def _dashboard(row: dict[str, Any], widgets: Widgets, queries: Mapping[int, QueryId]) -> Dashboard:
    return Dashboard(
        id=row["id"],
        owner=Handle(row["owner"]),
        slug=row["slug"],
        name=row["name"],
        is_private=bool(row["is_private"]),
        is_archived=bool(row["is_archived"]),
        tags=tuple(load(row["tags"])),
        widgets=widgets,
        queries=queries,
        revision=row["revision"],
        updated_at=from_us(row["updated_us"]),
        published_at=moment(row.get("published_us")),
    )
