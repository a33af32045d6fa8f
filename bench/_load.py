"""A load generator on one thread: keep-alive connections, answers counted, latencies kept.

It parses no more of an answer than its end needs, so that two cores can hold it and the server;
`serve` below is a server as trivial, which shows what the generator itself can do.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import uvloop

from _server import free_port

T = TypeVar("T")
Made = Callable[[], bytes]  #: a request, made when it is sent

GRACE_S: Final = 10.0  #: for answers that are still out when the time is over; then they are lost
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_HEAD_END: Final = b"\r\n\r\n"


@dataclass(kw_only=True)
class Seen:
    """What came of a load."""

    latencies: list[float] = field(default_factory=list)  #: seconds, of answers with status 200
    late: list[float] = field(default_factory=list)  #: seconds between due and sent, open loop
    asked: int = 0
    refused: int = 0  #: answers with another status
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        """Return how many requests got no answer, or not the one they should."""
        return self.asked - len(self.latencies)

    @property
    def rate(self) -> float:
        """Return good answers a second."""
        return len(self.latencies) / self.seconds if self.latencies else 0.0

    def ms(self, share: float) -> float:
        """Return the latency, in milliseconds, that this share of the answers did not exceed."""
        return quantile(self.latencies, share) * 1000


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def request(method: str, path: str, key: str, body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Dune-Api-Key: {key}\r\n"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{head}{length}\r\n".encode() + body


class _Connection(asyncio.Protocol):
    """One request at a time; `answered` is told the status of each answer."""

    def __init__(self, answered: Callable[[_Connection, int], None]) -> None:
        self._answered = answered
        self._head = b""
        self._left = 0  #: bytes of the body that are still to come
        self._status = 0
        self._quiet: asyncio.Future[None] | None = None
        self.busy = False
        self.due: deque[float] = deque()  #: when what is under way, and what waits, fell due

    def quiet(self) -> asyncio.Future[None]:
        """Return what is done once nothing is under way."""
        self._quiet = asyncio.get_running_loop().create_future()
        if not self.due:
            self._quiet.set_result(None)
        return self._quiet

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self, content: bytes) -> None:
        self.busy = True
        self.transport.write(content)

    def data_received(self, received: bytes) -> None:
        if self._left:
            self._left -= len(received)
        else:
            self._head += received
            end = self._head.find(_HEAD_END)
            if end < 0:
                return
            length = _LENGTH.search(self._head, 0, end + 2)
            if length is None:
                self.transport.close()
                return
            self._status = int(self._head[9:12])
            self._left = int(length[1]) - (len(self._head) - end - len(_HEAD_END))
            self._head = b""
        if self._left == 0:
            self.busy = False
            self._answered(self, self._status)
            if self._quiet is not None and not self.due and not self._quiet.done():
                self._quiet.set_result(None)

    def connection_lost(self, _: Exception | None) -> None:
        # What was under way is lost; the request is not repeated.
        self.busy = True


async def _connected(
    port: int, clients: int, answered: Callable[[_Connection, int], None]
) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    found = []
    for _ in range(clients):
        _, connection = await loop.create_connection(
            lambda: _Connection(answered), "127.0.0.1", port
        )
        found.append(connection)
    return found


async def open_loop(port: int, makes: list[Made], *, each: float, seconds: float) -> Seen:
    """Send `each` requests a second on a connection for every one of `makes`, evenly spread.

    A request falls due by the clock, whatever became of those before it, and its latency counts
    from then. On a connection that still waits for an answer it is sent right after that.
    """
    seen, clock = Seen(seconds=seconds), time.perf_counter
    made: dict[_Connection, Made] = {}

    def send(connection: _Connection) -> None:
        seen.late.append(clock() - connection.due[0])
        connection.send(made[connection]())

    def answered(connection: _Connection, status: int) -> None:
        due = connection.due.popleft()
        if status == 200:
            seen.latencies.append(clock() - due)
        else:
            seen.refused += 1
        if connection.due:
            send(connection)

    connections = await _connected(port, len(makes), answered)
    made.update(zip(connections, makes, strict=True))
    step = 1 / (each * len(connections))
    total = int(seconds / step)
    begin = clock() + 0.1
    while seen.asked < total:
        while seen.asked < total and (due := begin + seen.asked * step) <= clock():
            connection = connections[seen.asked % len(connections)]
            seen.asked += 1
            connection.due.append(due)
            if not connection.busy:
                send(connection)
        await asyncio.sleep(max(0.0, begin + seen.asked * step - clock()))
    await _drained(connections, GRACE_S)
    return seen


async def closed_loop(
    port: int, clients: int, make: Made, *, seconds: float, most: int | None = None
) -> Seen:
    """Keep one request under way on each connection, for `seconds` or `most` requests."""
    seen, clock = Seen(), time.perf_counter
    begin = clock()
    until = begin + seconds

    def send(connection: _Connection) -> None:
        now = clock()
        if now >= until or seen.asked == most:
            return
        seen.asked += 1
        connection.due.append(now)
        connection.send(make())

    def answered(connection: _Connection, status: int) -> None:
        now = clock()
        due = connection.due.popleft()
        if status == 200:
            seen.latencies.append(now - due)
        else:
            seen.refused += 1
        seen.seconds = now - begin
        send(connection)

    connections = await _connected(port, clients, answered)
    begin = clock()
    until = begin + seconds
    for connection in connections:
        send(connection)
    await _drained(connections, seconds + GRACE_S)
    return seen


async def _drained(connections: list[_Connection], most_s: float) -> None:
    await asyncio.wait([one.quiet() for one in connections], timeout=most_s)
    for one in connections:
        one.transport.close()


def run(load: Awaitable[T]) -> T:
    """Carry out a load on an event loop of its own."""

    async def wait() -> T:
        return await load

    return uvloop.run(wait())


class _Trivial(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, received: bytes) -> None:
        if received.endswith(_HEAD_END):
            self._transport.write(self._answer)


def _serve_raw(port: int, body: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body

    async def listen() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Trivial(answer), "127.0.0.1", port, backlog=2048)
        await server.serve_forever()

    uvloop.run(listen())


def _serve_uvicorn(port: int, body: bytes) -> None:
    import uvicorn

    head = {
        "type": "http.response.start",
        "status": 200,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ],
    }
    end = {"type": "http.response.body", "body": body}

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send(head)
        await send(end)

    uvicorn.run(
        app, port=port, loop="uvloop", http="httptools", lifespan="off", log_level="error",
        access_log=False, server_header=False, backlog=2048,
    )  # fmt: skip


@contextlib.contextmanager
def trivial(kind: str, body: bytes) -> Iterator[int]:
    """Yield the port of a process that answers every request with `body`.

    `raw` writes bytes to the socket; `uvicorn` is the server that Qanat stands on, and an
    application of two lines.
    """
    port = free_port()
    serve = {"raw": _serve_raw, "uvicorn": _serve_uvicorn}[kind]
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(port, body), daemon=True
    )
    process.start()
    try:
        run(_until_it_listens(port))
        yield port
    finally:
        process.kill()
        process.join()


async def _until_it_listens(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise SystemExit("the trivial server did not start")
