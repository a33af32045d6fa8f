"""A real server in a process of its own, which tests may kill."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final, Self

import httpx
import psutil

READY_S: Final = 60.0
END_S: Final = 120.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """`qanat serve` on a data directory, started and stopped as often as a test likes."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key: str | None = None
        self.log = data_dir.with_suffix(".log")
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("QANAT_")
        } | {f"QANAT_{name.upper()}": str(value) for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.http.close()

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start the server and wait until it answers; how many seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "qanat", "serve",
                    "--port", str(self.port), "--data-dir", str(self.data_dir),
                ],
                stdout=log,
                stderr=log,
                env=self.environment,
            )  # fmt: skip
        while time.monotonic() - began < READY_S:
            if self._process.poll() is not None:
                raise AssertionError(f"the server stopped:\n{self.log.read_text()}")
            try:
                self.http.get("/api/health")
            except httpx.TransportError:
                self._process_wait(0.02)
                continue
            if self.key is None:
                self.key = self._first_key()
                self.http.headers["X-Dune-Api-Key"] = self.key
            return time.monotonic() - began
        raise AssertionError(f"the server did not answer:\n{self.log.read_text()}")

    def _process_wait(self, seconds: float) -> None:
        assert self._process is not None
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def _first_key(self) -> str:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            found = re.search(r"qk_\w+", self.log.read_text())
            if found:
                return found.group()
            self._process_wait(0.02)
        raise AssertionError("no first key was printed")

    def stop(self) -> None:
        """Ask the server to stop, and see that it does."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill the server with -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        return [child.pid for child in psutil.Process(self.pid).children(recursive=True)]

    # The API, as far as tests need it everywhere.

    def call(self, method: str, path: str, body: object = None, **options: Any) -> Any:  # noqa: ANN401  # JSON
        """Return the JSON of an answer that must be 200."""
        answer = self.http.request(
            method, f"/api/v1{path}", json=body if body is not None else {}, **options
        )
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def save(self, sql: str, name: str = "q") -> int:
        """Save a query; its id."""
        return int(self.call("POST", "/query", {"name": name, "query_sql": sql})["query_id"])

    def view(self, table: str, sql: str) -> str:
        """Make a view and wait for its first rows; its full name."""
        made = self.call(
            "POST",
            "/materialized-views",
            {"name": table, "query_id": self.save(sql, table), "performance": "medium"},
        )
        status = self.wait_execution(made["execution_id"])
        assert status["state"] == "QUERY_STATE_COMPLETED", status
        return str(made["name"])

    def start_pipeline(self, query: int) -> str:
        """Start a query's pipeline; the run's id."""
        answer = self.call("POST", f"/query/{query}/pipeline/execute")
        return str(answer["pipeline_execution_id"])

    def status(self, run: str) -> dict[str, Any]:
        """Return a run's status."""
        return dict(self.call("GET", f"/pipelines/executions/{run}/status"))

    def wait_run(self, run: str, within_s: float = END_S) -> dict[str, Any]:
        """Return a run's status once it has ended."""
        return self._wait(lambda: self.status(run), lambda s: s["status"], within_s)

    def wait_execution(self, execution: str, within_s: float = END_S) -> dict[str, Any]:
        """Return an execution's status once it has ended."""
        return self._wait(
            lambda: dict(self.call("GET", f"/execution/{execution}/status")),
            lambda s: "executing" if not s["is_execution_finished"] else "ended",
            within_s,
        )

    def _wait(self, look: Any, state: Any, within_s: float) -> dict[str, Any]:  # noqa: ANN401  # callables
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            found: dict[str, Any] = look()
            if state(found) not in ("pending", "executing"):
                return found
            self._process_wait(0.01)
        raise AssertionError(f"not over within {within_s} s: {json.dumps(look())[:2000]}")

    def sql(self, text: str) -> list[dict[str, Any]]:
        """Return the rows of an ad-hoc statement that must complete."""
        execution = self.call("POST", "/sql/execute", {"sql": text})["execution_id"]
        status = self.wait_execution(execution)
        assert status["state"] == "QUERY_STATE_COMPLETED", status
        return list(self.call("GET", f"/execution/{execution}/results")["result"]["rows"])
