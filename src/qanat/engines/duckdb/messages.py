"""What the server and a worker say to one another: one message a frame, a frame behind its length.

A worker has two sockets. On the first it is given tasks, one at a time, and answers each with one
reply. On the second it hears what cannot wait for the task to end: stop, and how far are you.
"""

from __future__ import annotations

import socket
import struct
from typing import Final, Literal

import msgspec

from qanat.engines import Bound, Load
from qanat.model.credits import NOTHING, Cost
from qanat.model.snapshot import Format
from qanat.model.types import Columns

_LENGTH: Final = struct.Struct("<Q")
_MAX_FRAME: Final = 1 << 32  #: bytes; a longer frame is a broken stream


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """The first message to a worker: where it may read and write."""

    parent: int  #: process id; the worker ends with it
    directories: tuple[str, ...]  #: all that its statements may open
    spill_dir: str  #: of this worker alone
    spill_bytes: int


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement gives, and the text around it that makes it so.

    It depends on the statement's text and its slots' columns alone, so it is worked out once.
    """

    columns: Columns
    before: str = ""
    after: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something to do, and within what."""

    serial: int = 0  #: of this worker's tasks
    threads: int = 1
    memory_bytes: int = 1 << 30


class Write(Task, frozen=True, kw_only=True):
    """Write a statement's rows to a new file."""

    statement: Bound
    path: str
    result_bytes: int
    described: Described | None = None


class Describe(Task, frozen=True, kw_only=True):
    """Work out what a statement gives, without running it."""

    statement: Bound


class Text(Task, frozen=True, kw_only=True):
    """Give the one row of a statement of ours, as text."""

    sql: str


class Copy(Task, frozen=True, kw_only=True):
    """Copy the rows of a statement of ours to a file or a pipe."""

    sql: str
    path: str
    options: str


class Parse(Task, frozen=True, kw_only=True):
    """Parse a file from outside into a new file."""

    load: Load
    path: str
    result_bytes: int


class Inspect(Task, frozen=True, kw_only=True):
    """Find the columns and the number of rows of mounted files."""

    files: tuple[str, ...]
    format: Format


AnyTask = Write | Describe | Text | Copy | Parse | Inspect

Blame = Literal[
    "statement",  # the SQL is at fault
    "request",  # a row of an upload is
    "memory",
    "result_bytes",
    "stopped",  # it was interrupted; the pool knows why
    "source",  # a mounted file is gone
    "engine",  # we are
]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a task failed."""

    blame: Blame
    text: str
    is_fatal: bool = False  #: the worker must not be used again


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """How a task ended."""

    serial: int
    fault: Fault | None = None
    described: Described | None = None
    row_count: int = 0
    size_bytes: int = 0
    cost: Cost = NOTHING
    values: tuple[bytes | None, ...] = ()
    rss_bytes: int = 0  #: after the task
    lifetime_peak_bytes: int = 0  #: of the process, so far
    lifetime_cpu_seconds: float = 0.0


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """Sent on the second socket, about the task `serial`."""

    serial: int
    ask: Literal["stop", "progress"]
    number: int = 0  #: of the question; the answer repeats it


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a question about progress; it may come after nobody waits for it."""

    number: int
    done: float | None  #: 0 to 1


_encoder: Final = msgspec.msgpack.Encoder()
task_decoder: Final = msgspec.msgpack.Decoder(AnyTask)
setup_decoder: Final = msgspec.msgpack.Decoder(Setup)
reply_decoder: Final = msgspec.msgpack.Decoder(Reply)
signal_decoder: Final = msgspec.msgpack.Decoder(Signal)
progress_decoder: Final = msgspec.msgpack.Decoder(Progress)


def send(to: socket.socket, message: object) -> None:
    """Send one message; a broken connection raises OSError."""
    body = _encoder.encode(message)
    to.sendall(_LENGTH.pack(len(body)) + body)


def receive(source: socket.socket) -> bytes | None:
    """Return the next message's bytes; None at the end of the stream, even amid a message."""
    head = _exactly(source, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _MAX_FRAME:
        return None
    return _exactly(source, length)


def _exactly(source: socket.socket, length: int) -> bytes | None:
    first = source.recv(length)
    if len(first) == length:
        return first
    if not first:
        return None
    buffer = bytearray(length)
    view = memoryview(buffer)
    view[: len(first)] = first
    at = len(first)
    while at < length:
        got = source.recv_into(view[at:])
        if not got:
            return None
        at += got
    return bytes(buffer)
