"""Where SQL runs: the contract of an engine and what it returns.

An engine knows nothing of pipelines, runs or credits and never decides what readers see: it
writes under the attempt it is given, and the store publishes. Calls block; the caller owns the
threads. tests/conformance/test_engine.py is this contract in executable form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from qanat.model.credits import Cost
from qanat.model.snapshot import Format
from qanat.model.types import Columns
from qanat.names import AttemptId


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What fills a slot of a template: rows that do not change while they are read."""

    columns: Columns
    files: tuple[str, ...] = ()  #: absolute paths, in the order of their rows; none: no rows
    format: Format = "parquet"
    ours: bool = True  #: written by this engine (types as recorded), not a mounted file


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A statement in the engine's SQL, and what fills its slots.

    Slot k stands in `text` as the identifier `"$k"` where a table may stand; the engine puts a
    relation there. `columns` are the output names, in order; the types are the engine's to say.
    `types` are the compiler's: of them an engine takes what it cannot tell, such as `uint256`.
    """

    text: str
    slots: tuple[Relation, ...] = ()
    columns: tuple[str, ...] = ()  #: output names where known; empty: as the engine names them
    types: tuple[str | None, ...] = ()  #: output types as the compiler knows them
    for_people: bool = False  #: its rows will be paged through, not computed with


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one statement may use."""

    threads: int
    memory_bytes: int
    time_s: float
    result_bytes: int  #: of the written file


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Rows that now lie under an attempt, closed and readable but not yet flushed to disk."""

    columns: Columns
    row_count: int
    size_bytes: int
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A file from outside to be parsed into rows.

    With `columns`, every row must fit them: header names are matched in any order, a missing
    nullable column is NULL, an unknown one an error. Without, types are inferred from the rows.
    """

    path: str
    format: Format
    columns: Columns | None = None
    required: frozenset[str] = field(default_factory=frozenset)  #: names that may not be NULL


class Engine(Protocol):
    """A system that runs SQL and keeps rows in files, one file an attempt."""

    dialect: str  #: what the SQL package calls the SQL it accepts
    semantics: str  #: changes whenever the same statement may give other rows; in fingerprints

    def write(self, attempt: AttemptId, statement: Bound, limits: Limits) -> Written:
        """Write the rows of `statement` as the new file `attempt`.

        An error of a statement that had begun says in its attribute `cost` what that had used.

        Raises:
            SqlRejectedError: The statement is at fault; sending it again cannot help.
            LimitExceededError: It met its memory, its time or its result size.
            CancelledError: `cancel` stopped it.
            EngineUnavailableError: The engine is at fault. Rows may exist: use another attempt.
        """
        ...

    def load(self, attempt: AttemptId, load: Load, limits: Limits) -> Written:
        """Parse a file from outside into the new file `attempt`; all of its rows or none.

        Raises:
            InvalidRequestError: A row does not fit; the text names its line and column.
            LimitExceededError, CancelledError, EngineUnavailableError: As for `write`.
        """
        ...

    def cancel(self, attempt: AttemptId) -> None:
        """Stop `attempt`, if it still runs; its `write` then raises CancelledError."""
        ...

    def inspect(self, files: tuple[str, ...], format: Format) -> tuple[Columns, int]:  # noqa: A002  # as in Load
        """Return the columns of mounted files, and how many rows they hold.

        Raises:
            SqlRejectedError: They cannot be read as `format`, or disagree about their columns.
        """
        ...

    def path(self, file: AttemptId) -> Path:
        """Return where a file's rows lie; the file need not exist."""
        ...

    def flush(self, file: AttemptId) -> None:
        """Begin to bring a file to disk, so that `sync` has less to wait for. Does not block."""
        ...

    def sync(self, files: tuple[AttemptId, ...]) -> None:
        """Return once the files and the directories that name them are on disk.

        Raises:
            FileLostError: One of them could not be flushed, or is gone.
        """
        ...

    def remove(self, file: AttemptId) -> None:
        """Remove a file's rows; one that is not there is already removed."""
        ...

    def files(self) -> Iterator[tuple[AttemptId, int]]:
        """Return every file that lies here, with its size in bytes."""
        ...

    def progress(self, attempt: AttemptId) -> float | None:
        """Return how much of a running statement is done, 0 to 1; None if unknown."""
        ...

    def close(self) -> None:
        """Stop everything; what runs raises EngineUnavailableError."""
        ...


class Reader(Protocol):
    """Reads rows back for people. Its statements are made by `qanat.results`, never by users."""

    def text(self, sql: str, time_s: float) -> tuple[bytes | None, ...]:
        """Return the one row that `sql` gives, each value as UTF-8 text."""
        ...

    def write(self, sql: str, to: Path, time_s: float) -> None:
        """Run `COPY (sql) TO` a new Parquet file; it appears under its name once complete."""
        ...

    def csv(self, sql: str, null: str | None, time_s: float) -> Iterator[bytes]:
        """Return the rows of `sql` as CSV with a header line, in chunks, in bounded memory.

        Without a `null`, header and cells are written as they are.
        """
        ...
