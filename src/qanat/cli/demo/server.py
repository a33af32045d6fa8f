"""The demo's server: `qanat serve` in a process of its own, which ends with the demo.

The child reads its standard input to the end and then stops, so it does not outlive the demo
however that ends, kill -9 included.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx

from qanat.cli.demo.sources import DemoDirectory
from qanat.cli.failure import CommandError
from qanat.clock import Clock

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 8327
_PORTS: Final = 50  #: tried one after another
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0
_LOG_LINES: Final = 8  #: of the server's log, shown when it does not start


@contextlib.contextmanager
def running(directory: DemoDirectory, port: int, clock: Clock) -> Iterator[RunningServer]:
    """Yield the server once it answers; stop it at the end.

    Raises:
        CommandError: It does not start; the end of its log says why.
    """
    command = [
        sys.executable, "-m", "qanat", "serve", "--until-stdin-closes",
        "--host", HOST, "--port", str(port), "--data-dir", str(directory.root),
    ]  # fmt: skip
    with directory.log_file.open("wb") as log:
        # A session of its own: Ctrl-C reaches the demo alone, which then stops the server.
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and words
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            # Settings of another server on this machine are not the demo's.
            env={k: v for k, v in os.environ.items() if not k.startswith("QANAT_")},
        )
    server = RunningServer(process, f"http://{HOST}:{port}", directory.log_file)
    try:
        server.wait_until_it_answers(clock)
        yield server
    finally:
        server.stop()


class RunningServer:
    """A server that this process started."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log_file: Path) -> None:
        self.url = url
        self._process = process
        self._log_file = log_file

    def wait_until_it_answers(self, clock: Clock) -> None:
        """Return once the server answers `GET /api/health`.

        Raises:
            CommandError: It ended, or takes too long.
        """
        ends_at = clock.monotonic() + _START_SECONDS
        pause = threading.Event()
        with httpx.Client(trust_env=False, timeout=2.0) as http:
            while clock.monotonic() < ends_at:
                if self._process.poll() is not None:
                    raise CommandError(f"the demo's server did not start:\n{self._last_words()}")
                with contextlib.suppress(httpx.HTTPError):
                    if http.get(f"{self.url}/api/health").status_code == httpx.codes.OK:
                        return
                pause.wait(0.05)
        raise CommandError(
            f"the demo's server does not answer at {self.url}:\n{self._last_words()}"
        )

    def wait_until_it_ends(self) -> None:
        """Return never, unless the server ends by itself.

        Raises:
            CommandError: It did.
        """
        code = self._process.wait()
        raise CommandError(f"the demo's server ended with status {code}:\n{self._last_words()}")

    def stop(self) -> None:
        """Ask the server to end, then make it."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            text = self._log_file.read_text(encoding="utf-8", errors="replace")
            lines = [line for line in text.splitlines() if line.strip()]
            return "\n".join(f"    {line}" for line in lines[-_LOG_LINES:])
        return ""


def free_port(wanted: int | None) -> int:
    """Return `wanted` if it is free; without a wish the first free one from 8327.

    Raises:
        CommandError: It is taken, or all are.
    """
    if wanted is not None:
        if not _is_free(wanted):
            raise CommandError(
                f"port {wanted} is in use", "choose another with --port, or leave it out"
            )
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + _PORTS):
        if _is_free(port):
            return port
    raise CommandError(
        f"ports {FIRST_PORT} to {FIRST_PORT + _PORTS - 1} are in use", "choose one with --port"
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port that only waits for the last packets of a dead one is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
