"""What to do next: which run ends, starts, or gives a node to an engine.

Runs share the slots fairly: the run with the fewest statements executing goes first, the oldest
of equals; inside a run the node with the longest path below it. A statement that needs more slots
than are free is not overtaken, or it would never start. A run waits behind every earlier
unfinished run that wants one of its views.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qanat.coordinator.live import LiveRun
from qanat.engines import Limits
from qanat.model.state import RunState
from qanat.names import NameId, NodeId, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """What a tier's statements get, and what they take."""

    limits: Limits
    slots: int  #: of the server's, while one executes
    factor: float  #: of credits


@dataclass(frozen=True, slots=True)
class EndRun:
    """Every node of the run is final."""

    run: LiveRun


@dataclass(frozen=True, slots=True)
class StartRun:
    """No earlier run stands before it and a slot is free."""

    run: LiveRun


@dataclass(frozen=True, slots=True)
class RunNode:
    """A ready node, with slots reserved for it."""

    run: LiveRun
    node: NodeId


Work = EndRun | StartRun | RunNode


class Dispatch:
    """The unfinished runs and the free slots. Not safe among threads: the caller holds a lock."""

    def __init__(self, slots: int, tiers: Mapping[str, Tier]) -> None:
        self.slots = slots
        self.free = slots
        self._tiers = tiers
        self._executing: dict[RunId, LiveRun] = {}
        self._pending: dict[RunId, LiveRun] = {}
        self._wants: dict[NameId, deque[RunId]] = {}
        self._startable: list[tuple[int, RunId]] = []
        self._aside: dict[RunId, float] = {}  #: could not start → when it is tried again
        self._ending: deque[LiveRun] = deque()

    def add(self, run: LiveRun) -> None:
        """Take in an unfinished run.

        Runs come about in the order of their numbers. Where several are accepted at once, one of
        a smaller number may come after another: it takes its place before it.
        """
        for name in run.locks:
            self._queue(self._wants.setdefault(name, deque()), run)
        if run.state is RunState.EXECUTING:
            self._executing[run.id] = run
            self.check_end(run)
        else:
            self._pending[run.id] = run
            self._consider(run)

    def _queue(self, queue: deque[RunId], run: LiveRun) -> None:
        place = len(queue)
        while place > 0:
            other = self._pending.get(queue[place - 1])
            if other is None or other.accepted < run.accepted:
                break
            place -= 1
        queue.insert(place, run.id)

    def remove(self, run: LiveRun) -> None:
        """Let go of a run that has ended; those behind it may start."""
        self._executing.pop(run.id, None)
        self._pending.pop(run.id, None)
        self._aside.pop(run.id, None)
        for name in run.locks:
            queue = self._wants.get(name)
            if queue is None:
                continue
            if run.id in queue:
                queue.remove(run.id)
            if not queue:
                del self._wants[name]
            elif queue[0] in self._pending:
                self._consider(self._pending[queue[0]])

    def _consider(self, run: LiveRun) -> None:
        self._aside.pop(run.id, None)
        if all(self._wants[name][0] == run.id for name in run.locks):
            entry = (run.accepted, run.id)
            if entry not in self._startable:
                heapq.heappush(self._startable, entry)

    def started(self, run: LiveRun) -> None:
        """A pending run is executing now."""
        self._pending.pop(run.id, None)
        self._aside.pop(run.id, None)
        self._executing[run.id] = run
        for name in run.locks:  # it may have been accepted before one of a smaller number
            queue = self._wants[name]
            if queue[0] != run.id:
                queue.remove(run.id)
                queue.appendleft(run.id)

    def postpone(self, run: LiveRun, until: float) -> None:
        """Set a run aside that could not start after all; others go on meanwhile.

        It is tried again at `until`, in monotonic seconds, or once a run before it has ended.
        """
        if run.id in self._pending:
            self._aside[run.id] = until

    def settled(self, run: LiveRun) -> None:
        """A run that is here is where the store says, whatever was known of it before."""
        if run.state is RunState.PENDING:
            self._consider(run)
        else:
            if run.id in self._pending:
                self.started(run)
            self.check_end(run)

    def may_start(self, run: LiveRun) -> bool:
        """Return whether a run about to be accepted could start at once, before all others."""
        return (
            self.free > 0
            and not self._startable
            and not any(name in self._wants for name in run.locks)
        )

    def check_end(self, run: LiveRun) -> None:
        """Queue the run's end if all its nodes are final."""
        if not run.ending and run.state is RunState.EXECUTING and run.open == 0:
            run.ending = True
            self._ending.append(run)

    def requeue_end(self, run: LiveRun) -> None:
        """Queue an end that has to be tried again."""
        self._ending.append(run)

    def take(self, now: float) -> Work | None:
        """Return the next thing to do, its slots reserved; None if there is nothing now."""
        if self._ending:
            return EndRun(self._ending.popleft())
        for id_ in [id_ for id_, until in self._aside.items() if until <= now]:
            self._consider(self._pending[id_])
        best = self._best(now)
        pending = self._first_startable()
        if pending is not None and (best is None or (0, pending.accepted) < best[0]):
            if self.free < 1:
                return None
            heapq.heappop(self._startable)
            return StartRun(pending)
        if best is None:
            return None
        _, run, node = best
        if not self.reserve(run, node):
            return None
        run.take(node)
        return RunNode(run, node)

    def _best(self, now: float) -> tuple[tuple[int, int], LiveRun, NodeId] | None:
        """Return the node that goes next: its run's place among the others, the run, the node."""
        best: tuple[tuple[int, int], LiveRun, NodeId] | None = None
        for run in self._executing.values():
            if not run.ready or run.failure is not None or run.doubtful:
                continue
            key = (run.executing, run.accepted)
            if best is not None and key >= best[0]:
                continue
            node = run.peek(now)
            if node is not None:
                best = (key, run, node)
        return best

    def only(self, run: LiveRun) -> bool:
        """Return whether no other run could use a slot that this one leaves."""
        return (
            len(self._executing) == 1
            and run.id in self._executing
            and self._first_startable() is None
        )

    def _first_startable(self) -> LiveRun | None:
        while self._startable:
            run = self._pending.get(self._startable[0][1])
            if run is not None and not run.doubtful:
                return run
            heapq.heappop(self._startable)
        return None

    def reserve(self, run: LiveRun, node: NodeId) -> bool:
        """Reserve the slots of a node's tier; False if too few are free."""
        wanted = self.slots_of(run, node)
        if wanted > self.free:
            return False
        self.free -= wanted
        return True

    def release(self, run: LiveRun, node: NodeId) -> None:
        """Give back the slots of a node."""
        self.free += self.slots_of(run, node)

    def slots_of(self, run: LiveRun, node: NodeId) -> int:
        """Return how many slots a node takes; never more than there are."""
        return min(self._tiers[run.nodes[node].tier].slots, self.slots)

    def position(self, run: LiveRun) -> int | None:
        """Return a pending run's place among those waiting, from 1; None if it is not waiting."""
        if run.id not in self._pending:
            return None
        return 1 + sum(1 for other in self._pending.values() if other.accepted < run.accepted)

    def unfinished(self) -> Iterator[LiveRun]:
        """Return every run that has not ended."""
        yield from tuple(self._executing.values())
        yield from tuple(self._pending.values())
