"""The head of a request is bounded, and what is bounded is each head, not the connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from qanat.api import protocol
from qanat.api.protocol import HEAD_BYTES, Protocol

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


async def _echo(_: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer with the length of the body."""
    size, more = 0, True
    while more:
        event = await receive()
        size += len(event.get("body", b""))
        more = event.get("more_body", False)
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _answers(*sent: bytes) -> bytes:
    """Send pieces over one connection; everything that came back until it was closed."""

    async def talk() -> bytes:
        config = uvicorn.Config(_echo, lifespan="off", log_level="critical")
        config.load()
        loop, state = asyncio.get_running_loop(), ServerState()
        server = await loop.create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for piece in sent:
            writer.write(piece)
            await writer.drain()
        found = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        server.close()
        return found

    return asyncio.run(talk())


def _get(*headers: bytes) -> bytes:
    return b"\r\n".join([b"GET / HTTP/1.1", b"Host: x", *headers, b"", b""])


def test_many_requests_over_one_connection_are_each_bounded() -> None:
    """Together they are longer than one may be."""
    one = _get(b"X-A: " + b"v" * (HEAD_BYTES // 3))
    answer = _answers(one, one, one, one, _get(b"Connection: close"))
    assert answer.count(b"HTTP/1.1 200 OK") == 5


def test_a_body_is_not_counted_as_head() -> None:
    size = 4 * HEAD_BYTES
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    answer = _answers(head, *[b"b" * HEAD_BYTES] * 4, _get(b"Connection: close"))
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert str(size).encode() in answer


@pytest.mark.parametrize("pieces", [1, 200])
def test_a_head_that_is_too_long_is_refused_as_json(pieces: int) -> None:
    """At once, or as it dribbles in."""
    whole = _get(b"X-A: " + b"v" * (HEAD_BYTES + 1))
    step = -(-len(whole) // pieces)
    answer = _answers(*(whole[at : at + step] for at in range(0, len(whole), step)))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert list(json.loads(body)) == ["error"]


def test_a_head_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether nothing of it came, or a part."""
    monkeypatch.setattr(protocol, "HEAD_S", 0.05)
    for sent in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n"):
        assert _answers(sent).startswith(b"HTTP/1.1 408 ")


def test_what_is_no_http_is_refused_as_json() -> None:
    assert _answers(b"nonsense\r\n\r\n").endswith(b'\r\n\r\n{"error":"Bad Request"}')
