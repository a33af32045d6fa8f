"""Runs and executions as lists for people: who ran what, when, and how it went.

Nothing here is on the path of a run. A page of runs is chosen once, by one condition, and the
counts and costs of its nodes are read for that same page, whatever the filters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, case, exists, func, literal, or_, select

from qanat.clock import from_us
from qanat.model.access import Caller
from qanat.model.records import Cause, RunKind
from qanat.model.state import ExecutionState, Failure
from qanat.names import ExecutionId, Handle, NodeId, QueryId, RunId
from qanat.store import tables as t
from qanat.store.codec import load_failure, load_strings, moment
from qanat.store.database import Prepared, Transaction
from qanat.store.estimates import expected_seconds
from qanat.store.queries import like_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The first node of a run that failed, or the run itself."""

    failure: Failure
    node: NodeId | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run in a list."""

    id: RunId
    accepted: int
    owner: Handle
    kind: str
    cause: str
    query: QueryId
    title: str
    state: str
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    moved_views: int | None  #: published ones
    failed: Failed | None
    dashboard: int | None
    resumed_from: str | None
    expected_seconds: float | None
    micro_credits: int
    node_counts: Mapping[str, int] = field(default_factory=dict)  #: state, or `reused` → nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs are wanted."""

    states: Sequence[str] = ()  #: none: all
    kinds: Sequence[str] = ()  #: none: all
    search: str = ""
    query: int | None = None
    since_us: int = 0
    before: str | None = None  #: a run's id


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionLine:
    """An execution of a query in a list."""

    id: ExecutionId
    run: RunId
    kind: RunKind
    cause: Cause
    state: ExecutionState
    query_version: int
    tier: str
    parameters: Mapping[str, str]
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    row_count: int | None
    size_bytes: int | None
    micro_credits: int
    published: bool
    failure: Failure | None


_target_label: Final = (
    select(t.node.c.label)
    .where(t.node.c.run == t.run.c.id, t.node.c.label.is_not(None))
    .order_by(t.node.c.length, t.node.c.id.desc())
    .limit(1)
    .correlate(t.run)
    .scalar_subquery()
)
#: What a run is called: a view's full name is cut to its last part by `_title`.
_title_text: Final = case(
    (t.dashboard.c.name.is_not(None), t.dashboard.c.name),
    (t.run.c.kind == "sql", literal("SQL")),
    (t.query.c.name.is_not(None) & (t.run.c.kind != "refresh"), t.query.c.name),
    else_=func.coalesce(_target_label, literal("Pipeline")),
)


def _chosen(what: Select[Any]) -> Select[Any]:
    before = select(t.run.c.accepted).where(t.run.c.id == bindparam("before")).scalar_subquery()
    return (
        what.select_from(
            t.run.outerjoin(t.query, t.query.c.id == t.run.c.query)
            .outerjoin(t.dashboard_run, t.dashboard_run.c.run == t.run.c.id)
            .outerjoin(t.dashboard, t.dashboard.c.id == t.dashboard_run.c.dashboard)
        )
        .where(
            t.run.c.owner == bindparam("owner_handle"),
            _listed("states", t.run.c.state),
            _listed("kinds", t.run.c.kind),
            or_(bindparam("query_id") == 0, t.run.c.query == bindparam("query_id")),
            t.run.c.accepted_us >= bindparam("since"),
            t.run.c.accepted < func.coalesce(before, bindparam("beyond")),
            or_(
                func.lower(_title_text).like(bindparam("pattern"), escape="\\"),
                t.run.c.id.like(bindparam("prefix"), escape="\\"),
            ),
        )
        .order_by(t.run.c.accepted.desc())
        .limit(bindparam("most"))
    )


def _listed(name: str, column: Any) -> Any:  # noqa: ANN401  # columns and conditions
    """A condition: `column` is in the list `,a,b,` given as `name`; an empty text is any."""
    return or_(
        bindparam(name) == "",
        bindparam(name).like(literal("%,").concat(column).concat(literal(",%"))),
    )


