"""The head of an HTTP request, as it comes in: bounded in bytes and in time, refused as JSON.

Everything else about HTTP is the library's. What comes before a request's handler is known costs
memory and a connection without a key having been asked for, so nothing of it may grow.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from qanat.api.wire.common import Error, encode

HEAD_BYTES: Final = 64 * 1024  #: of a request's line and headers
HEAD_S: Final = 20.0  #: from a connection's start, or a head's first byte, to the head's end

_LINES: Final = {
    400: b"HTTP/1.1 400 Bad Request\r\n",
    408: b"HTTP/1.1 408 Request Timeout\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
}


class Protocol(HttpToolsProtocol):
    """One connection."""

    _head_bytes = 0
    _in_head = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the library narrows it
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless a head has become too long."""
        if self._in_head:
            if self._head_bytes > HEAD_BYTES:
                self._refuse(431, f"the head of a request is at most {HEAD_BYTES} bytes long")
                return
            self._head_bytes += len(data)
        super().data_received(data)
        # Most heads come whole, and cost no timer.
        if self._in_head and self._head_bytes and self._deadline is None:
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Go on to the body, unless the head was too long."""
        self._stop_waiting()
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEAD_BYTES:
            self._refuse(431, f"the head of a request is at most {HEAD_BYTES} bytes long")
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body that somebody waits for."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect another head."""
        self._in_head, self._head_bytes = True, 0
        if not self.transport.is_closing():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the library's words
        """Refuse what is no HTTP."""
        self._refuse(400, "Bad Request")

    def _wait_for_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_S, self._too_late)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._refuse(408, "the head of the request stopped arriving")

    def _refuse(self, status: int, why: str) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            body = encode(Error(error=why))
            self.transport.write(
                _LINES[status]
                + b"content-type: application/json\r\nconnection: close\r\ncontent-length: "
                + str(len(body)).encode()
                + b"\r\n\r\n"
                + body
            )
        self.transport.close()
