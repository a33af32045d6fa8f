"""A step of a run: how a transaction on it begins, and what it does to nodes. Protocol section 3.

`step` serialises what happens to a run, fences everything late, and numbers its events. What an
attempt did within a step is in `attempts`; here is what needs none, a node that fails before it
is claimed and the nodes that are skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, case, func, select, update

from qanat.errors import StaleStepError
from qanat.model.state import Failure, RunState
from qanat.names import ExecutionId, NodeId, RunId, ServerId
from qanat.store import tables as t
from qanat.store.acceptance import ADD_EVENT
from qanat.store.codec import dump_failure, load_failure
from qanat.store.database import Prepared, Transaction

_STEP: Final = Prepared(
    update(t.run)
    .where(t.run.c.id == bindparam("run_id"), t.run.c.state == RunState.EXECUTING.value)
    .values(
        seq=t.run.c.seq + bindparam("events"),
        open_nodes=t.run.c.open_nodes - bindparam("closed"),
    )
    .returning(t.run.c.epoch, t.run.c.seq, t.run.c.open_nodes)
)
_LIVE_SERVER: Final = Prepared(
    select(t.server.c.id)
    .where(t.server.c.id == bindparam("server"), t.server.c.state == "live")
    .with_for_update(read=True)
)
END_NODE: Final = Prepared(
    update(t.node)
    .where(
        t.node.c.run == bindparam("run_id"),
        t.node.c.id == bindparam("node_id"),
        t.node.c.state == bindparam("was"),
    )
    .values(state=bindparam("becomes"))
)
_FAIL_EXECUTION: Final = Prepared(
    update(t.execution)
    .where(t.execution.c.id == bindparam("execution_id"))
    .values(
        state="failed",
        error=bindparam("why"),
        ended_us=bindparam("at"),
        expires_us=bindparam("expires"),
        started_us=func.coalesce(t.execution.c.started_us, bindparam("at")),
    )
)
_PENDING_NODES: Final = Prepared(
    select(t.node.c.id)
    .where(t.node.c.run == bindparam("run_id"), t.node.c.state == "pending")
    .order_by(t.node.c.id)
)
_SKIP_NODES: Final = Prepared(
    update(t.node)
    .where(t.node.c.run == bindparam("run_id"), t.node.c.state == "pending")
    .values(state="skipped", reason=bindparam("why"))
)
_SKIP_EXECUTIONS: Final = Prepared(
    update(t.execution)
    .where(t.execution.c.run == bindparam("run_id"), t.execution.c.state == "pending")
    .values(state="skipped", ended_us=bindparam("at"))
)
_ERROR: Final = Prepared(select(t.run.c.error).where(t.run.c.id == bindparam("run_id")))
_SET_ERROR: Final = Prepared(
    update(t.run)
    .where(t.run.c.id == bindparam("run_id"))
    .values(
        error=case((t.run.c.error.is_(None), bindparam("why")), else_=t.run.c.error),
        error_line=case((t.run.c.error.is_(None), bindparam("line")), else_=t.run.c.error_line),
        seq=t.run.c.seq + bindparam("events"),
        open_nodes=t.run.c.open_nodes - bindparam("closed"),
    )
    .returning(t.run.c.epoch, t.run.c.seq, t.run.c.open_nodes)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """Where the run is after a step."""

    epoch: int
    seq: int
    open_nodes: int


def step(tx: Transaction, run: RunId, *, events: int, closed: int) -> Stepped:
    """Take `events` numbers of an executing run and close `closed` of its nodes.

    Raises:
        StaleStepError: The run is not executing any more.
    """
    found = tx.tuples(_STEP, run_id=run, events=events, closed=closed)
    if not found:
        raise StaleStepError(f"run {run} has ended")
    return Stepped(epoch=found[0][0], seq=found[0][1], open_nodes=found[0][2])


def add_events(
    tx: Transaction, run: RunId, after: Stepped, nodes: Sequence[NodeId | None], at_us: int
) -> None:
    """Record the events that a step took numbers for, in order; None is the run itself."""
    first = after.seq - len(nodes) + 1
    tx.many(
        ADD_EVENT,
        [
            {"run": run, "epoch": after.epoch, "seq": first + k, "at_us": at_us, "node": node}
            for k, node in enumerate(nodes)
        ],
    )


def lock_server(tx: Transaction, server: ServerId) -> None:
    """Hold the server's row, so that it cannot be declared dead during the transaction.

    Raises:
        StaleStepError: It was declared dead already.
    """
    if tx.value(_LIVE_SERVER, server=server) is None:
        raise StaleStepError(f"server {server} is not live")


def error(tx: Transaction, run: RunId) -> Failure | None:
    """Return a run's error so far. Within a step, which holds the run."""
    return load_failure(tx.value(_ERROR, run_id=run))


def fail_node(
    tx: Transaction,
    run: RunId,
    node: NodeId,
    execution: ExecutionId,
    failure: Failure,
    *,
    was: str,
    at_us: int,
    expires_us: int,
) -> None:
    """Mark a node failed. Within a step that closes one node.

    Raises:
        StaleStepError: The node is not `was` any more.
    """
    if tx.run(END_NODE, run_id=run, node_id=node, was=was, becomes="failed") != 1:
        raise StaleStepError(f"node {node} of run {run} is not {was}")
    tx.run(
        _FAIL_EXECUTION,
        execution_id=execution,
        why=dump_failure(failure),
        at=at_us,
        expires=expires_us,
    )


def skip_rest(
    tx: Transaction, run: RunId, error: Failure, reason: str, at_us: int
) -> tuple[Stepped, tuple[NodeId, ...]]:
    """Give the run its error and skip every pending node; the nodes skipped. Within a step.

    Each skipped node gets an event; the run's `error` stays the first one.
    """
    skipped = tuple(NodeId(row[0]) for row in tx.tuples(_PENDING_NODES, run_id=run))
    tx.run(_SKIP_NODES, run_id=run, why=reason)
    tx.run(_SKIP_EXECUTIONS, run_id=run, at=at_us)
    epoch, seq, open_nodes = tx.tuples(
        _SET_ERROR,
        run_id=run,
        why=dump_failure(error),
        line=error.message.partition("\n")[0],
        events=len(skipped),
        closed=len(skipped),
    )[0]
    after = Stepped(epoch=epoch, seq=seq, open_nodes=open_nodes)
    add_events(tx, run, after, skipped, at_us)
    return after, skipped
