"""Runs and executions as callers may see them, their events, and their cancellation.

Runs in flight, and those that have just ended, are answered from memory; all others are read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from qanat.coordinator import publisher
from qanat.coordinator.context import Context
from qanat.coordinator.definitions import Definitions, decode
from qanat.coordinator.live import LiveRun
from qanat.errors import NotFoundError
from qanat.model.access import Caller
from qanat.model.graph import critical_path
from qanat.model.records import Event, Execution, Pin, Run, RunDetail
from qanat.model.state import ExecutionState, RunState
from qanat.names import ExecutionId, Label, NameId, RunId, SnapshotId
from qanat.store import loading
from qanat.store.database import Transaction

KEPT_NODES: Final = 50_000  #: nodes of ended runs kept in memory, for those who poll


@dataclass(frozen=True, slots=True)
class NewEvents:
    """What happened to a run after an event that a client has seen."""

    events: Sequence[Event]
    is_whole: bool  #: False once some of it was let go


def _read_names(tx: Transaction, run: Run, definitions: Definitions) -> tuple[Pin, ...]:
    """Return what a completed run read, from its snapshots' lineage: its pins are gone."""
    inputs: dict[str, str] = {}
    for node in run.nodes.values():
        if node.execution.snapshot is not None:
            inputs.update(loading.inputs(tx, node.execution.snapshot.id))
    pins = []
    for label, name in sorted(definitions.names.items()):
        if label in inputs:
            rows = loading.snapshot(tx, inputs[label])
            pins.append(
                Pin(
                    label=Label(label),
                    name=NameId(name),
                    snapshot=SnapshotId(inputs[label]),
                    row_count=None if rows is None else rows.row_count,
                    published_by=loading.publisher(tx, name, inputs[label]),
                )
            )
    return tuple(pins)


