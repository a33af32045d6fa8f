"""Nodes of a run, with what they read and what they cost (docs/api/extensions.md section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe, maybe_timestamp, timestamp
from qanat.api.wire.pipelines import shown_execution, title_of
from qanat.api.wire.words import Tier, tier_word
from qanat.coordinator.catalog import Kind
from qanat.coordinator.definitions import NodeDefinition
from qanat.model.credits import as_credits
from qanat.model.pipeline import NodeKind
from qanat.model.records import NodeExecution, Pin, RunDetail
from qanat.model.state import AttemptState, Failure, FailureKind, NodeState
from qanat.names import Label, QueryId
from qanat.store.history import RunLine


class RunError(Wire):
    """Why a node or a run failed."""

    type: FailureKind
    message: str
    line: int | UnsetType = UNSET
    column: int | UnsetType = UNSET
    node_id: int | UnsetType = UNSET
    node_title: str | UnsetType = UNSET


class AttemptShown(Wire):
    """One try of a node."""

    number: int
    state: AttemptState
    started_at: str
    ended_at: str | UnsetType = UNSET
    error: str | UnsetType = UNSET


class NodeLive(Wire):
    """What changes of a node while its run goes on; what is absent is not so now."""

    id: int
    state: NodeState
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

    kind: NodeKind
    title: str
    query_id: int
    query_version: int
    tier: Tier
    dependencies: list[int]
    name: str | UnsetType = UNSET
    parameters: dict[str, str] | UnsetType = UNSET


class PinShown(Wire):
    """What a run reads and does not write, as it was when the run started."""

    name: str
    kind: Kind
    snapshot_id: str | UnsetType = UNSET
    fingerprint: str | UnsetType = UNSET
    row_count: int | UnsetType = UNSET
    size_bytes: int | UnsetType = UNSET
    pipeline_execution_id: str | UnsetType = UNSET


class InputShown(PinShown, kw_only=True):
    """A relation that a node reads: another node's, or a pin."""

    node_id: int | UnsetType = UNSET
    execution_id: str | UnsetType = UNSET


class ResultColumn(Wire):
    """A column of a result."""

    name: str
    type: str


class ReceiptShown(Wire):
    """What an attempt cost."""

    attempt: int
    tier: Tier
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
    columns: list[ResultColumn]
    receipts: list[ReceiptShown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a run's detail shows beside the run."""

    line: RunLine
    detail: RunDetail
    defined: Mapping[int, NodeDefinition]
    titles: Mapping[QueryId, str]
    kinds: Mapping[str, Kind]  #: label → source, view or upload
    sizes: Mapping[str, int]  #: label of a pin → bytes
    now: datetime


def error_of(failure: Failure) -> RunError:
    """Return a failure as these endpoints show it."""
    return RunError(
        type=failure.kind,
        message=failure.message,
        line=maybe(failure.line),
        column=maybe(failure.column),
    )


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
        "tier": tier_word(node.tier),
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
                state=one.state,
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
        columns=[ResultColumn(name=one.name, type=one.type) for one in rows.columns]
        if rows
        else [],
        receipts=[
            ReceiptShown(
                attempt=one.number,
                tier=tier_word(node.tier),
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
        return msgspec.convert(msgspec.to_builtins(source_shown(around, label)), InputShown)
    for pin in around.detail.pins:
        if pin.label == label:
            return msgspec.convert(msgspec.to_builtins(pin_shown(around, pin)), InputShown)
    return InputShown(name=label, kind=around.kinds.get(label, "source"))


def pin_shown(around: Around, pin: Pin) -> PinShown:
    """Return a name as the run read it."""
    return PinShown(
        name=pin.label,
        kind=around.kinds.get(pin.label, "view"),
        snapshot_id=maybe(pin.snapshot),
        row_count=maybe(pin.row_count),
        size_bytes=maybe(around.sizes.get(pin.label)),
        pipeline_execution_id=maybe(pin.published_by),
    )


def source_shown(around: Around, label: str) -> PinShown:
    """Return a mounted table as the run read it."""
    return PinShown(
        name=label,
        kind="source",
        fingerprint=around.detail.sources[Label(label)],
        size_bytes=maybe(around.sizes.get(label)),
    )
