"""Saved queries and their versions.

A version is never changed: whoever runs a query names the version that ran. Every update makes a
new one, also an update of the name alone, because clients count on `version` to rise; a result
stays the latest one for as long as text and parameters are the same (`same_text_since`).

A query that is private to another owner does not exist (404); one that is public may be read and
run by everybody and changed by its owner alone (403). An archived one can only be brought back.

`reads` of a version says which relations its text names, itself and through query views, as it
was saved: a JSON array of `Read`. It is for people and for the catalog; what a run reads is
planned afresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from qanat.clock import from_us
from qanat.errors import ConflictError, ForbiddenError, NotFoundError
from qanat.model.access import Caller
from qanat.model.parameters import Parameter
from qanat.names import Handle, QueryId
from qanat.store import tables as t
from qanat.store.codec import dump
from qanat.store.database import Prepared, Transaction


class Read(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A relation that a text names."""

    name: str  #: folded label; of a query view, `query_41`
    line: int | None = None  #: None, as `column`: it is named by a query view, not by the text
    column: int | None = None
    query: int | None = None  #: of a query view


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a version holds."""

    sql: str
    parameters: tuple[Parameter, ...] = ()
    reads: tuple[Read, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a query beside its text; the latest only."""

    name: str
    description: str = ""
    tags: tuple[str, ...] = ()
    is_private: bool = False
    is_archived: bool = False
    is_temp: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A saved query at its newest version."""

    id: QueryId
    owner: Handle
    version: int
    head: Head
    text: Text
    created_at: datetime
    updated_at: datetime
    view: str | None  #: label of the view made of it, if there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A query in a list."""

    id: QueryId
    owner: Handle
    version: int
    head: Head
    created_at: datetime
    updated_at: datetime
    view: str | None


_view_label: Final = (
    select(func.min(t.name.c.label))
    .join(t.view, t.view.c.name == t.name.c.id)
    .where(t.view.c.query == t.query.c.id, t.name.c.deleted_us.is_(None))
    .scalar_subquery()
    .label("view_label")
)
_ONE: Final = Prepared(
    select(t.query, t.query_version.c.sql, t.query_version.c.parameters, t.query_version.c.reads)
    .add_columns(_view_label)
    .join(
        t.query_version,
        and_(
            t.query_version.c.query == t.query.c.id,
            t.query_version.c.version == t.query.c.version,
        ),
    )
    .where(t.query.c.id == bindparam("query_id"))
)
_LOCK: Final = Prepared(
    select(t.query.c.id).where(t.query.c.id == bindparam("query_id")).with_for_update()
)
_ADD: Final = Prepared(
    insert(t.query).values(version=1).returning(t.query.c.id),
    [
        "owner", "name", "description", "tags", "version", "is_private", "is_archived", "is_temp",
        "created_us", "updated_us",
    ],
)  # fmt: skip
_ADD_VERSION: Final = Prepared(
    insert(t.query_version),
    ["query", "version", "sql", "parameters", "reads", "created_us", "created_by"],
)
_CHANGE: Final = Prepared(
    update(t.query)
    .where(t.query.c.id == bindparam("query_id"))
    .values(
        name=bindparam("new_name"),
        description=bindparam("new_description"),
        tags=bindparam("new_tags"),
        version=bindparam("new_version"),
        is_private=bindparam("private"),
        is_archived=bindparam("archived"),
        updated_us=bindparam("at"),
    )
)


_OWN: Final = t.query.c.owner == bindparam("owner_handle")
_STARRED: Final = and_(
    or_(t.query.c.is_private == 0, _OWN),
    t.query.c.id.in_(
        select(t.star.c.thing).where(
            t.star.c.owner == bindparam("owner_handle"), t.star.c.kind == "query"
        )
    ),
)


def _listed(what: Select[Any], which: ColumnElement[bool]) -> Select[Any]:
    pattern: BindParameter[str] = bindparam("pattern")
    return what.where(
        which,
        t.query.c.is_temp == 0,
        t.query.c.is_archived == bindparam("archived"),
        or_(
            func.lower(t.query.c.name).like(pattern, escape="\\"),
            func.lower(t.query.c.description).like(pattern, escape="\\"),
            func.lower(t.query.c.tags).like(pattern, escape="\\"),
            t.query.c.id == bindparam("number"),
        ),
    )


def _list_and_count(which: ColumnElement[bool]) -> tuple[Prepared, Prepared]:
    return (
        Prepared(
            _listed(select(t.query, _view_label), which)
            .order_by(t.query.c.id.desc())
            .limit(bindparam("most"))
            .offset(bindparam("after"))
        ),
        Prepared(_listed(select(func.count()).select_from(t.query), which)),
    )


_LIST_OWN: Final = _list_and_count(_OWN)
_LIST_STARRED: Final = _list_and_count(_STARRED)
_NAMED: Final = Prepared(
    select(t.query.c.name, t.query_version.c.reads)
    .join(t.query_version, t.query_version.c.query == t.query.c.id)
    .where(t.query.c.id == bindparam("query_id"), t.query_version.c.version == bindparam("number"))
)
_parameters: Final = msgspec.json.Decoder(tuple[Parameter, ...])
_reads: Final = msgspec.json.Decoder(tuple[Read, ...])
_tags: Final = msgspec.json.Decoder(tuple[str, ...])


def create(tx: Transaction, caller: Caller, head: Head, text: Text, *, at_us: int) -> QueryId:
    """Save a query; its first version is 1."""
    id_ = QueryId(
        tx.value(
            _ADD,
            owner=caller.handle,
            name=head.name,
            description=head.description,
            tags=dump(head.tags),
            is_private=int(head.is_private),
            is_archived=int(head.is_archived),
            is_temp=int(head.is_temp),
            created_us=at_us,
            updated_us=at_us,
        )
    )
    _add_version(tx, id_, 1, text, caller, at_us)
    return id_


