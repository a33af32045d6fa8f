"""A server starts, beats and is declared dead; what it left behind is put right. Protocol 7.

Three things can be lost. A server's attempts, when it dies: they are declared lost and their
nodes are pending again. Rows not yet flushed to disk, when the machine stops: the executions that
point at them are pending again in unfinished runs, with all that depends on them, and expire in
ended ones. Names never lose anything: they only point at rows that were flushed first.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Text, bindparam, cast, delete, extract, func, insert, literal, select, update

from qanat.names import AttemptId, NodeId, RunId, ServerId
from qanat.store import tables as t
from qanat.store.attempts import ADD_RECEIPT
from qanat.store.database import Prepared, Transaction
from qanat.store.steps import Stepped, add_events

_STORE: Final = Prepared(select(t.store))
_ADD_STORE: Final = Prepared(insert(t.store), ["id", "moment", "boot_id", "place"])
_SET_BOOT: Final = Prepared(update(t.store).values(boot_id=bindparam("boot")))
_ADD_SERVER: Final = Prepared(
    insert(t.server).values(state="live"), ["id", "state", "started_us", "expires_us"]
)
_BEAT: Final = Prepared(
    update(t.server)
    .where(t.server.c.id == bindparam("server"), t.server.c.state == "live")
    .values(expires_us=bindparam("until"))
)
_OTHERS: Final = Prepared(
    select(t.server.c.id).where(t.server.c.state == "live", t.server.c.id != bindparam("me"))
)
_EXPIRED: Final = Prepared(
    select(t.server.c.id).where(
        t.server.c.state == "live",
        t.server.c.id != bindparam("me"),
        t.server.c.expires_us < bindparam("now"),
    )
)
_KILL: Final = Prepared(
    update(t.server).where(t.server.c.id == bindparam("server")).values(state="dead")
)
_DB_NOW: Final = Prepared(
    select(cast(extract("epoch", func.clock_timestamp()) * literal(1_000_000), Text))
)
#: Attempts that the store has with an engine.
_open_attempts = (
    select(
        t.attempt.c.id,
        t.attempt.c.execution,
        t.attempt.c.number,
        t.attempt.c.state,
        t.execution.c.run,
        t.execution.c.node,
        t.execution.c.owner,
        t.execution.c.tier,
    )
    .join(t.execution, t.execution.c.id == t.attempt.c.execution)
    .where(t.attempt.c.state.in_(["executing", "stopping"]))
    .order_by(t.execution.c.run, t.execution.c.node)
)
_LEFT: Final = Prepared(
    _open_attempts.join(t.server, t.server.c.id == t.attempt.c.server).where(
        t.server.c.state == "dead"
    )
)
_LEFT_OF_RUN: Final = Prepared(
    _open_attempts.where(
        t.execution.c.run == bindparam("run"), t.attempt.c.server == bindparam("server")
    )
)
_LOCK_RUN: Final = Prepared(
    select(t.run.c.id).where(t.run.c.id == bindparam("run")).with_for_update()
)
_GARBAGE: Final = Prepared(
    update(t.file)
    .where(t.file.c.id == bindparam("file_id"), t.file.c.state == "writing")
    .values(state="garbage", due_us=bindparam("due"))
)
_LOSE: Final = Prepared(
    update(t.attempt)
    .where(
        t.attempt.c.id == bindparam("attempt_id"),
        t.attempt.c.state.in_(["executing", "stopping"]),
    )
    .values(state="lost", ended_us=bindparam("at"), error=bindparam("why"))
)
_GARBAGE_OF_DEAD: Final = Prepared(
    update(t.file)
    .where(
        t.file.c.state == "writing",
        t.file.c.server.in_(select(t.server.c.id).where(t.server.c.state == "dead")),
    )
    .values(state="garbage", due_us=bindparam("due"))
)
_NODE_AGAIN: Final = Prepared(
    update(t.node)
    .where(
        t.node.c.run == bindparam("run_id"),
        t.node.c.id == bindparam("node_id"),
        t.node.c.state.in_(["executing", "completed"]),
    )
    .values(state="pending", fingerprint=None)
)
_EXECUTION_AGAIN: Final = Prepared(
    update(t.execution)
    .where(
        t.execution.c.id == bindparam("execution_id"),
        t.execution.c.state.in_(["executing", "completed"]),
    )
    .values(state="pending", snapshot=None, ended_us=None, expires_us=None)
)
_NEW_EPOCH: Final = Prepared(
    update(t.run)
    .where(t.run.c.id == bindparam("run_id"), t.run.c.state.in_(["pending", "executing"]))
    .values(epoch=t.run.c.epoch + 1, seq=1, open_nodes=bindparam("open"))
    .returning(t.run.c.epoch, t.run.c.seq, t.run.c.open_nodes)
)
_OPEN: Final = Prepared(
    select(func.count())
    .select_from(t.node)
    .where(t.node.c.run == bindparam("run_id"), t.node.c.state.in_(["pending", "executing"]))
)
_UNFINISHED: Final = Prepared(
    select(t.run.c.id).where(t.run.c.state.in_(["pending", "executing"])).order_by(t.run.c.accepted)
)
_EXECUTING: Final = Prepared(
    select(t.run.c.id).where(t.run.c.state == "executing").order_by(t.run.c.accepted)
)
_UNSYNCED: Final = Prepared(
    select(t.file.c.id).where(t.file.c.synced == 0, t.file.c.state == "whole")
)
_POINTING: Final = Prepared(
    select(
        t.execution.c.id,
        t.execution.c.run,
        t.execution.c.node,
        t.execution.c.snapshot,
        t.run.c.state,
    )
    .join(t.snapshot_file, t.snapshot_file.c.snapshot == t.execution.c.snapshot)
    .join(t.run, t.run.c.id == t.execution.c.run)
    .where(t.snapshot_file.c.file == bindparam("file"))
)
_SNAPSHOTS_OF: Final = Prepared(
    select(t.snapshot_file.c.snapshot).where(t.snapshot_file.c.file == bindparam("file"))
)
_EXPIRE: Final = Prepared(
    update(t.execution)
    .where(t.execution.c.id == bindparam("execution_id"))
    .values(state="expired", snapshot=None, expires_us=bindparam("at"))
)
_DROP_LATEST: Final = Prepared(
    delete(t.latest).where(t.latest.c.execution == bindparam("execution"))
)
_DROP_FILES: Final = Prepared(
    delete(t.snapshot_file).where(t.snapshot_file.c.snapshot == bindparam("snapshot"))
)
_DROP_SNAPSHOT: Final = Prepared(delete(t.snapshot).where(t.snapshot.c.id == bindparam("snapshot")))
_LOST_FILE: Final = Prepared(
    update(t.file)
    .where(t.file.c.id == bindparam("file_id"), t.file.c.state == "whole")
    .values(state="garbage", due_us=bindparam("due"))
)
_ANY_FILE: Final = Prepared(select(t.file.c.id).where(t.file.c.state == "whole").limit(1))
_NODES: Final = Prepared(
    select(t.node.c.id, t.node.c.state, t.node.c.dependencies, t.node.c.execution).where(
        t.node.c.run == bindparam("run")
    )
)
_SET_WAITING: Final = Prepared(
    update(t.node)
    .where(t.node.c.run == bindparam("run_id"), t.node.c.id == bindparam("node_id"))
    .values(waiting_on=bindparam("count"))
)


def place(tx: Transaction) -> str | None:
    """Return the id of the rows directory this store belongs to; None for a new store."""
    row = tx.row(_STORE)
    return None if row is None else row["place"]


def has_rows(tx: Transaction) -> bool:
    """Return whether files of rows belong to the store."""
    return tx.value(_ANY_FILE) is not None


def create_store(tx: Transaction, *, place_id: str, boot_id: str) -> None:
    """Make the single row of a new store."""
    tx.run(_ADD_STORE, id=1, moment=0, boot_id=boot_id, place=place_id)


def database_now_us(tx: Transaction, otherwise: int) -> int:
    """Return the database's own clock where servers share it; `otherwise` on SQLite."""
    if tx.dialect == "sqlite":
        return otherwise
    return int(float(tx.value(_DB_NOW)))


