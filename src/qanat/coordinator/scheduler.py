"""Schedules of views: a due one starts a run of that view's pipeline.

Firing is one transaction: the next time is moved on and the run is accepted. Fires missed while
no server ran become one. A view whose scheduled run has not ended is passed over, which is
recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from qanat import cron
from qanat.clock import from_us, to_us
from qanat.coordinator.context import Context
from qanat.errors import QanatError
from qanat.model.access import Caller, Scope
from qanat.names import Handle, KeyId, Label, RunId
from qanat.store import schedules
from qanat.store.database import Transaction

log = logging.getLogger(__name__)

Fire = Callable[[Transaction, Caller, Label], RunId | None]


class Scheduler:
    """Fires schedules that are due."""

    def __init__(self, context: Context, fire: Fire) -> None:
        self._context = context
        self._fire = fire

    def tick(self) -> int:
        """Fire everything that is due; how many runs were started."""
        context = self._context
        now_us = context.now_us()
        fired = 0
        for due in context.database.read(lambda tx: schedules.due(tx, now_us)):
            try:
                fired += context.database.write(lambda tx, due=due: self._once(tx, due, now_us))  # type: ignore[misc]  # the default binds the loop's variable
            except QanatError as error:
                log.warning("the schedule of %s did not start: %s", due.label, error)
                context.database.write(lambda tx, due=due: self._pass_over(tx, due, now_us))  # type: ignore[misc]  # as above
        return fired

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
