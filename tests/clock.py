"""A clock that tests move by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)) -> None:
        self._at = at
        self._monotonic = 1_000.0

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, **amount: float) -> None:
        """Move on by a timedelta's arguments."""
        step = timedelta(**amount)
        self._at += step
        self._monotonic += step.total_seconds()
