"""Runs beyond Dune's status: lists, detail and events (docs/api/extensions.md section 1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe, maybe_timestamp, timestamp
from qanat.api.wire.nodes import (
    Around,
    NodeShown,
    PinShown,
    RunError,
    error_of,
    node_fields,
    pin_shown,
    source_shown,
)
from qanat.api.wire.pipelines import title_of
from qanat.api.wire.words import Trigger
from qanat.model.credits import as_credits
from qanat.model.records import NodeExecution, RunKind
from qanat.model.state import NodeState, RunState, is_final
from qanat.store.history import RunLine

COUNTED: Final = ("pending", "executing", "completed", "reused", "failed", "skipped", "cancelled")


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
    kind: RunKind
    title: str
    owner: str
    trigger: Trigger
    state: RunState
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


def detail(around: Around) -> RunShown:
    """Return a run with everything that was recorded of it.

    What changes comes from `detail.run` alone, so that it belongs to `last_event_id`.
    """
    run = around.detail.run
    fields = {**_entry_fields(around.line), **_run_fields(around)}
    started = run.started_at is not None
    pins = [pin_shown(around, pin) for pin in around.detail.pins]
    pins += [source_shown(around, label) for label in around.detail.sources]
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


def _reused(node: NodeExecution) -> bool:
    return node.state is NodeState.COMPLETED and not node.attempts


def _seconds(node: NodeExecution, now: datetime) -> float:
    execution = node.execution
    if execution.started_at is None:
        return 0.0
    return max(0.0, ((execution.ended_at or now) - execution.started_at).total_seconds())
