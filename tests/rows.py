"""Writing rows with an engine in tests, and reading back what it wrote by other means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

from qanat.engines import Bound, Engine, Limits, Relation, Written
from qanat.names import AttemptId, new_ulid

MIB = 1 << 20
LIMITS = Limits(threads=2, memory_bytes=512 * MIB, time_s=60, result_bytes=1 << 30)


def fresh() -> AttemptId:
    """Return an attempt that nobody has used."""
    return AttemptId(new_ulid(datetime.now(UTC)))


def written(
    engine: Engine,
    text: str,
    *slots: Relation,
    limits: Limits = LIMITS,
    columns: tuple[str, ...] = (),
    types: tuple[str | None, ...] = (),
) -> tuple[AttemptId, Written]:
    """Write a statement as a fresh attempt."""
    attempt = fresh()
    statement = Bound(text=text, slots=slots, columns=columns, types=types)
    return attempt, engine.write(attempt, statement, limits)


def relation(engine: Engine, *made: tuple[AttemptId, Written]) -> Relation:
    """Return what was written, to be read by another statement."""
    return Relation(
        columns=made[0][1].columns, files=tuple(str(engine.path(attempt)) for attempt, _ in made)
    )


def made(engine: Engine, text: str) -> Relation:
    """Write a statement and return its rows."""
    return relation(engine, written(engine, text))


def rows(engine: Engine, attempt: AttemptId) -> list[tuple[Any, ...]]:
    """Return the rows of a file, read past the engine."""
    with duckdb.connect() as other:
        return other.execute(f"FROM '{engine.path(attempt)}'").fetchall()


def answer(
    engine: Engine, text: str, *slots: Relation, limits: Limits = LIMITS
) -> list[tuple[Any, ...]]:
    """Write a statement and return its rows."""
    attempt, _ = written(engine, text, *slots, limits=limits)
    return rows(engine, attempt)
