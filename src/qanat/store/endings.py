"""A run ends: published, failed or cancelled. Protocol sections 5 and 6.

Publication is one transaction: it fences the run, moves every pointer, takes the moment, writes
down the moves, moves the queries' latest results and releases the locks. Readers see all of it
or none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, bindparam, case, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qanat.errors import SnapshotConflictError, StaleStepError
from qanat.model.state import Failure, RunState
from qanat.names import AttemptId, ExecutionId, NameId, QueryId, RunId, SnapshotId
from qanat.store import tables as t
from qanat.store.codec import dump_failure
from qanat.store.database import Prepared, Transaction
from qanat.store.steps import Stepped, add_events, step

_WRITTEN: Final = Prepared(
    select(
        t.run_view.c.name,
        t.run_view.c.base_moves,
        t.run_view.c.writes,
        t.name.c.label,
        t.name.c.snapshot,
        t.name.c.moves,
        t.name.c.writer_run,
        t.name.c.deleted_us,
    )
    .join(t.name, t.name.c.id == t.run_view.c.name)
    .where(t.run_view.c.run == bindparam("run"))
    .order_by(t.name.c.id)
    .with_for_update(of=t.name)
)
_MOVE: Final = Prepared(
    update(t.name)
    .where(t.name.c.id == bindparam("name_id"), t.name.c.writer_run == bindparam("run"))
    .values(
        snapshot=bindparam("rows"),
        moves=t.name.c.moves + 1,
        writer_run=None,
        updated_us=bindparam("at"),
    )
)
_RELEASE: Final = Prepared(
    update(t.name).where(t.name.c.writer_run == bindparam("run")).values(writer_run=None)
)
NEXT_MOMENT: Final = Prepared(
    update(t.store).values(moment=t.store.c.moment + 1).returning(t.store.c.moment)
)
_MOMENT: Final = Prepared(
    select(t.run.c.moment, t.run.c.accepted).where(t.run.c.id == bindparam("run"))
)
ADD_MOVE: Final = Prepared(
    insert(t.move), ["moment", "name", "from_snapshot", "to_snapshot", "run", "moved_us"]
)
_LATEST_COLUMNS: Final = (
    "query", "params_hash", "query_version", "moment", "accepted", "execution",
)  # fmt: skip


def _latest(kind: str) -> Prepared:
    made = (sqlite.insert if kind == "sqlite" else postgresql.insert)(t.latest)
    newer = made.excluded
    return Prepared(
        made.on_conflict_do_update(
            index_elements=["query", "params_hash"],
            set_={name: newer[name] for name in _LATEST_COLUMNS[2:]},
            where=or_(
                newer.query_version > t.latest.c.query_version,
                and_(
                    newer.query_version == t.latest.c.query_version,
                    or_(
                        newer.moment > t.latest.c.moment,
                        and_(
                            newer.moment == t.latest.c.moment,
                            newer.accepted > t.latest.c.accepted,
                        ),
                    ),
                ),
            ),
        ),
        _LATEST_COLUMNS,
    )


#: The conflict clause is the one construct that the two dialects do not share.
_MOVE_LATEST: Final = {kind: _latest(kind) for kind in ("sqlite", "postgresql")}

SYNCED: Final = Prepared(update(t.file).where(t.file.c.id == bindparam("file_id")).values(synced=1))
_END: Final = Prepared(
    update(t.run)
    .where(t.run.c.id == bindparam("run_id"))
    .values(
        state=bindparam("becomes"),
        ended_us=bindparam("at"),
        published=bindparam("moment"),
        error=case((t.run.c.error.is_(None), bindparam("why")), else_=t.run.c.error),
        error_line=case((t.run.c.error.is_(None), bindparam("line")), else_=t.run.c.error_line),
    )
)
_DROP_PINS: Final = Prepared(delete(t.pin).where(t.pin.c.run == bindparam("run")))
_UNSYNCED: Final = Prepared(
    select(t.file.c.id)
    .join(t.snapshot_file, t.snapshot_file.c.file == t.file.c.id)
    .join(t.execution, t.execution.c.snapshot == t.snapshot_file.c.snapshot)
    # The sum keeps SQLite from starting at the index of every unsynced file.
    .where(t.execution.c.run == bindparam("run"), t.file.c.synced + 0 == 0)
    .distinct()
)
_CANCEL_RUN: Final = Prepared(
    update(t.run)
    .where(
        t.run.c.id == bindparam("run_id"),
        t.run.c.state.in_([RunState.PENDING.value, RunState.EXECUTING.value]),
    )
    .values(
        state=RunState.CANCELLED.value,
        seq=t.run.c.seq + 1,
        open_nodes=0,
        ended_us=bindparam("at"),
    )
    .returning(t.run.c.epoch, t.run.c.seq)
)
_OF_RUN: Final = select(t.execution.c.id).where(t.execution.c.run == bindparam("run_id"))
_STOP_ATTEMPTS: Final = Prepared(
    update(t.attempt)
    .where(t.attempt.c.execution.in_(_OF_RUN), t.attempt.c.state == "executing")
    .values(state="stopping")
    .returning(t.attempt.c.id)
)
_CANCEL_NODES: Final = Prepared(
    update(t.node)
    .where(t.node.c.run == bindparam("run_id"), t.node.c.state.in_(["pending", "executing"]))
    .values(state="cancelled")
)
_CANCEL_EXECUTIONS: Final = Prepared(
    update(t.execution)
    .where(
        t.execution.c.run == bindparam("run_id"),
        t.execution.c.state.in_(["pending", "executing"]),
    )
    .values(state="cancelled", ended_us=bindparam("at"), expires_us=bindparam("expires"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestResult:
    """A query's result that a completed run makes its latest."""

    query: QueryId
    query_version: int
    params_hash: str
    execution: ExecutionId


