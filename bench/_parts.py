"""What a request costs by part, in CPU of a server in this process and of its workers.

Each part is carried out alone, over and over, and so is the whole request, through the ASGI
application and without a socket. What the parts leave of the whole is the framework: routing,
handing work to threads and back, building the answer. HTTP and the socket are what uvicorn costs
with an application of two lines that answers as many bytes. Parts are means of a second or so;
the sum may differ from what a real server was seen to use by what the machine does meanwhile.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import psutil
import uvloop

import _load
from _common import table
from qanat.api.auth import credential_of
from qanat.api.requests import decode
from qanat.api.wire import executions as wire
from qanat.api.wire import pipelines as pipeline_wire
from qanat.api.wire.common import encode
from qanat.clock import to_us
from qanat.config import Settings
from qanat.model.access import Caller, Scope
from qanat.model.records import Execution
from qanat.model.state import ExecutionState
from qanat.names import ExecutionId, NodeId, QueryId
from qanat.results.blocks import BLOCK_ROWS, Blocks
from qanat.results.options import PageOptions, parse_options
from qanat.store import keys
from qanat.wiring import Server, build

Costs = dict[str, float]  #: part → microseconds of CPU

PAGE_ROWS: Final = 1_000
NODES: Final = 500
PARTS: Final = (
    "HTTP, socket", "key", "body, options", "store", "rows", "encoding", "framework, threads",
    "worker",
)  # fmt: skip


def _process_us() -> float:
    return time.process_time() * 1e6


def _workers_us() -> float:
    every = psutil.Process().children(recursive=True)
    return sum(sum(one.cpu_times()[:2]) for one in every) * 1e6


def mean_us(work: Callable[[], object], seconds: float) -> float:
    """Return the CPU that this process spends on `work`, all of its threads together."""
    work()
    count, started, before = 0, time.perf_counter(), _process_us()
    while time.perf_counter() - started < seconds:
        work()
        count += 1
    return (_process_us() - before) / count


def _http_us(body: bytes, seconds: float) -> float:
    """Return what uvicorn spends on a request that is answered with `body`."""
    with _load.trivial("uvicorn", body) as port:
        process = next(
            one.pid
            for one in psutil.Process().children(recursive=True)
            if any(found.laddr.port == port for found in one.net_connections("tcp"))
        )
        sent = _load.request("GET", "/api/v1/execution/01JD8K3N5Q8R7T2V4W6X8Y0Z1C/status", "k" * 46)
        before = sum(psutil.Process(process).cpu_times()[:2])
        seen = _load.run(_load.closed_loop(port, 1, lambda: sent, seconds=seconds))
        used = sum(psutil.Process(process).cpu_times()[:2]) - before
    return float(used) * 1e6 / max(1, len(seen.latencies))


class Asked:
    """Requests to the application, without a socket."""

    def __init__(self, server: Server, key: str) -> None:
        self.server, self.key = server, key

    def scope(self, method: str, path: str, query: str = "", body: bytes = b"") -> dict[str, Any]:
        headers = [(b"host", b"localhost"), (b"x-dune-api-key", self.key.encode())]
        if body:
            headers.append((b"content-length", str(len(body)).encode()))
        return {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1", "method": method, "scheme": "http", "root_path": "",
            "path": f"/api/v1{path}", "raw_path": f"/api/v1{path}".encode(),
            "query_string": query.encode(), "headers": headers, "state": {},
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1),
        }  # fmt: skip

    async def answer(self, scope: dict[str, Any], body: bytes = b"") -> bytes:
        """Return the body of a 200 answer."""
        pieces: list[bytes] = []
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            else:
                pieces.append(message.get("body", b""))

        await self.server.app(scope, receive, send)  # type: ignore[arg-type]  # plain dicts
        if statuses != [200]:
            raise SystemExit(f"{scope['path']}: {statuses} {b''.join(pieces)[:300]!r}")
        return b"".join(pieces)

    def whole(self, make: Callable[[], dict[str, Any]], seconds: float) -> tuple[float, bytes]:
        """Return the CPU of a request, all threads together, and its answer."""

        async def over_and_over() -> tuple[float, bytes]:
            answer = await self.answer(make())
            count, started, before = 0, time.perf_counter(), _process_us()
            while time.perf_counter() - started < seconds:
                await self.answer(make())
                count += 1
            return (_process_us() - before) / count, answer

        return uvloop.run(over_and_over())


def _ended(server: Server, caller: Caller, id_: ExecutionId) -> Execution:
    while True:
        found = server.coordinator.execution(caller, id_)
        if found.state is ExecutionState.COMPLETED:
            return found
        time.sleep(0.005)


def parts(where: Path, sql: str, rows: int, seconds: float) -> None:
    """Print what each kind of request costs by part; `sql` makes `rows` rows, many pages."""
    where.mkdir()
    with build(Settings(data_dir=where), at_work=True) as server:
        secret = keys.new_secret()
        at_us = to_us(server.opened.clock.now())
        server.opened.database.write(
            lambda tx: keys.create(tx, handle="me", scope=Scope.WRITE, secret=secret, at_us=at_us)
        )
        asked = Asked(server, secret)
        credential = credential_of(asked.scope("GET", ""))
        caller = server.services.keys.find(credential)
        live = server.coordinator.execute_sql(caller, sql, {}, "medium", None)
        execution = _ended(server, caller, live.execution)
        found: dict[str, Costs] = {
            "status": _status(asked, execution, seconds),
            f"page of {PAGE_ROWS:,}, kept": _page(asked, caller, execution, rows, seconds),
        }
        found[f"page of {PAGE_ROWS:,}, new"] = _new_page(
            server, execution, found[f"page of {PAGE_ROWS:,}, kept"], rows
        )
        key = mean_us(lambda: credential_of(asked.scope("GET", "")), seconds / 4)
        key -= mean_us(lambda: asked.scope("GET", ""), seconds / 4)
        key += mean_us(lambda: server.services.keys.remembered(credential), seconds / 4)
        for costs in found.values():
            costs["key"] = key
            costs["framework, threads"] -= key
        execute = _execute(asked, caller, key, seconds)
        nodes = _node_costs(server, caller, execution, seconds)
    table(
        "What a request costs, microseconds of CPU, by part",
        ("", *PARTS, "sum"),
        [
            (
                name,
                *(f"{costs[part]:,.0f}" if part in costs else "" for part in PARTS),
                f"{sum(costs.values()):,.0f}",
            )
            for name, costs in (*found.items(), ("execute, accepted", execute[0]))
        ],
    )
    table(
        "And behind it, microseconds of CPU",
        ("", "server", "worker"),
        [
            ("execute, carried out after its answer", *(f"{us:,.0f}" for us in execute[1])),
            (f"status of {NODES} nodes, encoded whole", f"{nodes[0]:,.0f}", ""),
            (f"status of {NODES} nodes, encoded after one changed", f"{nodes[1]:,.0f}", ""),
        ],
    )


def _status(asked: Asked, execution: Execution, seconds: float) -> Costs:
    """A status from memory: what most polls get."""
    statuses = asked.server.services.statuses
    caller = asked.server.services.keys.find(credential_of(asked.scope("GET", "")))
    path = f"/execution/{execution.id}/status"
    whole, answer = asked.whole(lambda: asked.scope("GET", path), seconds)
    encoding = mean_us(lambda: statuses.at(caller, f"/api/v1{path}"), seconds / 4)
    return {
        "HTTP, socket": _http_us(answer, seconds),
        "encoding": encoding,
        "framework, threads": whole - encoding,
    }


def _page(asked: Asked, caller: Caller, execution: Execution, rows: int, seconds: float) -> Costs:
    """A page whose rows were read before, of a result that is no longer in memory."""
    server, snapshot = asked.server, execution.snapshot
    assert snapshot is not None
    path = f"/execution/{execution.id}/results"
    offsets = itertools.cycle(range(0, rows - PAGE_ROWS, PAGE_ROWS))

    def make() -> dict[str, Any]:
        return asked.scope("GET", path, f"limit={PAGE_ROWS}&offset={next(offsets)}")

    def read() -> object:
        options = PageOptions(limit=PAGE_ROWS, offset=next(offsets))
        return server.services.pages.page(snapshot, options)

    for _ in range(rows // PAGE_ROWS):
        read()
    whole, answer = asked.whole(make, seconds)
    server.coordinator.context.executions.pop(execution.id, None)
    page = server.services.pages.page(snapshot, PageOptions(limit=PAGE_ROWS))

    values = {"limit": [str(PAGE_ROWS)], "offset": ["1000"]}
    limits = server.settings.limits
    costs = {
        "HTTP, socket": _http_us(answer, seconds),
        "body, options": mean_us(
            lambda: parse_options(values, snapshot.columns, limits), seconds / 4
        ),
        "store": mean_us(lambda: server.coordinator.execution(caller, execution.id), seconds / 4),
        "rows": mean_us(read, seconds / 4),
        "encoding": mean_us(lambda: wire.with_page(execution, page, "http://x"), seconds / 4),
    }
    stored, _ = asked.whole(make, seconds)
    costs["framework, threads"] = max(whole, stored) - sum(
        costs[part] for part in ("body, options", "store", "rows", "encoding")
    )
    return costs


def _new_page(server: Server, execution: Execution, kept: Costs, rows: int) -> Costs:
    """A page whose block has to be made: the first of every eight."""
    pages, snapshot = server.services.pages, execution.snapshot
    assert snapshot is not None
    stored = pages.arranger.stored(snapshot)
    offsets = range(0, rows - PAGE_ROWS, BLOCK_ROWS)
    blocks = Blocks(reader=pages.reader, time_s=60, cap=pages.limits.page_bytes)
    before, workers = _process_us(), _workers_us()
    for offset in offsets:
        blocks.read(pages.span(stored, PageOptions(limit=PAGE_ROWS, offset=offset)), 100.0)
    return {
        **kept,
        "rows": (_process_us() - before) / len(offsets),
        "worker": (_workers_us() - workers) / len(offsets),
    }


def _execute(
    asked: Asked, caller: Caller, key: float, seconds: float
) -> tuple[Costs, tuple[float, float]]:
    """POST an execute; and what goes on after its answer."""
    server, count = asked.server, max(5, int(100 * seconds))
    body = b'{"name":"one","query_sql":"SELECT 1 AS n"}'
    made = uvloop.run(asked.answer(asked.scope("POST", "/query", body=body), body))
    query = QueryId(decode(made)["query_id"])

    def run(times: int) -> None:
        for _ in range(times):
            accepted = server.coordinator.execute_query(caller, query, {}, "medium", None)
            _ended(server, caller, accepted.execution)

    run(count // 4)  # the templates are warm then
    before, workers = _process_us(), _workers_us()
    own = 0.0
    for _ in range(count):
        began = time.thread_time()
        accepted = server.coordinator.execute_query(caller, query, {}, "medium", None)
        own += time.thread_time() - began
        _ended(server, caller, accepted.execution)
    accept = own * 1e6 / count
    behind = (_process_us() - before) / count - accept, (_workers_us() - workers) / count
    path = f"/query/{query}/execute"

    async def answers() -> float:
        used = 0.0
        for _ in range(count):
            scope = asked.scope("POST", path, body=b"{}")
            started = time.thread_time()
            answer = await asked.answer(scope, b"{}")
            used += time.thread_time() - started
            id_ = ExecutionId(decode(answer)["execution_id"])
            await asyncio.to_thread(_ended, server, caller, id_)
        return used * 1e6 / count

    loop = uvloop.run(answers())
    decoded = mean_us(lambda: decode(b"{}"), seconds / 4)
    return {
        "HTTP, socket": _http_us(made, seconds),
        "key": key,
        "body, options": decoded,
        "store": accept,
        "framework, threads": loop - key - decoded,
    }, behind


def _node_costs(
    server: Server, caller: Caller, execution: Execution, seconds: float
) -> tuple[float, float]:
    """Encode the status of a run of many nodes: whole, and after one node changed."""
    one = server.coordinator.run(caller, execution.run)
    (node,) = one.nodes.values()
    nodes = {NodeId(id_): replace(node, id=NodeId(id_)) for id_ in range(1, NODES + 1)}
    text, numbers = pipeline_wire.StatusText(), itertools.cycle(nodes)

    def changed() -> bytes:
        id_ = next(numbers)
        nodes[id_] = replace(nodes[id_])
        return text.of(replace(one, nodes=MappingProxyType(nodes)))

    whole = replace(one, nodes=MappingProxyType(nodes))
    return (
        mean_us(lambda: encode(pipeline_wire.status(whole)), seconds / 4),
        mean_us(changed, seconds / 4),
    )
