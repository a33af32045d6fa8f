"""A Qanat server as a child process, and a client of it that costs little.

The client shares the machine with the server, so what it burns is missing there: it keeps one
connection, decodes no more of an answer than it needs, and asks more often only near the end of
what it waits for.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import psutil

OUT: Final = Path(__file__).resolve().parent / "out"
HANDLE: Final = "me"  #: whom the first key of a store belongs to
OVER: Final = frozenset({"completed", "failed", "cancelled"})
SHORTEST_S: Final = 0.005  #: between two polls
LONGEST_S: Final = 0.25
IDLE_S: Final = 30.0  #: after that a connection is not used again; the server closes it after 75
_START_S: Final = 120.0


class _NodeStatus(msgspec.Struct):
    status: str


class _RunStatus(msgspec.Struct):
    status: str
    node_executions: list[_NodeStatus]
    error: str = ""


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """Yield a directory on the disk of the repository (never one in memory); it is removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # an exit that cleans up
    OUT.mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f"run-{os.getpid()}-", dir=OUT))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A run that completed."""

    seconds: float  #: from the request to the answer that says it is over
    own_s: float  #: by the server's clock, from acceptance to publication
    detail: Any  #: as the API shows it


def label(view: str) -> str:
    """Return a view's full name: what stands in SQL."""
    return f"dune.{HANDLE}.{view}"


class Server:
    """`qanat serve` on a data directory, with default settings save for what `config` says.

    Args:
        data_dir: Where the server keeps everything; made if it is not there.
        config: Lines of qanat.toml.
    """

    def __init__(self, data_dir: Path, config: str = "") -> None:
        self.data_dir = data_dir
        self.port = 0
        self.key = ""
        data_dir.mkdir(exist_ok=True)
        (data_dir / "qanat.toml").write_text(config, encoding="utf-8")

    @classmethod
    def beside(cls, port: int, key: str) -> Self:
        """Return a client, in another process, of a server that is running."""
        client = cls.__new__(cls)
        client.port, client.key = port, key
        client.connect()
        return client

    def connect(self) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self._used = time.monotonic()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> float:
        """Start the process; return the seconds until it answered."""
        started = time.perf_counter()
        self.port = free_port()
        self._log = (self.data_dir.parent / "server.log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "qanat", "--json", "serve", "--until-stdin-closes",
                "--port", str(self.port), "--data-dir", str(self.data_dir),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={k: v for k, v in os.environ.items() if not k.startswith("QANAT_")},
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            sys.exit(f"the server did not start:\n{self.log()}")
        self.key = msgspec.json.decode(line).get("key") or self.key
        self.connect()
        return time.perf_counter() - started

    def stop(self) -> None:
        """End the process and its workers."""
        if hasattr(self, "http"):
            self.http.close()
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self._log):
            if pipe is not None:
                pipe.close()

    def restart(self) -> float:
        self.stop()
        return self.start()

    def log(self) -> str:
        return (self.data_dir.parent / "server.log").read_text(encoding="utf-8")[-2000:]

    def cpu_s(self, *, workers: bool = True) -> float:
        """Return the CPU seconds of the server, and of its workers, up to now."""
        process = psutil.Process(self.process.pid)
        every = [process, *(process.children(recursive=True) if workers else ())]
        return sum(sum(one.cpu_times()[:2]) for one in every)

    def raw(self, method: str, path: str, body: object = None) -> bytes:
        """Return the body of a 200 answer; anything else ends the benchmark."""
        headers = {"X-Dune-Api-Key": self.key}
        sent = None if body is None else msgspec.json.encode(body)
        if time.monotonic() - self._used > IDLE_S:
            self.http.close()  # the next request opens it again
        self.http.request(method, f"/api/v1{path}", sent, headers)
        answer = self.http.getresponse()
        content = answer.read()
        self._used = time.monotonic()
        if answer.status != 200:
            sys.exit(f"{method} {path}: {answer.status} {content[:500].decode()}\n{self.log()}")
        return content

    def get(self, path: str) -> Any:
        return msgspec.json.decode(self.raw("GET", path))

    def post(self, path: str, body: object = None) -> Any:
        return msgspec.json.decode(self.raw("POST", path, {} if body is None else body))

    def query(self, name: str, sql: str) -> int:
        """Save a query; return its id."""
        made: int = self.post("/query", {"name": name, "query_sql": sql})["query_id"]
        return made

    def view(self, name: str, sql: str) -> str:
        """Save a query and make a view of it; return the run of its first refresh."""
        body = {"name": name, "query_id": self.query(name, sql)}
        run: str = self.post("/materialized-views", body)["pipeline_execution_id"]
        return run

    def views(self, layers: Sequence[Mapping[str, str]]) -> None:
        """Make views, layer by layer; return once all of them have been refreshed."""
        for layer in layers:
            for run in [self.view(name, sql) for name, sql in layer.items()]:
                self.wait(run)

    def execute(self, query: int) -> str:
        """Start a query's pipeline; return its run."""
        run: str = self.post(f"/query/{query}/pipeline/execute")["pipeline_execution_id"]
        return run

    def wait(self, run: str) -> None:
        """Return once `run` has completed; polls at a quarter of the time that seems left."""
        started = time.perf_counter()
        while True:
            body = self.raw("GET", f"/pipelines/executions/{run}/status")
            status = msgspec.json.decode(body, type=_RunStatus)
            if status.status in OVER:
                break
            done = sum(node.status == "completed" for node in status.node_executions)
            left = (len(status.node_executions) - done) / max(1, done)
            taken = time.perf_counter() - started
            time.sleep(min(LONGEST_S, max(SHORTEST_S, taken * left / 4)))
        if status.status != "completed":
            sys.exit(f"run {run} ended as {status.status}: {status.error}\n{self.log()}")

    def run(self, query: int) -> Ran:
        """Run a pipeline; a node whose rows were reused would be no measurement."""
        started = time.perf_counter()
        run = self.execute(query)
        self.wait(run)
        taken = time.perf_counter() - started
        detail = self.get(f"/pipelines/executions/{run}")
        if detail["node_counts"]["reused"]:
            sys.exit(f"run {run} reused rows: {detail['node_counts']}")
        at = [datetime.fromisoformat(detail[key]) for key in ("submitted_at", "ended_at")]
        return Ran(seconds=taken, own_s=(at[1] - at[0]).total_seconds(), detail=detail)

    def execution(self, sql: str) -> str:
        """Run a statement; return its execution once it has completed."""
        execution: str = self.post("/sql/execute", {"sql": sql})["execution_id"]
        while True:
            status = self.get(f"/execution/{execution}/status")
            if status["is_execution_finished"]:
                break
            time.sleep(SHORTEST_S)
        if status["state"] != "QUERY_STATE_COMPLETED":
            sys.exit(f"{sql}: {status}")
        return execution

    def idle(self) -> None:
        """Return once no run is waiting or under way."""
        path = "/pipelines/executions?state=pending,executing&kind=pipeline,refresh,query,sql"
        while self.get(f"{path}&limit=1")["runs"]:
            time.sleep(10 * SHORTEST_S)
