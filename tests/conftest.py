"""What every test may ask for: both databases, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qanat.store.database import Database
from qanat.store.migrations import upgrade
from qanat.store.postgresql import PostgresDatabase
from qanat.store.sqlite import SqliteDatabase
from tests.clients.absent import ABSENT
from tests.clock import FakeClock
from tests.postgres import Postgres, running

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which clients were not run, whenever the tests of clients were."""
    reports = (one for each in terminalreporter.stats.values() for one in each)
    if any(getattr(one, "nodeid", "").startswith("tests/clients/") for one in reports):
        terminalreporter.section("clients that are not run as programs")
        for client, why in ABSENT.items():
            terminalreporter.line(f"NOT RUN: {client}: {why}")


@pytest.fixture
def clock() -> FakeClock:
    """A clock that tests move by hand."""
    return FakeClock()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL of this session's own."""
    with running(tmp_path_factory.mktemp("postgres") / "data") as server:
        yield server


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty store, migrated to the newest schema, in each database."""
    made: Database
    if request.param == "sqlite":
        upgrade("sqlite", tmp_path)
        made = SqliteDatabase(tmp_path)
    else:
        made = PostgresDatabase(request.getfixturevalue("postgres").fresh(), connections=8)
    yield made
    made.close()
