"""Cron expressions: five fields, UTC, and how close together and far apart their fires may be.

The only module that reads them. What is measured is the smallest and the largest gap between
consecutive fires anywhere in a cycle of the calendar, not the first few.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from cronsim import CronSim, CronSimError

from qanat.errors import InvalidRequestError

SMALLEST: Final = timedelta(minutes=15)
LARGEST: Final = timedelta(weeks=1)
_CHARS: Final = 100
#: After 28 years days of the month and of the week meet again as they did (until 2100).
_CYCLE_FROM: Final = datetime(2026, 1, 1, tzinfo=UTC)
_CYCLE_TO: Final = datetime(2054, 1, 1, tzinfo=UTC)
_DAY_MINUTES: Final = 24 * 60


def check(expression: str) -> str:
    """Return an expression that a view may have, with single blanks.

    Raises:
        InvalidRequestError: It is no cron expression, or fires too often or too rarely.
    """
    fields = expression.split()
    if len(fields) != 5 or len(expression) > _CHARS:
        raise InvalidRequestError("cron_expression: five fields are needed, such as 0 */6 * * *")
    plain = " ".join(fields)
    try:
        smallest, largest = _gaps(plain)
    except (CronSimError, StopIteration) as error:
        raise InvalidRequestError(f"cron_expression '{plain}': {error or 'never fires'}") from None
    if smallest < SMALLEST:
        raise InvalidRequestError(
            f"cron_expression '{plain}' fires {_minutes(smallest)} minutes apart: "
            "at least 15 minutes are needed"
        )
    if largest > LARGEST:
        raise InvalidRequestError(
            f"cron_expression '{plain}' leaves {largest.days} days between two fires: "
            "at most a week is allowed"
        )
    return plain


def next_fire(expression: str, after: datetime) -> datetime:
    """Return the first fire after a moment."""
    return next(CronSim(expression, after.astimezone(UTC)))


def last_fire(expression: str, before: datetime) -> datetime:
    """Return the last fire at or before a moment."""
    # The library walks back from a second after the minute that `before` lies in.
    start = before.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(seconds=1)
    return next(CronSim(expression, start, reverse=True))


def _gaps(expression: str) -> tuple[timedelta, timedelta]:
    fires = CronSim(expression, _CYCLE_FROM)
    times = sorted(hour * 60 + minute for hour in fires.hours for minute in fires.minutes)
    within = [after - before for before, after in itertools.pairwise(times)]
    overnight = _DAY_MINUTES - times[-1] + times[0]
    smallest, largest = _DAY_MINUTES * 10_000, 0
    for days in _day_gaps(expression):
        gap = overnight + (days - 1) * _DAY_MINUTES
        smallest, largest = min(smallest, gap), max(largest, gap)
        if timedelta(minutes=largest) > LARGEST:
            break
    return (
        timedelta(minutes=min([smallest, *within])),
        timedelta(minutes=max([largest, *within])),
    )


def _day_gaps(expression: str) -> Iterator[int]:
    """Yield the days between consecutive days on which it fires, over a whole cycle."""
    _, _, *day_fields = expression.split()
    before: datetime | None = None
    for day in CronSim(" ".join(["0", "0", *day_fields]), _CYCLE_FROM):
        if before is not None:
            yield (day - before).days
        if day > _CYCLE_TO:
            return
        before = day


def _minutes(gap: timedelta) -> int:
    return int(gap.total_seconds()) // 60