def enter(tx: Transaction, server: ServerId, *, at_us: int, lease_us: int) -> None:
    """Record a live server."""
    now = database_now_us(tx, at_us)
    tx.run(_ADD_SERVER, id=server, started_us=now, expires_us=now + lease_us)


def beat(tx: Transaction, server: ServerId, *, at_us: int, lease_us: int) -> bool:
    """Prolong a server's life; False if it was declared dead and has to take a new id."""
    return tx.run(_BEAT, server=server, until=database_now_us(tx, at_us) + lease_us) == 1


def bury(tx: Transaction, me: ServerId | None, *, at_us: int, alone: bool) -> list[ServerId]:
    """Declare servers dead: every other one if `alone` holds the store, else the expired ones."""
    if alone:
        found = tx.tuples(_OTHERS, me=me or "")
    else:
        found = tx.tuples(_EXPIRED, me=me or "", now=database_now_us(tx, at_us))
    dead = [ServerId(row[0]) for row in found]
    for server in dead:
        tx.run(_KILL, server=server)
    return dead


def lose_attempts_of_the_dead(tx: Transaction, *, at_us: int, due_us: int) -> set[RunId]:
    """Take back what dead servers were doing; the runs that changed.

    Their attempts are lost and refunded, their nodes pending, their files garbage.
    """
    left = tx.rows(_LEFT)
    _lose(tx, left, "the server stopped", at_us)
    tx.run(_GARBAGE_OF_DEAD, due=due_us)
    return {RunId(one["run"]) for one in left}


def lock_run(tx: Transaction, run: RunId) -> bool:
    """Hold a run's row, so that nothing else steps on it; False if there is no such run."""
    return tx.value(_LOCK_RUN, run=run) is not None


