"""An attempt of an execution: claimed, and ended in one of four ways. Protocol section 4.

Every function here but `stop` is a part of one transaction that began with `steps.step`. The
attempt's own row is the second fence: only the attempt that is executing may bring a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, func, insert, select, update

from qanat.errors import StaleStepError
from qanat.model.credits import Cost
from qanat.model.snapshot import Snapshot
from qanat.model.state import AttemptState, Failure
from qanat.names import AttemptId, ExecutionId, Handle, Label, NodeId, RunId, ServerId, SnapshotId
from qanat.store import tables as t
from qanat.store.codec import dump, dump_columns
from qanat.store.database import Prepared, Transaction
from qanat.store.steps import END_NODE, fail_node

LOST_LIMIT: Final = 3  #: attempts that the platform may lose before the node fails

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
_ADD_FILE: Final = Prepared(insert(t.file).values(state="writing"), ["id", "server", "state"])
_END_ATTEMPT: Final = Prepared(
    update(t.attempt)
    .where(t.attempt.c.id == bindparam("attempt_id"), t.attempt.c.state == bindparam("was"))
    .values(state=bindparam("becomes"), ended_us=bindparam("at"), error=bindparam("why"))
)
_FILE_WHOLE: Final = Prepared(
    update(t.file)
    .where(t.file.c.id == bindparam("file_id"), t.file.c.state == "writing")
    .values(
        state="whole",
        size_bytes=bindparam("size"),
        row_count=bindparam("rows"),
        synced=bindparam("is_synced"),
    )
)
_FILE_GARBAGE: Final = Prepared(
    update(t.file)
    .where(t.file.c.id == bindparam("file_id"), t.file.c.state == "writing")
    .values(state="garbage", due_us=bindparam("due"))
)
_ADD_SNAPSHOT: Final = Prepared(
    insert(t.snapshot),
    [
        "id", "columns", "row_count", "size_bytes", "fingerprint", "reusable", "inputs",
        "created_us",
    ],
)  # fmt: skip
_ADD_SNAPSHOT_FILE: Final = Prepared(insert(t.snapshot_file), ["snapshot", "position", "file"])
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
_RETRY_EXECUTION: Final = Prepared(
    update(t.execution).where(t.execution.c.id == bindparam("execution_id")).values(state="pending")
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
    tx.run(_ADD_FILE, id=wanted.attempt, server=wanted.server)


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
        _FILE_WHOLE,
        file_id=ending.attempt,
        size=rows.size_bytes,
        rows=rows.row_count,
        is_synced=int(synced),
    )
    tx.run(
        _ADD_SNAPSHOT,
        id=rows.id,
        columns=dump_columns(rows.columns),
        row_count=rows.row_count,
        size_bytes=rows.size_bytes,
        fingerprint=fingerprint,
        reusable=int(fingerprint is not None),
        inputs=dump(inputs),
        created_us=ending.at_us,
    )
    tx.run(_ADD_SNAPSHOT_FILE, snapshot=rows.id, position=0, file=ending.attempt)
    tx.run(
        _COMPLETE_EXECUTION,
        execution_id=ending.execution,
        rows=rows.id,
        at=ending.at_us,
        expires=expires_us,
    )
    tx.run(END_NODE, run_id=ending.run, node_id=ending.node, was="executing", becomes="completed")
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
    tx.run(_FILE_GARBAGE, file_id=ending.attempt, due=due_us)
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


def lose(tx: Transaction, ending: Ending, why: str, *, due_us: int) -> int:
    """Record a fault of the platform: refunded, the node pending again; attempts lost so far.

    Within a step.

    Raises:
        StaleStepError: The attempt is not the executing one.
    """
    if not _close_attempt(tx, ending, AttemptState.LOST, why):
        raise StaleStepError(f"attempt {ending.attempt} is not executing")
    tx.run(_FILE_GARBAGE, file_id=ending.attempt, due=due_us)
    _add_receipt(tx, ending, refunded=True)
    tx.run(END_NODE, run_id=ending.run, node_id=ending.node, was="executing", becomes="pending")
    tx.run(_RETRY_EXECUTION, execution_id=ending.execution)
    return int(tx.value(_LOST_COUNT, execution_id=ending.execution))


def stop(tx: Transaction, ending: Ending, *, due_us: int) -> None:
    """Record what came back too late, in a transaction of its own: garbage, and its receipt.

    Does nothing for an attempt that was declared lost: it has its receipt.
    """
    if _close_attempt(tx, ending, AttemptState.STOPPED, "cancelled"):
        _add_receipt(tx, ending)
    tx.run(_FILE_GARBAGE, file_id=ending.attempt, due=due_us)


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
