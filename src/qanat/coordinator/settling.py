"""An answer of the store was lost: memory learns what became of a run, by asking the store again.

Whether the commit took place is not known. Until the store has been asked, the run is doubtful:
nothing of it is dispatched. What the store says is then what memory says, and an attempt that the
store has with an engine and that nobody here carries is lost.
"""

from __future__ import annotations

import logging

from qanat.coordinator.context import Context
from qanat.coordinator.live import LiveRun
from qanat.coordinator.recovering import UNLOADED, fail_exhausted, load_live
from qanat.model.state import AttemptState, RunState
from qanat.names import RunId
from qanat.store import loading, recovery, steps
from qanat.store.database import Transaction

log = logging.getLogger(__name__)

UNFINISHED = (RunState.PENDING, RunState.EXECUTING)


def doubt(context: Context, run: LiveRun) -> None:
    """Have a run asked for before anything else is done for it."""
    with context.lock:
        run.doubtful = True
        context.doubtful[run.id] = 0.0
        context.changed.notify_all()


def next_doubtful(context: Context, now: float) -> RunId | None:
    """Return a run to be settled, if its time has come. Under the lock."""
    return next((id_ for id_, due in context.doubtful.items() if due <= now), None)


def settle(context: Context, id_: RunId) -> None:
    """Make memory say of a run what the store says; a run that is not there is forgotten.

    Raises:
        StoreUnavailableError: The store does not answer yet.
    """
    at = context.clock.now()
    at_us = context.now_us()

    def work(tx: Transaction) -> LiveRun | None:
        if not recovery.lock_run(tx, id_):
            tx.after_commit(lambda: _absent(context, id_))
            return None
        with context.lock:
            carried = frozenset(context.carried)
        if recovery.lose_uncarried(
            tx, id_, context.server, carried, at_us=at_us, due_us=at_us
        ):  # fmt: skip
            recovery.new_epoch(tx, id_, at_us)
            run = loading.run(tx, id_)
            if run is not None and run.failure is not None and run.state is RunState.EXECUTING:
                steps.skip_rest(tx, id_, run.failure, UNLOADED, at_us)
        fail_exhausted(context, tx, id_, at)
        found = load_live(tx, id_)
        tx.after_commit(lambda: _present(context, found))
        return found

    with context.lock:
        context.doubtful[id_] = context.clock.monotonic() + 1.0  # not again before that
    found = context.database.write(work)
    if found is not None:
        log.warning("run %s was asked for again: %s", id_, found.state.value)
        if found.state not in UNFINISHED:
            for node in found.nodes.values():
                for attempt in node.attempts:
                    if attempt.state is AttemptState.STOPPING:
                        context.engine.cancel(attempt.id)


def _absent(context: Context, id_: RunId) -> None:
    with context.lock:
        context.doubtful.pop(id_, None)
        run = context.live.get(id_)
        if run is not None:
            context.dispatch.remove(run)
            context.forget(run)
            run.wake()


def _present(context: Context, found: LiveRun) -> None:
    with context.lock:
        context.doubtful.pop(found.id, None)
        run = context.live.get(found.id)
        is_over = found.state not in UNFINISHED
        if run is None:
            if is_over:
                return
            context.remember(found)
            context.dispatch.add(found)
        else:
            run.become(found)
            if is_over:
                context.dispatch.remove(run)
            else:
                context.dispatch.settled(run)
            run.wake()
        context.changed.notify_all()
