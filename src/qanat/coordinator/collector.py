"""Old results, garbage files and orphans are let go, every few minutes.

What is on disk is listed before the store is asked: a file without a row is then an orphan, never
one that a claim is just about to open.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from qanat.clock import to_us
from qanat.coordinator.context import Context
from qanat.model.state import RunState
from qanat.store import collection
from qanat.store.collection import BATCH

log = logging.getLogger(__name__)

SESSION_DAYS = 7


class Collector:
    """Collects when it is time to."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._next = 0.0

    def tick(self) -> None:
        """Collect, if the last time is long enough ago."""
        now = self._context.clock.monotonic()
        if now < self._next:
            return
        self._next = now + self._context.retention.collect_every_s
        self.collect()

    def collect(self) -> int:
        """Let go of everything that is due; how many files were removed."""
        context, keep = self._context, self._context.retention
        now = context.clock.now()
        now_us = to_us(now)
        before = to_us(now - timedelta(days=keep.resume_days))
        due_us = to_us(now + timedelta(seconds=keep.grace_s))
        database = context.database
        expired = BATCH
        while expired == BATCH:
            expired = database.write(
                lambda tx: collection.expire(tx, now_us=now_us, pins_before_us=before)
            )
            if expired:
                self._forget_ended()
        while database.write(lambda tx: collection.drop_snapshots(tx, due_us=due_us)) == BATCH:
            pass
        database.write(
            lambda tx: collection.forget_old(
                tx,
                events_us=to_us(now - timedelta(days=keep.event_days)),
                requests_us=to_us(now - timedelta(days=keep.request_days)),
                sessions_us=to_us(now - timedelta(days=SESSION_DAYS)),
            )
        )
        return self._remove_garbage(now_us) + self._remove_orphans()

    def _forget_ended(self) -> None:
        """Have ended runs read from the store again: results that memory shows are gone."""
        context = self._context
        with context.lock:
            for run in list(context.live.values()):
                if run.state not in (RunState.PENDING, RunState.EXECUTING) and not run.executing:
                    context.forget(run)

    def _remove_garbage(self, now_us: int) -> int:
        context = self._context
        removed = 0
        while True:
            due = context.database.read(lambda tx: collection.due_files(tx, now_us=now_us))
            for file in due:
                context.engine.remove(file)
            context.database.write(lambda tx, due=due: collection.forget_files(tx, due))  # type: ignore[misc]  # the default binds the loop's variable
            removed += len(due)
            if len(due) < BATCH:
                return removed

    def _remove_orphans(self) -> int:
        context = self._context
        listed = [file for file, _ in context.engine.files()]
        orphans = context.database.read(
            lambda tx: [file for file in listed if not collection.is_known(tx, file)]
        )
        for file in orphans:
            log.info("removing %s: no row names it", file)
            context.engine.remove(file)
        return len(orphans)
