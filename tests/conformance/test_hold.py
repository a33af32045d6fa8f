"""One server has a store at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from qanat.config import Settings, StoreSettings
from qanat.errors import StartupError
from qanat.store import postgresql
from qanat.store.migrations import engine_url
from qanat.store.postgresql import PostgresDatabase
from qanat.wiring import open_store
from tests.postgres import Postgres


@pytest.fixture
def url(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store that nobody holds, and that is not asked for long."""
    monkeypatch.setattr(postgresql, "HOLD_ATTEMPTS", 2)
    return postgres.fresh()


@pytest.mark.postgres
def test_a_server_that_is_refused_leaves_the_database_as_it_is(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer one must not change the schema below the one that runs."""
    monkeypatch.setattr(postgresql, "HOLD_ATTEMPTS", 2)
    url = postgres.fresh(empty=True)
    settings = Settings(data_dir=tmp_path, store=StoreSettings(url=url))
    first = PostgresDatabase(url, connections=1)
    with pytest.raises(StartupError, match="another Qanat server"), open_store(settings):
        pytest.fail("it was let in")
    engine = create_engine(engine_url(url, tmp_path))
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    first.close()


@pytest.mark.postgres
def test_a_start_that_fails_lets_go_of_the_store(url: str) -> None:
    def fail() -> None:
        raise StartupError("this data was written by a newer Qanat")

    with pytest.raises(StartupError, match="newer"):
        PostgresDatabase(url, once_held=fail)
    PostgresDatabase(url, connections=1).close()
