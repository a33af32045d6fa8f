"""Reads rows back for people, in workers of its own: pages never wait for statements.

Pages have one worker, sorted and filtered copies one, downloads theirs: a client that reads slowly
holds up nobody's page.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Final

from qanat.engines import Limits
from qanat.engines.duckdb.messages import Copy, Setup, Task, Text
from qanat.engines.duckdb.pool import Pool
from qanat.engines.duckdb.scan import literal
from qanat.errors import QanatError

_COPY_MEMORY: Final = 3  #: times what a page may use
_DOWNLOADS: Final = 4  #: at once; more wait for one to end
_PIPE_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 1 << 18
_LOOK_EVERY_MS: Final = 50
#: Pages are cut from sorted and filtered copies as from results.
_COPY_OPTIONS: Final = "FORMAT parquet,PARQUET_VERSION v2,COMPRESSION zstd,ROW_GROUP_SIZE 60000"


class DuckDbReader:
    """Workers for pages, sorted copies and downloads."""

    def __init__(
        self,
        *,
        setup: Callable[[], Setup],
        tmp: Path,
        limits: Limits,
        cores: int = 1,
        grace_s: float = 2.0,
    ) -> None:
        """Start the worker for pages.

        Args:
            setup: Makes the configuration of a new worker.
            tmp: For pipes and for copies that are not complete.
            limits: Of every statement but its time; a copy may use all cores, and more memory.
            cores: Of the machine.
            grace_s: From asking a worker to stop to killing it.
        """
        self._tmp, self._limits = tmp, limits
        self._number = count()
        self._pages = Pool(setup=setup, most=1, grace_s=grace_s)
        # Somebody waits for a copy to be sorted: one at a time, as fast as the machine can.
        self._copies = Pool(setup=setup, most=1, least=0, cores=cores, grace_s=grace_s)
        self._copying = replace(
            limits, threads=cores, memory_bytes=_COPY_MEMORY * limits.memory_bytes
        )
        self._downloads = Pool(setup=setup, most=_DOWNLOADS, least=0, cores=1, grace_s=grace_s)
        for left in (*tmp.glob("pipe-*"), *tmp.glob("copy-*")):
            left.unlink(missing_ok=True)

    def text(self, sql: str, time_s: float) -> tuple[bytes | None, ...]:
        """Return the one row that `sql` gives, each value as UTF-8 text."""
        return self._pages.run(Text(sql=sql), self._within(time_s)).values

    def write(self, sql: str, to: Path, time_s: float) -> None:
        """Run `COPY (sql) TO` a new Parquet file; it appears under its name once complete."""
        part = self._tmp / f"copy-{os.getpid()}-{next(self._number)}"
        try:
            task = Copy(sql=sql, path=str(part), options=_COPY_OPTIONS)
            self._copies.run(task, replace(self._copying, time_s=time_s))
            part.rename(to)
        finally:
            part.unlink(missing_ok=True)

    def csv(self, sql: str, null: str | None, time_s: float) -> Iterator[bytes]:
        """Return the rows of `sql` as CSV with a header line, in chunks, in bounded memory.

        NULL is written as `null`. Without one, header and cells are written as they are: what needs
        quotes has them.

        The worker writes into a pipe and waits when nobody reads. Leaving the iterator stops it.
        """
        options = "FORMAT csv,HEADER true,DELIMITER ','," + (
            "QUOTE '',ESCAPE '',NULLSTR ''"
            if null is None
            else f"QUOTE '\"',ESCAPE '\"',NULLSTR {literal(null)}"
        )
        pipe = self._tmp / f"pipe-{os.getpid()}-{next(self._number)}"
        task = Copy(sql=sql, path=str(pipe), options=options)
        filling = _Filling(self._downloads, task, self._within(time_s), pipe.name)
        os.mkfifo(pipe, 0o600)
        try:
            # Open for writing too: then opening does not wait, and the worker's end is not the end.
            fd = os.open(pipe, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux alone
                    with contextlib.suppress(OSError):  # a user's pipes may be limited together
                        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
                filling.start()
                yield from _drained(fd, filling)
            finally:
                self._downloads.cancel(pipe.name)
                os.close(fd)  # with no reader left, a worker that waits to write fails
                if filling.ident is not None:
                    filling.join()
        finally:
            pipe.unlink(missing_ok=True)
        if filling.error is not None:
            raise filling.error

    def close(self) -> None:
        """Stop everything; what runs raises EngineUnavailableError."""
        for pool in (self._pages, self._copies, self._downloads):
            pool.close()

    def _within(self, time_s: float) -> Limits:
        return replace(self._limits, time_s=time_s)


class _Filling(Thread):
    """Has a worker write into a pipe, and keeps how that ended."""

    def __init__(self, pool: Pool, task: Task, limits: Limits, attempt: str) -> None:
        super().__init__(name="qanat-csv", daemon=True)
        self._pool, self._task, self._limits, self._attempt = pool, task, limits, attempt
        self.error: QanatError | None = None

    def run(self) -> None:
        try:
            self._pool.run(self._task, self._limits, attempt=self._attempt)
        except QanatError as error:
            self.error = error


def _drained(fd: int, filling: _Filling) -> Iterator[bytes]:
    """Return what comes through a pipe until the worker has ended and the pipe is empty."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while True:
        ended = not filling.is_alive()  # asked first: what was written before is still read
        if poll.poll(0 if ended else _LOOK_EVERY_MS):
            yield os.read(fd, _CHUNK_BYTES)
        elif ended:
            return
