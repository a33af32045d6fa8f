"""Schedules of views: a due one starts a run of that view's pipeline.

Firing is one transaction: the next time is moved on and the run is accepted. Fires missed while
no server ran become one. A view whose scheduled run has not ended is passed over, which is
recorded, and so is one whose pipeline is refused. When only the moment is wrong, because the store
does not answer or the queue is full, the schedule stays due and is tried again a little later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from qanat import cron
from qanat.clock import from_us, to_us
from qanat.coordinator.context import Context
from qanat.errors import QanatError, TooManyRequestsError
from qanat.model.access import Caller, Scope
from qanat.names import Handle, KeyId, Label, RunId
from qanat.store import schedules
from qanat.store.database import StoreUnavailableError, Transaction

log = logging.getLogger(__name__)

AGAIN_S: Final = 5.0  #: least time until a fire that could not start is tried again

Fire = Callable[[Transaction, Caller, Label], RunId | None]


class Scheduler:
    """Fires schedules that are due."""

    def __init__(self, context: Context, fire: Fire) -> None:
        self._context = context
        self._fire = fire
        self._not_before = 0.0  #: monotonic seconds; of any fire, after the store did not answer
        self._later: dict[str, float] = {}  #: schedule → monotonic seconds; there was no room

    def tick(self) -> int:
        """Fire everything that is due; how many runs were started."""
        context = self._context
        now, now_us = context.clock.monotonic(), context.now_us()
        if now < self._not_before:
            return 0
        self._later = {name: at for name, at in self._later.items() if now < at}
        fired = 0
        try:
            for due in context.database.read(lambda tx: schedules.due(tx, now_us)):
                if due.name not in self._later:
                    fired += self._one(due, now, now_us)
        except StoreUnavailableError as error:
            self._not_before = now + AGAIN_S
            log.warning("schedules that are due wait for the store: %s", error)
        return fired

    def _one(self, due: schedules.Due, now: float, now_us: int) -> int:
        """Fire a schedule, pass it over, or leave it due; how many runs that started."""
        database = self._context.database
        try:
            return database.write(lambda tx: self._once(tx, due, now_us))
        except StoreUnavailableError:
            raise
        except TooManyRequestsError as error:
            self._later[due.name] = now + max(AGAIN_S, error.retry_after_s)
            log.warning("the schedule of %s has to wait: %s", due.label, error)
        except QanatError as error:
            log.warning("the schedule of %s did not start: %s", due.label, error)
            database.write(lambda tx: self._pass_over(tx, due, now_us))
        return 0

    def _following(self, due: schedules.Due, now_us: int) -> int | None:
        following = to_us(cron.next_fire(due.cron, from_us(now_us)))
        return None if due.until_us is not None and following > due.until_us else following

    def _once(self, tx: Transaction, due: schedules.Due, now_us: int) -> int:
        if not schedules.advance(tx, due, self._following(due, now_us)):
            return 0
        if schedules.is_busy(tx, due):
            schedules.pass_over(tx, due, now_us)
            return 0
        caller = Caller(
            handle=Handle(due.owner), scope=Scope.WRITE, key=KeyId("schedule"), number=0
        )
        run = self._fire(tx, caller, Label(due.label))
        if run is None:
            return 0
        schedules.remember(tx, due, run)
        return 1

    def _pass_over(self, tx: Transaction, due: schedules.Due, now_us: int) -> None:
        """Move on past a fire whose pipeline is refused, so that it is not tried every second."""
        if schedules.advance(tx, due, self._following(due, now_us)):
            schedules.pass_over(tx, due, now_us)
