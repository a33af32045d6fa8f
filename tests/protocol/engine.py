"""An engine that does what a test says: rows appear, statements fail, engines vanish.

Real engines cannot be asked to lose a file or to die between two given instructions, so the
protocol's tests use this one. tests/conformance runs the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from qanat.engines import Bound, Limits, Load, Written
from qanat.errors import CancelledError, FileLostError
from qanat.model.credits import Cost
from qanat.model.snapshot import Format
from qanat.model.types import Column, Columns
from qanat.names import AttemptId

COLUMNS: Columns = (Column("n", "bigint"),)
COST = Cost(cpu_seconds=0.25, bytes_scanned=1 << 20, bytes_written=1 << 10)


class ScriptedEngine:
    """Keeps files in memory; `during` is called while a statement executes."""

    dialect = "duckdb"
    semantics = "scripted/1"

    def __init__(self) -> None:
        self.lying: dict[AttemptId, int] = {}
        self.synced: set[AttemptId] = set()
        self.executing: set[AttemptId] = set()
        self.cancelled: set[AttemptId] = set()
        self.during: Callable[[AttemptId], None] = lambda _: None
        self.lose_on_sync: set[AttemptId] = set()
        self.read: dict[AttemptId, tuple[str, ...]] = {}

    def write(self, attempt: AttemptId, statement: Bound, limits: Limits) -> Written:
        self.lying[attempt] = 0
        self.executing.add(attempt)
        self.read[attempt] = tuple(
            Path(file).stem for slot in statement.slots for file in slot.files
        )
        try:
            self.during(attempt)
            if attempt in self.cancelled:
                raise CancelledError("cancelled")
            self.lying[attempt] = 100
            return Written(columns=COLUMNS, row_count=1, size_bytes=100, cost=COST)
        finally:
            self.executing.discard(attempt)

    def load(self, attempt: AttemptId, load: Load, limits: Limits) -> Written:
        self.lying[attempt] = 100
        return Written(columns=load.columns or COLUMNS, row_count=1, size_bytes=100, cost=COST)

    def cancel(self, attempt: AttemptId) -> None:
        self.cancelled.add(attempt)

    def inspect(self, files: tuple[str, ...], format: Format) -> tuple[Columns, int]:  # noqa: A002  # as in Load
        return COLUMNS, 1

    def path(self, file: AttemptId) -> Path:
        return Path(f"/rows/{file}.parquet")

    def flush(self, file: AttemptId) -> None:
        """Nothing is on disk before `sync`."""

    def sync(self, files: tuple[AttemptId, ...]) -> None:
        lost = tuple(file for file in files if file in self.lose_on_sync)
        if lost:
            for file in lost:
                self.lying.pop(file, None)
            raise FileLostError(lost)
        self.synced.update(files)

    def remove(self, file: AttemptId) -> None:
        self.lying.pop(file, None)

    def files(self) -> Iterator[tuple[AttemptId, int]]:
        yield from tuple(self.lying.items())

    def progress(self, attempt: AttemptId) -> float | None:
        return None

    def close(self) -> None:
        """Nothing runs."""

    def power_cut(self) -> None:
        """Lose what was not flushed."""
        for file in set(self.lying) - self.synced:
            del self.lying[file]
        self.executing.clear()
