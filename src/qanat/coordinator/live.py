"""A run in memory: what the store says of it, arranged for taking the next step.

The store is authoritative. These objects change only after a commit, under the coordinator's
lock; what they propose, a transaction checks again.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from qanat.coordinator.definitions import Definitions, NodeDefinition
from qanat.model.records import Attempt, Event, Execution, NodeExecution, Run
from qanat.model.snapshot import Snapshot, SourceVersion
from qanat.model.state import (
    ATTEMPT_FOLLOWS,
    EXECUTION_FOLLOWS,
    NODE_FOLLOWS,
    RUN_FOLLOWS,
    AttemptState,
    ExecutionState,
    Failure,
    NodeState,
    RunState,
    advance,
    is_final,
)
from qanat.model.types import Columns
from qanat.names import AttemptId, Label, NameId, NodeId, RunId
from qanat.store.steps import Stepped


class LiveRun:
    """An unfinished run, or one that has just ended."""

    def __init__(
        self,
        run: Run,
        definitions: Definitions,
        *,
        pins: Mapping[Label, Snapshot | None],
        sources: Mapping[Label, SourceVersion],
    ) -> None:
        self._run = run
        self.definitions = definitions
        self.pins = dict(pins)
        self.sources = dict(sources)
        self.nodes: dict[NodeId, NodeExecution] = dict(run.nodes)
        self.defined: dict[NodeId, NodeDefinition] = {
            NodeId(node.id): node for node in definitions.nodes
        }
        self.dependents: dict[NodeId, list[NodeId]] = {id_: [] for id_ in self.nodes}
        for id_, node in self.nodes.items():
            for above in node.dependencies:
                self.dependents[above].append(id_)
        self._length = _lengths(self.nodes, self.dependents)
        self.writers: dict[Label, NodeId] = {
            node.view: id_ for id_, node in self.nodes.items() if node.view is not None
        }
        self.waiting: dict[NodeId, int] = {}
        self.ready: list[tuple[int, NodeId]] = []
        self.not_before: dict[NodeId, float] = {}  #: monotonic seconds; of nodes tried again
        self.executing = 0
        self.open = sum(1 for node in self.nodes.values() if not is_final(node.state))
        self.ending = False
        self.doubtful = False  #: an answer of the store was lost, and it was not asked since
        self.events: list[Event] = []
        self.watchers: list[Callable[[], None]] = []
        for id_, node in self.nodes.items():
            self.waiting[id_] = sum(
                1
                for above in node.dependencies
                if self.nodes[above].state is not NodeState.COMPLETED
            )
            if node.state is NodeState.PENDING and self.waiting[id_] == 0:
                heapq.heappush(self.ready, (-self._length[id_], id_))
            elif node.state is NodeState.EXECUTING or any(
                one.state is AttemptState.STOPPING for one in node.attempts
            ):
                self.executing += 1

    @property
    def id(self) -> RunId:
        """The run's id."""
        return self._run.id

    @property
    def accepted(self) -> int:
        """The run's place in the order of runs."""
        return self._run.accepted

    @property
    def state(self) -> RunState:
        """Where the run is."""
        return self._run.state

    @property
    def failure(self) -> Failure | None:
        """The run's error so far."""
        return self._run.failure

    @property
    def owner(self) -> str:
        """Whose run it is."""
        return self._run.owner

    @property
    def version(self) -> tuple[str, int, int]:
        """Owner, epoch and seq: the run's record changes only when they do."""
        return self._run.owner, self._run.epoch, self._run.seq

    @property
    def is_single(self) -> bool:
        """Whether finishing its one node ends it."""
        return len(self.nodes) == 1

    @property
    def locks(self) -> tuple[NameId, ...]:
        """The names of the views it writes."""
        return tuple(NameId(node.name) for node in self.definitions.nodes if node.name is not None)

    def become(self, found: LiveRun) -> None:
        """Be what the store was found to say; whoever holds this object goes on with it."""
        kept = {"watchers": self.watchers, "not_before": self.not_before}
        self.__dict__.update(found.__dict__, **kept)

    def record(self) -> Run:
        """Return the run as it is now; it does not change afterwards."""
        return replace(self._run, nodes=MappingProxyType(dict(self.nodes)))

    def execution(self, node: NodeId) -> Execution:
        """Return a node's execution."""
        return self.nodes[node].execution

    def columns(self, node: NodeId) -> dict[Label, Columns]:
        """Return the columns of every relation that the node reads and that has rows."""
        found: dict[Label, Columns] = {}
        for text in self.defined[node].relations:
            label = Label(text)
            if label in self.sources:
                found[label] = self.sources[label].columns
            else:
                rows = self.rows(label)
                if rows is not None:
                    found[label] = rows.columns
        return found

    def rows(self, label: Label) -> Snapshot | None:
        """Return what the run reads under a view's or an upload's name."""
        writer = self.writers.get(label)
        if writer is not None:
            return self.nodes[writer].execution.snapshot
        return self.pins.get(label)

    def is_empty_name(self, label: Label) -> bool:
        """Return whether the name was there when the run started and had no rows."""
        return label in self.pins and self.pins[label] is None

    def peek(self, now: float) -> NodeId | None:
        """Return the ready node with the longest path below it, if its time has come."""
        while self.ready:
            id_ = self.ready[0][1]
            if self.nodes[id_].state is not NodeState.PENDING:
                heapq.heappop(self.ready)
            elif self.not_before.get(id_, 0.0) > now:
                later = [entry for entry in self.ready if self.not_before.get(entry[1], 0) <= now]
                return min(later)[1] if later else None
            else:
                return id_
        return None

    def take(self, node: NodeId) -> None:
        """Take a ready node off the queue; `offer` puts it back."""
        entry = (-self._length[node], node)
        if self.ready[0] == entry:
            heapq.heappop(self.ready)
        else:
            self.ready.remove(entry)
            heapq.heapify(self.ready)

    def offer(self, node: NodeId, *, not_before: float = 0.0) -> None:
        """Put a node (back) on the queue."""
        heapq.heappush(self.ready, (-self._length[node], node))
        self.not_before[node] = not_before

    def priority(self, node: NodeId) -> tuple[int, NodeId]:
        """How nodes of a run are ordered: longest path first, then the smaller id."""
        return (-self._length[node], node)

    def freed_by(self, node: NodeId) -> list[NodeId]:
        """Return the nodes that wait for nothing but this one."""
        return [id_ for id_ in self.dependents[node] if self.waiting[id_] == 1]

    def read_by(self, private: Collection[Label]) -> list[NodeId]:
        """Return the nodes that read or write one of these, and are not private already."""
        return [
            id_
            for id_, node in self.defined.items()
            if not self.execution(id_).is_private
            and (node.view in private or any(label in private for label in node.relations))
        ]

    # What follows a commit.

    def hide(self, nodes: Iterable[NodeId]) -> None:
        """These executions are private."""
        for id_ in nodes:
            found = self.nodes[id_]
            self.nodes[id_] = replace(found, execution=replace(found.execution, is_private=True))

    def started(
        self, moment: int, at: datetime, pins: Mapping[Label, Snapshot | None], after: Stepped
    ) -> None:
        """The run is executing and its names are pinned."""
        self.pins = dict(pins)
        self._advance(RunState.EXECUTING, moment=moment, started_at=at)
        self.stepped(after, [None], at)

    def claimed(self, node: NodeId, attempt: AttemptId, number: int, at: datetime) -> None:
        """An attempt of the node is with an engine."""
        found = self.nodes[node]
        self.executing += 1
        self._set(
            node,
            NodeState.EXECUTING,
            started_at=found.execution.started_at or at,
            attempts=(
                *found.attempts,
                Attempt(
                    id=attempt,
                    execution=found.execution.id,
                    number=number,
                    state=AttemptState.EXECUTING,
                    started_at=at,
                    ended_at=None,
                    error=None,
                    cost=None,
                    micro_credits=0,
                ),
            ),
        )

    def completed(self, node: NodeId, rows: Snapshot, last: Attempt, expires: datetime) -> None:
        """The node's rows are there; nodes that waited for nothing else are ready."""
        self.executing -= 1
        self._set(
            node,
            NodeState.COMPLETED,
            snapshot=rows,
            ended_at=last.ended_at,
            expires_at=expires,
            attempts=self._closed(node, last),
        )
        for id_ in self.dependents[node]:
            self.waiting[id_] -= 1
            if self.waiting[id_] == 0 and self.nodes[id_].state is NodeState.PENDING:
                self.offer(id_)

    def failed(
        self,
        node: NodeId,
        failure: Failure,
        last: Attempt | None,
        *,
        at: datetime,
        expires: datetime,
        error: Failure,
    ) -> None:
        """The node failed, and the run with it, for `error`."""
        if last is not None:
            self.executing -= 1
        self._set(
            node,
            NodeState.FAILED,
            failure=failure,
            ended_at=at,
            expires_at=expires,
            started_at=self.nodes[node].execution.started_at or at,
            attempts=self.nodes[node].attempts if last is None else self._closed(node, last),
        )
        if self._run.failure is None:
            self._run = replace(self._run, failure=error)

    def skipped(self, nodes: Iterable[NodeId], reason: str, at: datetime) -> None:
        """The run failed before these started."""
        for id_ in nodes:
            self._set(id_, NodeState.SKIPPED, ended_at=at)
            self.nodes[id_] = replace(self.nodes[id_], reason=reason)
        self.ready.clear()

    def lost(self, node: NodeId, last: Attempt, not_before: float) -> None:
        """The platform lost the node's attempt; it is tried again."""
        self.executing -= 1
        self._set(node, NodeState.PENDING, attempts=self._closed(node, last))
        self.nodes[node] = replace(
            self.nodes[node], reason=f"tried again: {last.error or 'the engine was lost'}"
        )
        self.offer(node, not_before=not_before)

    def ended(
        self, state: RunState, at: datetime, *, published: int | None, failure: Failure | None
    ) -> None:
        """The run is over."""
        self._advance(state, ended_at=at, published=published, failure=self._run.failure or failure)

    def cancelled(self, at: datetime, expires: datetime) -> None:
        """Somebody stopped the run."""
        for id_, node in list(self.nodes.items()):
            if is_final(node.state):
                continue
            attempts = tuple(
                replace(one, state=AttemptState.STOPPING)
                if one.state is AttemptState.EXECUTING
                else one
                for one in node.attempts
            )
            self._set(id_, NodeState.CANCELLED, ended_at=at, expires_at=expires, attempts=attempts)
        self.ready.clear()
        self._advance(RunState.CANCELLED, ended_at=at)

    def stopped(self, node: NodeId, last: Attempt) -> None:
        """A cancelled attempt came back."""
        self.executing -= 1
        found = self.nodes[node]
        attempts = self._closed(node, last)
        self.nodes[node] = replace(
            found,
            attempts=attempts,
            execution=replace(
                found.execution, micro_credits=sum(one.micro_credits for one in attempts)
            ),
        )

    def stepped(self, after: Stepped, nodes: Sequence[NodeId | None], at: datetime) -> None:
        """These events were recorded; the last one has number `after.seq`."""
        first = after.seq - len(nodes) + 1
        self.events.extend(
            Event(epoch=after.epoch, seq=first + k, at=at, node=node)
            for k, node in enumerate(nodes)
        )
        self._run = replace(self._run, epoch=after.epoch, seq=after.seq)

    def wake(self) -> None:
        """Tell everyone who watches that there are new events."""
        for watcher in tuple(self.watchers):
            watcher()

    def _closed(self, node: NodeId, last: Attempt) -> tuple[Attempt, ...]:
        before = self.nodes[node].attempts
        advance(ATTEMPT_FOLLOWS, before[-1].state, last.state)
        return (*before[:-1], last)

    def _set(
        self,
        node: NodeId,
        state: NodeState,
        *,
        attempts: tuple[Attempt, ...] | None = None,
        snapshot: Snapshot | None = None,
        failure: Failure | None = None,
        started_at: datetime | None = None,
        ended_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        found = self.nodes[node]
        tries = found.attempts if attempts is None else attempts
        execution = found.execution
        if is_final(state):
            self.open -= 1
        self.nodes[node] = NodeExecution(
            id=found.id,
            kind=found.kind,
            query=found.query,
            view=found.view,
            tier=found.tier,
            dependencies=found.dependencies,
            state=advance(NODE_FOLLOWS, found.state, state),
            reason=found.reason,
            attempts=tries,
            execution=Execution(
                id=execution.id,
                run=execution.run,
                node=execution.node,
                owner=execution.owner,
                is_private=execution.is_private,
                query=execution.query,
                query_version=execution.query_version,
                parameters=execution.parameters,
                tier=execution.tier,
                state=advance(EXECUTION_FOLLOWS, execution.state, ExecutionState(state.value)),
                submitted_at=execution.submitted_at,
                started_at=started_at or execution.started_at,
                ended_at=ended_at,
                expires_at=expires_at,
                failure=failure,
                snapshot=snapshot,
                micro_credits=sum(one.micro_credits for one in tries),
            ),
        )

    def _advance(self, state: RunState, **changed: object) -> None:
        advance(RUN_FOLLOWS, self._run.state, state)
        self._run = replace(self._run, state=state, **changed)  # type: ignore[arg-type]  # fields of Run, said by the callers above


def _lengths(
    nodes: Mapping[NodeId, NodeExecution], dependents: Mapping[NodeId, Sequence[NodeId]]
) -> dict[NodeId, int]:
    """Return the nodes on the longest path from each node down; `nodes` is ordered."""
    length: dict[NodeId, int] = {}
    for id_ in reversed(list(nodes)):
        length[id_] = 1 + max((length[below] for below in dependents[id_]), default=0)
    return length