def read(tx: Transaction, caller: Caller, id_: QueryId) -> Query:
    """Return a query that the caller may read.

    Raises:
        NotFoundError: There is none.
    """
    row = tx.row(_ONE, query_id=id_)
    if row is None or not caller.sees(row["owner"], is_private=bool(row["is_private"])):
        raise NotFoundError("Query not found")
    return Query(
        id=QueryId(row["id"]),
        owner=Handle(row["owner"]),
        version=row["version"],
        head=_head(row),
        text=text_of(row),
        created_at=from_us(row["created_us"]),
        updated_at=from_us(row["updated_us"]),
        view=row["view_label"],
    )


def lock(tx: Transaction, caller: Caller, id_: QueryId) -> Query:
    """Return a query that the caller may change; nobody else changes it in the meantime.

    Raises:
        NotFoundError: There is none.
        ForbiddenError: It belongs to another owner.
    """
    tx.value(_LOCK, query_id=id_)
    return owned(tx, caller, id_)


def owned(tx: Transaction, caller: Caller, id_: QueryId) -> Query:
    """Return a query of the caller's own.

    Raises:
        NotFoundError: There is none.
        ForbiddenError: It belongs to another owner.
    """
    found = read(tx, caller, id_)
    if found.owner != caller.handle:
        raise ForbiddenError(f"query {id_} belongs to {found.owner}: only its owner changes it")
    return found


def named(tx: Transaction, id_: QueryId, version: int) -> tuple[str, tuple[Read, ...]]:
    """Return the name of a query and what one of its versions reads; ad-hoc SQL has neither."""
    row = tx.row(_NAMED, query_id=id_, number=version)
    return ("SQL", ()) if row is None else (row["name"], _reads.decode(row["reads"]))


def save(
    tx: Transaction,
    caller: Caller,
    before: Query,
    head: Head,
    text: Text,
    *,
    base_version: int | None = None,
    at_us: int,
) -> int:
    """Save a query anew; its new version.

    `before` is what `lock` returned in this transaction.

    Raises:
        ConflictError: It is not at `base_version`.
        ForbiddenError: It is archived, and stays so.
    """
    if base_version is not None and base_version != before.version:
        raise ConflictError(f"query {before.id} is at version {before.version}, not {base_version}")
    if before.head.is_archived and head.is_archived:
        raise ForbiddenError(f"query {before.id} is archived: unarchive it before changing it")
    version = before.version + 1
    _change(tx, before.id, head, version, at_us)
    _add_version(tx, before.id, version, text, caller, at_us)
    return version


def mark(tx: Transaction, before: Query, head: Head, *, at_us: int) -> None:
    """Archive, bring back, hide or show a query; its version stays."""
    _change(tx, before.id, head, before.version, at_us)


def list_of(
    tx: Transaction,
    caller: Caller,
    *,
    limit: int,
    offset: int,
    search: str = "",
    is_archived: bool = False,
    is_starred: bool = False,
) -> tuple[list[Entry], int]:
    """Return the caller's own queries, newest first, and how many there are altogether.

    With `is_starred`, those that the caller starred, whoever owns them. `search` is part of a
    name, a description or a tag, or the whole id.
    """
    entries_of, count_of = _LIST_STARRED if is_starred else _LIST_OWN
    asked = {
        "owner_handle": caller.handle,
        "archived": int(is_archived),
        "pattern": like_pattern(search),
        "number": int(search) if search.isdecimal() and len(search) < 16 else 0,
    }
    entries = [
        Entry(
            id=QueryId(row["id"]),
            owner=Handle(row["owner"]),
            version=row["version"],
            head=_head(row),
            created_at=from_us(row["created_us"]),
            updated_at=from_us(row["updated_us"]),
            view=row["view_label"],
        )
        for row in tx.rows(entries_of, **asked, most=limit, after=offset)
    ]
    return entries, tx.value(count_of, **asked)


def like_pattern(search: str) -> str:
    r"""Return a LIKE pattern, with `\` as escape, for lower-case text that contains `search`."""
    folded = search.lower()
    for special in ("\\", "%", "_"):
        folded = folded.replace(special, "\\" + special)
    return f"%{folded}%"


def _change(tx: Transaction, id_: QueryId, head: Head, version_: int, at_us: int) -> None:
    tx.run(
        _CHANGE,
        query_id=id_,
        new_name=head.name,
        new_description=head.description,
        new_tags=dump(head.tags),
        new_version=version_,
        private=int(head.is_private),
        archived=int(head.is_archived),
        at=at_us,
    )


def _add_version(
    tx: Transaction, id_: QueryId, version_: int, text: Text, caller: Caller, at_us: int
) -> None:
    tx.run(
        _ADD_VERSION,
        query=id_,
        version=version_,
        sql=text.sql,
        parameters=dump(text.parameters),
        reads=dump(text.reads),
        created_us=at_us,
        created_by=caller.handle,
    )


def _head(row: dict[str, Any]) -> Head:
    return Head(
        name=row["name"],
        description=row["description"],
        tags=_tags.decode(row["tags"]),
        is_private=bool(row["is_private"]),
        is_archived=bool(row["is_archived"]),
        is_temp=bool(row["is_temp"]),
    )


def text_of(row: dict[str, Any]) -> Text:
    """Return what a row of `query_version` holds."""
    return Text(
        sql=row["sql"],
        parameters=_parameters.decode(row["parameters"]),
        reads=_reads.decode(row["reads"]),
    )
