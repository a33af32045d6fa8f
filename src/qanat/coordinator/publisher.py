"""Every pointer of a run, or none: ends and cancellations.

Rows are flushed to disk first. Then one transaction moves the names, books what is left to book
and closes the run; a reader sees it whole or not at all.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from qanat.clock import to_us
from qanat.coordinator.context import Context
from qanat.coordinator.live import LiveRun
from qanat.coordinator.recovering import load_live
from qanat.coordinator.settling import UNFINISHED, doubt, settle
from qanat.errors import FileLostError, SnapshotConflictError, StaleStepError
from qanat.model.pipeline import NodeKind
from qanat.model.snapshot import Snapshot
from qanat.model.state import Failure, FailureKind, NodeState, RunState
from qanat.names import AttemptId, NameId, QueryId, RunId, SnapshotId
from qanat.store import endings, recovery, steps
from qanat.store.database import StoreUnavailableError, Transaction
from qanat.store.endings import LatestResult
from qanat.store.steps import Stepped

UNFLUSHED: Final = "its run failed, and its rows could not be flushed to disk"

log = logging.getLogger(__name__)


def _views(run: LiveRun, fresh: Snapshot | None) -> dict[NameId, SnapshotId]:
    """Return the snapshot that each view of a completed run moves to."""
    rows = {}
    for id_, definition in run.defined.items():
        if definition.name is not None:
            found = fresh or run.nodes[id_].execution.snapshot
            assert found is not None
            rows[NameId(definition.name)] = found.id
    return rows


def _latest(run: LiveRun) -> list[LatestResult]:
    return [
        LatestResult(
            query=QueryId(definition.query),
            query_version=definition.version,
            params_hash=definition.params_hash,
            execution=run.nodes[id_].execution.id,
        )
        for id_, definition in run.defined.items()
        if definition.kind is NodeKind.QUERY and definition.query != 0
    ]


def end_single(
    tx: Transaction,
    context: Context,
    run: LiveRun,
    after: Stepped,
    at: datetime,
    rows: Snapshot,
) -> None:
    """Publish a run of one node in the transaction that finished the node.

    Raises:
        SnapshotConflictError: Its view was moved by something else.
    """
    _, moment = endings.publish(
        tx,
        run.id,
        rows=_views(run, rows),
        latest=_latest(run),
        synced=(),
        at_us=to_us(at),
        stepped=after,
    )
    tx.after_commit(
        lambda: _ended(context, run, after, RunState.COMPLETED, at, moment, failure=None)
    )


def end(context: Context, run: LiveRun) -> None:
    """End a run whose nodes are all final: publish it, or close it as failed.

    Rows that cannot be flushed are computed again instead.
    """
    try:
        _end(context, run)
    except StaleStepError:
        log.info("run %s had ended before it could be ended", run.id)
        if run.state is RunState.EXECUTING:
            doubt(context, run)
    except FileLostError as error:
        log.error("rows of run %s could not be flushed to disk", run.id)  # noqa: TRY400  # no trace: the disk's fault
        _compute_again(context, run, tuple(AttemptId(file) for file in error.files))


def _end(context: Context, run: LiveRun) -> None:
    files = context.database.read(lambda tx: endings.unsynced_files(tx, run.id))
    context.engine.sync(files)
    at = context.clock.now()
    completed = all(node.state is NodeState.COMPLETED for node in run.nodes.values())
    if completed:
        try:
            context.database.write(lambda tx: _publish(tx, context, run, files, at))
        except SnapshotConflictError as error:
            conflict = Failure(kind=FailureKind.EXECUTION_FAILED, message=str(error))
            context.database.write(lambda tx: _close(tx, context, run, files, at, conflict))
    else:
        context.database.write(lambda tx: _close(tx, context, run, files, at, None))


def _publish(
    tx: Transaction, context: Context, run: LiveRun, files: tuple[AttemptId, ...], at: datetime
) -> None:
    after, moment = endings.publish(
        tx,
        run.id,
        rows=_views(run, None),
        latest=_latest(run),
        synced=files,
        at_us=to_us(at),
    )
    tx.after_commit(
        lambda: _ended(context, run, after, RunState.COMPLETED, at, moment, failure=None)
    )


def _close(  # the facts of one end
    tx: Transaction,
    context: Context,
    run: LiveRun,
    files: tuple[AttemptId, ...],
    at: datetime,
    failure: Failure | None,
) -> None:
    after = endings.fail(tx, run.id, failure=failure, synced=files, at_us=to_us(at))
    tx.after_commit(lambda: _ended(context, run, after, RunState.FAILED, at, None, failure=failure))


def _ended(  # the facts of one end
    context: Context,
    run: LiveRun,
    after: Stepped,
    state: RunState,
    at: datetime,
    moment: int | None,
    *,
    failure: Failure | None,
) -> None:
    with context.lock:
        run.ended(state, at, published=moment, failure=failure)
        run.stepped(after, [None], at)
        context.dispatch.remove(run)
        run.wake()
        context.changed.notify_all()


def cancel(context: Context, run: LiveRun) -> bool:
    """Cancel a run; False if it had ended otherwise. Its engines are stopped afterwards."""
    at = context.clock.now()
    expires = at + timedelta(days=context.retention.result_days)

    def work(tx: Transaction) -> tuple[AttemptId, ...]:
        after, stopping = endings.cancel(tx, run.id, at_us=to_us(at), expires_us=to_us(expires))

        def committed() -> None:
            with context.lock:
                run.cancelled(at, expires)
                run.stepped(after, [None], at)
                context.dispatch.remove(run)
                run.wake()
                context.changed.notify_all()

        tx.after_commit(committed)
        return stopping

    try:
        stopping = context.database.write(work)
    except StoreUnavailableError:
        doubt(context, run)
        raise
    except StaleStepError:
        if run.state in UNFINISHED:
            settle(context, run.id)
        return run.state is RunState.CANCELLED
    for attempt in stopping:
        context.engine.cancel(attempt)
    return True


def _compute_again(context: Context, run: LiveRun, files: tuple[AttemptId, ...]) -> None:
    """Take the run back to before rows that are not on disk, and let it go on from there."""
    at_us = context.now_us()

    def work(tx: Transaction) -> set[RunId]:
        changed = recovery.lose_files(tx, files, at_us=at_us, due_us=at_us)
        for id_ in changed:
            recovery.new_epoch(tx, id_, at_us)
        if run.failure is not None:
            steps.skip_rest(tx, run.id, run.failure, UNFLUSHED, at_us)
        return changed

    context.database.write(work)
    reload(context, run)


def reload(context: Context, run: LiveRun) -> None:
    """Replace what memory knows of a run by what the store says."""
    fresh = context.database.read(lambda tx: load_live(tx, run.id))
    with context.lock:
        context.dispatch.remove(run)
        fresh.watchers = run.watchers
        context.remember(fresh)
        context.dispatch.add(fresh)
        fresh.wake()
        context.changed.notify_all()
