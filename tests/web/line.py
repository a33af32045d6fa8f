"""A network line between a browser and a server, which a test may cut as often as it likes."""

from __future__ import annotations

import re
import select
import socket
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Final, Self

_STREAM: Final = re.compile(rb"GET (/api/v1/pipelines/executions/\w+/events\S*) ")
_EVENT: Final = re.compile(rb"^id: ", re.MULTILINE)


class _Relay(BaseRequestHandler):
    """Passes bytes both ways until one side ends or the line is cut."""

    server: Line

    def handle(self) -> None:
        line, client = self.server, self.request
        with socket.create_connection(("127.0.0.1", line.target)) as upstream:
            across = {client: upstream, upstream: client}
            try:
                while True:
                    for ready in select.select(list(across), [], [])[0]:
                        piece = ready.recv(1 << 16)
                        if not piece:
                            return
                        if ready is client:
                            line.asked(piece, client)
                        else:
                            piece = line.told(piece, client)
                        across[ready].sendall(piece)
                        if ready is upstream and client in line.ended:
                            line.go.wait()
                            return
            except OSError:
                return  # one side went away
            finally:
                line.streams.pop(client, None)


class Line(ThreadingTCPServer):
    """Relays to a port of this machine, and counts the events of each stream that passes.

    `cuts` says after how many events the next streams break, in the middle of an event. While `go`
    is not set they stand still there before they break, as if the run took its time.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.target = target
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.paths: list[str] = []  #: of the streams that were asked for, in order
        self.cuts: list[int] = []  #: consumed one a stream
        self.go = threading.Event()
        self.go.set()
        self.streams: dict[socket.socket, list[int]] = {}  #: open ones → events left, or none
        self.ended: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def asked(self, piece: bytes, client: socket.socket) -> None:
        """Note a stream that a browser asks for."""
        if found := _STREAM.search(piece):
            self.paths.append(found[1].decode())
            self.streams[client] = [self.cuts.pop(0)] if self.cuts else []

    def told(self, piece: bytes, client: socket.socket) -> bytes:
        """Return what of `piece` still passes; a stream whose last event this is ends half-way."""
        left = self.streams.get(client)
        if not left:
            return piece
        events = [found.start() for found in _EVENT.finditer(piece)]
        if len(events) <= left[0]:
            left[0] -= len(events)
            return piece
        self.ended.add(client)
        return piece[: events[left[0]] + 20]
