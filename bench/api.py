"""How fast the HTTP edge answers, idle and while pipelines run, beside trivial servers.

    .venv/bin/python bench/api.py [--rounds 5] [--seconds 10] [--quick]

Two baselines answer as many bytes: one writes them to the socket as they are (what the load
generator can do), one is uvicorn with an application of two lines (what Qanat's server can do
before Qanat does anything). Load comes from one process beside them.

1. Polls while pipelines run: 200 keep-alive clients ask five times a second each, open loop, for
   the status of two pipelines that run over and over: one of a hundred small views, one whose
   views keep every core busy. Latency counts from the moment a poll was due. A poll is lost if it
   gets no answer within ten seconds of the end, or one that is not 200.
2. The most that is answered, closed loop, by 1, 50 and 200 clients: status (from memory, and from
   the store as after a restart), a page of 1,000 rows from anywhere in a result, and execute.
   "A core" is what a second of CPU of the server and its workers is good for; beside it, the
   CPU of each for one answer.
3. What a request costs by part, in CPU: see `_parts.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import _load
import _parts
from _common import machine, median, table, verdict
from _load import Seen
from _server import SHORTEST_S, Server, label, place
from _shapes import layered

CLIENTS: Final = 200
EACH: Final = 5.0  #: polls a second of one client
TARGET_MS: Final = 20.0  #: p99 of polls while pipelines run
CLOSED: Final[tuple[int, ...]] = (1, 50, 200)  #: clients
PAGE_ROWS: Final = 1_000
SMALL_VIEWS: Final = 100
BUSY_VIEWS: Final = 12
MOST_EXECUTES: Final = 500  #: in one closed loop: each of them is then carried out
RESULT: Final = """SELECT a * 1000 + b AS id, 'token_' || CAST(b AS varchar) AS symbol,
  a / 97.0 AS amount, CAST(a * 7 AS decimal(18, 3)) AS price, b % 2 = 0 AS is_buy,
  TIMESTAMP '2024-01-01 00:00:00' AS block_time, a AS block, b AS place
  FROM unnest(sequence(1, {thousands})) AS s (a) CROSS JOIN unnest(sequence(1, 1000)) AS t (b)"""
BUSY: Final = """SELECT a % 100 AS id, count(*) AS n, sum((a * 7919 + b * 104729) % 1000003) AS v
  FROM unnest(sequence(1, 1000)) AS s (a) CROSS JOIN unnest(sequence(1, {rows})) AS t (b)
  GROUP BY a % 100"""


def made(server: Server, views: int, rows: int) -> tuple[int, int]:
    """Make the two pipelines; return their queries."""
    shape = layered(views)
    server.views(shape.layers)
    first = {f"result_busy{k}": BUSY.format(rows=rows) for k in range(BUSY_VIEWS)}
    server.views([first])
    top = " UNION ALL ".join(f"SELECT sum(v) AS v FROM {label(name)}" for name in first)
    return server.query("small", shape.top), server.query("busy", top)


def keep_running(port: int, key: str, query: int, run: Any, count: Any, stop: Any) -> None:
    """Run a pipeline over and over, in a process of its own; `run` is the id of the present one."""
    client = Server.beside(port, key)
    while not stop.is_set():
        now = client.execute(query)
        run.value = now.encode()
        client.wait(now)
        with count.get_lock():
            count.value += 1


@contextlib.contextmanager
def running(server: Server, queries: tuple[int, ...]) -> Iterator[tuple[list[Any], Any]]:
    """Keep pipelines running; yield the ids of the present runs, and the count of those done."""
    spawn = multiprocessing.get_context("spawn")
    stop, count = spawn.Event(), spawn.Value("i", 0)
    runs: list[Any] = [spawn.Array("c", 26) for _ in queries]
    processes = [
        spawn.Process(
            target=keep_running,
            args=(server.port, server.key, query, run, count, stop),
            daemon=True,
        )
        for query, run in zip(queries, runs, strict=True)
    ]
    for process in processes:
        process.start()
    try:
        while count.value < len(queries) or not all(run.value for run in runs):
            if not all(process.is_alive() for process in processes):
                raise SystemExit("a pipeline did not run")
            time.sleep(SHORTEST_S)
        yield runs, count
    finally:
        stop.set()
        for process in processes:
            process.join(60)
            process.kill()


def _id(run: Any) -> str:
    shown: str = run.value.decode()
    return shown


def polls(server: Server, queries: tuple[int, ...], count: int, seconds: float) -> None:
    seen: dict[str, list[Seen]] = {"Qanat": [], "uvicorn, constant": [], "raw, constant": []}
    with running(server, queries) as (runs, done):

        def poll(run: Any) -> Callable[[], bytes]:
            def make() -> bytes:
                path = f"/api/v1/pipelines/executions/{_id(run)}/status"
                return _load.request("GET", path, server.key)

            return make

        body = server.raw("GET", f"/pipelines/executions/{runs[0].value.decode()}/status")
        makes = [poll(runs[k % len(runs)]) for k in range(CLIENTS)]
        with _load.trivial("uvicorn", body) as uvicorn, _load.trivial("raw", body) as raw:
            ports = dict(zip(seen, (server.port, uvicorn, raw), strict=True))
            before, started = done.value, time.perf_counter()
            for _, (name, port) in itertools.product(range(count), ports.items()):
                seen[name].append(
                    _load.run(_load.open_loop(port, makes, each=EACH, seconds=seconds))
                )
            finished, taken = done.value - before, time.perf_counter() - started
    table(
        f"{CLIENTS * EACH:,.0f} polls a second by {CLIENTS} clients while pipelines run, ms;"
        f" median of {count} rounds of {seconds:g} s",
        ("", "p50", "p99", "p99 of the worst round", "max", "sent late, p99", "polls", "lost"),
        [
            (
                name,
                f"{median([one.ms(0.5) for one in each]):.2f}",
                f"{median([one.ms(0.99) for one in each]):.2f}",
                f"{max(one.ms(0.99) for one in each):.2f}",
                f"{max(one.ms(1) for one in each):.1f}",
                f"{median([_load.quantile(one.late, 0.99) * 1000 for one in each]):.2f}",
                f"{sum(one.asked for one in each):,}",
                str(sum(one.lost for one in each)),
            )
            for name, each in seen.items()
        ],
    )
    print(f"  {finished} runs of the pipelines completed in {taken:.0f} s meanwhile")
    p99 = median([one.ms(0.99) for one in seen["Qanat"]])
    lost = sum(one.lost for one in seen["Qanat"])
    verdict(f"p99 under {TARGET_MS:g} ms", f"{p99:.2f}", p99 < TARGET_MS)
    verdict("no poll lost", str(lost), lost == 0)


def closed(
    server: Server, clients_each: tuple[int, ...], thousands: int, count: int, seconds: float
) -> None:
    """Find the most that is answered of each kind of request."""
    old = server.execution(RESULT.format(thousands=thousands))
    server.restart()
    new = server.execution("SELECT 1 AS n")
    saved = server.query("one", "SELECT 1 AS n")
    pick = random.Random(1)
    last = (thousands - 1) * 1000

    def get(path: str) -> bytes:
        return _load.request("GET", f"/api/v1{path}", server.key)

    def page() -> bytes:
        offset = pick.randrange(last)
        return get(f"/execution/{old}/results?limit={PAGE_ROWS}&offset={offset}")

    status, stored = get(f"/execution/{new}/status"), get(f"/execution/{old}/status")
    execute = _load.request("POST", f"/api/v1/query/{saved}/execute", server.key, b"{}")
    small = server.raw("GET", f"/execution/{new}/status")
    large = server.raw("GET", f"/execution/{old}/results?limit={PAGE_ROWS}&offset=7")
    with contextlib.ExitStack() as stack:

        def beside(kind: str, body: bytes) -> int:
            return stack.enter_context(_load.trivial(kind, body))

        kinds: list[tuple[str, int, Callable[[], bytes], int | None]] = [
            ("status", server.port, lambda: status, None),
            ("  from the store", server.port, lambda: stored, None),
            ("  uvicorn, constant", beside("uvicorn", small), lambda: status, None),
            ("  raw, constant", beside("raw", small), lambda: status, None),
            (f"page of {PAGE_ROWS:,} rows", server.port, page, None),
            ("  uvicorn, constant", beside("uvicorn", large), page, None),
            ("  raw, constant", beside("raw", large), page, None),
            ("execute", server.port, lambda: execute, MOST_EXECUTES),
        ]
        found: dict[tuple[int, int], list[tuple[Seen, float, float, float]]] = {}
        for _ in range(count):
            for (at, (_, port, make, most)), clients in itertools.product(
                enumerate(kinds), clients_each
            ):
                cpu, own = server.cpu_s(), server.cpu_s(workers=False)
                begun = time.perf_counter()
                seen = _load.run(_load.closed_loop(port, clients, make, seconds=seconds, most=most))
                if most:
                    server.idle()
                taken = time.perf_counter() - begun
                own = server.cpu_s(workers=False) - own
                cpu = server.cpu_s() - cpu
                found.setdefault((at, clients), []).append((seen, cpu, own, taken))
    lines = []
    for (at, clients), results in found.items():
        name, port, _, most = kinds[at]
        ours = port == server.port
        cores = [len(seen.latencies) / cpu for seen, cpu, _, _ in results if cpu > 0]
        used = [
            (own * 1e6 / len(seen.latencies), (cpu - own) * 1e6 / len(seen.latencies))
            for seen, cpu, own, _ in results
            if seen.latencies
        ]
        lines.append(
            (
                name if clients == clients_each[0] else "",
                str(clients),
                f"{median([seen.rate for seen, *_ in results]):,.0f}",
                f"{median(cores):,.0f}" if ours and cores else "",
                f"{median([one for one, _ in used]):,.0f}" if ours and used else "",
                f"{median([one for _, one in used]):,.0f}" if ours and used else "",
                f"{median([seen.ms(0.5) for seen, *_ in results]):.2f}",
                f"{median([seen.ms(0.99) for seen, *_ in results]):.2f}",
                f"{max(seen.ms(1) for seen, *_ in results):.1f}",
                str(sum(seen.lost for seen, *_ in results)),
                f"{median([len(seen.latencies) / all_s for seen, _, _, all_s in results]):,.0f}"
                if most
                else "",
            )
        )
    table(
        f"Closed loop, median of {count} rounds of {seconds:g} s"
        f" (execute: at most {MOST_EXECUTES} requests); ms",
        (
            "",
            "clients",
            "answers/s",
            "a core",
            "server us",
            "workers us",
            "p50",
            "p99",
            "max",
            "lost",
            "done/s",
        ),
        lines,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="of one open loop")
    parser.add_argument("--quick", action="store_true", help="one short round, few clients")
    asked = parser.parse_args()
    views, rows, thousands, closed_s, clients = SMALL_VIEWS, 10_000, 100, 3.0, CLOSED
    if asked.quick:
        asked.rounds, asked.seconds = 1, 0.5
        views, rows, thousands, closed_s, clients = 20, 100, 3, 0.1, (1, 10)
    print(f"bench/api.py: {machine()}")
    with place() as where, Server(where / "data") as server:
        polls(server, made(server, views, rows), asked.rounds, asked.seconds)
        closed(server, clients, thousands, asked.rounds, closed_s)
        server.stop()
        sql = RESULT.format(thousands=thousands)
        _parts.parts(where / "parts", sql, thousands * 1_000, closed_s / 3)


if __name__ == "__main__":
    main()
