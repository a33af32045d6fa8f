"""What planning and compiling look up: queries as they are now, their texts, names by label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, select

from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction

_QUERY: Final = Prepared(
    select(
        t.query.c.id,
        t.query.c.owner,
        t.query.c.name,
        t.query.c.version,
        t.query.c.is_private,
        t.query.c.is_archived,
        t.query.c.is_temp,
    ).where(t.query.c.id == bindparam("query"))
)
_HEAD: Final = ("owner", "name", "version", "is_private", "is_archived", "is_temp")
_TEXT: Final = Prepared(
    select(t.query_version.c.sql, t.query_version.c.parameters).where(
        t.query_version.c.query == bindparam("query"),
        t.query_version.c.version == bindparam("version"),
    )
)
_NAME: Final = Prepared(
    select(
        t.name.c.id,
        t.name.c.label,
        t.name.c.kind,
        t.name.c.owner,
        t.name.c.is_private,
        t.name.c.snapshot,
        t.view.c.query,
        t.view.c.tier,
        t.query.c.owner.label("query_owner"),
        t.query.c.name.label("query_name"),
        t.query.c.version.label("query_version"),
        t.query.c.is_private.label("query_is_private"),
        t.query.c.is_archived.label("query_is_archived"),
        t.query.c.is_temp.label("query_is_temp"),
    )
    .outerjoin(t.view, t.view.c.name == t.name.c.id)
    .outerjoin(t.query, t.query.c.id == t.view.c.query)
    .where(t.name.c.label == bindparam("label"), t.name.c.deleted_us.is_(None))
)
_PIPELINE: Final = Prepared(
    select(t.pipeline.c.nodes).where(t.pipeline.c.query == bindparam("query"))
)


def query(tx: Transaction, id_: int) -> dict[str, Any] | None:
    """Return a saved query's head: id, owner, name, version and flags; None if unknown."""
    return tx.row(_QUERY, query=id_)


def query_text(tx: Transaction, id_: int, version: int) -> tuple[str, str] | None:
    """Return the SQL and the parameters (JSON) of a version; neither ever changes."""
    found = tx.tuples(_TEXT, query=id_, version=version)
    return (found[0][0], found[0][1]) if found else None


def name(tx: Transaction, label: str) -> Mapping[str, Any] | None:
    """Return a view or an upload by its folded full name; None if there is none now.

    Of a view also `query` and `tier`, and its query's head as `query_of_view` takes it out.
    """
    return tx.row(_NAME, label=label)


def query_of_view(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return the head of a view's query, as `query` does, from what `name` found."""
    return {
        "id": view["query"],
        **{field: view[f"query_{field}"] for field in _HEAD},
    }


def stored_pipeline(tx: Transaction, query_id: int) -> str | None:
    """Return the nodes (JSON) of the graph stored for a query; None if none is."""
    found: str | None = tx.value(_PIPELINE, query=query_id)
    return found
