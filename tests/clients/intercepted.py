"""Dune's own address, answered by a server under test.

A program whose address is a constant is run as it stands: its proxy is this one, its trusted
authority is one made for the test, and what it sends to api.dune.com arrives at the server.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import trustme

HOST: Final = "api.dune.com"
_CHUNK_BYTES: Final = 1 << 16
_LONGEST_REQUEST_BYTES: Final = 1 << 14


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Pass on what one side says until it has no more to say."""
    with suppress(OSError):
        while chunk := source.recv(_CHUNK_BYTES):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def intercepted(url: str, place: Path) -> Iterator[dict[str, str]]:
    """Yield the environment in which api.dune.com is the server at `url`."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    trusted = place / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    behind = urlsplit(url)

    class Tunnel(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked = b""
            while b"\r\n\r\n" not in asked and len(asked) < _LONGEST_REQUEST_BYTES:
                asked += self.request.recv(1)
            if not asked.startswith(f"CONNECT {HOST}:443 ".encode()):
                self.request.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with (
                suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as near,
                socket.create_connection((behind.hostname, behind.port)) as far,
            ):
                back = threading.Thread(target=_pump, args=(far, near), daemon=True)
                back.start()
                _pump(near, far)
                back.join()

    class Proxy(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Proxy(("127.0.0.1", 0), Tunnel) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield {
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}",
            "SSL_CERT_FILE": str(trusted),
        }
        proxy.shutdown()
