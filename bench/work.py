"""A pipeline of real work, beside the same SQL run by hand in DuckDB.

    .venv/bin/python bench/work.py [--scale 1] [--rounds 5] [--pipelines pipeline chain] [--quick]

Thirty views over TPC-H tables that are mounted as Parquet files, and a chain of heavy views of
all lines. By hand means one connection with a thread for each core, statements one after another
in an order in which each follows what it reads, over views of the same Parquet files:

- as tables: CREATE TABLE AS in a database file; CHECKPOINT, and an fsync of the file;
- as copies: COPY to Parquet (version 2, snappy), read by the statements after it; an fsync of each
  file and of the directory.

Qanat's time goes from the request to the answer that says the run is over: with its state, its
files flushed to disk and its views moved. A first round is not counted; its rows are compared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from pathlib import Path
from typing import Final

import duckdb

from _common import machine, median, table, verdict
from _server import HANDLE, Ran, Server, label, place
from _tpch import SCHEMA, TABLES, Statements, data, mounts, statements

TARGET_TABLES: Final = 0.85  #: times native tables
TARGET_COPIES: Final = 1.05  #: times Parquet copies
PIPELINES: Final = ("pipeline", "chain")


class ByHand:
    """DuckDB in this process; a run starts with nothing and leaves the last one's rows."""

    def __init__(self, files: Path, where: Path, work: Statements) -> None:
        self._files, self._where, self._work = files, where, work

    def _opened(self, at: Path) -> duckdb.DuckDBPyConnection:
        shutil.rmtree(at, ignore_errors=True)
        at.mkdir()
        connection = duckdb.connect(at / "dune.duckdb", config={"threads": os.cpu_count() or 1})
        for schema in (HANDLE, SCHEMA):
            connection.execute(f"CREATE SCHEMA {schema}")
        for name in TABLES:
            file = self._files / f"{name}.parquet"
            connection.execute(f"CREATE VIEW {SCHEMA}.{name} AS FROM read_parquet('{file}')")
        return connection

    def tables(self) -> float:
        """Return the seconds it took."""
        at = self._where / "tables"
        with self._opened(at) as connection:
            started = time.perf_counter()
            for name, sql in self._work.views.items():
                connection.execute(f"CREATE TABLE {label(name)} AS {sql}")
            connection.execute(f"CREATE TABLE {label('top')} AS {self._work.query}")
            connection.execute("CHECKPOINT")
            _fsync(at / "dune.duckdb")
            return time.perf_counter() - started

    def copies(self) -> float:
        """Return the seconds it took."""
        at = self._where / "copies"
        with self._opened(at) as connection:
            started = time.perf_counter()
            for name, sql in [*self._work.views.items(), ("top", self._work.query)]:
                file = at / f"{name}.parquet"
                connection.execute(
                    f"COPY ({sql}) TO '{file}'"
                    " (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION snappy)"
                )
                _fsync(file)
                connection.execute(f"CREATE VIEW {label(name)} AS FROM read_parquet('{file}')")
            _fsync(at)
            return time.perf_counter() - started

    def counts(self) -> dict[str, int]:
        """Return how many rows each view has in the tables that were made."""
        with duckdb.connect(self._where / "tables" / "dune.duckdb", read_only=True) as connection:
            return {
                name: connection.execute(f"SELECT count(*) FROM {label(name)}").fetchall()[0][0]
                for name in self._work.views
            }

    def top(self) -> list[tuple[str, ...]]:
        with duckdb.connect(self._where / "tables" / "dune.duckdb", read_only=True) as connection:
            return _comparable(connection.execute(f"FROM {label('top')}").fetchall())


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _comparable(rows: list[tuple[object, ...]]) -> list[tuple[str, ...]]:
    return sorted(tuple(str(value) for value in row) for row in rows)


def check(server: Server, query: int, ran: Ran, by_hand: ByHand) -> None:
    """End the benchmark if the rows are not those that were made by hand."""
    nodes = ran.detail["nodes"]
    ours = {node["name"].split(".")[-1]: node["row_count"] for node in nodes if "name" in node}
    if ours != by_hand.counts():
        raise SystemExit(f"row counts differ: {ours} and {by_hand.counts()}")
    rows = server.get(f"/query/{query}/results")["result"]["rows"]
    if _comparable([tuple(row.values()) for row in rows]) != by_hand.top():
        raise SystemExit("the rows of the query differ from those made by hand")


def measure(name: str, files: Path, count: int) -> None:
    work = statements(name)
    with place() as where, Server(where / "data", mounts(files)) as server:
        server.views([{view: sql} for view, sql in work.views.items()])
        query = server.query(name, work.query)
        by_hand = ByHand(files, where, work)
        taken: dict[str, list[float]] = {"qanat": [], "tables": [], "copies": []}
        for number in range(count + 1):
            ran = server.run(query)
            one = {"qanat": ran.seconds, "tables": by_hand.tables(), "copies": by_hand.copies()}
            if number == 0:
                check(server, query, ran, by_hand)
                continue
            for key, value in one.items():
                taken[key].append(value)
        seconds = {key: median(values) for key, values in taken.items()}
        table(
            f"{name}: {len(work.views)} views and a query, median of {count} rounds",
            ("", "s", "least-most", "x tables", "x copies"),
            [
                (
                    what,
                    f"{seconds[key]:.2f}",
                    f"{min(taken[key]):.2f}-{max(taken[key]):.2f}",
                    f"{seconds[key] / seconds['tables']:.2f}",
                    f"{seconds[key] / seconds['copies']:.2f}",
                )
                for key, what in (
                    ("qanat", "Qanat"),
                    ("tables", "DuckDB by hand, as tables"),
                    ("copies", "DuckDB by hand, as copies"),
                )
            ],
        )
        titles = {node["id"]: node["title"] for node in ran.detail["nodes"]}
        path = " > ".join(titles[node] for node in ran.detail["critical_path"])
        print(f"  critical path {ran.detail['critical_path_seconds']:.2f} s: {path}")
    for target, key, most in (
        ("native tables", "tables", TARGET_TABLES),
        ("Parquet copies", "copies", TARGET_COPIES),
    ):
        ratio = seconds["qanat"] / seconds[key]
        verdict(f"at most {most} x the {target}", f"{ratio:.2f}", ratio <= most)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="1 is a gigabyte of text")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pipelines", nargs="+", choices=PIPELINES, default=PIPELINES)
    parser.add_argument("--quick", action="store_true", help="scale 0.01, one round")
    asked = parser.parse_args()
    if asked.quick:
        asked.scale, asked.rounds = 0.01, 1
    print(f"bench/work.py: {machine()}; scale {asked.scale:g}")
    files = data(asked.scale)
    for name in asked.pipelines:
        measure(name, files, asked.rounds)


if __name__ == "__main__":
    main()