class Watch:
    """Looks at runs, and cancels them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._ended: OrderedDict[RunId, int] = OrderedDict()
        self._ended_nodes = 0

    def live_run(self, id_: RunId) -> Run | None:
        """Return a run from memory, if it is in flight or has just ended."""
        run = self.context.live.get(id_)
        if run is None:
            return None
        with self.context.lock:
            return run.record()

    def live_version(self, id_: RunId) -> tuple[str, int, int] | None:
        """Return owner, epoch and seq of a run in memory: its record changed only if they did."""
        run = self.context.live.get(id_)
        return None if run is None else run.version

    def live_execution(self, id_: ExecutionId) -> Execution | None:
        """Return an execution from memory, if its run is in flight or has just ended."""
        found = self.context.executions.get(id_)
        return None if found is None else found[0].execution(found[1])

    def run(self, caller: Caller, id_: RunId) -> Run:
        """Return one of the caller's runs.

        Raises:
            NotFoundError: There is none.
        """
        run = self.live_run(id_) or self.context.database.read(lambda tx: loading.run(tx, id_))
        if run is None or run.owner != caller.handle:
            raise NotFoundError("Object not found")
        return run

    def execution(self, caller: Caller, id_: ExecutionId) -> Execution:
        """Return an execution that the caller may read.

        Raises:
            NotFoundError: There is none.
        """
        found = self.live_execution(id_) or self.context.database.read(
            lambda tx: loading.execution(tx, id_)
        )
        if found is None or not caller.sees(found.owner, is_private=found.is_private):
            raise NotFoundError("Object not found")
        return found

    def definitions(self, caller: Caller, id_: RunId) -> Definitions:
        """Return what one of the caller's runs computes.

        Raises:
            NotFoundError: There is no such run.
        """
        self.run(caller, id_)
        text = self.context.database.read(lambda tx: loading.definitions(tx, id_))
        assert text is not None
        return decode(text)

    def detail(self, caller: Caller, id_: RunId) -> RunDetail:
        """Return one of the caller's runs with pins, moves and its critical path.

        Raises:
            NotFoundError: There is none.
        """
        run = self.run(caller, id_)
        definitions = self.definitions(caller, id_)
        pins, sources, moves = self.context.database.read(
            lambda tx: (*loading.pins(tx, id_), loading.moves(tx, id_))
        )
        if run.state is RunState.COMPLETED:
            pins = self.context.database.read(lambda tx: _read_names(tx, run, definitions))
        now = self.context.clock.now()
        seconds = {
            node.id: ((node.execution.ended_at or now) - node.execution.started_at).total_seconds()
            for node in run.nodes.values()
            if node.execution.started_at is not None
        }
        target = next(node for node in definitions.nodes if node.id == definitions.target)
        return RunDetail(
            run=run,
            pins=pins,
            sources=sources,
            moves=moves,
            critical_path=tuple(
                critical_path({node.id: node.dependencies for node in run.nodes.values()}, seconds)
            ),
            parameters=target.asked,
        )

    def queue_position(self, id_: ExecutionId) -> int | None:
        """Return the place of a pending execution's run among those waiting, from 1."""
        found = self.context.executions.get(id_)
        if found is None or found[0].state is not RunState.PENDING:
            return None
        with self.context.lock:
            return self.context.dispatch.position(found[0])

    def events_after(self, id_: RunId, epoch: int, seq: int) -> NewEvents | None:
        """Return a run's events after one that a client has seen.

        None if that is of another epoch or ahead: the client needs the whole state first.
        """
        run = self.context.live.get(id_)
        if run is not None:
            with self.context.lock:
                _, now_epoch, now_seq = run.version
                if epoch != now_epoch or seq > now_seq:
                    return None
                if run.events and run.events[0].seq <= seq + 1:
                    return NewEvents(run.events[seq + 1 - run.events[0].seq :], is_whole=True)

        def read(tx: Transaction) -> NewEvents | None:
            found = loading.position(tx, id_)
            if found is None or found[0] != epoch or seq > found[1]:
                return None
            events = loading.events_after(tx, id_, epoch, seq)
            # They are numbered without gaps, so their count tells whether some were let go.
            return NewEvents(events, is_whole=len(events) == found[1] - seq)

        return self.context.database.read(read)

    def watch(self, id_: RunId, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` after every change of a run in flight, from any thread; how to stop that."""
        with self.context.lock:
            run = self.context.live.get(id_)
            if run is not None:
                run.watchers.append(wake)

        def stop() -> None:
            with self.context.lock:
                current = self.context.live.get(id_)
                if current is not None and wake in current.watchers:
                    current.watchers.remove(wake)

        return stop

    # Cancelling.

    def cancel_run(self, caller: Caller, id_: RunId) -> bool:
        """Cancel one of the caller's runs; False if it had ended otherwise.

        Raises:
            NotFoundError: There is no such run.
        """
        run = self.run(caller, id_)
        if run.state is RunState.CANCELLED:
            return True
        live = self.context.live.get(id_)
        if live is None or run.state in (RunState.COMPLETED, RunState.FAILED):
            return False
        cancelled = publisher.cancel(self.context, live)
        self.retire(live)
        return cancelled

    def cancel_execution(self, caller: Caller, id_: ExecutionId) -> bool:
        """Cancel an execution, and with it its run; False if it had ended otherwise.

        Raises:
            NotFoundError: There is no such execution, or its run is another's.
        """
        found = self.execution(caller, id_)
        if found.owner != caller.handle:
            raise NotFoundError("Object not found")
        if found.state is ExecutionState.CANCELLED:
            return True
        if found.state not in (ExecutionState.PENDING, ExecutionState.EXECUTING):
            return False
        return self.cancel_run(caller, found.run)

    def retire(self, run: LiveRun) -> None:
        """Keep an ended run in memory for those who poll it, and let go of the oldest ones."""
        context = self.context
        with context.lock:
            if run.state in (RunState.PENDING, RunState.EXECUTING) or run.executing:
                return
            if run.id not in self._ended and run.id in context.live:
                self._ended[run.id] = len(run.nodes)
                self._ended_nodes += len(run.nodes)
            while self._ended_nodes > KEPT_NODES:
                oldest, nodes = self._ended.popitem(last=False)
                self._ended_nodes -= nodes
                gone = context.live.get(oldest)
                if gone is not None:
                    context.forget(gone)
