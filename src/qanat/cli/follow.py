"""A run as it goes on: told by its event stream, or asked for when the stream fails.

`follow` yields after every change and ends when the run has ended. Events only say sooner what
changed; whatever happens to the stream, the run's own state is asked for again, so no change is
missed. A server that is away is tried for as long as a restart takes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import msgspec

from qanat.cli import wire
from qanat.cli.client import Client
from qanat.cli.failure import CommandError, UnreachableError
from qanat.clock import Clock, SystemClock

AWAY_SECONDS: Final = 30.0  #: how long a server that does not answer is waited for
POLL_SECONDS: Final = 0.5
_STREAM_TRIES: Final = 3  #: broken streams in a row, after which the run is only asked for

_OVER: Final = frozenset({"completed", "failed", "cancelled"})


class _NodeEvent(msgspec.Struct, frozen=True):
    node: wire.Node


class _RunEvent(msgspec.Struct, frozen=True):
    run: wire.Run


class _Share(msgspec.Struct, frozen=True):
    id: int
    progress: float


class _ProgressEvent(msgspec.Struct, frozen=True):
    nodes: tuple[_Share, ...] = ()


@dataclass(slots=True, kw_only=True)
class Watched:
    """What is known of a run; changes as the run goes on."""

    run: wire.Run  #: its `nodes` are as they were when it was loaded
    nodes: dict[int, wire.Node] = field(default_factory=dict)  #: by id, dependencies first
    changed: set[int] = field(default_factory=set)  #: nodes, until whoever draws them clears it
    shares: dict[int, float] = field(default_factory=dict)  #: node → share of its work, 0 to 1
    ahead: timedelta = timedelta()  #: how far the server's clock is ahead of ours

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self.run.state in _OVER

    def load(self, run: wire.Run, clock: Clock) -> None:
        """Take everything from a run's detail."""
        self.run = run
        self.nodes = {node.id: node for node in run.nodes}
        self.changed.update(self.nodes)
        if run.at is not None:
            self.ahead = run.at - clock.now()


def follow(client: Client, run_id: str, *, clock: Clock | None = None) -> Iterator[Watched]:
    """Yield what is known of a run, first at once and last when it has ended.

    Raises:
        UnreachableError: The server went away and did not come back.
        CommandError: There is no such run.
    """
    clock = clock or SystemClock()
    watched = Watched(run=_load(client, run_id))
    watched.load(watched.run, clock)
    yield watched
    pause, broken, away_since = threading.Event(), 0, None
    while not watched.is_over:
        try:
            if broken < _STREAM_TRIES:
                broken += 1
                try:
                    for _ in _events(client, watched, clock):
                        broken, away_since = 0, None
                        yield watched
                except UnreachableError:
                    pass  # broken off; the question below tells whether the server is there
                except CommandError:
                    broken = _STREAM_TRIES  # something between us and the server has no streams
            else:
                pause.wait(POLL_SECONDS)
            if not watched.is_over:
                _ask(client, watched)
            away_since = None
            yield watched
        except UnreachableError:
            away_since = clock.monotonic() if away_since is None else away_since
            if clock.monotonic() - away_since > AWAY_SECONDS:
                raise
            pause.wait(POLL_SECONDS)
    # Events and states say less than the detail does: what a node wrote, the critical path.
    watched.load(_load(client, run_id), clock)
    yield watched


def _load(client: Client, run_id: str) -> wire.Run:
    return client.get(f"/v1/pipelines/executions/{run_id}", wire.Run)


def _ask(client: Client, watched: Watched) -> None:
    """Bring `watched` up to date by Dune's status, the cheapest question there is."""
    run_id = watched.run.pipeline_execution_id
    status = client.get(f"/v1/pipelines/executions/{run_id}/status", wire.RunState)
    watched.run = msgspec.structs.replace(watched.run, state=status.status)
    for each in status.node_executions:
        known = watched.nodes.get(each.id) or wire.Node(id=each.id, state="pending")
        watched.nodes[each.id] = msgspec.structs.replace(
            known,
            state=each.query_execution_status.status,
            execution_id=each.query_execution_status.execution_id,
        )
        watched.changed.add(each.id)


def _events(client: Client, watched: Watched, clock: Clock) -> Iterator[None]:
    """Change `watched` by each event, and yield; until the stream ends or breaks."""
    path = f"/v1/pipelines/executions/{watched.run.pipeline_execution_id}/events"
    headers = {"Accept": "text/event-stream"}
    if watched.run.last_event_id:
        headers["Last-Event-ID"] = watched.run.last_event_id
    with client.lines(path, headers) as lines:
        for name, event_id, data in parsed(lines):
            if name in ("end", "expired"):
                return
            _apply(client, watched, name, data, clock)
            if event_id:
                watched.run = msgspec.structs.replace(watched.run, last_event_id=event_id)
            yield


def _apply(client: Client, watched: Watched, name: str, data: bytes, clock: Clock) -> None:
    if name == "state":
        watched.load(client.decode(data, _RunEvent).run, clock)
    elif name == "node":
        live = client.decode(data, _NodeEvent).node
        known = watched.nodes.get(live.id, live)
        watched.shares.pop(live.id, None)
        watched.changed.add(live.id)
        # A node event leaves out what never changes.
        watched.nodes[live.id] = msgspec.structs.replace(
            live,
            title=known.title,
            kind=known.kind,
            name=known.name,
            query_id=known.query_id,
            tier=known.tier,
            dependencies=known.dependencies,
        )
    elif name == "run":
        live_run = client.decode(data, _RunEvent).run
        watched.run = msgspec.structs.replace(
            watched.run,
            state=live_run.state,
            started_at=live_run.started_at,
            ended_at=live_run.ended_at,
            moved_views=live_run.moved_views,
            credits=live_run.credits,
            error=live_run.error,
        )
    elif name == "progress":
        shares = client.decode(data, _ProgressEvent).nodes
        watched.shares.update({share.id: share.progress for share in shares})


def parsed(lines: Iterator[str]) -> Iterator[tuple[str, str, bytes]]:
    """Yield (event, id, data) of each event in the lines of a stream."""
    name, event_id, data = "message", "", list[str]()
    for line in lines:
        if not line:
            if data:
                yield name, event_id, "\n".join(data).encode()
            name, event_id, data = "message", "", []
            continue
        word, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if word == "event":
            name = value
        elif word == "id":
            event_id = value
        elif word == "data":
            data.append(value)


def failure_of(run: wire.Run) -> CommandError:
    """Return how a failed run is told."""
    way_out = "nothing was published: the views hold what they held before"
    if run.error is None:
        return CommandError(f"run {run.pipeline_execution_id} failed", way_out)
    node = f"node {run.error.node_id} ({run.error.node_title}): " if run.error.node_id else ""
    return CommandError(
        f"run {run.pipeline_execution_id} failed: {node}{run.error.message}", way_out
    )
