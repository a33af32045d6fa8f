"""A node is claimed and finished: protocol sections 3 and 4.

Every function here is a part of one transaction that began with `step`. The step serialises what
happens to a run, fences everything late, and numbers its events. The attempt's own row is the
second fence: only the attempt that is executing may bring a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, case, func, insert, select, update

from qanat.errors import StaleStepError
from qanat.model.credits import Cost
from qanat.model.snapshot import Snapshot
from qanat.model.state import AttemptState, Failure, RunState
from qanat.names import AttemptId, ExecutionId, Handle, Label, NodeId, RunId, ServerId, SnapshotId
from qanat.store import tables as t
from qanat.store.acceptance import ADD_EVENT
from qanat.store.codec import dump, dump_columns, dump_failure
from qanat.store.database import Prepared, Transaction

LOST_LIMIT: Final = 3  #: attempts that the platform may lose before the node fails

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
_CLAIM_NODE: Final = Prepared(
    update(t.node)
    .where(
        t.node.c.run == bindparam("run_id"),
        t.node.c.id == bindparam("node_id"),
        t.node.c.state == "pending",
        t.node.c.waiting_on == 0,
    )
    .values(state="executing", fingerprint=bindparam("print_"))
)
_CLAIM_EXECUTION: Final = Prepared(
    update(t.execution)
    .where(t.execution.c.id == bindparam("execution_id"))
    .values(
        state="executing",
        started_us=func.coalesce(t.execution.c.started_us, bindparam("at")),
    )
)
_ADD_ATTEMPT: Final = Prepared(
    insert(t.attempt).values(state="executing"),
    ["id", "execution", "number", "server", "state", "started_us"],
)
ADD_FILE: Final = Prepared(insert(t.file).values(state="writing"), ["id", "server", "state"])
_END_ATTEMPT: Final = Prepared(
    update(t.attempt)
    .where(t.attempt.c.id == bindparam("attempt_id"), t.attempt.c.state == bindparam("was"))
    .values(state=bindparam("becomes"), ended_us=bindparam("at"), error=bindparam("why"))
)
FILE_WHOLE: Final = Prepared(
    update(t.file)
    .where(t.file.c.id == bindparam("file_id"), t.file.c.state == "writing")
    .values(
        state="whole",
        size_bytes=bindparam("size"),
        row_count=bindparam("rows"),
        synced=bindparam("is_synced"),
    )
)
FILE_GARBAGE: Final = Prepared(
    update(t.file)
    .where(t.file.c.id == bindparam("file_id"), t.file.c.state == "writing")
    .values(state="garbage", due_us=bindparam("due"))
)
ADD_SNAPSHOT: Final = Prepared(
    insert(t.snapshot),
    [
        "id", "columns", "row_count", "size_bytes", "fingerprint", "reusable", "inputs",
        "created_us",
    ],
)  # fmt: skip
ADD_SNAPSHOT_FILE: Final = Prepared(insert(t.snapshot_file), ["snapshot", "position", "file"])
_COMPLETE_EXECUTION: Final = Prepared(
    update(t.execution)
    .where(t.execution.c.id == bindparam("execution_id"))
    .values(
        state="completed",
        snapshot=bindparam("rows"),
        ended_us=bindparam("at"),
        expires_us=bindparam("expires"),
    )
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
_RETRY_EXECUTION: Final = Prepared(
    update(t.execution).where(t.execution.c.id == bindparam("execution_id")).values(state="pending")
)
_END_NODE: Final = Prepared(
    update(t.node)
    .where(
        t.node.c.run == bindparam("run_id"),
        t.node.c.id == bindparam("node_id"),
        t.node.c.state == bindparam("was"),
    )
    .values(state=bindparam("becomes"))
)
_RELEASE: Final = Prepared(
    update(t.node)
    .where(t.node.c.run == bindparam("run_id"), t.node.c.id == bindparam("node_id"))
    .values(waiting_on=t.node.c.waiting_on - 1)
)
ADD_RECEIPT: Final = Prepared(
    insert(t.receipt),
    [
        "execution", "attempt", "owner", "tier", "cpu_us", "bytes_scanned", "bytes_written",
        "peak_memory_bytes", "micro_credits", "ended_us",
    ],
)  # fmt: skip
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
_LOST_COUNT: Final = Prepared(
    select(func.count())
    .select_from(t.attempt)
    .where(t.attempt.c.execution == bindparam("execution_id"), t.attempt.c.state == "lost")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An attempt about to be given to an engine."""

    run: RunId
    node: NodeId
    execution: ExecutionId
    attempt: AttemptId
    number: int
    server: ServerId
    fingerprint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """An attempt that an engine gave back, and what it used."""

    run: RunId
    node: NodeId
    execution: ExecutionId
    attempt: AttemptId
    number: int
    owner: Handle
    tier: str
    cost: Cost
    micro_credits: int
    at_us: int


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


def claim(tx: Transaction, wanted: Claim, at_us: int) -> None:
    """Record an attempt and its file; only then may the file be opened. Within a step.

    Raises:
        StaleStepError: The node is not ready any more.
    """
    changed = tx.run(_CLAIM_NODE, run_id=wanted.run, node_id=wanted.node, print_=wanted.fingerprint)
    if changed != 1:
        raise StaleStepError(f"node {wanted.node} of run {wanted.run} is not ready")
    tx.run(_CLAIM_EXECUTION, execution_id=wanted.execution, at=at_us)
    tx.run(
        _ADD_ATTEMPT,
        id=wanted.attempt,
        execution=wanted.execution,
        number=wanted.number,
        server=wanted.server,
        started_us=at_us,
    )
    tx.run(ADD_FILE, id=wanted.attempt, server=wanted.server)


