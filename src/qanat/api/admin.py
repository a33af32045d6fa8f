"""The local admin socket: what only the operator of this machine may ask of a running server.

`admin.sock` in the data directory, readable and writable by its owner alone; whoever can open it
can read the data anyway, so it asks for no key. A connection carries one request and one answer,
each one JSON object on one line: `{"op": "keys.list", "request": {}}` is answered by
`{"ok": {…}}` or `{"error": "…"}`. A request is bounded in size and in time, and so is the number
of connections, so that a stuck client holds up nothing but itself.

The caller of `AdminSocket` holds the data directory's lock: a socket that lies there already
belongs to a dead server.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from qanat.clock import Clock, SystemClock
from qanat.errors import InvalidRequestError, QanatError, StartupError

FILE_NAME: Final = "admin.sock"
MAX_REQUEST_BYTES: Final = 64 * 1024
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
REQUEST_SECONDS: Final = 5.0  #: for a client to send all of its request, and to take the answer
CONNECTIONS: Final = 8  #: served at once
_WAITING: Final = 128  #: beyond those, in the system's queue; more are refused
_PATH_BYTES: Final = 100  #: unix socket paths end at 108 bytes on Linux and 104 elsewhere

_log = logging.getLogger(__name__)

Operation = Callable[[dict[str, Any]], dict[str, Any]]
"""Answers a request; raises a QanatError, whose text is what the client is told."""


class _Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    op: str
    request: dict[str, Any] = {}


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    ok: dict[str, Any] | None = None
    error: str | None = None


class AdminSocket:
    """Serves `operations` (name → what answers it) until it is closed."""

    def __init__(
        self,
        data_dir: Path,
        operations: Mapping[str, Operation],
        *,
        clock: Clock | None = None,
        request_s: float = REQUEST_SECONDS,
    ) -> None:
        self._data_dir = data_dir
        self._operations = dict(operations)
        self._clock = clock or SystemClock()
        self._request_s = request_s
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        self._closing = threading.Event()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Listen; once this returns, clients are answered.

        Raises:
            StartupError: The data directory cannot hold a socket.
        """
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            (self._data_dir / FILE_NAME).unlink(missing_ok=True)
            with _address(self._data_dir) as address:
                listener.bind(address)
            # Nobody can connect before `listen`, so there is no moment with a wider mode.
            (self._data_dir / FILE_NAME).chmod(0o600)
            listener.listen(_WAITING)
        except OSError as error:
            listener.close()
            raise StartupError(
                f"cannot open the admin socket {self._data_dir / FILE_NAME}: {error.strerror}"
            ) from error
        self._listener = listener
        self._thread = threading.Thread(
            target=self._accept, args=(listener,), name="admin-socket", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket; a request that is being answered ends by itself."""
        if self._listener is None or self._closing.is_set():
            return
        self._closing.set()
        # Closing alone leaves a thread in accept() asleep; shutting down wakes it.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._thread is not None:
            self._thread.join(timeout=self._request_s)
        with contextlib.suppress(OSError):
            (self._data_dir / FILE_NAME).unlink(missing_ok=True)

    def _accept(self, listener: socket.socket) -> None:
        while not self._closing.is_set():
            self._places.acquire()
            try:
                connection, _ = listener.accept()
            except OSError:
                self._places.release()
                if self._closing.is_set():
                    return
                # Out of file descriptors, most likely; they come back as connections end.
                self._closing.wait(0.1)
                continue
            threading.Thread(
                target=self._serve, args=(connection,), name="admin-request", daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                answer = msgspec.json.encode(self._answer(connection))
                connection.settimeout(self._request_s)
                connection.sendall(answer + b"\n")
                connection.shutdown(socket.SHUT_WR)
                self._let_go(connection)
        except OSError:
            _log.debug("an admin client went away before it had its answer")
        finally:
            self._places.release()

    def _let_go(self, connection: socket.socket) -> None:
        """Read until the client closes: closing on unread bytes would take its answer away."""
        ends_at = self._clock.monotonic() + self._request_s
        while (left_s := ends_at - self._clock.monotonic()) > 0:
            connection.settimeout(left_s)
            if not connection.recv(65_536):
                return

    def _answer(self, connection: socket.socket) -> _Answer:
        try:
            line = _read_line(connection, MAX_REQUEST_BYTES, self._request_s, self._clock)
            call = msgspec.json.decode(line, type=_Call)
        except (msgspec.DecodeError, RecursionError):
            return _Answer(error="not a request: one line with a JSON object is expected")
        except TimeoutError:
            return _Answer(error=f"the request did not arrive within {self._request_s:g} s")
        except _TooLongError:
            return _Answer(error=f"the request is longer than {MAX_REQUEST_BYTES} bytes")
        operation = self._operations.get(call.op)
        if operation is None:
            return _Answer(error=f"there is no operation '{call.op[:100]}'")
        try:
            return _Answer(ok=operation(call.request))
        except QanatError as error:
            return _Answer(error=str(error))
        except Exception:  # noqa: BLE001  # the thread's last line: the client gets an answer
            _log.exception("admin operation %s failed", call.op)
            return _Answer(error="Internal error")


def ask(
    data_dir: Path,
    op: str,
    request: Mapping[str, Any] | None = None,
    *,
    timeout_s: float = 30.0,
    clock: Clock | None = None,
) -> dict[str, Any] | None:
    """Return what the server on `data_dir` answers; None if no server listens there.

    Raises:
        InvalidRequestError: The server refused; its text says why.
        OSError: The server does not answer, or its socket belongs to somebody else.
    """
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with client:
        client.settimeout(timeout_s)
        try:
            with _address(data_dir) as address:
                client.connect(address)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return None
        call = _Call(op=op, request=dict(request or {}))
        client.sendall(msgspec.json.encode(call) + b"\n")
        try:
            line = _read_line(client, MAX_ANSWER_BYTES, timeout_s, clock or SystemClock())
            answer = msgspec.json.decode(line, type=_Answer)
        except (msgspec.DecodeError, _TooLongError) as error:
            raise ConnectionAbortedError("the server's answer cannot be read") from error
    if answer.ok is None:
        raise InvalidRequestError(answer.error or "the server refused")
    return answer.ok


class _TooLongError(Exception):
    """A line passed its limit."""


def _read_line(connection: socket.socket, limit: int, within_s: float, clock: Clock) -> bytes:
    """Return what comes before the first line end, or before the other side stops sending.

    Raises:
        TimeoutError: It took longer than `within_s`, however steadily bytes came.
        _TooLongError: It is longer than `limit`.
    """
    ends_at = clock.monotonic() + within_s
    received = bytearray()
    while True:
        left_s = ends_at - clock.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        piece = connection.recv(65_536)
        line_end = piece.find(b"\n")
        received += piece if line_end < 0 else piece[:line_end]
        if len(received) > limit:
            raise _TooLongError
        if not piece or line_end >= 0:
            return bytes(received)


@contextlib.contextmanager
def _address(data_dir: Path) -> Iterator[str]:
    """Yield a path to the socket that is short enough for the system.

    A long one goes through the directory's file descriptor, which has a short name on Linux.
    """
    path = str(data_dir / FILE_NAME)
    if len(os.fsencode(path)) <= _PATH_BYTES:
        yield path
        return
    directory = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        short = f"/proc/self/fd/{directory}"
        if not Path(short).exists():
            raise StartupError(
                f"the data directory's path is too long for a socket ({len(os.fsencode(path))} "
                f"bytes, at most {_PATH_BYTES}): choose a shorter one with --data-dir"
            )
        yield f"{short}/{FILE_NAME}"
    finally:
        os.close(directory)
