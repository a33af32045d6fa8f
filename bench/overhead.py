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
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

import _dbt
from _common import machine, median, table, verdict
from _server import HANDLE, Server, place

LAYERS: Final = 10
READS: Final = 3  #: views of the layer above
TARGET_MS: Final = 3.0  #: a node, first run, 500 nodes
TARGET_RATIO: Final = 1.0  #: of raw DuckDB
TARGET_DBT: Final = 20.0  #: times below dbt
TARGET_NODES: Final = 500
VALUES: Final = ", ".join(f"({n}, {n * 2})" for n in range(1, 11))


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Views, layer by layer, and the query that reads the last layer."""

    name: str
    layers: list[dict[str, str]]
    top: str

    @property
    def statements(self) -> dict[str, str]:
        """Name → statement, each after those that it reads; the query is the last."""
        return {k: v for layer in self.layers for k, v in layer.items()} | {"top": self.top}

    @property
    def nodes(self) -> int:
        return len(self.statements)


def label(name: str) -> str:
    return f"dune.{HANDLE}.{name}"


def layered(nodes: int) -> Shape:
    width = nodes // LAYERS
    layers = [
        {
            f"result_l0_{k}": f"SELECT {k} AS id, n, v FROM (VALUES {VALUES}) AS t (n, v)"
            for k in range(width)
        }
    ]
    for number in range(1, LAYERS):
        above = [label(name) for name in layers[-1]]
        layer = {}
        for k in range(width):
            a, b, c = (above[(k + step) % width] for step in range(READS))
            layer[f"result_l{number}_{k}"] = (
                f"SELECT a.id, a.n, a.v + b.v + c.v AS v FROM {a} AS a"
                f" JOIN {b} AS b ON a.n = b.n JOIN {c} AS c ON a.n = c.n"
            )
        layers.append(layer)
    top = " UNION ALL ".join(f"SELECT sum(v) AS v FROM {label(name)}" for name in layers[-1])
    return Shape(name=f"{nodes:,} in {LAYERS} layers", layers=layers, top=top)


def chain(nodes: int) -> Shape:
    layers = [{"result_c0": f"SELECT 0 AS id, n, v FROM (VALUES {VALUES}) AS t (n, v)"}]
    layers += [
        {f"result_c{k}": f"SELECT id, n, v + 1 AS v FROM {label(f'result_c{k - 1}')}"}
        for k in range(1, nodes)
    ]
    top = f"SELECT sum(v) AS v FROM {label(f'result_c{nodes - 1}')}"
    return Shape(name=f"{nodes:,} in a chain", layers=layers, top=top)


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
    verdict(f"first run at most {TARGET_RATIO} x raw DuckDB", f"{ratio:.2f}", ratio <= TARGET_RATIO)
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
    parser.add_argument("--quick", action="store_true", help="20 nodes, one round, no dbt")
    asked = parser.parse_args()
    if asked.quick:
        asked.nodes, asked.rounds, asked.dbt = [20], 1, []
    print(f"bench/overhead.py: {machine()}")
    shapes = [
        (make(nodes), nodes in asked.dbt) for nodes in asked.nodes for make in (layered, chain)
    ]
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
