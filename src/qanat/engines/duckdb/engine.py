"""The embedded engine: rows as Parquet files, SQL in worker processes.

It writes below two directories of the data directory and nowhere else: `rows/`, which it shares
with nobody, and `tmp/`, where spilled memory lives in folders that die with their workers.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Final

from qanat.engines import Bound, Limits, Load, Written
from qanat.engines.duckdb.files import RowFiles
from qanat.engines.duckdb.limits import machine_cores, machine_memory_bytes, reading_limits
from qanat.engines.duckdb.messages import Describe, Described, Inspect, Parse, Setup, Write
from qanat.engines.duckdb.pool import Pool
from qanat.engines.duckdb.reader import DuckDbReader
from qanat.errors import InvalidRequestError
from qanat.model.snapshot import Format
from qanat.model.types import Column, Columns
from qanat.names import AttemptId

_SPILL: Final = "spill-"
_LEAST_SPILL_BYTES: Final = 1 << 30
_KNOWN: Final = 20_000  #: statements whose columns are remembered
_INSPECT_S: Final = 600.0
_LOADS: Final = 2  #: at once


class DuckDbEngine:
    """An engine on this machine."""

    dialect = "duckdb"

    def __init__(
        self,
        *,
        data_dir: Path,
        sources: tuple[Path, ...] = (),
        slots: int | None = None,
        cores: int | None = None,
        memory_bytes: int | None = None,
        spill_bytes: int | None = None,
        grace_s: float = 2.0,
        rss_bytes: int = 1 << 30,
    ) -> None:
        """Start the workers.

        Args:
            data_dir: Holds `rows/` and `tmp/`; they are made.
            sources: Directories of mounted files; statements may read in them.
            slots: Statements at once; one a core if not said.
            cores: That they share; those of the machine if not said.
            memory_bytes: Of the machine; for what reading rows back may use.
            spill_bytes: On disk, of one worker; a part of what is free if not said.
            grace_s: From asking a worker to stop to killing it.
            rss_bytes: A worker that keeps more after a statement is replaced.
        """
        self.semantics = f"duckdb-{version('duckdb')}/2"
        cores = cores or machine_cores()
        slots = slots or cores
        self._rows = RowFiles(data_dir.absolute() / "rows")
        self._tmp = data_dir.absolute() / "tmp"
        self._tmp.mkdir(parents=True, exist_ok=True)
        for left in self._tmp.glob(f"{_SPILL}*"):
            shutil.rmtree(left, ignore_errors=True)
        self._sources = tuple(str(source.absolute()) for source in sources)
        self._spill_bytes = spill_bytes or max(
            _LEAST_SPILL_BYTES, shutil.disk_usage(self._tmp).free // 2 // (slots + 1)
        )
        self._number = count()
        self._known: OrderedDict[tuple[object, ...], Described] = OrderedDict()
        self._lock = threading.Lock()
        self._statements = Pool(
            setup=self._setup, most=slots, cores=cores, grace_s=grace_s, rss_bytes=rss_bytes
        )
        self._loads = Pool(setup=self._setup, most=_LOADS, least=0, cores=1, grace_s=grace_s)
        reading = reading_limits(
            memory_bytes=memory_bytes or machine_memory_bytes(), time_s=_INSPECT_S
        )
        self._inspecting = reading
        self.reader = DuckDbReader(
            setup=self._setup, tmp=self._tmp, limits=reading, cores=cores, grace_s=grace_s
        )

    def _setup(self) -> Setup:
        spill = self._tmp / f"{_SPILL}{os.getpid()}-{next(self._number)}"
        return Setup(
            parent=os.getpid(),
            directories=(str(self._rows.root), str(self._tmp), *self._sources),
            spill_dir=str(spill),
            spill_bytes=self._spill_bytes,
        )

    def write(self, attempt: AttemptId, statement: Bound, limits: Limits) -> Written:
        """Write the rows of `statement` as the new file `attempt`; see Engine."""
        key = _key(statement)
        known = self._recall(key)
        path = self._rows.place(attempt)
        task = Write(
            statement=statement,
            path=str(path),
            result_bytes=limits.result_bytes,
            described=known,
        )
        try:
            reply = self._statements.run(task, limits, attempt=attempt, file=path)
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        described = known or reply.described or Described(columns=())
        if known is None:
            self._remember(key, described)
        return Written(
            columns=described.columns,
            row_count=reply.row_count,
            size_bytes=reply.size_bytes,
            cost=reply.cost,
        )

    def describe(self, statement: Bound, limits: Limits) -> Columns:
        """Return the columns that `statement` gives, without running it.

        What is found is remembered: the statement's first run need not find it again.

        Raises:
            SqlRejectedError, LimitExceededError, EngineUnavailableError: As for `write`.
        """
        key = _key(statement)
        described = self._recall(key)
        if described is None:
            reply = self._statements.run(Describe(statement=statement), limits)
            described = reply.described or Described(columns=())
            self._remember(key, described)
        return described.columns

    def load(self, attempt: AttemptId, load: Load, limits: Limits) -> Written:
        """Parse a file from outside into the new file `attempt`; see Engine."""
        path = self._rows.place(attempt)
        task = Parse(load=load, path=str(path), result_bytes=limits.result_bytes)
        try:
            reply = self._loads.run(task, limits, attempt=attempt, file=path)
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        return Written(
            columns=reply.described.columns if reply.described else (),
            row_count=reply.row_count,
            size_bytes=reply.size_bytes,
            cost=reply.cost,
        )

    def cancel(self, attempt: AttemptId) -> None:
        """Stop `attempt`, if it still runs; see Engine."""
        self._statements.cancel(attempt)
        self._loads.cancel(attempt)

    def inspect(self, files: tuple[str, ...], format: Format) -> tuple[Columns, int]:  # noqa: A002  # the protocol's name
        """Return the columns of mounted files, and how many rows they hold; see Engine."""
        if not files:
            raise InvalidRequestError("there are no files")
        reply = self._loads.run(Inspect(files=files, format=format), self._inspecting)
        return (reply.described.columns if reply.described else ()), reply.row_count

    def path(self, file: AttemptId) -> Path:
        """Return where a file's rows lie; the file need not exist."""
        return self._rows.path(file)

    def flush(self, file: AttemptId) -> None:
        """Begin to bring a file to disk; see Engine."""
        self._rows.flush(file)

    def sync(self, files: tuple[AttemptId, ...]) -> None:
        """Return once the files and the directories that name them are on disk; see Engine."""
        self._rows.sync(files)

    def remove(self, file: AttemptId) -> None:
        """Remove a file's rows; one that is not there is already removed."""
        self._rows.remove(file)

    def files(self) -> Iterator[tuple[AttemptId, int]]:
        """Return every file that lies here, with its size in bytes."""
        return self._rows.all()

    def progress(self, attempt: AttemptId) -> float | None:
        """Return how much of a running statement is done, 0 to 1; None if unknown."""
        return self._statements.progress(attempt)

    def workers(self) -> tuple[int, ...]:
        """Return the process ids of the workers that run statements."""
        return self._statements.workers()

    def close(self) -> None:
        """Stop everything; what runs raises EngineUnavailableError."""
        for pool in (self._statements, self._loads):
            pool.close()
        self.reader.close()
        self._rows.close()

    def _recall(self, key: tuple[object, ...]) -> Described | None:
        with self._lock:
            known = self._known.get(key)
            if known:
                self._known.move_to_end(key)
            return known

    def _remember(self, key: tuple[object, ...], described: Described) -> None:
        with self._lock:
            self._known[key] = described
            self._known.move_to_end(key)
            while len(self._known) > _KNOWN:
                self._known.popitem(last=False)


def _key(statement: Bound) -> tuple[object, ...]:
    """Return all that a statement's columns depend on."""
    slots: list[tuple[object, ...]] = []
    for relation in statement.slots:
        columns: tuple[Column, ...] = relation.columns
        slots.append((columns, relation.format, relation.ours, bool(relation.files)))
    return (statement.text, tuple(slots), statement.columns, statement.types)
