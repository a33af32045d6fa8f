"""Migrations must end at store.tables, on both databases, whatever was applied before."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from qanat.errors import StartupError
from qanat.store import postgresql, tables
from qanat.store.migrations import HEAD, HERE, engine_url, upgrade
from qanat.store.postgresql import PostgresDatabase
from qanat.store.tables import metadata
from tests.conftest import BOTH
from tests.postgres import Postgres


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str:
    """An empty store of each kind."""
    if request.param == "sqlite":
        return "sqlite"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.fresh(empty=True)


def test_migrations_end_at_the_schema_of_today(url: str, tmp_path: Path) -> None:
    upgrade(url, tmp_path)
    engine = create_engine(engine_url(url, tmp_path))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_schema_offers_each_of_its_tables_by_name() -> None:
    """One that `store.tables` forgot would be out of reach of the part that owns it."""
    offered = {name: vars(tables)[name] for name in tables.__all__ if name != "metadata"}
    assert offered == dict(metadata.tables)


def test_a_store_that_is_up_to_date_is_left_alone(url: str, tmp_path: Path) -> None:
    upgrade(url, tmp_path)
    upgrade(url, tmp_path)


def _opened_by_the_first_release(url: str, data_dir: Path) -> Engine:
    engine = create_engine(engine_url(url, data_dir))
    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO owner (handle, created_us) VALUES ('me', 1)"))
        connection.execute(
            text(
                "INSERT INTO query (owner, name, description, tags, version, created_us,"
                " updated_us) VALUES ('me', 'kept', '', '[]', 1, 1, 1)"
            )
        )
    return engine


def test_the_data_of_the_first_release_opens_and_stays(url: str, tmp_path: Path) -> None:
    """What a server of revision 0001 wrote is there, and what came later can be written."""
    engine = _opened_by_the_first_release(url, tmp_path)
    upgrade(url, tmp_path)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.scalar(text("SELECT name FROM query")) == "kept"
        connection.execute(
            text(
                "INSERT INTO endpoint (owner, slug, query, created_us, updated_us)"
                " VALUES ('me', 'kept', 1, 2, 2)"
            )
        )
        connection.execute(
            text("INSERT INTO star (owner, kind, thing, starred_us) VALUES ('me', 'query', 1, 3)")
        )
    engine.dispose()


def test_each_revision_can_be_undone(url: str, tmp_path: Path) -> None:
    engine = _opened_by_the_first_release(url, tmp_path)
    upgrade(url, tmp_path)
    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        assert not inspect(connection).has_table("star")
        assert not inspect(connection).has_table("endpoint")
        assert connection.scalar(text("SELECT name FROM query")) == "kept"
    engine.dispose()


def test_a_store_of_a_newer_release_is_refused_by_name(url: str, tmp_path: Path) -> None:
    upgrade(url, tmp_path)
    engine = create_engine(engine_url(url, tmp_path))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StartupError, match=r"newer Qanat \(schema 9999\)"):
        upgrade(url, tmp_path)


def test_the_newest_revision_is_the_one_that_starts_compare_with() -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_store_that_does_not_answer_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="cannot be opened"):
        upgrade("postgresql://nobody:secret@127.0.0.1:1/none", tmp_path)


@pytest.mark.postgres
def test_a_second_server_on_a_database_is_refused_in_words(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "HOLD_ATTEMPTS", 1)
    url = postgres.fresh()
    first = PostgresDatabase(url, connections=1)
    with pytest.raises(StartupError, match="another Qanat server uses this PostgreSQL"):
        PostgresDatabase(url, connections=1)
    first.close()
    PostgresDatabase(url, connections=1).close()
