"""SQLite: one writing connection, which alone checkpoints; readers apart and short.

The data directory is held by an advisory lock for as long as the database is open, so there is
never a second writer. `synchronous` is FULL except for steps of a run that goes on.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import sqlite3
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from qanat.errors import StartupError
from qanat.store.database import StoreUnavailableError, Transaction

T = TypeVar("T")

FILE: Final = "state.db"
LOCK: Final = "lock"
BACKSTOP_PAGES: Final = 50_000  #: a commit checkpoints by itself only when the log has so many
_WRITE_BEHIND: Final = 50  #: commits, some megabytes of log
NOTE: Final = "durable"  #: for crash tests: how far the log was synced at the last FULL commit


def _start_writing(file: int) -> None:
    """Have the system begin to write a file's changed pages; does not wait, promises nothing."""
    with contextlib.suppress(AttributeError):  # Linux alone has the call
        ctypes.CDLL(None).sync_file_range(
            ctypes.c_int(file), ctypes.c_int64(0), ctypes.c_int64(0), ctypes.c_uint(2)
        )


class DirectoryLock:
    """The lock on a data directory; held until `release`, or until the process dies."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise StartupError(
                f"another Qanat server uses the data directory {data_dir}: stop it, "
                "or choose another with --data-dir"
            ) from error

    def release(self) -> None:
        """Let another server have the directory."""
        os.close(self._file)


class SqliteDatabase:
    """A store in `state.db`."""

    dialect = "sqlite"

    def __init__(self, data_dir: Path, *, note_durable: bool = False) -> None:
        self._path = data_dir / FILE
        self._note = data_dir / NOTE if note_durable else None
        self._writing = threading.RLock()
        self._writer = self._connect()
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute(f"PRAGMA wal_autocheckpoint = {BACKSTOP_PAGES}")
        self._synchronous = ""
        self._commits = 0  #: since the last checkpoint
        self._unwritten = 0  #: commits since the log was last on its way to disk
        self._log: int | None = None  #: the log, open for the system's ears alone
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 10000")
        connection.execute("PRAGMA cache_size = -32000")  # KiB
        return connection

    def write(self, work: Callable[[Transaction], T], *, durable: bool = True) -> T:
        """Return what `work` returns, its changes committed."""
        wanted = "FULL" if durable else "NORMAL"
        with self._writing:
            if self._closed:
                raise StoreUnavailableError("the store is closed")
            transaction = Transaction("sqlite", self._writer.execute, self._writer.executemany)
            try:
                if self._synchronous != wanted:
                    self._writer.execute(f"PRAGMA synchronous = {wanted}")
                    self._synchronous = wanted
                self._writer.execute("BEGIN IMMEDIATE")
                result = work(transaction)
                self._writer.execute("COMMIT")
                self._commits += 1
            except BaseException as error:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    # Somebody else writes, or the disk is full or answers no more: nothing was
                    # committed.
                    raise StoreUnavailableError(f"the store cannot be written: {error}") from error
                raise
            if durable and self._note is not None:
                self._write_note()
            for hook in transaction.hooks:
                hook()
            self._unwritten = 0 if durable else self._unwritten + 1
            is_much = self._unwritten >= _WRITE_BEHIND
            if is_much:
                self._unwritten = 0
        if is_much:
            self._write_behind()
        return result

    def _write_behind(self) -> None:
        """Have the system begin to write the log, so that the next FULL commit waits for less."""
        if self._log is None:
            self._log = os.open(f"{self._path}-wal", os.O_RDONLY | os.O_CLOEXEC)
        _start_writing(self._log)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Return what `work` returns; it sees one moment and changes nothing."""
        connection = self._reader()
        connection.execute("BEGIN")
        try:
            return work(Transaction("sqlite", connection.execute, connection.executemany))
        finally:
            if connection.in_transaction:
                connection.execute("COMMIT")

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            if self._closed:
                raise StoreUnavailableError("the store is closed")
            connection = self._connect()
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("PRAGMA query_only = ON")
            self._local.connection = connection
            with self._writing:
                self._readers.append(connection)
        return connection

    def checkpoint(self) -> None:
        """Copy the log into the database, off the path of commits; readers are not waited for."""
        with self._writing:
            if self._commits and not self._closed:
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
                self._commits = 0

    def _write_note(self) -> None:
        """Note the log's salts and its last frame, which the commit just synced."""
        assert self._note is not None
        with Path(f"{self._path}-shm").open("rb") as shared:
            header = shared.read(48)
        (last_frame,) = struct.unpack_from("<I", header, 16)
        salts = header[32:40].hex()
        fresh = self._note.with_suffix(".new")
        fresh.write_text(f"{salts} {last_frame}", encoding="ascii")
        fresh.replace(self._note)

    def close(self) -> None:
        """Close every connection; the last one truncates the log."""
        with self._writing:
            self._closed = True
            for reader in self._readers:
                with contextlib.suppress(sqlite3.Error):
                    reader.close()
            self._writer.close()
            if self._log is not None:
                os.close(self._log)
                self._log = None
