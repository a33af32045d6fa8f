"""A server starts: what others left behind is put right, and unfinished runs are taken up."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from qanat.clock import to_us
from qanat.coordinator.context import Context
from qanat.coordinator.definitions import decode
from qanat.coordinator.failures import lost_too_often, run_failure
from qanat.coordinator.live import LiveRun
from qanat.model.state import AttemptState, NodeState, RunState
from qanat.names import RunId, ServerId
from qanat.store import attempts, loading, recovery, steps
from qanat.store.database import Transaction

LEASE_US: Final = 15_000_000  #: a server that has not been heard of for this long is dead
UNLOADED: Final = "its run failed before it could be tried again"


def load_live(tx: Transaction, run_id: RunId) -> LiveRun:
    """Return an unfinished run as the store has it."""
    run = loading.run(tx, run_id)
    text = loading.definitions(tx, run_id)
    assert run is not None
    assert text is not None
    return LiveRun(
        run,
        decode(text),
        pins=loading.pinned(tx, run_id),
        sources=loading.pinned_sources(tx, run_id),
    )


def take_back(context: Context, *, boot_id: str, alone: bool, me: ServerId | None) -> None:
    """Declare dead servers dead and take back what they were doing, and what was not flushed.

    `alone`: this server holds the store by itself, so every other one is dead. `boot_id` names
    the machine's present start; another than the store knows means that what was not flushed to
    disk is gone.
    """
    at = context.clock.now()
    at_us = to_us(at)

    def bury(tx: Transaction) -> None:
        recovery.bury(tx, me, at_us=at_us, alone=alone)

    def put_right(tx: Transaction) -> None:
        changed = recovery.lose_attempts_of_the_dead(tx, at_us=at_us, due_us=at_us)
        if alone and recovery.boot_changed(tx, boot_id):
            files = recovery.unsynced(tx)
            changed |= recovery.lose_files(tx, files, at_us=at_us, due_us=at_us)
        if alone:
            changed |= set(recovery.executing_runs(tx))
        for run_id in sorted(changed):
            recovery.new_epoch(tx, run_id, at_us)
            run = loading.run(tx, run_id)
            if run is not None and run.failure is not None and run.state is RunState.EXECUTING:
                steps.skip_rest(tx, run_id, run.failure, UNLOADED, at_us)
            fail_exhausted(context, tx, run_id, at)

    context.database.write(bury)
    context.database.write(put_right)


def fail_exhausted(context: Context, tx: Transaction, run_id: RunId, at: datetime) -> None:
    """Fail the nodes of an executing run that were lost so often that they are not tried again.

    What brings a server down with it is counted as well as what brings an engine down.
    """
    run = loading.run(tx, run_id)
    if run is None or run.state is not RunState.EXECUTING or run.failure is not None:
        return
    for node in run.nodes.values():
        lost = [one for one in node.attempts if one.state is AttemptState.LOST]
        if node.state is not NodeState.PENDING or len(lost) < attempts.LOST_LIMIT:
            continue
        failure = lost_too_often(lost[-1].error or "the server stopped")
        expires = context.expiry(node.execution, is_view=node.view is not None, at=at)
        after = steps.step(tx, run_id, events=1, closed=1)
        steps.fail_node(
            tx,
            run_id,
            node.id,
            node.execution.id,
            failure,
            was="pending",
            at_us=to_us(at),
            expires_us=to_us(expires),
        )
        steps.add_events(tx, run_id, after, [node.id], to_us(at))
        error = run_failure(node.view, node.id, node.query, failure)
        reason = f"node {node.id} failed before this one started"
        steps.skip_rest(tx, run_id, error, reason, to_us(at))
        return


def take_up(context: Context) -> None:
    """Load every unfinished run into memory, in the order in which they were accepted."""

    def load(tx: Transaction) -> list[LiveRun]:
        return [load_live(tx, run_id) for run_id in recovery.unfinished_runs(tx)]

    runs = context.database.read(load)
    with context.lock:
        for run in runs:
            context.remember(run)
            context.dispatch.add(run)
        context.changed.notify_all()
