"""Which views are due by their schedule, and what became of a fire. Protocol section 11."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select, update

from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction

_DUE: Final = Prepared(
    select(
        t.view.c.name,
        t.view.c.cron,
        t.view.c.cron_until_us,
        t.view.c.next_us,
        t.view.c.scheduled_run,
        t.name.c.label,
        t.name.c.owner,
    )
    .join(t.name, t.name.c.id == t.view.c.name)
    .where(t.view.c.next_us <= bindparam("now"), t.name.c.deleted_us.is_(None))
    .order_by(t.view.c.next_us, t.view.c.name)
)
_ADVANCE: Final = Prepared(
    update(t.view)
    .where(t.view.c.name == bindparam("view_name"), t.view.c.next_us == bindparam("was"))
    .values(next_us=bindparam("following"))
)
_BUSY: Final = Prepared(
    select(t.run.c.id).where(
        t.run.c.id == bindparam("run"), t.run.c.state.in_(["pending", "executing"])
    )
)
_PASS_OVER: Final = Prepared(
    update(t.view)
    .where(t.view.c.name == bindparam("view_name"))
    .values(passed_over_us=bindparam("at"))
)
_REMEMBER: Final = Prepared(
    update(t.view)
    .where(t.view.c.name == bindparam("view_name"))
    .values(scheduled_run=bindparam("run"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A schedule whose time has come."""

    name: str
    label: str
    owner: str
    cron: str
    until_us: int | None
    next_us: int
    last_run: str | None


def due(tx: Transaction, now_us: int) -> list[Due]:
    """Return the schedules that are due, longest overdue first."""
    return [
        Due(
            name=row["name"],
            label=row["label"],
            owner=row["owner"],
            cron=row["cron"],
            until_us=row["cron_until_us"],
            next_us=row["next_us"],
            last_run=row["scheduled_run"],
        )
        for row in tx.rows(_DUE, now=now_us)
    ]


def advance(tx: Transaction, fired: Due, following_us: int | None) -> bool:
    """Move a schedule on; False if another server has, and fires it."""
    return tx.run(_ADVANCE, view_name=fired.name, was=fired.next_us, following=following_us) == 1


def is_busy(tx: Transaction, fired: Due) -> bool:
    """Return whether the schedule's last run has not ended."""
    return fired.last_run is not None and tx.value(_BUSY, run=fired.last_run) is not None


def pass_over(tx: Transaction, fired: Due, at_us: int) -> None:
    """Record that a fire started nothing."""
    tx.run(_PASS_OVER, view_name=fired.name, at=at_us)


def remember(tx: Transaction, fired: Due, run: str) -> None:
    """Record the run that a fire started."""
    tx.run(_REMEMBER, view_name=fired.name, run=run)