def lose_uncarried(
    tx: Transaction,
    run: RunId,
    server: ServerId,
    carried: Collection[AttemptId],
    *,
    at_us: int,
    due_us: int,
) -> bool:
    """Take back the attempts of a run that a server has by the store and does not know of.

    `carried` are those that it does know of. Returns whether there were any.
    """
    left = [
        one for one in tx.rows(_LEFT_OF_RUN, run=run, server=server) if one["id"] not in carried
    ]
    _lose(tx, left, "the store's answer was lost", at_us)
    for one in left:
        tx.run(_GARBAGE, file_id=one["id"], due=due_us)
    return bool(left)


def _lose(tx: Transaction, attempts: Iterable[Mapping[str, Any]], why: str, at_us: int) -> None:
    for left in attempts:
        tx.run(_LOSE, attempt_id=left["id"], at=at_us, why=why)
        tx.run(
            ADD_RECEIPT,
            execution=left["execution"],
            attempt=left["number"],
            owner=left["owner"],
            tier=left["tier"],
            cpu_us=0,
            bytes_scanned=0,
            bytes_written=0,
            peak_memory_bytes=0,
            micro_credits=0,
            ended_us=at_us,
        )
        if left["state"] == "executing":
            tx.run(_NODE_AGAIN, run_id=left["run"], node_id=left["node"])
            tx.run(_EXECUTION_AGAIN, execution_id=left["execution"])


def new_epoch(tx: Transaction, run: RunId, at_us: int) -> None:
    """Begin a new epoch of an unfinished run's events: what a client saw may have been undone."""
    found = tx.tuples(_NEW_EPOCH, run_id=run, open=tx.value(_OPEN, run_id=run))
    if found:
        epoch, seq, open_nodes = found[0]
        add_events(tx, run, Stepped(epoch=epoch, seq=seq, open_nodes=open_nodes), [None], at_us)


def boot_changed(tx: Transaction, boot_id: str) -> bool:
    """Return whether the machine restarted since the store was last served; and remember."""
    row = tx.row(_STORE)
    assert row is not None
    if boot_id and row["boot_id"] == boot_id:
        return False
    tx.run(_SET_BOOT, boot=boot_id)
    return True


def unsynced(tx: Transaction) -> list[AttemptId]:
    """Return every whole file that was not flushed to disk."""
    return [AttemptId(row[0]) for row in tx.tuples(_UNSYNCED)]


def lose_files(
    tx: Transaction, files: Sequence[AttemptId], *, at_us: int, due_us: int
) -> set[RunId]:
    """Take back rows that are not on disk; the unfinished runs that changed.

    In those, every execution that points at them is pending again, with all that depends on it:
    it was computed from rows that are gone. In ended runs such executions expire.
    """
    again: dict[RunId, set[NodeId]] = {}
    snapshots: set[str] = set()
    for file in files:
        snapshots.update(row[0] for row in tx.tuples(_SNAPSHOTS_OF, file=file))
        for row in tx.rows(_POINTING, file=file):
            if row["state"] in ("pending", "executing"):
                again.setdefault(RunId(row["run"]), set()).add(NodeId(row["node"]))
            else:
                tx.run(_DROP_LATEST, execution=row["id"])
                tx.run(_EXPIRE, execution_id=row["id"], at=at_us)
    for run, nodes in again.items():
        _compute_again(tx, run, nodes)
    for snapshot in sorted(snapshots):
        tx.run(_DROP_FILES, snapshot=snapshot)
        tx.run(_DROP_SNAPSHOT, snapshot=snapshot)
    for file in files:
        tx.run(_LOST_FILE, file_id=file, due=due_us)
    return set(again)


def _compute_again(tx: Transaction, run: RunId, lost: set[NodeId]) -> None:
    nodes = {row["id"]: row for row in tx.rows(_NODES, run=run)}
    dependencies = {id_: set(json.loads(row["dependencies"])) for id_, row in nodes.items()}
    again = set(lost)
    grew = True
    while grew:
        below = {id_ for id_, above in dependencies.items() if above & again} - again
        again |= below
        grew = bool(below)
    for id_ in again:
        tx.run(_NODE_AGAIN, run_id=run, node_id=id_)
        tx.run(_EXECUTION_AGAIN, execution_id=nodes[id_]["execution"])
    for id_, above in dependencies.items():
        count = sum(1 for one in above if one in again or nodes[one]["state"] != "completed")
        tx.run(_SET_WAITING, run_id=run, node_id=id_, count=count)


def unfinished_runs(tx: Transaction) -> list[RunId]:
    """Return the runs that have not ended, in the order in which they were accepted."""
    return [RunId(row[0]) for row in tx.tuples(_UNFINISHED)]


def executing_runs(tx: Transaction) -> list[RunId]:
    """Return the runs that have started and not ended."""
    return [RunId(row[0]) for row in tx.tuples(_EXECUTING)]
