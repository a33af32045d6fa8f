"""What is known of runs, nodes and executions, as the coordinator and the API hand it around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from qanat.model.credits import Cost
from qanat.model.pipeline import NodeKind, ParameterValues
from qanat.model.snapshot import Snapshot
from qanat.model.state import AttemptState, ExecutionState, Failure, NodeState, RunState
from qanat.names import (
    AttemptId,
    ExecutionId,
    Handle,
    Label,
    NameId,
    NodeId,
    QueryId,
    RunId,
    SnapshotId,
)

RunKind = Literal["pipeline", "query", "sql", "refresh"]
Cause = Literal["api", "schedule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One node of one run, with its result."""

    id: ExecutionId
    run: RunId
    node: NodeId
    owner: Handle  #: whose run it is
    is_private: bool  #: only its owner may read it
    query: QueryId  #: 0: ad-hoc SQL
    query_version: int
    parameters: ParameterValues  #: as executed, defaults filled in
    tier: str
    state: ExecutionState
    submitted_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    failure: Failure | None = None  #: FAILED only
    snapshot: Snapshot | None = None  #: COMPLETED only
    micro_credits: int = 0  #: sum of its receipts


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of an execution, with what it cost once it is over."""

    id: AttemptId
    execution: ExecutionId
    number: int  #: from 1
    state: AttemptState
    started_at: datetime
    ended_at: datetime | None
    error: str | None
    cost: Cost | None
    micro_credits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeExecution:
    """A node within a run."""

    id: NodeId
    kind: NodeKind
    query: QueryId
    view: Label | None
    tier: str
    dependencies: frozenset[NodeId]
    state: NodeState
    reason: str | None  #: why it was not computed
    execution: Execution
    attempts: tuple[Attempt, ...] = ()  #: oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One carrying-out of a pipeline, from start to publication."""

    id: RunId
    accepted: int  #: the only order of runs
    owner: Handle
    kind: RunKind
    cause: Cause
    query: QueryId  #: the target; 0: ad-hoc SQL or a free graph
    state: RunState
    failure: Failure | None
    epoch: int
    seq: int  #: of its last event; an event id is `<epoch>-<seq>`
    moment: int | None  #: when its names were pinned
    published: int | None  #: the moment of its moves, if it moved names
    accepted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    nodes: Mapping[NodeId, NodeExecution]  #: in an order in which dependencies come first


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A name as a run read it."""

    label: Label
    name: NameId
    snapshot: SnapshotId | None
    row_count: int | None
    published_by: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A name that a run moved."""

    label: Label
    before: SnapshotId | None
    after: SnapshotId | None
    moment: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """A run with everything that was recorded of it."""

    run: Run
    pins: tuple[Pin, ...]
    sources: Mapping[Label, str] = field(default_factory=dict)  #: → version pinned
    moves: tuple[Move, ...] = ()  #: views it published
    critical_path: tuple[NodeId, ...] = ()
    parameters: ParameterValues = field(default_factory=dict)  #: of the target, as asked

    @property
    def attempts(self) -> Mapping[ExecutionId, tuple[Attempt, ...]]:
        """Every attempt, oldest first, by execution."""
        return {node.execution.id: node.attempts for node in self.run.nodes.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a run: the run itself changed, or one of its nodes.

    What is streamed is that node, or that run, as it is now; an event says where to look.
    """

    epoch: int
    seq: int
    at: datetime
    node: NodeId | None  #: None: the run

    @property
    def id(self) -> str:
        """The event's id on the wire."""
        return f"{self.epoch}-{self.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer to a request that started work."""

    run: RunId
    execution: ExecutionId  #: of the target: the query's or view's node
    state: ExecutionState
