"""A real HTTP server with scripted answers, for what the true one cannot be made to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "qk_test"
RUN = "01JD8K3N5Q8R7T2V4W6X8Y0Z1A"
EXECUTION = "01JD8K3N5Q8R7T2V4W6X8Y0Z1B"

Answer = tuple[int, Any] | Iterator[bytes]
"""Status and JSON, or the pieces of an event stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that the double had."""

    method: str
    path: str  #: below /api
    params: dict[str, str]
    headers: dict[str, str]  #: names in lower case
    body: Any


@dataclass(slots=True)
class Double:
    """The server: `routes` maps "METHOD /path" to what answers."""

    routes: dict[str, Callable[[Asked], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    heard: threading.Condition = field(default_factory=threading.Condition)

    def on(self, route: str, *answers: Answer | Callable[[Asked], Answer]) -> None:
        """Answer `route` with `answers`, one after another; the last one is repeated."""
        left = list(answers)

        def reply(asked: Asked) -> Answer:
            chosen = left.pop(0) if len(left) > 1 else left[0]
            return chosen(asked) if callable(chosen) else chosen

        self.routes[route] = reply

    def requests(self, route: str) -> list[Asked]:
        """Return the requests of a route, oldest first."""
        return [asked for asked in self.asked if f"{asked.method} {asked.path}" == route]

    def wait_for(self, route: str) -> None:
        """Return once `route` was asked for."""
        with self.heard:
            assert self.heard.wait_for(lambda: bool(self.requests(route)), timeout=20)


def serve(double: Double) -> ThreadingHTTPServer:
    """Start the double on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  # the names that http.server calls

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(
                method=self.command,
                path=parts.path.removeprefix("/api"),
                params={name: values[-1] for name, values in parse_qs(parts.query).items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                body=json.loads(raw) if raw else None,
            )
            with double.heard:
                double.asked.append(asked)
                double.heard.notify_all()
            if asked.headers.get("x-dune-api-key") != KEY:
                self._json(401, {"error": "invalid API Key"})
                return
            route = double.routes.get(f"{asked.method} {asked.path}")
            if route is None:
                self._json(404, {"error": "Object not found"})
                return
            answer = route(asked)
            if isinstance(answer, tuple):
                self._json(*answer)
            else:
                self._stream(answer)

        def _json(self, status: int, body: object) -> None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, pieces: Iterator[bytes]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    double.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def event(name: str, data: object, event_id: str = "") -> bytes:
    """Return one event of a stream."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def node(node_id: int, state: str, **more: object) -> dict[str, object]:
    """Return a node of a run's detail."""
    fixed = {"id": node_id, "kind": "view", "title": f"view {node_id}", "query_id": 10 + node_id}
    return {**fixed, "tier": "medium", "dependencies": [], "state": state, "credits": 0, **more}


def run(state: str, nodes: list[dict[str, object]], **more: object) -> dict[str, object]:
    """Return a run's detail."""
    return {
        "pipeline_execution_id": RUN,
        "kind": "pipeline",
        "title": "Top traders",
        "state": state,
        "submitted_at": "2026-11-24T10:40:26.000000Z",
        "started_at": "2026-11-24T10:40:26.004000Z",
        "at": "2026-11-24T10:40:27.000000Z",
        "last_event_id": "1-1",
        "credits": 0.25,
        "nodes": nodes,
        **more,
    }


def finished(**more: object) -> dict[str, object]:
    """Return the status of an execution that completed."""
    return {
        "execution_id": EXECUTION,
        "query_id": 0,
        "is_execution_finished": True,
        "state": "QUERY_STATE_COMPLETED",
        "submitted_at": "2026-11-24T10:40:26.000000Z",
        "execution_cost_credits": 0.004,
        "result_metadata": {
            "column_names": ["day", "n"],
            "column_types": ["varchar", "bigint"],
            "row_count": 2,
            "total_row_count": 2,
            "execution_time_millis": 12,
        },
        **more,
    }


def page(rows: list[dict[str, object]], **more: object) -> dict[str, object]:
    """Return a page of a result."""
    names = list(rows[0]) if rows else ["day", "n"]
    kinds = ["bigint" if isinstance(value, int) else "varchar" for value in rows[0].values()]
    return {
        "execution_id": EXECUTION,
        "state": "QUERY_STATE_COMPLETED",
        "result": {
            "rows": rows,
            "metadata": {
                "column_names": names,
                "column_types": kinds,
                "row_count": len(rows),
                "total_row_count": 2,
            },
        },
        **more,
    }
