"""Rows in files and what reads them, for every test here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol

import msgspec
import pytest

from qanat.config import LimitSettings
from qanat.engines import Bound, Limits, Reader
from qanat.engines.duckdb.engine import DuckDbEngine
from qanat.model.snapshot import Snapshot
from qanat.model.types import Column
from qanat.names import AttemptId, SnapshotId, new_ulid
from qanat.results.pages import HEAD_ROWS, Pages
from tests.integration.results.eighty import COLUMNS, CUTS, ROWS, TOTAL

_LIMITS: Final = Limits(threads=2, memory_bytes=1 << 30, time_s=60, result_bytes=1 << 30)
_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_numbers: Final = itertools.count(1)


class Store(Protocol):
    """Writes statements' rows as one snapshot, a file a statement."""

    def __call__(self, columns: Sequence[tuple[str, str]], *statements: str) -> Snapshot:
        """Return the snapshot; its columns have the types that are given."""
        ...


class MakePages(Protocol):
    """Makes pages with limits of one's own."""

    def __call__(self, *, head_rows: int = HEAD_ROWS, **limits: int) -> Pages:
        """Return pages with an empty cache."""
        ...


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything lies."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="session")
def engine(data_dir: Path) -> Iterator[DuckDbEngine]:
    """What writes rows."""
    engine = DuckDbEngine(data_dir=data_dir, slots=1)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def reader(engine: DuckDbEngine) -> Reader:
    """What reads them back."""
    return engine.reader


@pytest.fixture(scope="session")
def store(engine: DuckDbEngine) -> Store:
    """Write rows as an execution does."""

    def write(columns: Sequence[tuple[str, str]], *statements: str) -> Snapshot:
        files, rows, size = [], 0, 0
        for statement in statements:
            file = AttemptId(new_ulid(_MOMENT))
            bound = Bound(text=statement, columns=tuple(c[0] for c in columns), for_people=True)
            written = engine.write(file, bound, _LIMITS)
            files.append(file)
            rows, size = rows + written.row_count, size + written.size_bytes
        return Snapshot(
            id=SnapshotId(f"s{next(_numbers)}"),
            columns=tuple(Column(name, kind) for name, kind in columns),
            row_count=rows,
            size_bytes=size,
            files=tuple(files),
        )

    return write


@pytest.fixture(scope="session")
def make_pages(engine: DuckDbEngine, data_dir: Path) -> MakePages:
    """Make pages over the rows that `store` writes."""

    def make(*, head_rows: int = HEAD_ROWS, **limits: int) -> Pages:
        return Pages(
            reader=engine.reader,
            path_of=engine.path,
            cache_dir=data_dir / "tmp" / f"cache{next(_numbers)}",
            limits=msgspec.structs.replace(LimitSettings(free_disk_bytes=0), **limits),
            head_rows=head_rows,
        )

    return make


@pytest.fixture
def pages(make_pages: MakePages) -> Pages:
    """Pages with the default limits."""
    return make_pages()


@pytest.fixture(scope="module", params=[1, 5], ids=["one file", "five files"])
def snapshot(request: pytest.FixtureRequest, store: Store) -> Snapshot:
    """Eighty rows, in one file and in several."""
    cuts = (0, TOTAL) if request.param == 1 else CUTS
    pairs = pairwise(cuts)
    return store(COLUMNS, *(ROWS.format(low=low, high=high) for low, high in pairs))