def unsynced_files(tx: Transaction, run: RunId) -> tuple[AttemptId, ...]:
    """Return the files of the run's results that were not flushed to disk yet."""
    return tuple(AttemptId(row[0]) for row in tx.tuples(_UNSYNCED, run=run))


def publish(
    tx: Transaction,
    run: RunId,
    *,
    rows: Mapping[NameId, SnapshotId],
    latest: Sequence[LatestResult],
    synced: Sequence[AttemptId],
    at_us: int,
    stepped: Stepped | None = None,
) -> tuple[Stepped, int | None]:
    """Complete a run: every pointer of it moves now, or none; the step, and the moment it took.

    `rows` maps each view the run computed to its snapshot. `stepped` is the step of a single
    query's finish, which ends its run in the same transaction.

    Raises:
        StaleStepError: The run is not executing.
        SnapshotConflictError: A view was moved by something else; nothing changed.
    """
    after = stepped or step(tx, run, events=1, closed=0)
    moved: list[tuple[NameId, SnapshotId | None, SnapshotId]] = []
    for view in tx.rows(_WRITTEN, run=run):
        if view["deleted_us"] is not None:
            continue
        if view["moves"] != view["base_moves"] or (view["writes"] and view["writer_run"] != run):
            raise SnapshotConflictError(view["label"])
        if view["writes"]:
            moved.append((view["name"], view["snapshot"], rows[view["name"]]))
    tx.many(
        _MOVE, [{"name_id": name, "run": run, "rows": new, "at": at_us} for name, _, new in moved]
    )
    pinned_at, accepted = tx.tuples(_MOMENT, run=run)[0]
    for result in latest:
        tx.run(
            _MOVE_LATEST[tx.dialect],
            query=result.query,
            params_hash=result.params_hash,
            query_version=result.query_version,
            moment=pinned_at,
            accepted=accepted,
            execution=result.execution,
        )
    tx.run(_RELEASE, run=run)
    tx.many(SYNCED, [{"file_id": file} for file in synced])
    tx.run(_DROP_PINS, run=run)
    add_events(tx, run, after, [None], at_us)
    moment = tx.value(NEXT_MOMENT) if moved else None
    tx.many(
        ADD_MOVE,
        [
            {
                "moment": moment,
                "name": name,
                "from_snapshot": before,
                "to_snapshot": new,
                "run": run,
                "moved_us": at_us,
            }
            for name, before, new in moved
        ],
    )
    _finish(tx, run, RunState.COMPLETED, at_us, moment=moment)
    return after, moment


def _finish(
    tx: Transaction,
    run: RunId,
    becomes: RunState,
    at_us: int,
    *,
    moment: int | None = None,
    failure: Failure | None = None,
) -> None:
    tx.run(
        _END,
        run_id=run,
        becomes=becomes.value,
        at=at_us,
        moment=moment,
        why=dump_failure(failure),
        line=None if failure is None else failure.message.partition("\n")[0],
    )


def fail(
    tx: Transaction,
    run: RunId,
    *,
    failure: Failure | None,
    synced: Sequence[AttemptId],
    at_us: int,
    stepped: Stepped | None = None,
) -> Stepped:
    """End a run as failed; nothing is published and its pins stay, for a resume.

    `failure` is the run's own; without it the run keeps the error of its node.

    Raises:
        StaleStepError: The run is not executing.
    """
    after = stepped or step(tx, run, events=1, closed=0)
    tx.run(_RELEASE, run=run)
    tx.many(SYNCED, [{"file_id": file} for file in synced])
    add_events(tx, run, after, [None], at_us)
    _finish(tx, run, RunState.FAILED, at_us, failure=failure)
    return after


def cancel(
    tx: Transaction, run: RunId, *, at_us: int, expires_us: int
) -> tuple[Stepped, tuple[AttemptId, ...]]:
    """Cancel a pending or executing run; its step, and the attempts whose engines are to stop.

    Raises:
        StaleStepError: The run had ended.
    """
    found = tx.tuples(_CANCEL_RUN, run_id=run, at=at_us)
    if not found:
        raise StaleStepError(f"run {run} has ended")
    after = Stepped(epoch=found[0][0], seq=found[0][1], open_nodes=0)
    stopping = tuple(AttemptId(row[0]) for row in tx.tuples(_STOP_ATTEMPTS, run_id=run))
    tx.run(_CANCEL_NODES, run_id=run)
    tx.run(_CANCEL_EXECUTIONS, run_id=run, at=at_us, expires=expires_us)
    tx.run(_RELEASE, run=run)
    add_events(tx, run, after, [None], at_us)
    return after, stopping
