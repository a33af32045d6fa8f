"""Runs beyond Dune's status: lists, detail and events (docs/api/extensions.md section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe, maybe_timestamp, timestamp
from qanat.api.wire.pipelines import shown_execution, title_of
from qanat.coordinator.definitions import NodeDefinition
from qanat.model.credits import as_credits
from qanat.model.records import NodeExecution, Pin, RunDetail
from qanat.model.state import AttemptState, Failure, NodeState, RunState, is_final
from qanat.names import Label, QueryId
from qanat.store.history import RunLine

COUNTED: Final = ("pending", "executing", "completed", "reused", "failed", "skipped", "cancelled")


class RunError(Wire):
    """Why a node or a run failed."""

    type: str
    message: str
    line: int | UnsetType = UNSET
    column: int | UnsetType = UNSET
    node_id: int | UnsetType = UNSET
    node_title: str | UnsetType = UNSET


class NodeCounts(Wire):
    """How many nodes of a run are where; reused ones are not among the completed."""

    pending: int
    executing: int
    completed: int
    reused: int
    failed: int
    skipped: int
    cancelled: int


class RunEntry(Wire):
    """A run."""

    pipeline_execution_id: str
    kind: str
    title: str
    owner: str
    trigger: str
    state: str
    submitted_at: str
    node_counts: NodeCounts
    credits: float
    query_id: int | UnsetType = UNSET
    dashboard_id: int | UnsetType = UNSET
    started_at: str | UnsetType = UNSET
    ended_at: str | UnsetType = UNSET
    published_at: str | UnsetType = UNSET
    moved_views: int | UnsetType = UNSET
    error: RunError | UnsetType = UNSET
    expected_seconds: float | UnsetType = UNSET
    resumed_from: str | UnsetType = UNSET


class RunList(Wire):
    """A page of runs, newest first."""

    runs: list[RunEntry]
    next_before: str | UnsetType = UNSET


class AttemptShown(Wire):
    """One try of a node."""

    number: int
    state: str
    started_at: str
    ended_at: str | UnsetType = UNSET
    error: str | UnsetType = UNSET


class NodeLive(Wire):
    """What changes of a node while its run goes on; what is absent is not so now."""

    id: int
    state: str
    credits: float
    attempts: list[AttemptShown]
    reason: str | UnsetType = UNSET
    execution_id: str | UnsetType = UNSET
    started_at: str | UnsetType = UNSET
    ended_at: str | UnsetType = UNSET
    row_count: int | UnsetType = UNSET
    size_bytes: int | UnsetType = UNSET
    error: RunError | UnsetType = UNSET


class NodeShown(NodeLive, kw_only=True):
    """A node of a run."""

    kind: str
    title: str
    query_id: int
    query_version: int
    tier: str
    dependencies: list[int]
    name: str | UnsetType = UNSET
    parameters: dict[str, str] | UnsetType = UNSET


class PinShown(Wire):
    """What a run reads and does not write, as it was when the run started."""

    name: str
    kind: str
    snapshot_id: str | UnsetType = UNSET
    fingerprint: str | UnsetType = UNSET
    row_count: int | UnsetType = UNSET
    size_bytes: int | UnsetType = UNSET
    pipeline_execution_id: str | UnsetType = UNSET


class MoveShown(Wire, rename={"from_": "from"}):
    """A view that a run published."""

    name: str
    from_: str | UnsetType = UNSET
    to: str | UnsetType = UNSET


class RunShown(RunEntry, kw_only=True):
    """A run with everything that was recorded of it."""

    at: str
    last_event_id: str
    actions: list[str]
    query_parameters: dict[str, str]
    critical_path: list[int]
    critical_path_seconds: float
    nodes: list[NodeShown]
    moment: int | UnsetType = UNSET
    pins: list[PinShown] | UnsetType = UNSET
    moves: list[MoveShown] | UnsetType = UNSET


class InputShown(PinShown, kw_only=True):
    """A relation that a node reads: another node's, or a pin."""

    node_id: int | UnsetType = UNSET
    execution_id: str | UnsetType = UNSET


class ColumnShown(Wire):
    """A column of a result."""

    name: str
    type: str


class ReceiptShown(Wire):
    """What an attempt cost."""

    attempt: int
    tier: str
    cpu_seconds: float
    bytes_scanned: int
    bytes_written: int
    peak_memory_bytes: int
    credits: float
    ended_at: str | UnsetType = UNSET