def _close_attempt(
    tx: Transaction, ending: Ending, becomes: AttemptState, error: str | None = None
) -> bool:
    return (
        tx.run(
            _END_ATTEMPT,
            attempt_id=ending.attempt,
            was=AttemptState.STOPPING.value
            if becomes is AttemptState.STOPPED
            else AttemptState.EXECUTING.value,
            becomes=becomes.value,
            at=ending.at_us,
            why=error,
        )
        == 1
    )


def _add_receipt(tx: Transaction, ending: Ending, *, refunded: bool = False) -> None:
    tx.run(
        ADD_RECEIPT,
        execution=ending.execution,
        attempt=ending.number,
        owner=ending.owner,
        tier=ending.tier,
        cpu_us=round(ending.cost.cpu_seconds * 1e6),
        bytes_scanned=ending.cost.bytes_scanned,
        bytes_written=ending.cost.bytes_written,
        peak_memory_bytes=ending.cost.peak_memory_bytes,
        micro_credits=0 if refunded else ending.micro_credits,
        ended_us=ending.at_us,
    )


def complete(
    tx: Transaction,
    ending: Ending,
    rows: Snapshot,
    *,
    fingerprint: str | None,
    inputs: dict[Label, SnapshotId | str],
    dependents: Sequence[NodeId],
    expires_us: int,
    synced: bool,
) -> None:
    """Record that an attempt brought its rows. Within a step that closes one node.

    Raises:
        StaleStepError: The attempt is not the executing one.
    """
    if not _close_attempt(tx, ending, AttemptState.DONE):
        raise StaleStepError(f"attempt {ending.attempt} is not executing")
    tx.run(
        FILE_WHOLE,
        file_id=ending.attempt,
        size=rows.size_bytes,
        rows=rows.row_count,
        is_synced=int(synced),
    )
    tx.run(
        ADD_SNAPSHOT,
        id=rows.id,
        columns=dump_columns(rows.columns),
        row_count=rows.row_count,
        size_bytes=rows.size_bytes,
        fingerprint=fingerprint,
        reusable=int(fingerprint is not None),
        inputs=dump(inputs),
        created_us=ending.at_us,
    )
    tx.run(ADD_SNAPSHOT_FILE, snapshot=rows.id, position=0, file=ending.attempt)
    tx.run(
        _COMPLETE_EXECUTION,
        execution_id=ending.execution,
        rows=rows.id,
        at=ending.at_us,
        expires=expires_us,
    )
    tx.run(_END_NODE, run_id=ending.run, node_id=ending.node, was="executing", becomes="completed")
    _add_receipt(tx, ending)
    tx.many(_RELEASE, [{"run_id": ending.run, "node_id": node} for node in dependents])


def fail(
    tx: Transaction, ending: Ending, failure: Failure, *, due_us: int, expires_us: int
) -> None:
    """Record that a statement failed; what it used is paid. Within a step that closes one node.

    Raises:
        StaleStepError: The attempt is not the executing one.
    """
    if not _close_attempt(tx, ending, AttemptState.FAILED, failure.message):
        raise StaleStepError(f"attempt {ending.attempt} is not executing")
    tx.run(FILE_GARBAGE, file_id=ending.attempt, due=due_us)
    _add_receipt(tx, ending)
    fail_node(
        tx,
        ending.run,
        ending.node,
        ending.execution,
        failure,
        was="executing",
        at_us=ending.at_us,
        expires_us=expires_us,
    )


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
    if tx.run(_END_NODE, run_id=run, node_id=node, was=was, becomes="failed") != 1:
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


def lose(tx: Transaction, ending: Ending, why: str, *, due_us: int) -> int:
    """Record a fault of the platform: refunded, the node pending again; attempts lost so far.

    Within a step.

    Raises:
        StaleStepError: The attempt is not the executing one.
    """
    if not _close_attempt(tx, ending, AttemptState.LOST, why):
        raise StaleStepError(f"attempt {ending.attempt} is not executing")
    tx.run(FILE_GARBAGE, file_id=ending.attempt, due=due_us)
    _add_receipt(tx, ending, refunded=True)
    tx.run(_END_NODE, run_id=ending.run, node_id=ending.node, was="executing", becomes="pending")
    tx.run(_RETRY_EXECUTION, execution_id=ending.execution)
    return int(tx.value(_LOST_COUNT, execution_id=ending.execution))


def lost_attempts(tx: Transaction, execution: ExecutionId) -> int:
    """Return how many attempts of an execution the platform has lost."""
    return int(tx.value(_LOST_COUNT, execution_id=execution))


def stop(tx: Transaction, ending: Ending, *, due_us: int) -> None:
    """Record what came back too late, in a transaction of its own: garbage, and its receipt.

    Does nothing for an attempt that was declared lost: it has its receipt.
    """
    if _close_attempt(tx, ending, AttemptState.STOPPED, "cancelled"):
        _add_receipt(tx, ending)
    tx.run(FILE_GARBAGE, file_id=ending.attempt, due=due_us)
