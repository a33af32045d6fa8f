"""How a server listens: a socket that is bound first, so that what is wrong with it can be said.

The library serves on it; here is what is told when it listens, and before it stops.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Final

import uvicorn

from qanat.api.edge import Edge
from qanat.api.protocol import Protocol
from qanat.config import ServerSettings
from qanat.errors import StartupError

SHUTDOWN_S: Final = 5  #: for requests under way


def listen(
    app: Edge,
    settings: ServerSettings,
    *,
    on_ready: Callable[[str], None],
    on_stop: Callable[[], None],
    is_over: Callable[[], bool],
) -> None:
    """Serve until asked to stop by SIGINT or SIGTERM, or until `is_over`.

    `on_ready` is told the URL once requests are answered; `on_stop` is called before the requests
    under way are waited for.

    Raises:
        StartupError: The address is in use, or is none of this machine.
    """
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=Protocol,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        timeout_keep_alive=75,
        backlog=2048,
        limit_concurrency=None,
    )
    listening = _Uvicorn(config, on_ready, on_stop, is_over)
    with _bound(settings) as listener:
        listening.run(sockets=[listener])


def _bound(settings: ServerSettings) -> socket.socket:
    """Return a socket bound to the server's address.

    Raises:
        StartupError: The address is in use, or is none of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise StartupError(
            f"cannot listen on {settings.host}:{settings.port}: "
            f"{getattr(error, 'strerror', None) or error}; choose another with --host or --port"
        ) from error
    return listener


class _Uvicorn(uvicorn.Server):
    """Says when it listens and when it stops; everything else is the library's."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[str], None],
        on_stop: Callable[[], None],
        is_over: Callable[[], bool],
    ) -> None:
        super().__init__(config)
        self._on_ready, self._on_stop, self._is_over = on_ready, on_stop, is_over

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._is_over()

    async def startup(self, sockets: Any = None) -> None:  # noqa: ANN401  # the library's own
        await super().startup(sockets=sockets)
        if self.started:
            host, port = self.config.host, self.config.port
            self._on_ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    async def shutdown(self, sockets: Any = None) -> None:  # noqa: ANN401  # the library's own
        self._on_stop()
        await super().shutdown(sockets=sockets)
