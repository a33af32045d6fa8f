"""PostgreSQL: a pool of connections, READ COMMITTED, every commit durable.

Locks are taken in one order everywhere (server, run, names by id, store), so deadlocks are rare;
the one that still happens is answered by running the transaction again from its beginning.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from qanat.errors import StartupError
from qanat.store.database import Cursor, StoreUnavailableError, Transaction

T = TypeVar("T")

log = logging.getLogger(__name__)

ATTEMPTS: Final = 20  #: of one transaction that deadlocks
HOLD: Final = 7_160_327_115  #: the advisory lock of the server that holds a store
HOLD_ATTEMPTS: Final = 20
HOLD_PAUSE_S: Final = 0.25
CONNECT_S: Final = 10.0  #: how long a transaction waits for a connection


class PostgresDatabase:
    """A store in a PostgreSQL database."""

    dialect = "postgresql"

    def __init__(
        self,
        url: str,
        *,
        connections: int = 16,
        once_held: Callable[[], None] = lambda: None,
    ) -> None:
        """Hold the store, call `once_held`, and only then have anything else to do with it.

        Raises:
            StartupError: Another server holds it, or nothing answers.
        """
        self._ordered = threading.RLock()
        self._holding = _held(url)
        try:
            once_held()
            self._pool = _pool(url, connections)
        except BaseException:
            self._holding.close()
            raise

    def write(self, work: Callable[[Transaction], T], *, durable: bool = True) -> T:  # noqa: ARG002  # a choice of SQLite's
        """Return what `work` returns, its changes committed; every commit is durable here."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(work)
            except (
                psycopg.errors.DeadlockDetected,
                psycopg.errors.SerializationFailure,
                # Somebody else made meanwhile what `work` had looked for in vain: now it finds it.
                psycopg.errors.UniqueViolation,
            ):
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _once(self, work: Callable[[Transaction], T]) -> T:
        try:
            with self._pool.connection() as connection:
                transaction = _transaction(connection)
                result = work(transaction)
                # Whoever waits for this transaction's row locks commits after it; with the
                # lock, its effects on memory come after this one's, too.
                with self._ordered:
                    connection.commit()
                    for hook in transaction.hooks:
                        hook()
        except (psycopg.OperationalError, PoolTimeout) as error:
            if isinstance(
                error, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure
            ):
                raise
            log.warning("PostgreSQL does not answer: %s", error)
            raise StoreUnavailableError("PostgreSQL does not answer") from error
        return result

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Return what `work` returns; it sees one moment and changes nothing."""
        try:
            try:
                return self._read(work)
            except PoolTimeout:
                raise
            except psycopg.OperationalError as error:
                # The connection had died while nobody used it; a read may simply begin again.
                log.warning("a read begins again: %s", error)
                return self._read(work)
        except psycopg.OperationalError as error:
            log.warning("PostgreSQL does not answer: %s", error)
            raise StoreUnavailableError("PostgreSQL does not answer") from error

    def _read(self, work: Callable[[Transaction], T]) -> T:
        with self._pool.connection() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            result = work(_transaction(connection))
            connection.rollback()
            return result

    def checkpoint(self) -> None:
        """PostgreSQL does that by itself."""

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
        self._holding.close()


def _held(url: str) -> psycopg.Connection[Any]:
    """Return a connection that holds the store for as long as it is open.

    A server that was killed lets go as soon as PostgreSQL notices, so a held store is asked for
    a few times.

    Raises:
        StartupError: Another server holds it, or nothing answers.
    """
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=int(CONNECT_S))
    except psycopg.OperationalError as error:
        raise StartupError(
            f"store.url: the store cannot be opened: {str(error).strip()}"
        ) from error
    waiting = threading.Event()
    for _ in range(HOLD_ATTEMPTS):
        found = connection.execute("SELECT pg_try_advisory_lock(%s)", (HOLD,)).fetchone()
        if found is not None and found[0]:
            return connection
        waiting.wait(HOLD_PAUSE_S)
    connection.close()
    raise StartupError("another Qanat server uses this PostgreSQL database: stop it first")


def _pool(url: str, connections: int) -> ConnectionPool[psycopg.Connection[Any]]:
    pool = ConnectionPool(
        url,
        min_size=1,
        max_size=connections,
        timeout=CONNECT_S,
        open=False,
        kwargs={"autocommit": False, "prepare_threshold": 2},
    )
    try:
        pool.open(wait=True, timeout=CONNECT_S)
    except PoolTimeout as error:
        pool.close()
        raise StartupError(
            "store.url: no PostgreSQL answers there within 10 seconds; is it started, and are "
            "name, user and password right?"
        ) from error
    return pool


def _transaction(connection: psycopg.Connection[Any]) -> Transaction:
    # The texts are compiled from our own expressions; values travel apart from them.
    def execute(text: str, values: Mapping[str, Any]) -> Cursor:
        return connection.execute(text.encode(), values)

    def execute_many(text: str, rows: list[dict[str, Any]]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(text.encode(), rows)

    return Transaction("postgresql", execute, execute_many)