class NodeDetail(NodeShown, kw_only=True):
    """A node and what is too long for the list."""

    sql: str
    query_parameters: dict[str, str]
    inputs: list[InputShown]
    columns: list[ColumnShown]
    receipts: list[ReceiptShown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a run's detail shows beside the run."""

    line: RunLine
    detail: RunDetail
    defined: Mapping[int, NodeDefinition]
    titles: Mapping[QueryId, str]
    kinds: Mapping[str, str]  #: label → source, view or upload
    sizes: Mapping[str, int]  #: label of a pin → bytes
    now: datetime


def entry(line: RunLine) -> RunEntry:
    """Return a run in a list."""
    return RunEntry(**_entry_fields(line))


def _entry_fields(line: RunLine) -> dict[str, Any]:
    published = line.moved_views is not None
    return {
        "pipeline_execution_id": line.id,
        "kind": line.kind,
        "title": line.title,
        "owner": line.owner,
        "trigger": line.cause,
        "state": line.state,
        "submitted_at": timestamp(line.submitted_at),
        "node_counts": NodeCounts(**{one: line.node_counts.get(one, 0) for one in COUNTED}),
        "credits": as_credits(line.micro_credits),
        "query_id": maybe(line.query or None),
        "dashboard_id": maybe(line.dashboard),
        "started_at": maybe_timestamp(line.started_at),
        "ended_at": maybe_timestamp(line.ended_at),
        "published_at": maybe_timestamp(line.ended_at if published else None),
        "moved_views": maybe(line.moved_views),
        "error": _run_error(line),
        "expected_seconds": maybe(line.expected_seconds),
        "resumed_from": maybe(line.resumed_from),
    }


def _run_error(line: RunLine) -> RunError | UnsetType:
    if line.failed is None or line.state != RunState.FAILED:
        return UNSET
    error = error_of(line.failed.failure)
    error.node_id = maybe(line.failed.node)
    error.node_title = maybe(line.failed.title)
    return error


def error_of(failure: Failure) -> RunError:
    """Return a failure as these endpoints show it."""
    return RunError(
        type=failure.kind.value,
        message=failure.message,
        line=maybe(failure.line),
        column=maybe(failure.column),
    )


def detail(around: Around) -> RunShown:
    """Return a run with everything that was recorded of it.

    What changes comes from `detail.run` alone, so that it belongs to `last_event_id`.
    """
    run = around.detail.run
    fields = {**_entry_fields(around.line), **_run_fields(around)}
    started = run.started_at is not None
    pins = [_pin(around, pin) for pin in around.detail.pins]
    pins += [_source(around, label) for label in around.detail.sources]
    moves = [
        MoveShown(name=move.label, from_=maybe(move.before), to=maybe(move.after))
        for move in around.detail.moves
    ]
    return RunShown(
        **fields,
        last_event_id=f"{run.epoch}-{run.seq}",
        query_parameters=dict(around.detail.parameters),
        nodes=[NodeShown(**node_fields(around, node)) for node in run.nodes.values()],
        moment=maybe(run.moment),
        pins=sorted(pins, key=lambda pin: pin.name) if started else UNSET,
        moves=moves if run.state is RunState.COMPLETED else UNSET,
    )


def run_change(around: Around) -> dict[str, Any]:
    """Return what an event says of a run: absent is what is not so now."""
    kept = (
        "state", "started_at", "ended_at", "published_at", "moved_views", "credits", "error",
        "actions", "critical_path", "critical_path_seconds",
    )  # fmt: skip
    fields = _run_fields(around)
    return {name: fields[name] for name in kept if fields[name] is not UNSET}


def _run_fields(around: Around) -> dict[str, Any]:
    """Return the fields that change while a run goes on, as its record has them."""
    run = around.detail.run
    counts = dict.fromkeys(COUNTED, 0)
    for node in run.nodes.values():
        counts["reused" if _reused(node) else node.state.value] += 1
    completed = run.state is RunState.COMPLETED
    seconds = {node.id: _seconds(node, around.now) for node in run.nodes.values()}
    path = around.detail.critical_path
    return {
        "at": timestamp(around.now),
        "state": run.state.value,
        "started_at": maybe_timestamp(run.started_at),
        "ended_at": maybe_timestamp(run.ended_at),
        "published_at": maybe_timestamp(run.ended_at if completed else None),
        "moved_views": len(around.detail.moves) if completed else UNSET,
        "credits": as_credits(sum(node.execution.micro_credits for node in run.nodes.values())),
        "node_counts": NodeCounts(**counts),
        "error": _first_error(around),
        "actions": [] if is_final(run.state) else ["cancel"],
        "critical_path": list(path),
        "critical_path_seconds": round(sum(seconds[id_] for id_ in path), 6),
    }


def _first_error(around: Around) -> RunError | UnsetType:
    run = around.detail.run
    failed = [node for node in run.nodes.values() if node.state is NodeState.FAILED]
    failed.sort(key=lambda node: node.execution.ended_at or around.now)
    if failed and failed[0].execution.failure is not None:
        error = error_of(failed[0].execution.failure)
        error.node_id = failed[0].id
        error.node_title = title_of(failed[0].view, failed[0].query, around.titles)
        return error
    if run.failure is None or run.state is not RunState.FAILED:
        return UNSET
    return error_of(run.failure)


def node_live(node: NodeExecution) -> NodeLive:
    """Return what changes of a node."""
    return NodeLive(**_live_fields(node))


def node_fields(around: Around, node: NodeExecution) -> dict[str, Any]:
    """Return what is shown of a node."""
    asked = around.defined[node.id].asked
    return {
        **_live_fields(node),
        "kind": node.kind.value,
        "title": title_of(node.view, node.query, around.titles),
        "query_id": node.query,
        "query_version": node.execution.query_version,
        "tier": node.tier,
        "dependencies": sorted(node.dependencies),
        "name": maybe(node.view),
        "parameters": dict(asked) or UNSET,
    }


def _live_fields(node: NodeExecution) -> dict[str, Any]:
    execution = node.execution
    rows = execution.snapshot if node.state is NodeState.COMPLETED else None
    failure = execution.failure if node.state is NodeState.FAILED else None
    last = node.attempts[-1] if node.attempts else None
    started = last.started_at if last else execution.started_at
    return {
        "id": node.id,
        "state": node.state.value,
        "credits": as_credits(execution.micro_credits),
        "attempts": [
            AttemptShown(
                number=one.number,
                state=one.state.value,
                started_at=timestamp(one.started_at),
                ended_at=maybe_timestamp(one.ended_at),
                error=maybe(
                    one.error if one.state in (AttemptState.LOST, AttemptState.FAILED) else None
                ),
            )
            for one in node.attempts
        ],
        "reason": maybe(node.reason),
        "execution_id": shown_execution(node),
        "started_at": maybe_timestamp(started),
        "ended_at": maybe_timestamp(execution.ended_at if started else None),
        "row_count": UNSET if rows is None else rows.row_count,
        "size_bytes": UNSET if rows is None else rows.size_bytes,
        "error": UNSET if failure is None else error_of(failure),
    }


def node_detail(around: Around, node: NodeExecution, sql: str) -> NodeDetail:
    """Return a node and what is too long for the list."""
    defined = around.defined[node.id]
    rows = node.execution.snapshot
    return NodeDetail(
        **node_fields(around, node),
        sql=sql,
        query_parameters=dict(defined.parameters),
        inputs=[_input(around, label) for label in defined.relations],
        columns=[ColumnShown(name=one.name, type=one.type) for one in rows.columns] if rows else [],
        receipts=[
            ReceiptShown(
                attempt=one.number,
                tier=node.tier,
                cpu_seconds=one.cost.cpu_seconds,
                bytes_scanned=one.cost.bytes_scanned,
                bytes_written=one.cost.bytes_written,
                peak_memory_bytes=one.cost.peak_memory_bytes,
                credits=as_credits(one.micro_credits),
                ended_at=maybe_timestamp(one.ended_at),
            )
            for one in node.attempts
            if one.cost is not None
        ],
    )


def _input(around: Around, label: str) -> InputShown:
    run = around.detail.run
    for node in run.nodes.values():
        if node.view == label:
            rows = node.execution.snapshot
            return InputShown(
                name=label,
                kind="view",
                node_id=node.id,
                execution_id=shown_execution(node),
                row_count=maybe(rows.row_count if rows else None),
            )
    if label in around.detail.sources:
        return msgspec.convert(msgspec.to_builtins(_source(around, label)), InputShown)
    for pin in around.detail.pins:
        if pin.label == label:
            return msgspec.convert(msgspec.to_builtins(_pin(around, pin)), InputShown)
    return InputShown(name=label, kind=around.kinds.get(label, "source"))


def _pin(around: Around, pin: Pin) -> PinShown:
    return PinShown(
        name=pin.label,
        kind=around.kinds.get(pin.label, "view"),
        snapshot_id=maybe(pin.snapshot),
        row_count=maybe(pin.row_count),
        size_bytes=maybe(around.sizes.get(pin.label)),
        pipeline_execution_id=maybe(pin.published_by),
    )


def _source(around: Around, label: str) -> PinShown:
    return PinShown(
        name=label,
        kind="source",
        fingerprint=around.detail.sources[Label(label)],
        size_bytes=maybe(around.sizes.get(label)),
    )


def _reused(node: NodeExecution) -> bool:
    return node.state is NodeState.COMPLETED and not node.attempts


def _seconds(node: NodeExecution, now: datetime) -> float:
    execution = node.execution
    if execution.started_at is None:
        return 0.0
    return max(0.0, ((execution.ended_at or now) - execution.started_at).total_seconds())
