"""Which runs refreshed a dashboard, and what its charts show: the last of them that published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as insert_if_absent

from qanat.clock import from_us
from qanat.model.access import Caller
from qanat.model.state import Failure, RunState
from qanat.names import ExecutionId, QueryId, RunId
from qanat.store import tables as t
from qanat.store.codec import dump, load, load_failure, moment
from qanat.store.database import Prepared, Transaction

LOOKED_AT: Final = 200  #: published refreshes, newest first, in search of one with certain values


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """A run that refreshed a dashboard."""

    run: RunId
    state: RunState
    submitted_at: datetime
    ended_at: datetime | None
    failure: Failure | None
    parameters: Mapping[str, Any]  #: as asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a query of a dashboard gave in a refresh."""

    execution: ExecutionId
    query: QueryId
    query_version: int
    row_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a dashboard shows."""

    published: Refresh | None
    results: Mapping[QueryId, Result]
    latest: Refresh | None  #: the newest of any state


_ADD: Final = Prepared(
    insert_if_absent(t.dashboard_run).on_conflict_do_nothing(), ["run", "dashboard", "parameters"]
)
_SELECT: Final = (
    select(
        t.run.c.id,
        t.run.c.state,
        t.run.c.accepted_us,
        t.run.c.ended_us,
        t.run.c.error,
        t.dashboard_run.c.parameters,
    )
    .join(t.run, t.run.c.id == t.dashboard_run.c.run)
    .where(t.dashboard_run.c.dashboard == bindparam("dashboard"))
    .order_by(t.run.c.accepted.desc())
)
_LATEST: Final = Prepared(_SELECT.limit(1))
_PUBLISHED: Final = Prepared(
    _SELECT.where(t.run.c.state == RunState.COMPLETED.value).limit(LOOKED_AT)
)
_RESULTS: Final = Prepared(
    select(
        t.execution.c.id,
        t.execution.c.query,
        t.execution.c.query_version,
        t.execution.c.parameters,
        t.execution.c.is_private,
        t.execution.c.owner,
        t.snapshot.c.row_count,
    )
    .join(t.node, (t.node.c.run == t.execution.c.run) & (t.node.c.id == t.execution.c.node))
    .join(t.snapshot, t.snapshot.c.id == t.execution.c.snapshot)
    .where(
        t.execution.c.run == bindparam("run"),
        t.execution.c.state == "completed",
        t.node.c.kind == "query",
    )
)


def note(tx: Transaction, run: RunId, dashboard: int, parameters: Mapping[str, Any]) -> None:
    """Remember that `run` refreshes a dashboard; it may be told twice."""
    tx.run(_ADD, run=run, dashboard=dashboard, parameters=dump(parameters))


def shown(tx: Transaction, caller: Caller, dashboard: int, values: Mapping[str, str]) -> Shown:
    """Return what a dashboard shows: the last published refresh in which `values` were used.

    A value counts where a query of the refresh ran with it, be it asked for or a default.
    """
    latest = tx.row(_LATEST, dashboard=dashboard)
    for row in tx.rows(_PUBLISHED, dashboard=dashboard):
        found = tx.rows(_RESULTS, run=row["id"])
        if not found or not _ran_with(found, values):
            continue
        return Shown(
            published=_refresh(row),
            results={
                QueryId(each["query"]): Result(
                    execution=ExecutionId(each["id"]),
                    query=QueryId(each["query"]),
                    query_version=each["query_version"],
                    row_count=each["row_count"],
                )
                for each in found
                if caller.sees(each["owner"], is_private=bool(each["is_private"]))
            },
            latest=_refresh(latest) if latest else None,
        )
    return Shown(published=None, results={}, latest=_refresh(latest) if latest else None)


def _ran_with(found: Sequence[Mapping[str, Any]], values: Mapping[str, str]) -> bool:
    used = [load(each["parameters"]) for each in found]
    return all(any(each.get(key) == value for each in used) for key, value in values.items())


def _refresh(row: Mapping[str, Any]) -> Refresh:
    return Refresh(
        run=RunId(row["id"]),
        state=RunState(row["state"]),
        submitted_at=from_us(row["accepted_us"]),
        ended_at=moment(row["ended_us"]),
        failure=load_failure(row["error"]),
        parameters=load(row["parameters"]),
    )
