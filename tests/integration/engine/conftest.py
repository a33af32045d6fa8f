"""One DuckDB engine for a module's tests, which leave nothing running in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qanat.engines.duckdb import DuckDbEngine


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds a data directory, a mounted one, and what must not be read."""
    home = tmp_path_factory.mktemp("home")
    (home / "mounted").mkdir()
    return home


@pytest.fixture(scope="module")
def engine(home: Path) -> Iterator[DuckDbEngine]:
    """An engine with two slots on two cores."""
    engine = DuckDbEngine(
        data_dir=home / "data", sources=(home / "mounted",), slots=2, cores=2, grace_s=1.0
    )
    yield engine
    engine.close()
