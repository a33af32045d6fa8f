"""What a node costs beyond its work: many small views, beside raw DuckDB and dbt.

    .venv/bin/python bench/overhead.py [--nodes 500 1000] [--rounds 5] [--dbt 500 1000] [--quick]

Two shapes of materialized views and a query that reads the last of them: ten layers, each view of
which reads three of the layer above, and a chain. A round makes the views over HTTP on a fresh
data directory (each is refreshed as it is made), then runs the pipeline: for the first time, once
more, and for the first time after a restart of the server. Between them raw DuckDB creates the
same tables one by one in a file of its own, each statement a durable commit, and replaces them;
the replacing is what the run is compared with, for it too replaces what is there. dbt builds them
once, not in each round, with two threads.

A run's time goes from the request to the answer that says it is over.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import duckdb

import _dbt
from _common import machine, median, table, verdict
from _server import HANDLE, Server, label, place
from _shapes import Shape, chain, layered

TARGET_MS: Final = 3.0  #: a node, first run, 500 nodes
TARGET_RATIO: Final = 1.0  #: of raw DuckDB
TARGET_DBT: Final = 20.0  #: times below dbt
TARGET_NODES: Final = 500


class Native:
    """DuckDB in this process, in a file whose names are those that the statements use."""

    def __init__(self, where: Path) -> None:
        self._connection = duckdb.connect(where / "dune.duckdb")
        self._connection.execute(f"CREATE SCHEMA {HANDLE}")

    def create(self, shape: Shape) -> float:
        started = time.perf_counter()
        for name, sql in shape.statements.items():
            self._connection.execute(f"CREATE OR REPLACE TABLE {label(name)} AS {sql}")
        return time.perf_counter() - started

    def top(self) -> list[int]:
        return sorted(v for (v,) in self._connection.execute(f"FROM {label('top')}").fetchall())

    def close(self) -> None:
        self._connection.close()


def measure(shape: Shape, taken: dict[str, list[float]]) -> None:
    """Add one round's seconds to `taken`."""
    with place() as where, Server(where / "data") as server:
        native = Native(where)
        started = time.perf_counter()
        server.views(shape.layers)
        query = server.query("top", shape.top)
        taken["made"].append(time.perf_counter() - started)
        taken["created"].append(native.create(shape))
        for name in ("first", "again"):
            ran = server.run(query)
            taken[name].append(ran.seconds)
            taken[f"{name}, own"].append(ran.own_s)
            taken["replaced"].append(native.create(shape))
        taken["start"].append(server.restart())
        ran = server.run(query)
        taken["cold"].append(ran.seconds)
        taken["cold, own"].append(ran.own_s)
        ours = server.get(f"/query/{query}/results")["result"]["rows"]
        if sorted(row["v"] for row in ours) != native.top():
            raise SystemExit("the rows and those of raw DuckDB differ")
        native.close()


def report(shape: Shape, taken: dict[str, list[float]], dbt: _dbt.Taken | None) -> None:
    ms = {name: median(seconds) * 1000 / shape.nodes for name, seconds in taken.items()}
    base = ms["replaced"]
    rows = [
        ("Qanat, first run", "first", "first, own"),
        ("  run again", "again", "again, own"),
        ("  first run after a restart", "cold", "cold, own"),
        ("  making the views, refresh included", "made", None),
        ("DuckDB, replacing the tables", "replaced", None),
        ("  creating them", "created", None),
    ]
    lines = [
        (
            what,
            f"{ms[key]:.2f}",
            f"{ms[own]:.2f}" if own else "",
            f"{ms[key] / base:.2f}",
            f"{min(taken[key]):.2f}-{max(taken[key]):.2f}",
        )
        for what, key, own in rows
    ]
    if dbt:
        for what, seconds in (
            ("dbt, once, by its own count", dbt.run_s),
            ("  start of dbt included", dbt.whole_s),
        ):
            each = seconds * 1000 / shape.nodes
            lines.append((what, f"{each:.2f}", "", f"{each / base:.2f}", f"{seconds:.2f}"))
    table(
        f"{shape.name} and a query ({shape.nodes:,} nodes), median of {len(taken['first'])} rounds",
        ("", "ms/node", "server's own", "x DuckDB", "s, least-most"),
        lines,
    )
    print(f"  start of the server on this store: {median(taken['start']):.2f} s")
    ratio = ms["first"] / base
    verdict(
        f"first run at most {TARGET_RATIO} x raw DuckDB",
        f"{ratio:.2f} (of creating the tables in a new file: {ms['first'] / ms['created']:.2f})",
        ratio <= TARGET_RATIO,
    )
    if shape.nodes == TARGET_NODES + 1:
        each = ms["first"]
        verdict(f"first run below {TARGET_MS} ms a node", f"{each:.2f}", each < TARGET_MS)
    if dbt:
        times = dbt.run_s / median(taken["first"])
        verdict(
            f"first run at least {TARGET_DBT:.0f} x below dbt", f"{times:.1f}", times >= TARGET_DBT
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[500, 1000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--dbt",
        type=int,
        nargs="*",
        default=[500, 1000],
        help="numbers of nodes that dbt builds too",
    )
    parser.add_argument("--quick", action="store_true", help="30 nodes, one round, no dbt")
    asked = parser.parse_args()
    makes = [layered, chain]
    if asked.quick:
        asked.nodes, asked.rounds, asked.dbt, makes = [30], 1, [], [layered]
    print(f"bench/overhead.py: {machine()}")
    shapes = [(make(nodes), nodes in asked.dbt) for nodes in asked.nodes for make in makes]
    results: list[dict[str, list[float]]] = [defaultdict(list) for _ in shapes]
    for _ in range(asked.rounds):
        for (shape, _with_dbt), taken in zip(shapes, results, strict=True):
            measure(shape, taken)
    for (shape, with_dbt), taken in zip(shapes, results, strict=True):
        dbt = None
        if with_dbt:
            with place() as where:
                dbt = _dbt.run(where / "project", shape.statements)
            print(f"\n{dbt.version}")
        report(shape, taken, dbt)


if __name__ == "__main__":
    main()
