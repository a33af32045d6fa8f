"""What is no longer needed is let go. Protocol section 10.

Reachability is foreign keys: a snapshot that a name, pin, execution or upload still refers to
cannot be deleted, so nothing here has to walk a graph. Files are removed only after the grace
period, because whoever resolved a snapshot may read it to the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, delete, exists, select, update

from qanat.names import AttemptId
from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction

BATCH: Final = 500  #: rows of one transaction

_DUE_EXECUTIONS: Final = Prepared(
    select(t.execution.c.id)
    .join(t.run, t.run.c.id == t.execution.c.run)
    .where(
        t.run.c.state.in_(["completed", "failed", "cancelled"]),
        t.execution.c.expires_us < bindparam("now"),
        t.execution.c.state == "completed",
        t.execution.c.snapshot.is_not(None),
        ~exists().where(t.name.c.snapshot == t.execution.c.snapshot),
    )
    .order_by(t.execution.c.expires_us)
    .limit(BATCH)
)
_EXPIRE: Final = Prepared(
    update(t.execution)
    .where(t.execution.c.id == bindparam("execution_id"), t.execution.c.state == "completed")
    .values(state="expired", snapshot=None)
)
_DROP_LATEST: Final = Prepared(
    delete(t.latest).where(t.latest.c.execution == bindparam("execution"))
)
_OLD_PINS: Final = Prepared(
    delete(t.pin).where(
        t.pin.c.run.in_(
            select(t.run.c.id).where(
                t.run.c.state.in_(["failed", "cancelled"]), t.run.c.ended_us < bindparam("before")
            )
        )
    )
)
_UNREACHED: Final = Prepared(
    select(t.snapshot.c.id)
    .where(
        ~exists().where(t.name.c.snapshot == t.snapshot.c.id),
        ~exists().where(t.pin.c.snapshot == t.snapshot.c.id),
        ~exists().where(t.execution.c.snapshot == t.snapshot.c.id),
    )
    .limit(BATCH)
)
_DROP_SNAPSHOT_FILES: Final = Prepared(
    delete(t.snapshot_file).where(t.snapshot_file.c.snapshot == bindparam("snapshot"))
)
_DROP_SNAPSHOT: Final = Prepared(delete(t.snapshot).where(t.snapshot.c.id == bindparam("snapshot")))
_GARBAGE: Final = Prepared(
    update(t.file)
    .where(
        t.file.c.state == "whole",
        ~exists().where(t.snapshot_file.c.file == t.file.c.id),
    )
    .values(state="garbage", due_us=bindparam("due"))
)
_DUE_FILES: Final = Prepared(
    select(t.file.c.id)
    .where(t.file.c.state == "garbage", t.file.c.due_us <= bindparam("now"))
    .limit(BATCH)
)
_DROP_FILE: Final = Prepared(
    delete(t.file).where(t.file.c.id == bindparam("file_id"), t.file.c.state == "garbage")
)
_KNOWN: Final = Prepared(select(t.file.c.id).where(t.file.c.id == bindparam("file")))
_OLD_EVENTS: Final = Prepared(
    delete(t.event).where(
        t.event.c.run.in_(
            select(t.run.c.id)
            .where(t.run.c.ended_us < bindparam("before"))
            .where(exists().where(t.event.c.run == t.run.c.id))
            .limit(BATCH)
        )
    )
)
_OLD_REQUESTS: Final = Prepared(delete(t.request).where(t.request.c.at_us < bindparam("before")))
_OLD_SESSIONS: Final = Prepared(delete(t.session).where(t.session.c.used_us < bindparam("before")))


def expire(tx: Transaction, *, now_us: int, pins_before_us: int) -> int:
    """Expire results past their time and drop old pins; how many executions expired.

    A refresh does not expire while its view points at its rows.
    """
    due = [row[0] for row in tx.tuples(_DUE_EXECUTIONS, now=now_us)]
    for execution in due:
        tx.run(_DROP_LATEST, execution=execution)
        tx.run(_EXPIRE, execution_id=execution)
    tx.run(_OLD_PINS, before=pins_before_us)
    return len(due)


def drop_snapshots(tx: Transaction, *, due_us: int) -> int:
    """Delete snapshots that nothing refers to and mark their files garbage; how many."""
    unreached = [row[0] for row in tx.tuples(_UNREACHED)]
    for snapshot in unreached:
        tx.run(_DROP_SNAPSHOT_FILES, snapshot=snapshot)
        tx.run(_DROP_SNAPSHOT, snapshot=snapshot)
    tx.run(_GARBAGE, due=due_us)
    return len(unreached)


def due_files(tx: Transaction, *, now_us: int) -> list[AttemptId]:
    """Return garbage files whose grace is over."""
    return [AttemptId(row[0]) for row in tx.tuples(_DUE_FILES, now=now_us)]


def forget_files(tx: Transaction, files: Iterable[AttemptId]) -> None:
    """Delete the rows of garbage files that were removed."""
    tx.many(_DROP_FILE, [{"file_id": file} for file in files])


def is_known(tx: Transaction, file: AttemptId) -> bool:
    """Return whether a file has a row; one without is an orphan, if it was listed before."""
    return tx.value(_KNOWN, file=file) is not None


def forget_old(tx: Transaction, *, events_us: int, requests_us: int, sessions_us: int) -> None:
    """Delete old events, answers of idempotency keys and unused sessions."""
    tx.run(_OLD_EVENTS, before=events_us)
    tx.run(_OLD_REQUESTS, before=requests_us)
    tx.run(_OLD_SESSIONS, before=sessions_us)
