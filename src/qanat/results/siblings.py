"""Files made from a result for reading it another way: sorted, filtered, merged.

Snapshots never change, so a sibling is right for as long as it lies there; losing one costs time
and nothing else. Each is written once, however many ask for it at a time, and the least recently
used go when together they are larger than allowed. One that is being read is not removed.
"""

# ruff: noqa: S608  # statements are made of numbers, our own names and what is quoted
from __future__ import annotations

import hashlib
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qanat.engines import Reader
from qanat.engines.duckdb.scan import file_list
from qanat.errors import TooManyRequestsError

_ENDING: Final = ".sibling.parquet"
_RETRY_S: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """A file of the cache."""

    path: Path
    row_count: int
    size_bytes: int


@dataclass(slots=True)
class _Entry:
    made: Future[Sibling] = field(default_factory=Future)
    readers: int = 0


class Borrowed:
    """A sibling that stays until `close`; closing twice is the same as once."""

    def __init__(self, sibling: Sibling, give_back: Callable[[], None]) -> None:
        self.sibling = sibling
        self._give_back: Callable[[], None] | None = give_back

    def close(self) -> None:
        """Let the cache remove the file when it wants to."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


class Siblings:
    """The cache. Its directory belongs to it alone; what lies there at the start is removed."""

    def __init__(
        self,
        *,
        reader: Reader,
        directory: Path,
        cache_bytes: int,
        free_disk_bytes: int,
        time_s: float,
    ) -> None:
        self._reader, self._directory, self._time_s = reader, directory, time_s
        self._cache_bytes, self._free_disk_bytes = cache_bytes, free_disk_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # least recently used first
        directory.mkdir(parents=True, exist_ok=True)
        for left in directory.glob(f"*{_ENDING}*"):
            left.unlink(missing_ok=True)

    def borrow(self, key: str, sql: Callable[[], str]) -> Borrowed:
        """Return the file of that key, written from `sql` if it is not there.

        Raises:
            TooManyRequestsError: The disk is nearly full.
            LimitExceededError, EngineUnavailableError: It could not be written; also to those who
                waited for it.
        """
        with self._lock:
            entry = self._entries.get(key)
            ours = entry is None
            if entry is None:
                entry = self._entries[key] = _Entry()
            entry.readers += 1
            self._entries.move_to_end(key)
        try:
            if ours:
                self._make(key, entry, sql)
            sibling = entry.made.result()
        except BaseException:
            self._give_back(entry)
            raise
        return Borrowed(sibling, lambda: self._give_back(entry))

    def peek(self, key: str) -> Borrowed | None:
        """Return the file of that key if it is there already."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.made.done():
                return None
            entry.readers += 1
            self._entries.move_to_end(key)
        return Borrowed(entry.made.result(), lambda: self._give_back(entry))

    def _make(self, key: str, entry: _Entry, sql: Callable[[], str]) -> None:
        path = self._directory / (hashlib.sha256(key.encode()).hexdigest()[:40] + _ENDING)
        try:
            if shutil.disk_usage(self._directory).free < self._free_disk_bytes:
                raise TooManyRequestsError(  # noqa: TRY301  # those who wait must hear of it too
                    "the server's disk is nearly full", retry_after_s=_RETRY_S
                )
            self._reader.write(sql(), path, self._time_s)
            count = f"SELECT num_rows FROM parquet_file_metadata({file_list((str(path),))})"
            (rows,) = self._reader.text(count, self._time_s)
            made = Sibling(path=path, row_count=int(rows or b"0"), size_bytes=path.stat().st_size)
        except BaseException as error:
            with self._lock:
                self._entries.pop(key, None)
            path.unlink(missing_ok=True)
            entry.made.set_exception(error)
            raise
        entry.made.set_result(made)

    def _give_back(self, entry: _Entry) -> None:
        """Count a reader less, and remove the oldest files that nobody reads while over size."""
        with self._lock:
            entry.readers -= 1
            made = {k: e.made.result() for k, e in self._entries.items() if _is_made(e)}
            size = sum(sibling.size_bytes for sibling in made.values())
            for key, sibling in made.items():
                if size <= self._cache_bytes:
                    break
                if self._entries[key].readers == 0:
                    del self._entries[key]
                    sibling.path.unlink(missing_ok=True)
                    size -= sibling.size_bytes


def _is_made(entry: _Entry) -> bool:
    return entry.made.done() and entry.made.exception() is None
