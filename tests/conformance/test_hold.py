"""One server has a store at a time, also when what keeps the others off is lost."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, update

from qanat.config import Settings, StoreSettings
from qanat.errors import StartupError
from qanat.store import postgresql, recovery
from qanat.store import tables as t
from qanat.store.database import Database, Prepared, StoreUnavailableError, Transaction
from qanat.store.migrations import engine_url
from qanat.store.postgresql import PostgresDatabase
from qanat.wiring import open_store
from tests.postgres import Postgres
from tests.protocol.world import ME, World
from tests.server import ServerProcess

_BURY = Prepared(update(t.server).values(state="dead"))
_END_HOLD = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND"
    " database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture
def url(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store that nobody holds, and that is not asked for long."""
    monkeypatch.setattr(postgresql, "HOLD_ATTEMPTS", 2)
    return postgres.fresh()


def end_hold(url: str) -> None:
    """End the session that holds a store, as a restart or an idle timeout would."""
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute(_END_HOLD).fetchall() == [(True,)]


def live(tx: Transaction) -> bool:
    """Find that nobody declared the server dead."""
    return True


def write(database: PostgresDatabase) -> None:
    database.write(lambda tx: tx.run(_BURY))


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


@pytest.mark.postgres
def test_a_hold_that_was_lost_is_taken_again_by_the_next_heartbeat(url: str) -> None:
    database = PostgresDatabase(url, connections=2)
    assert database.beat(live)
    end_hold(url)
    assert database.beat(live)
    write(database)
    with pytest.raises(StartupError, match="another Qanat server"):
        PostgresDatabase(url, connections=1)
    database.close()


@pytest.mark.postgres
def test_a_hold_that_only_its_server_lost_is_taken_again(url: str) -> None:
    """A network that forgot a connection tells neither end: PostgreSQL still has the lock."""
    database = PostgresDatabase(url, connections=2)
    forgotten = database._hold._connection
    database._hold._connection = None
    assert database.beat(live)
    write(database)
    assert forgotten is not None
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    database.close()


@pytest.mark.postgres
def test_a_server_writes_nothing_once_another_has_its_store(url: str) -> None:
    database = PostgresDatabase(url, connections=2)
    end_hold(url)
    other = PostgresDatabase(url, connections=2)
    assert not database.beat(live)
    with pytest.raises(StoreUnavailableError):
        write(database)
    write(other)
    other.close()
    assert not database.beat(live), "it came back after its store had gone through other hands"
    with pytest.raises(StoreUnavailableError):
        write(database)
    database.close()


@pytest.mark.postgres
def test_a_server_that_was_declared_dead_meanwhile_does_not_come_back(url: str) -> None:
    """Another server took the store, put right what this one seemed to have left, and went."""
    database = PostgresDatabase(url, connections=2)
    end_hold(url)
    PostgresDatabase(url, connections=2).close()
    assert not database.beat(lambda _: False)
    with pytest.raises(StoreUnavailableError):
        write(database)
    database.close()


@pytest.mark.postgres
def test_nothing_is_written_while_the_hold_is_lost(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is known to be ours again, another server may be at work."""
    database = PostgresDatabase(url, connections=2)
    end_hold(url)

    def prolong(tx: Transaction) -> bool:
        with pytest.raises(StoreUnavailableError):
            write(database)
        return True

    assert database.beat(prolong)
    write(database)
    end_hold(url)
    with monkeypatch.context() as away:
        away.setattr(database._hold, "_url", "postgresql://nobody@127.0.0.1:1/none")
        with pytest.raises(StoreUnavailableError):
            database.beat(live)
        with pytest.raises(StoreUnavailableError):
            write(database)
    assert database.beat(live)
    write(database)
    database.close()


def test_a_server_that_finds_itself_dead_takes_no_more_steps(database: Database) -> None:
    world = World(database)
    world.coordinator.execute_sql(ME, "SELECT 1 AS n", {}, "medium")
    world.coordinator.tick()
    assert not world.coordinator.is_dead
    world.database.write(lambda tx: recovery.bury(tx, None, at_us=0, alone=True))
    world.coordinator.tick()
    assert world.coordinator.is_dead
    assert not world.coordinator.step()


@pytest.mark.postgres
def test_a_server_whose_store_was_taken_over_ends_and_says_why(
    postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.fresh()
    server = ServerProcess(tmp_path / "a", store__url=url)
    server.start()
    end_hold(url)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE server SET state = 'dead'")
    assert server._process is not None
    assert server._process.wait(60) == 1
    assert "another Qanat server took this store over" in server.log.read_text()
    server.http.close()
