"""What happens to a run, as server-sent events (docs/api/extensions.md section 1).

An event's id says where the client is; what is sent is the node, or the run, as it is now. So a
client that comes back with the id of the last event it read misses nothing, and one whose id
belongs to another epoch is given the whole state first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.response import Stream

from qanat.api.looking import look_again, look_around
from qanat.api.parameters import RunIdText
from qanat.api.requests import Request
from qanat.api.routing import get
from qanat.api.services import Services
from qanat.api.wire import common, nodes
from qanat.api.wire import runs as wire
from qanat.api.wire.common import encode, timestamp
from qanat.coordinator.watching import NewEvents
from qanat.model.access import Caller
from qanat.model.records import Event, Run
from qanat.model.state import NodeState, RunState, is_final
from qanat.names import RunId

HEARTBEAT_S: Final = 10.0
BATCH_S: Final = 0.03  #: least time between two batches of events
_EVENT_ID: Final = re.compile(r"(\d{1,9})-(\d{1,18})")


@get(
    "/pipelines/executions/{pipeline_execution_id:str}/events",
    tag="Runs",
    summary="What happens to a run, as server-sent events",
    media_type="text/event-stream",
)
async def run_events(
    request: Request,
    pipeline_execution_id: RunIdText,
    after: Annotated[
        str | None, QueryParameter(description="The last event seen; Last-Event-ID wins")
    ] = None,
) -> Stream:
    """Answer until the run is over, the client goes away or the server stops."""
    id_ = common.run_id(pipeline_execution_id)
    services, caller = request.services, request.caller
    await services.call(services.coordinator.run, caller, id_)
    services.streams.check(caller.key)
    seen = _EVENT_ID.fullmatch(request.headers.get("last-event-id") or after or "")
    place = None if seen is None else (int(seen[1]), int(seen[2]))
    return Stream(
        _Telling(services, caller, id_, place).events(),
        headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"},
    )


class _Telling:
    """One client that listens to one run."""

    def __init__(
        self, services: Services, caller: Caller, run: RunId, place: tuple[int, int] | None
    ) -> None:
        self._services, self._caller, self._run = services, caller, run
        self._place = place  #: epoch and number of the last event sent
        self._around: nodes.Around | None = None

    async def events(self) -> AsyncIterator[bytes]:
        """Yield events until there is nothing more to tell."""
        changed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            # A run tells of each of its changes; one that nobody has looked at yet needs no second
            # wake-up of the loop, which costs the thread that computes a switch each time.
            if not changed.is_set():
                loop.call_soon_threadsafe(changed.set)

        services = self._services
        with services.streams.opened(self._caller.key, wake):
            stop = await services.call(services.coordinator.watch, self._run, wake)
            try:
                yield self._heartbeat()
                async for piece in self._told(changed):
                    yield piece
            finally:
                services.short.submit(stop)

    async def _told(self, changed: asyncio.Event) -> AsyncIterator[bytes]:
        services = self._services
        while not services.streams.closing:
            changed.clear()
            pieces, is_over = await services.call(self._next)
            if pieces:
                yield b"".join(pieces)  # one write, however many events
            if is_over:
                return
            # After what was sent, not before what is to be sent: a single event does not wait.
            await asyncio.sleep(BATCH_S)
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await changed.wait()
            except TimeoutError:
                yield self._heartbeat()

    def _heartbeat(self) -> bytes:
        return _event("heartbeat", {"at": timestamp(self._services.clock.now())})

    def _next(self) -> tuple[list[bytes], bool]:
        """Return what there is to send now, and whether that was all. Blocks."""
        services, caller = self._services, self._caller
        after: NewEvents | None = None
        if self._place is not None:
            after = services.coordinator.events_after(self._run, *self._place)
        if after is None:
            self._around = look_around(services, caller, self._run)
            run = self._around.detail.run
            self._place = (run.epoch, run.seq)
            state = {"run": wire.detail(self._around)}
            return self._ended([_event("state", state, id_=f"{run.epoch}-{run.seq}")], run)
        if not after.is_whole:
            return [_event("expired", {})], True
        run, new = services.coordinator.run(caller, self._run), after.events
        if new:
            self._place = (new[-1].epoch, new[-1].seq)
        return self._ended(self._pieces(new, run), run)

    def _pieces(self, new: Sequence[Event], run: Run) -> list[bytes]:
        """Return events as they are sent: each shows what it names as it is now."""
        shown: dict[Any, bytes] = {}
        pieces = []
        for event in new:
            if event.node is None and run.state is RunState.CANCELLED:
                # Cancelling is one event of the run; each node that it stopped is told with it.
                pieces += [
                    _event("node", {"at": timestamp(event.at), "node": nodes.node_live(node)})
                    for node in run.nodes.values()
                    if node.state is NodeState.CANCELLED
                ]
            if event.node not in shown:
                shown[event.node] = encode(
                    {"run": self._run_change()}
                    if event.node is None
                    else {"node": nodes.node_live(run.nodes[event.node])}
                )
            # The moment is the event's own; the rest is the same for all events of one node.
            data = b'{"at":"%s",' % timestamp(event.at).encode() + shown[event.node][1:]
            pieces.append(_event("run" if event.node is None else "node", data, id_=event.id))
        return pieces

    def _run_change(self) -> dict[str, Any]:
        """Return what an event says of the run; only for this is more read than its nodes."""
        services, caller = self._services, self._caller
        before = self._around
        self._around = (
            look_around(services, caller, self._run)
            if before is None
            else look_again(before, services, caller)
        )
        return wire.run_change(self._around)

    def _ended(self, pieces: list[bytes], run: Run) -> tuple[list[bytes], bool]:
        if not is_final(run.state) or (run.epoch, run.seq) != self._place:
            return pieces, False
        return [*pieces, _event("end", {})], True


def _event(name: str, data: Mapping[str, Any] | bytes, *, id_: str | None = None) -> bytes:
    body = data if isinstance(data, bytes) else encode(data)
    head = f"id: {id_}\n" if id_ is not None else ""
    return f"{head}event: {name}\ndata: ".encode() + body + b"\n\n"


ROUTES: Final[list[HTTPRouteHandler]] = [run_events]