_RUNS: Final = Prepared(
    _chosen(
        select(
            t.run,
            _title_text.label("title"),
            t.query.c.name.label("query_name"),
            t.dashboard_run.c.dashboard,
        )
    )
)
_page: Final = _chosen(select(t.run.c.id, t.run.c.accepted)).subquery("page")
#: Protocol: the receipt of a reused execution is numbered 0.
_reused: Final = case(
    (
        exists().where(t.receipt.c.execution == t.node.c.execution, t.receipt.c.attempt == 0),
        literal("reused"),
    ),
    else_=t.node.c.state,
)
_COUNTS: Final = Prepared(
    select(t.node.c.run, _reused.label("counted"), func.count())
    .join(_page, _page.c.id == t.node.c.run)
    .group_by(t.node.c.run, _reused)
)
_CREDITS: Final = Prepared(
    select(t.execution.c.run, func.sum(t.receipt.c.micro_credits))
    .join(_page, _page.c.id == t.execution.c.run)
    .join(t.receipt, t.receipt.c.execution == t.execution.c.id)
    .group_by(t.execution.c.run)
)
_MOVED: Final = Prepared(
    select(t.move.c.run, func.count())
    .join(_page, _page.c.id == t.move.c.run)
    .group_by(t.move.c.run)
)
_FAILED: Final = Prepared(
    select(
        t.execution.c.run,
        t.node.c.id,
        t.node.c.label,
        t.query.c.name,
        t.execution.c.error,
    )
    .join(_page, _page.c.id == t.execution.c.run)
    .join(t.node, t.node.c.execution == t.execution.c.id)
    .outerjoin(t.query, t.query.c.id == t.node.c.query)
    .where(t.execution.c.state == "failed")
    .order_by(t.execution.c.run, t.execution.c.ended_us.desc(), t.node.c.id.desc())
)
_TITLES: Final = Prepared(
    select(t.query.c.id, t.query.c.name)
    .where(t.query.c.id.in_(select(t.node.c.query).where(t.node.c.run == bindparam("run"))))
    .order_by(t.query.c.id)
)
_execution_order: Final = (
    select(t.execution.c.submitted_us)
    .where(t.execution.c.id == bindparam("before"))
    .scalar_subquery()
)
_EXECUTIONS: Final = Prepared(
    select(
        t.execution,
        t.run.c.kind,
        t.run.c.cause,
        t.run.c.state.label("run_state"),
        t.snapshot.c.row_count,
        t.snapshot.c.size_bytes,
        select(func.coalesce(func.sum(t.receipt.c.micro_credits), 0))
        .where(t.receipt.c.execution == t.execution.c.id)
        .correlate(t.execution)
        .scalar_subquery()
        .label("micro_credits"),
    )
    .join(t.run, t.run.c.id == t.execution.c.run)
    .outerjoin(t.snapshot, t.snapshot.c.id == t.execution.c.snapshot)
    .where(
        t.execution.c.query == bindparam("query_id"),
        or_(t.execution.c.is_private == 0, t.execution.c.owner == bindparam("owner_handle")),
        or_(
            t.execution.c.submitted_us < func.coalesce(_execution_order, bindparam("beyond")),
            and_(
                t.execution.c.submitted_us == _execution_order,
                t.execution.c.id < bindparam("before"),
            ),
        ),
    )
    .order_by(t.execution.c.submitted_us.desc(), t.execution.c.id.desc())
    .limit(bindparam("most"))
)
_BEYOND: Final = 2**62


