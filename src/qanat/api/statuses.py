"""Answers about runs in flight, from memory and already encoded.

A status is asked for far more often than it changes. What was encoded is kept for as long as the
run's event number stands still, so most polls cost a look into two dictionaries and no thread. When
it moves, only the nodes that changed are encoded again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from qanat.api.wire import executions as execution_wire
from qanat.api.wire import pipelines as pipeline_wire
from qanat.api.wire.common import encode
from qanat.model.access import Caller
from qanat.model.state import ExecutionState
from qanat.names import ExecutionId, RunId

if TYPE_CHECKING:
    from qanat.coordinator import Coordinator

EXECUTION: Final = "/api/v1/execution/"
RUN: Final = "/api/v1/pipelines/executions/"
STATUS: Final = "/status"
KEPT_BYTES: Final = 64 * 1024 * 1024
KEPT_RUNS: Final = 32  #: whose nodes' texts are kept: of 5,000 nodes, 1.5 MB each


class Statuses:
    """Lives on the event loop; holds nothing that cannot be made again."""

    def __init__(self, coordinator: Coordinator, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._coordinator = coordinator
        self._kept_bytes = kept_bytes
        self._size = 0
        self._made: OrderedDict[str, tuple[tuple[int, int], bytes]] = OrderedDict()
        self._texts: OrderedDict[RunId, pipeline_wire.StatusText] = OrderedDict()

    def at(self, caller: Caller, path: str) -> bytes | None:
        """Return the answer to a GET of a status's path; None leaves it to the route.

        Polls are most of what a server is asked, so they are answered before the router, where
        they cost a sixth. Whatever is not in memory the route answers, also what is no id.
        """
        if path.startswith(EXECUTION):
            return self.execution(caller, ExecutionId(path[len(EXECUTION) : -len(STATUS)]))
        if path.startswith(RUN):
            return self.run(caller, RunId(path[len(RUN) : -len(STATUS)]))
        return None

    def run(self, caller: Caller, id_: RunId) -> bytes | None:
        """Return the status of one of the caller's runs; None if it is not in memory."""
        version = self._coordinator.live_version(id_)
        if version is None or version[0] != caller.handle:
            return None

        def make() -> bytes | None:
            run = self._coordinator.live_run(id_)
            return None if run is None else self._text(id_).of(run)

        return self._of(id_, version[1:], make)

    def _text(self, id_: RunId) -> pipeline_wire.StatusText:
        """Return the texts of a run's nodes; of the runs that were asked for last."""
        text = self._texts.get(id_)
        if text is None:
            text = self._texts[id_] = pipeline_wire.StatusText()
            while len(self._texts) > KEPT_RUNS:
                self._texts.popitem(last=False)
        self._texts.move_to_end(id_)
        return text

    def execution(self, caller: Caller, id_: ExecutionId) -> bytes | None:
        """Return the status of an execution the caller may read; None if not in memory."""
        found = self._coordinator.live_execution(id_)
        if found is None or not caller.sees(found.owner, is_private=found.is_private):
            return None
        if found.state in (ExecutionState.PENDING, ExecutionState.CANCELLED):
            # The queue moves, and what a stopped attempt cost comes later, without an event.
            place = self._coordinator.queue_position(id_)
            return encode(execution_wire.status(found, queue_position=place))
        version = self._coordinator.live_version(found.run)
        if version is None:
            return None

        def make() -> bytes | None:
            # Looked up anew: the run may have gone on since, and what is older than its version
            # would be shown for as long as that stands still, so for good if the run has ended.
            latest = self._coordinator.live_execution(id_)
            if latest is None:
                return None
            return encode(execution_wire.status(latest, queue_position=None))

        return self._of(id_, version[1:], make)

    def _of(
        self, id_: str, version: tuple[int, int], make: Callable[[], bytes | None]
    ) -> bytes | None:
        known = self._made.get(id_)
        if known is not None and known[0] == version:
            return known[1]
        made = make()
        if made is None:
            return None
        if known is not None:
            self._size -= len(known[1])
        self._made[id_] = (version, made)
        self._made.move_to_end(id_)
        self._size += len(made)
        while self._size > self._kept_bytes:
            _, (_, oldest) = self._made.popitem(last=False)
            self._size -= len(oldest)
        return made
