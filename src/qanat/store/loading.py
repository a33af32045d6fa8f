"""Rows of the store as the model's records. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, func, select

from qanat.clock import from_us
from qanat.model.credits import Cost
from qanat.model.pipeline import NodeKind
from qanat.model.records import (
    Attempt,
    Event,
    Execution,
    Move,
    NodeExecution,
    Pin,
    Run,
)
from qanat.model.snapshot import Snapshot, SourceVersion
from qanat.model.state import AttemptState, ExecutionState, NodeState, RunState
from qanat.names import AttemptId, ExecutionId, Label, NodeId, RunId, SnapshotId
from qanat.store import tables as t
from qanat.store.codec import load_columns, load_failure, load_source, load_strings, moment
from qanat.store.database import Prepared, Transaction

_RUN: Final = Prepared(select(t.run).where(t.run.c.id == bindparam("run")))
_DEFINITIONS: Final = Prepared(
    select(t.run_definition.c.definitions).where(t.run_definition.c.run == bindparam("run"))
)
_NODES: Final = Prepared(
    select(t.node)
    .where(t.node.c.run == bindparam("run"))
    .order_by(t.node.c.length.desc(), t.node.c.id)
)
_EXECUTIONS: Final = Prepared(select(t.execution).where(t.execution.c.run == bindparam("run")))
_EXECUTION: Final = Prepared(select(t.execution).where(t.execution.c.id == bindparam("execution")))
_ATTEMPT_COLUMNS: Final = (
    t.attempt.c.id,
    t.attempt.c.execution,
    t.attempt.c.number,
    t.attempt.c.state,
    t.attempt.c.started_us,
    t.attempt.c.ended_us,
    t.attempt.c.error,
    t.receipt.c.cpu_us,
    t.receipt.c.bytes_scanned,
    t.receipt.c.bytes_written,
    t.receipt.c.peak_memory_bytes,
    t.receipt.c.micro_credits,
)
_ATTEMPTS: Final = Prepared(
    select(*_ATTEMPT_COLUMNS)
    .select_from(
        t.attempt.join(t.execution, t.execution.c.id == t.attempt.c.execution).outerjoin(
            t.receipt,
            (t.receipt.c.execution == t.attempt.c.execution)
            & (t.receipt.c.attempt == t.attempt.c.number),
        )
    )
    .where(t.execution.c.run == bindparam("run"))
    .order_by(t.attempt.c.execution, t.attempt.c.number)
)
_SNAPSHOTS: Final = Prepared(
    select(t.snapshot)
    .join(t.execution, t.execution.c.snapshot == t.snapshot.c.id)
    .where(t.execution.c.run == bindparam("run"))
)
_SNAPSHOT_FILES: Final = Prepared(
    select(t.snapshot_file.c.snapshot, t.snapshot_file.c.file)
    .join(t.execution, t.execution.c.snapshot == t.snapshot_file.c.snapshot)
    .where(t.execution.c.run == bindparam("run"))
    .order_by(t.snapshot_file.c.snapshot, t.snapshot_file.c.position)
)
_PINNED: Final = Prepared(
    select(t.name.c.id, t.name.c.label, t.pin.c.snapshot)
    .join(t.name, t.name.c.id == t.pin.c.name)
    .where(t.pin.c.run == bindparam("run"))
    .order_by(t.name.c.label)
)
_SOURCES: Final = Prepared(select(t.source_pin).where(t.source_pin.c.run == bindparam("run")))
_ONE_SNAPSHOT: Final = Prepared(select(t.snapshot).where(t.snapshot.c.id == bindparam("snapshot")))
_FILES_OF: Final = Prepared(
    select(t.snapshot_file.c.file)
    .where(t.snapshot_file.c.snapshot == bindparam("snapshot"))
    .order_by(t.snapshot_file.c.position)
)
_CREDITS: Final = Prepared(
    select(func.coalesce(func.sum(t.receipt.c.micro_credits), 0)).where(
        t.receipt.c.execution == bindparam("execution")
    )
)
_MOVES: Final = Prepared(
    select(t.move, t.name.c.label)
    .join(t.name, t.name.c.id == t.move.c.name)
    .where(t.move.c.run == bindparam("run"))
    .order_by(t.name.c.label)
)
_EVENTS: Final = Prepared(
    select(t.event)
    .where(
        t.event.c.run == bindparam("run"),
        t.event.c.epoch == bindparam("epoch"),
        t.event.c.seq > bindparam("seq"),
    )
    .order_by(t.event.c.seq)
)
_MOVED_LAST: Final = Prepared(
    select(t.move.c.run)
    .where(t.move.c.name == bindparam("name"), t.move.c.to_snapshot == bindparam("snapshot"))
    .order_by(t.move.c.moment.desc())
    .limit(1)
)


def snapshot(tx: Transaction, id_: str | None) -> Snapshot | None:
    """Return a snapshot by its id; None if there is none."""
    row = tx.row(_ONE_SNAPSHOT, snapshot=id_) if id_ else None
    if row is None:
        return None
    files = [file for (file,) in tx.tuples(_FILES_OF, snapshot=id_)]
    return _snapshot(row, files)


def _snapshot(row: Mapping[str, Any], files: Iterable[str]) -> Snapshot:
    return Snapshot(
        id=SnapshotId(row["id"]),
        columns=load_columns(row["columns"]),
        row_count=row["row_count"],
        size_bytes=row["size_bytes"],
        files=tuple(AttemptId(file) for file in files),
    )


def execution(tx: Transaction, id_: str) -> Execution | None:
    """Return an execution by its id; None if there is none."""
    row = tx.row(_EXECUTION, execution=id_)
    if row is None:
        return None
    return _execution(row, snapshot(tx, row["snapshot"]), tx.value(_CREDITS, execution=id_))


def _execution(row: Mapping[str, Any], rows: Snapshot | None, micro: int) -> Execution:
    return Execution(
        id=ExecutionId(row["id"]),
        run=RunId(row["run"]),
        node=NodeId(row["node"]),
        owner=row["owner"],
        is_private=bool(row["is_private"]),
        query=row["query"],
        query_version=row["query_version"],
        parameters=load_strings(row["parameters"]),
        tier=row["tier"],
        state=ExecutionState(row["state"]),
        submitted_at=from_us(row["submitted_us"]),
        started_at=moment(row["started_us"]),
        ended_at=moment(row["ended_us"]),
        expires_at=moment(row["expires_us"]),
        failure=load_failure(row["error"]),
        snapshot=rows,
        micro_credits=int(micro),
    )


def run(tx: Transaction, id_: str) -> Run | None:
    """Return a run with its nodes, their executions and attempts; None if there is none."""
    row = tx.row(_RUN, run=id_)
    if row is None:
        return None
    attempts = _attempts(tx, id_)
    files: dict[str, list[str]] = {}
    for of, file in tx.tuples(_SNAPSHOT_FILES, run=id_):
        files.setdefault(of, []).append(file)
    snapshots = {
        found["id"]: _snapshot(found, files.get(found["id"], ()))
        for found in tx.rows(_SNAPSHOTS, run=id_)
    }
    executions = {
        found["id"]: _execution(
            found,
            snapshots.get(found["snapshot"]),
            sum(attempt.micro_credits for attempt in attempts.get(found["id"], ())),
        )
        for found in tx.rows(_EXECUTIONS, run=id_)
    }
    nodes = {
        NodeId(found["id"]): NodeExecution(
            id=NodeId(found["id"]),
            kind=NodeKind(found["kind"]),
            query=found["query"],
            view=found["label"],
            tier=found["tier"],
            dependencies=frozenset(msgspec.json.decode(found["dependencies"], type=list[int])),
            state=NodeState(found["state"]),
            reason=found["reason"],
            execution=executions[found["execution"]],
            attempts=attempts.get(found["execution"], ()),
        )
        for found in tx.rows(_NODES, run=id_)
    }
    return Run(
        id=RunId(row["id"]),
        accepted=row["accepted"],
        owner=row["owner"],
        kind=row["kind"],
        cause=row["cause"],
        query=row["query"],
        state=RunState(row["state"]),
        failure=load_failure(row["error"]),
        epoch=row["epoch"],
        seq=row["seq"],
        moment=row["moment"],
        published=row["published"],
        accepted_at=from_us(row["accepted_us"]),
        started_at=moment(row["started_us"]),
        ended_at=moment(row["ended_us"]),
        nodes=nodes,
    )


def _attempts(tx: Transaction, run_id: str) -> dict[str, tuple[Attempt, ...]]:
    found: dict[str, tuple[Attempt, ...]] = {}
    for row in tx.rows(_ATTEMPTS, run=run_id):
        attempt = Attempt(
            id=AttemptId(row["id"]),
            execution=ExecutionId(row["execution"]),
            number=row["number"],
            state=AttemptState(row["state"]),
            started_at=from_us(row["started_us"]),
            ended_at=moment(row["ended_us"]),
            error=row["error"],
            cost=None
            if row["cpu_us"] is None
            else Cost(
                cpu_seconds=row["cpu_us"] / 1e6,
                bytes_scanned=row["bytes_scanned"],
                bytes_written=row["bytes_written"],
                peak_memory_bytes=row["peak_memory_bytes"],
            ),
            micro_credits=row["micro_credits"] or 0,
        )
        found[row["execution"]] = (*found.get(row["execution"], ()), attempt)
    return found


def definitions(tx: Transaction, run_id: str) -> str | None:
    """Return the text that the coordinator stored of what the run computes."""
    found: str | None = tx.value(_DEFINITIONS, run=run_id)
    return found


def pinned(tx: Transaction, run_id: str) -> dict[Label, Snapshot | None]:
    """Return what each name pointed at when the run started; None: it had no rows."""
    return {
        Label(label): snapshot(tx, snapshot_id)
        for _, label, snapshot_id in tx.tuples(_PINNED, run=run_id)
    }


def pinned_sources(tx: Transaction, run_id: str) -> dict[Label, SourceVersion]:
    """Return the file lists that the run pinned."""
    return {
        Label(row["source"]): load_source(row["files"]) for row in tx.rows(_SOURCES, run=run_id)
    }


def pins(tx: Transaction, run_id: str) -> tuple[tuple[Pin, ...], dict[Label, str]]:
    """Return a run's pins for people: names with where their rows came from, and sources."""
    names = []
    for name_id, label, snapshot_id in tx.tuples(_PINNED, run=run_id):
        rows = snapshot(tx, snapshot_id)
        names.append(
            Pin(
                label=Label(label),
                name=name_id,
                snapshot=None if rows is None else rows.id,
                row_count=None if rows is None else rows.row_count,
                published_by=publisher(tx, name_id, snapshot_id),
            )
        )
    sources = {Label(row["source"]): row["version"] for row in tx.rows(_SOURCES, run=run_id)}
    return tuple(names), sources