def runs(
    tx: Transaction, caller: Caller, wanted: RunFilter, *, limit: int
) -> tuple[list[RunLine], bool]:
    """Return the caller's runs, newest first, and whether there are more."""
    asked: dict[str, object] = {
        "owner_handle": caller.handle,
        "states": _joined(wanted.states),
        "kinds": _joined(wanted.kinds),
        "query_id": wanted.query or 0,
        "since": wanted.since_us,
        "before": wanted.before or "",
        "beyond": _BEYOND,
        "pattern": like_pattern(wanted.search),
        "prefix": like_pattern(wanted.search)[1:].upper(),
    }
    rows = tx.rows(_RUNS, **asked, most=limit + 1)
    asked["most"] = limit
    counts: dict[str, dict[str, int]] = {}
    for run, state, count in tx.tuples(_COUNTS, **asked):
        counts.setdefault(run, {})[state] = count
    spent = dict(tx.tuples(_CREDITS, **asked))
    moved = dict(tx.tuples(_MOVED, **asked))
    failed = {
        run: Failed(failure=failure, node=NodeId(node), title=_title(label or name or "SQL"))
        for run, node, label, name, error in tx.tuples(_FAILED, **asked)
        if (failure := load_failure(error)) is not None
    }
    lines = [
        RunLine(
            id=RunId(row["id"]),
            accepted=row["accepted"],
            owner=Handle(row["owner"]),
            kind=row["kind"],
            cause="dashboard" if row["dashboard"] is not None else row["cause"],
            query=QueryId(row["query"]),
            title=_title(row["title"]),
            state=row["state"],
            submitted_at=from_us(row["accepted_us"]),
            started_at=moment(row["started_us"]),
            ended_at=moment(row["ended_us"]),
            moved_views=None if row["published"] is None else moved.get(row["id"], 0),
            failed=failed.get(row["id"]) or _own_failure(row["error"]),
            dashboard=row["dashboard"],
            resumed_from=row["resumed_from"],
            expected_seconds=expected_seconds(
                tx, caller, row["kind"], row["query"], before=row["accepted"]
            ),
            micro_credits=int(spent.get(row["id"], 0)),
            node_counts=counts.get(row["id"], {}),
        )
        for row in rows[:limit]
    ]
    return lines, len(rows) > limit


def run_line(tx: Transaction, caller: Caller, run: RunId) -> RunLine | None:
    """Return one of the caller's runs as a list would show it."""
    found, _ = runs(tx, caller, RunFilter(search=run), limit=1)
    return found[0] if found and found[0].id == run else None


def titles(tx: Transaction, run: RunId) -> dict[QueryId, str]:
    """Return the names of the queries that a run's nodes run."""
    return {QueryId(id_): name for id_, name in tx.tuples(_TITLES, run=run)}


def executions(
    tx: Transaction, caller: Caller, query: QueryId, *, before: str | None, limit: int
) -> tuple[list[ExecutionLine], bool]:
    """Return the executions of a query that the caller may see, newest first; more of them?"""
    rows = tx.rows(
        _EXECUTIONS,
        query_id=query,
        owner_handle=caller.handle,
        before=before or "",
        beyond=_BEYOND,
        most=limit + 1,
    )
    lines = [
        ExecutionLine(
            id=ExecutionId(row["id"]),
            run=RunId(row["run"]),
            kind=row["kind"],
            cause=row["cause"],
            state=ExecutionState(row["state"]),
            query_version=row["query_version"],
            tier=row["tier"],
            parameters=load_strings(row["parameters"]),
            submitted_at=from_us(row["submitted_us"]),
            started_at=moment(row["started_us"]),
            ended_at=moment(row["ended_us"]),
            row_count=row["row_count"],
            size_bytes=row["size_bytes"],
            micro_credits=int(row["micro_credits"]),
            published=row["run_state"] == "completed",
            failure=load_failure(row["error"]),
        )
        for row in rows[:limit]
    ]
    return lines, len(rows) > limit


def _own_failure(text: str | None) -> Failed | None:
    failure = load_failure(text)
    return None if failure is None else Failed(failure=failure)


def _joined(values: Sequence[str]) -> str:
    return f",{','.join(values)}," if values else ""


def _title(text: str) -> str:
    """Return a view's last part without its prefix; any other title as it is."""
    if not text.startswith("dune."):
        return text
    return text.rsplit(".", 1)[-1].removeprefix("result_")
