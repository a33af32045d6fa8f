"""PostgreSQL: a pool of connections, READ COMMITTED, every commit durable.

Locks are taken in one order everywhere (server, run, names by id, store), so deadlocks are rare;
the one that still happens is answered by running the transaction again from its beginning.

An advisory lock keeps a second server off the store. It lives as long as one connection, and
PostgreSQL lets go of it when that ends, whatever ended it: a restart, an idle timeout, a network
that forgot it. So each heartbeat looks after that connection. While it is lost nothing is written;
once another server has had the store, nothing is written ever again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
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
SILENCE_MS: Final = 10_000  #: after so long without a sign of life the holding connection is lost
_TRY_HOLD: Final = "SELECT pg_try_advisory_lock(%s)"
_SESSION: Final = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_END_SESSION: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
)


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
        self._is_held = True  #: whether writing is safe: no other server has the store
        self._is_taken_over = False
        self._hold = _Hold(url)
        try:
            if not self._hold.take():
                raise StartupError(
                    "another Qanat server uses this PostgreSQL database: stop it first"
                )
        except psycopg.OperationalError as error:
            raise StartupError(
                f"store.url: the store cannot be opened: {str(error).strip()}"
            ) from error
        try:
            once_held()
            self._pool = _pool(url, connections)
        except BaseException:
            self._hold.close()
            raise

    def beat(self, prolong: Callable[[Transaction], bool]) -> bool:
        """Look after the hold, and prolong this server's life; False: another has the store.

        A lock that was lost is taken again, and counts once `prolong` has found that no server
        declared this one dead before that. After False every write raises.

        Raises:
            StoreUnavailableError: The database does not answer, so nobody can have the store.
        """
        if self._is_taken_over:
            return False
        is_ours = self._hold.is_whole()
        if not is_ours:
            self._is_held = False
            log.warning("the connection that holds the store was lost")
            try:
                is_ours = self._hold.take()
            except psycopg.OperationalError as error:
                raise StoreUnavailableError("PostgreSQL does not answer") from error
        self._is_held = is_ours and self._again(prolong)
        self._is_taken_over = not self._is_held
        return self._is_held

    def write(self, work: Callable[[Transaction], T], *, durable: bool = True) -> T:  # noqa: ARG002  # a choice of SQLite's
        """Return what `work` returns, its changes committed; every commit is durable here."""
        if not self._is_held:
            raise StoreUnavailableError("this server does not hold the store")
        return self._again(work)

    def _again(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction, and run it again for as long as it meets others."""
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
        transaction: Transaction | None = None
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
            for doubt in transaction.doubts if transaction is not None else ():
                doubt()
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
        self._hold.close()


class _Hold:
    """A connection that holds the store for as long as it is open."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None
        self._session: tuple[int, datetime] | None = None  #: PostgreSQL's process that has the lock

    def take(self) -> bool:
        """Take the lock (again); False if another server has it.

        A server that was killed lets go as soon as PostgreSQL notices, so it is asked for a few
        times.
        """
        self.close()
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=int(CONNECT_S),
            tcp_user_timeout=SILENCE_MS,
        )
        try:
            if self._session is not None:
                # Lost by us alone, it would keep its lock until PostgreSQL misses us, too.
                connection.execute(_END_SESSION, self._session)
            is_taken = _asked_for(connection)
            if is_taken:
                self._session = connection.execute(_SESSION).fetchone()
                self._connection = connection
        finally:
            if self._connection is None:
                connection.close()
        return is_taken

    def is_whole(self) -> bool:
        """Return whether the connection still answers, and so has the lock."""
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            log.warning("PostgreSQL does not answer: %s", error)
            return False
        return True

    def close(self) -> None:
        """Let go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _asked_for(connection: psycopg.Connection[Any]) -> bool:
    waiting = threading.Event()
    for attempt in range(HOLD_ATTEMPTS):
        if attempt:
            waiting.wait(HOLD_PAUSE_S)
        found = connection.execute(_TRY_HOLD, (HOLD,)).fetchone()
        if found is not None and found[0]:
            return True
    return False


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
