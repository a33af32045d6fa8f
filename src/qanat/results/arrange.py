"""The rows that a request pages through, in the order it wants them.

Without filters, sort keys and samples these are the stored rows. Otherwise they are written once
as a sibling and read by row number like any result, so a later page costs as little as the first.
"""

# ruff: noqa: S608  # statements are made of numbers, our own names and what is quoted
from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from qanat.engines import Reader, Relation
from qanat.engines.duckdb.scan import file_list, literal, quoted, scan
from qanat.model.snapshot import Snapshot
from qanat.model.types import Columns
from qanat.names import AttemptId, SnapshotId
from qanat.results import filters, sorting
from qanat.results.kept import Kept
from qanat.results.options import PageOptions
from qanat.results.rows import Stored, relation_sql
from qanat.results.siblings import Borrowed, Siblings

_REMEMBERED: Final = 1_000  #: snapshots whose files have been counted
_HASHES: Final = 1 << 64
_COUNTS_BYTES: Final = 1 << 20  #: of counts that were taken of filtered results


class Arranged:
    """Rows to be paged through; they stay until `close`."""

    def __init__(
        self, stored: Stored, borrowed: Borrowed | None = None, *, is_whole: bool = True
    ) -> None:
        self.stored, self._borrowed = stored, borrowed
        self.is_whole = is_whole  #: whether no rows come after those that are here

    def close(self) -> None:
        """Let go of the files."""
        if self._borrowed is not None:
            self._borrowed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Arranger:
    """Finds or makes the rows of a request."""

    def __init__(
        self,
        *,
        reader: Reader,
        path_of: Callable[[AttemptId], Path],
        siblings: Siblings,
        time_s: float,
        head_rows: int,
    ) -> None:
        self._reader, self._path_of, self._siblings = reader, path_of, siblings
        self._time_s, self._head_rows = time_s, head_rows
        self._lock = threading.Lock()
        self._counts: OrderedDict[SnapshotId, tuple[int, ...]] = OrderedDict()
        self._passing: Kept[int] = Kept(_COUNTS_BYTES)

    def stored(self, snapshot: Snapshot) -> Stored:
        """Return the snapshot's own files."""
        files = tuple(self._path_of(file) for file in snapshot.files)
        return Stored(columns=snapshot.columns, files=files, counts=self._counted(snapshot, files))

    def arrange(self, snapshot: Snapshot, options: PageOptions, rows: int | None) -> Arranged:
        """Return the rows that `options` ask for, not cut to a page.

        Args:
            snapshot: Whose rows.
            options: Of them, the filters, the sort keys and the sample.
            rows: How many rows of the arrangement are needed at most; None: all of it.
        """
        if options.sample_count is not None and options.sample_count >= snapshot.row_count:
            options = replace(options, sample_count=None)
        if snapshot.row_count == 0 or options.sample_count == 0:
            return Arranged(Stored(columns=snapshot.columns, files=(), counts=()))
        if not options.is_arranged:
            return Arranged(self.stored(snapshot))
        whole, head = _key(snapshot, options), _key(snapshot, options, "head")
        found = self._siblings.peek(whole) or self._whole_head(head)
        if found is None and rows is not None and rows < self._head_rows:
            found = self._siblings.borrow(head, lambda: self._head_sql(snapshot, options))
            is_whole = found.sibling.row_count < self._head_rows
            return self._sibling(snapshot, found, is_whole=is_whole)
        if found is None:
            found = self._siblings.borrow(
                whole, lambda: self._sql(snapshot, options, snapshot.columns)
            )
        return self._sibling(snapshot, found, is_whole=True)

    def count(self, snapshot: Snapshot, options: PageOptions, arranged: Arranged) -> int:
        """Return how many rows pass the filters of `options`, whose rows `arranged` are."""
        if arranged.is_whole:
            return arranged.stored.total

        def count() -> tuple[int, int]:
            relation, number = self._relation(snapshot)
            where = _where(snapshot, options, number)
            (text,) = self._reader.text(f"SELECT count(*) FROM ({relation}){where}", self._time_s)
            return int(text or b"0"), 0

        return self._passing.of((snapshot.id, options.filters), count)

    def whole(self, snapshot: Snapshot, options: PageOptions) -> Borrowed:
        """Return everything that `options` ask for, with the columns they choose, as one file."""
        columns = options.chosen(snapshot.columns)

        def sql() -> str:
            if snapshot.row_count == 0 or options.sample_count == 0:
                return f"FROM {scan(Relation(columns=columns))}"
            return self._sql(snapshot, options, columns)

        key = _key(snapshot, options, "columns", *(column.name for column in columns))
        return self._siblings.borrow(key, sql)

    def _whole_head(self, key: str) -> Borrowed | None:
        """Return the head of an arrangement if it is there and there are no rows after it."""
        found = self._siblings.peek(key)
        if found is not None and found.sibling.row_count >= self._head_rows:
            found.close()
            return None
        return found

    def _sibling(self, snapshot: Snapshot, found: Borrowed, *, is_whole: bool) -> Arranged:
        stored = Stored(
            columns=snapshot.columns,
            files=(found.sibling.path,),
            counts=(found.sibling.row_count,),
        )
        return Arranged(stored, found, is_whole=is_whole)

    def _sql(self, snapshot: Snapshot, options: PageOptions, columns: Columns) -> str:
        """Return the statement of an arrangement.

        Without a sort key it has no ORDER BY: DuckDB keeps the order of files when it copies.
        """
        relation, number = self._relation(snapshot)
        sql = f"SELECT {_listed(columns)} FROM ({relation}){_where(snapshot, options, number)}"
        keys = [f"{value} {direction}" for value, direction in _sort_keys(snapshot, options)]
        return f"{sql} ORDER BY {', '.join([*keys, quoted(number)])}" if keys else sql

    def _head_sql(self, snapshot: Snapshot, options: PageOptions) -> str:
        """Return the statement of an arrangement's first rows.

        Only keys and row numbers are sorted, and the rows then fetched by number: of ten million
        rows that takes a third of the time of sorting them whole.
        """
        keys = _sort_keys(snapshot, options)
        if not keys:
            return f"{self._sql(snapshot, options, snapshot.columns)} LIMIT {self._head_rows}"
        relation, name = self._relation(snapshot)
        number = quoted(name)
        values, order = [], []
        for at, (value, direction) in enumerate(keys):
            alias = quoted(f"{name}{at}")
            values.append(f"{value} AS {alias}")
            order.append(f"{alias} {direction}")
        sorted_by = ", ".join([*order, number])
        first = (
            f"SELECT {number}, {', '.join(values)} FROM ({relation})"
            f"{_where(snapshot, options, name)} ORDER BY {sorted_by} LIMIT {self._head_rows}"
        )
        return (
            f"SELECT {_listed(snapshot.columns)} FROM ({relation}) JOIN ({first}) USING ({number})"
            f" ORDER BY {sorted_by}"
        )

    def _relation(self, snapshot: Snapshot) -> tuple[str, str]:
        return relation_sql(snapshot.columns, [self._path_of(file) for file in snapshot.files])

    def _counted(self, snapshot: Snapshot, files: tuple[Path, ...]) -> tuple[int, ...]:
        if len(files) == 1:
            return (snapshot.row_count,)
        with self._lock:
            counts = self._counts.get(snapshot.id)
            if counts is not None:
                self._counts.move_to_end(snapshot.id)
                return counts
        counts = self._count(files) if files else ()
        with self._lock:
            self._counts[snapshot.id] = counts
            while len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
        return counts

    def _count(self, files: tuple[Path, ...]) -> tuple[int, ...]:
        (text,) = self._reader.text(
            "SELECT string_agg(file_name || chr(0) || num_rows, chr(10))"
            f" FROM parquet_file_metadata({file_list(tuple(map(str, files)))})",
            self._time_s,
        )
        lines = (text or b"").decode().split("\n")
        rows = dict(line.rsplit("\0", 1) for line in lines if line)
        return tuple(int(rows[str(file)]) for file in files)


def _listed(columns: Columns) -> str:
    return ", ".join(quoted(column.name) for column in columns)


def _where(snapshot: Snapshot, options: PageOptions, number: str) -> str:
    tests = []
    if options.filters is not None:
        tests.append(filters.to_sql(filters.parse(options.filters, snapshot.columns)))
    if options.sample_count is not None:
        share = options.sample_count * _HASHES // snapshot.row_count
        seed = literal(str(snapshot.id))
        tests.append(f"hash({quoted(number)}, {seed}) < CAST('{share}' AS UHUGEINT)")
    return f" WHERE {' AND '.join(tests)}" if tests else ""


def _sort_keys(snapshot: Snapshot, options: PageOptions) -> list[tuple[str, str]]:
    if options.sort_by is None:
        return []
    return sorting.to_sql(sorting.parse(options.sort_by, snapshot.columns))


def _key(snapshot: Snapshot, options: PageOptions, *more: str) -> str:
    asked = [options.filters, options.sort_by, options.sample_count, *more]
    text = json.dumps([snapshot.id, asked])
    return hashlib.sha256(text.encode()).hexdigest()