def publisher(tx: Transaction, name_id: str, snapshot_id: str | None) -> RunId | None:
    """Return the run that last moved a name to a snapshot; None if no run did."""
    found: RunId | None = tx.value(_MOVED_LAST, name=name_id, snapshot=snapshot_id)
    return found


def inputs(tx: Transaction, snapshot_id: str) -> Mapping[str, str]:
    """Return what a snapshot was computed from: label → snapshot, or version of a source."""
    row = tx.row(_ONE_SNAPSHOT, snapshot=snapshot_id)
    return {} if row is None else load_strings(row["inputs"])


def position(tx: Transaction, run_id: str) -> tuple[int, int] | None:
    """Return epoch and number of a run's last event; None if there is no such run."""
    row = tx.row(_RUN, run=run_id)
    return None if row is None else (row["epoch"], row["seq"])


def moves(tx: Transaction, run_id: str) -> tuple[Move, ...]:
    """Return the names that a run moved."""
    return tuple(
        Move(
            label=Label(row["label"]),
            before=row["from_snapshot"],
            after=row["to_snapshot"],
            moment=row["moment"],
        )
        for row in tx.rows(_MOVES, run=run_id)
    )


def events_after(tx: Transaction, run_id: str, epoch: int, seq: int) -> list[Event]:
    """Return a run's events of `epoch` that follow `seq`, in order."""
    return [
        Event(epoch=row["epoch"], seq=row["seq"], at=from_us(row["at_us"]), node=row["node"])
        for row in tx.rows(_EVENTS, run=run_id, epoch=epoch, seq=seq)
    ]
