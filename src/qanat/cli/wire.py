"""What commands read of the server's answers; docs/api/extensions.md says what they hold.

Fields that a command does not use are left out, and unknown ones are ignored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the user's SQL an error lies."""

    line: int | None = None
    column: int | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run, a node or an execution failed."""

    message: str
    type: str = ""
    node_id: int | None = None
    node_title: str = ""
    metadata: Place | None = None


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A node of a run."""

    id: int
    state: str
    title: str = ""
    kind: str = ""
    name: str = ""
    query_id: int = 0
    tier: str = ""
    dependencies: tuple[int, ...] = ()
    execution_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    row_count: int | None = None
    size_bytes: int | None = None
    credits: float = 0.0
    reason: str = ""
    reused_from: dict[str, Any] | None = None
    error: Failure | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt used."""

    cpu_seconds: float = 0.0
    bytes_scanned: int = 0
    bytes_written: int = 0
    peak_memory_bytes: int = 0
    credits: float = 0.0


class NodeDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What is too long for a run's list of nodes."""

    id: int
    receipts: tuple[Receipt, ...] = ()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its nodes; in a `run` event only what may change."""

    pipeline_execution_id: str = ""
    state: str
    title: str = ""
    query_id: int | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    moved_views: int | None = None
    credits: float = 0.0
    error: Failure | None = None
    at: datetime | None = None
    last_event_id: str = ""
    critical_path_seconds: float = 0.0
    nodes: tuple[Node, ...] = ()


class RunList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs, newest first."""

    runs: tuple[Run, ...] = ()


class RunStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline was accepted."""

    pipeline_execution_id: str


class QueryState(msgspec.Struct, frozen=True, kw_only=True):
    """The query half of a node in Dune's pipeline status, which every node has."""

    status: str
    execution_id: str | None = None
    error: str | None = None


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """A node in Dune's pipeline status."""

    id: int
    query_execution_status: QueryState


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """Dune's pipeline status."""

    status: str
    error: str | None = None
    node_executions: tuple[NodeState, ...] = ()


class GraphNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node of a pipeline that need not run."""

    id: int
    dependencies: tuple[int, ...] = ()
    query_execution: dict[str, Any] | None = None
    materialized_view_refresh: dict[str, Any] | None = None
    title: str = ""


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """The nodes of a pipeline."""

    nodes: tuple[GraphNode, ...] = ()


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """A query's pipeline."""

    pipeline: Graph
    stored: bool = False


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """An execution was accepted."""

    execution_id: str


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a result looks like."""

    column_names: tuple[str, ...] = ()
    column_types: tuple[str, ...] = ()
    row_count: int = 0
    total_row_count: int = 0
    execution_time_millis: int = 0


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """Where an execution is."""

    execution_id: str
    state: str
    is_execution_finished: bool = False
    query_id: int = 0
    progress: float | None = None
    queue_position: int | None = None
    execution_cost_credits: float | None = None
    result_metadata: Metadata | None = None
    error: Failure | None = None


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """A page of rows, each still as the server wrote it."""

    rows: tuple[msgspec.Raw, ...] = ()
    metadata: Metadata = Metadata()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a result."""

    execution_id: str
    state: str
    result: Rows | None = None
    next_offset: int | None = None
