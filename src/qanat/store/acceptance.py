"""A run is accepted and started: protocol sections 1 and 2.

Accept writes the run, its nodes and executions and the names it will lock and pin. Start takes
every lock and every pin in one transaction; it is tried at once, inside accept, and again
whenever a run ends. Runs that want a common view start in the order in which they were accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from qanat.errors import NotFoundError, TooManyRequestsError
from qanat.model.pipeline import NodeKind, ParameterValues
from qanat.model.snapshot import Snapshot, SourceVersion
from qanat.model.state import Failure, FailureKind, RunState
from qanat.names import ExecutionId, Handle, Label, NameId, NodeId, QueryId, RunId
from qanat.store import loading, requests
from qanat.store import tables as t
from qanat.store.codec import dump, dump_failure
from qanat.store.database import Prepared, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNode:
    """A node of a run about to be accepted."""

    id: NodeId
    kind: NodeKind
    query: QueryId
    query_version: int
    view: Label | None
    name: NameId | None
    tier: str
    dependencies: frozenset[NodeId]
    length: int
    execution: ExecutionId
    parameters: ParameterValues
    params_hash: str
    is_private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run about to be accepted."""

    id: RunId
    owner: Handle
    kind: str
    cause: str
    query: QueryId
    definitions: str
    nodes: Sequence[NewNode]
    writes: Sequence[NameId]  #: views it will publish
    reads: Sequence[NameId]  #: names it will pin
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What a run may count on from its start."""

    moment: int
    epoch: int
    seq: int
    pins: Mapping[Label, Snapshot | None] = field(default_factory=dict)
    private: frozenset[Label] = frozenset()  #: of what it reads and writes, what is private now
    failure: Failure | None = None  #: it could not start, and has ended as failed


_UNFINISHED: Final = Prepared(
    select(func.count())
    .select_from(t.run)
    .where(t.run.c.state.in_([RunState.PENDING.value, RunState.EXECUTING.value]))
)
_ADD_RUN: Final = Prepared(
    insert(t.run)
    .values(state=RunState.PENDING.value, epoch=1, seq=0)
    .returning(t.run.c.accepted),
    [
        "id", "owner", "kind", "cause", "query", "state", "epoch", "seq", "open_nodes",
        "accepted_us",
    ],
)  # fmt: skip
_ADD_DEFINITION: Final = Prepared(insert(t.run_definition), ["run", "definitions"])
_ADD_EXECUTION: Final = Prepared(
    insert(t.execution).values(state="pending"),
    [
        "id", "run", "node", "owner", "query", "query_version", "is_private", "parameters",
        "params_hash", "tier", "state", "submitted_us",
    ],
)  # fmt: skip
_ADD_NODE: Final = Prepared(
    insert(t.node).values(state="pending"),
    [
        "run", "id", "kind", "query", "name", "label", "tier", "dependencies", "state",
        "waiting_on", "length", "execution",
    ],
)  # fmt: skip
_ADD_RUN_VIEW: Final = Prepared(insert(t.run_view), ["run", "name", "writes"])
_ADD_RUN_READ: Final = Prepared(insert(t.run_read), ["run", "name"])
_DELETED_VIEW: Final = Prepared(
    select(t.name.c.id)
    .join(t.run_view, t.run_view.c.name == t.name.c.id)
    .where(t.run_view.c.run == bindparam("run"), t.name.c.deleted_us.is_not(None))
    .limit(1)
)

_LOCK_NAMES: Final = Prepared(
    select(t.name.c.id, t.name.c.writer_run, t.name.c.moves, t.name.c.deleted_us)
    .join(t.run_view, t.run_view.c.name == t.name.c.id)
    .where(t.run_view.c.run == bindparam("run"))
    .order_by(t.name.c.id)
    .with_for_update(of=t.name)
)
_LOCK_RUN: Final = Prepared(
    select(t.run.c.state, t.run.c.accepted, t.run.c.owner, t.run.c.epoch, t.run.c.seq)
    .where(t.run.c.id == bindparam("run"))
    .with_for_update()
)
_other_view = t.run_view.alias("other_view")
_other_run = t.run.alias("other_run")
_EARLIER_WANTS: Final = Prepared(
    select(_other_run.c.id)
    .join(_other_view, _other_view.c.run == _other_run.c.id)
    .join(t.run_view, t.run_view.c.name == _other_view.c.name)
    .where(
        t.run_view.c.run == bindparam("run"),
        _other_run.c.id != bindparam("run"),
        _other_run.c.accepted < bindparam("accepted"),
        _other_run.c.state.in_([RunState.PENDING.value, RunState.EXECUTING.value]),
    )
    .limit(1)
)
_FORGET_VIEW: Final = Prepared(
    delete(t.run_view).where(
        t.run_view.c.run == bindparam("run"), t.run_view.c.name == bindparam("name")
    )
)
_TAKE_NAMES: Final = Prepared(
    update(t.name)
    .where(
        t.name.c.id.in_(select(t.run_view.c.name).where(t.run_view.c.run == bindparam("run_id"))),
        t.name.c.writer_run.is_(None),
    )
    .values(writer_run=bindparam("run_id"))
)
_SET_BASES: Final = Prepared(
    update(t.run_view)
    .where(t.run_view.c.run == bindparam("run_id"))
    .values(
        base_moves=select(t.name.c.moves).where(t.name.c.id == t.run_view.c.name).scalar_subquery()
    )
)
_LOST_READ: Final = Prepared(
    select(t.name.c.label)
    .join(t.run_read, t.run_read.c.name == t.name.c.id)
    .where(
        t.run_read.c.run == bindparam("run"),
        or_(
            t.name.c.deleted_us.is_not(None),
            (t.name.c.is_private == 1) & (t.name.c.owner != bindparam("owner")),
        ),
    )
    .order_by(t.name.c.label)
    .limit(1)
)
_PIN: Final = Prepared(
    insert(t.pin)
    .from_select(
        ["run", "name", "snapshot"],
        select(t.run_read.c.run, t.run_read.c.name, t.name.c.snapshot)
        .join(t.name, t.name.c.id == t.run_read.c.name)
        .where(t.run_read.c.run == bindparam("run")),
    )
    .returning(select(t.store.c.moment).scalar_subquery())
)
_UNPIN: Final = Prepared(delete(t.pin).where(t.pin.c.run == bindparam("run_id")))
_PRIVATE_NAMES: Final = Prepared(
    select(t.name.c.label).where(
        t.name.c.is_private == 1,
        or_(
            t.name.c.id.in_(select(t.run_read.c.name).where(t.run_read.c.run == bindparam("run"))),
            t.name.c.id.in_(select(t.run_view.c.name).where(t.run_view.c.run == bindparam("run"))),
        ),
    )
)
_HIDE: Final = Prepared(
    update(t.execution).where(t.execution.c.id == bindparam("execution_id")).values(is_private=1)
)
_MOMENT: Final = Prepared(select(t.store.c.moment))
_ADD_SOURCE: Final = Prepared(insert(t.source_pin), ["run", "source", "version", "files"])
_START: Final = Prepared(
    update(t.run)
    .where(t.run.c.id == bindparam("run_id"), t.run.c.state == RunState.PENDING.value)
    .values(
        state=RunState.EXECUTING.value,
        seq=t.run.c.seq + 1,
        moment=bindparam("at_moment"),
        started_us=bindparam("at"),
    )
    .returning(t.run.c.epoch, t.run.c.seq)
)
_FAIL_PENDING: Final = Prepared(
    update(t.run)
    .where(t.run.c.id == bindparam("run_id"), t.run.c.state == RunState.PENDING.value)
    .values(
        state=RunState.FAILED.value,
        seq=t.run.c.seq + 1,
        error=bindparam("why"),
        error_line=bindparam("line"),
        open_nodes=0,
        ended_us=bindparam("at"),
    )
    .returning(t.run.c.epoch, t.run.c.seq)
)
_SKIP_NODES: Final = Prepared(
    update(t.node)
    .where(t.node.c.run == bindparam("run_id"), t.node.c.state == "pending")
    .values(state="skipped")
)
_SKIP_EXECUTIONS: Final = Prepared(
    update(t.execution)
    .where(t.execution.c.run == bindparam("run_id"), t.execution.c.state == "pending")
    .values(state="skipped", ended_us=bindparam("at"))
)
_FAIL_LONE_NODE: Final = Prepared(
    update(t.node)
    .where(t.node.c.run == bindparam("run_id"), t.node.c.id == bindparam("node_id"))
    .values(state="failed")
)
_FAIL_LONE_EXECUTION: Final = Prepared(
    update(t.execution)
    .where(t.execution.c.run == bindparam("run_id"), t.execution.c.node == bindparam("node_id"))
    .values(state="failed", ended_us=bindparam("at"), error=bindparam("why"))
)
ADD_EVENT: Final = Prepared(insert(t.event), ["run", "epoch", "seq", "at_us", "node"])


def accept(
    tx: Transaction,
    new: NewRun,
    *,
    queue_limit: int,
    idempotency: tuple[str, str] | None,
    answer: object,
) -> int:
    """Record a run as pending; its number in the order of runs.

    Raises:
        TooManyRequestsError: Too many runs are unfinished.
        NotFoundError: A view it would write was deleted meanwhile.
    """
    if tx.value(_UNFINISHED) >= queue_limit:
        raise TooManyRequestsError(
            f"{queue_limit} runs are waiting or executing already; try again later",
            retry_after_s=5,
        )
    accepted: int = tx.value(
        _ADD_RUN,
        id=new.id,
        owner=new.owner,
        kind=new.kind,
        cause=new.cause,
        query=new.query,
        open_nodes=len(new.nodes),
        accepted_us=new.at_us,
    )
    tx.run(_ADD_DEFINITION, run=new.id, definitions=new.definitions)
    tx.many(
        _ADD_EXECUTION,
        [
            {
                "id": node.execution,
                "run": new.id,
                "node": node.id,
                "owner": new.owner,
                "query": node.query,
                "query_version": node.query_version,
                "is_private": int(node.is_private),
                "parameters": dump(node.parameters),
                "params_hash": node.params_hash,
                "tier": node.tier,
                "submitted_us": new.at_us,
            }
            for node in new.nodes
        ],
    )
    tx.many(
        _ADD_NODE,
        [
            {
                "run": new.id,
                "id": node.id,
                "kind": node.kind.value,
                "query": node.query,
                "name": node.name,
                "label": node.view,
                "tier": node.tier,
                "dependencies": dump(sorted(node.dependencies)),
                "waiting_on": len(node.dependencies),
                "length": node.length,
                "execution": node.execution,
            }
            for node in new.nodes
        ],
    )
    tx.many(_ADD_RUN_VIEW, [{"run": new.id, "name": name, "writes": 1} for name in new.writes])
    if new.writes and tx.value(_DELETED_VIEW, run=new.id) is not None:
        raise NotFoundError("Materialized view not found")
    tx.many(_ADD_RUN_READ, [{"run": new.id, "name": name} for name in new.reads])
    requests.remember(tx, new.owner, idempotency, answer, at_us=new.at_us)
    return accepted


def start(
    tx: Transaction,
    run_id: RunId,
    *,
    sources: Mapping[Label, tuple[str, SourceVersion]],
    lone_node: NodeId | None,
    at_us: int,
) -> Started | None:
    """Take the run's locks and pins; None if it has to wait or is no longer pending.

    `sources` maps each mounted table the run reads to its version's hash and file list.
    `lone_node` is the node of a run of one node, which fails with its run instead of being
    skipped.
    """
    run = tx.row(_LOCK_RUN, run=run_id)
    if run is None or run["state"] != RunState.PENDING:
        return None
    names = tx.rows(_LOCK_NAMES, run=run_id)
    if any(name["writer_run"] is not None for name in names if name["deleted_us"] is None):
        return None
    if tx.value(_EARLIER_WANTS, run=run_id, accepted=run["accepted"]) is not None:
        return None
    pinned_at = tx.tuples(_PIN, run=run_id)
    # After the pins: what was taken away between the two would else be read all the same.
    lost = tx.value(_LOST_READ, run=run_id, owner=run["owner"])
    if lost is not None:
        tx.run(_UNPIN, run_id=run_id)
        return _fail(tx, run_id, lost, lone_node, at_us)
    for name in names:
        if name["deleted_us"] is not None:
            tx.run(_FORGET_VIEW, run=run_id, name=name["id"])
    if names:
        tx.run(_TAKE_NAMES, run_id=run_id)
        tx.run(_SET_BASES, run_id=run_id)
    moment = pinned_at[0][0] if pinned_at else tx.value(_MOMENT)
    tx.many(
        _ADD_SOURCE,
        [
            {"run": run_id, "source": label, "version": version, "files": dump(files)}
            for label, (version, files) in sources.items()
        ],
    )
    epoch, seq = tx.tuples(_START, run_id=run_id, at_moment=moment, at=at_us)[0]
    tx.run(ADD_EVENT, run=run_id, epoch=epoch, seq=seq, at_us=at_us, node=None)
    return Started(
        moment=moment,
        epoch=epoch,
        seq=seq,
        pins=loading.pinned(tx, run_id),
        private=frozenset(Label(row[0]) for row in tx.tuples(_PRIVATE_NAMES, run=run_id)),
    )


def hide(tx: Transaction, executions: Iterable[ExecutionId]) -> None:
    """Make executions private: they read something that became so since the run was planned."""
    tx.many(_HIDE, [{"execution_id": id_} for id_ in executions])


def _fail(
    tx: Transaction, run_id: RunId, lost: str, lone_node: NodeId | None, at_us: int
) -> Started:
    failure = Failure(
        kind=FailureKind.EXECUTION_FAILED,
        message=f"{lost} was deleted or made private before the run started",
    )
    why = dump_failure(failure)
    if lone_node is not None:
        tx.run(_FAIL_LONE_NODE, run_id=run_id, node_id=lone_node)
        tx.run(_FAIL_LONE_EXECUTION, run_id=run_id, node_id=lone_node, at=at_us, why=why)
    tx.run(_SKIP_NODES, run_id=run_id)
    tx.run(_SKIP_EXECUTIONS, run_id=run_id, at=at_us)
    epoch, seq = tx.tuples(_FAIL_PENDING, run_id=run_id, at=at_us, why=why, line=failure.message)[0]
    tx.run(ADD_EVENT, run=run_id, epoch=epoch, seq=seq, at_us=at_us, node=None)
    return Started(moment=0, epoch=epoch, seq=seq, failure=failure)
