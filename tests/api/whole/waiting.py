"""Waiting for runs without sleeping: the coordinator says when something changed."""

from __future__ import annotations

import threading
from typing import Any, Final

from qanat.names import RunId
from tests.api.whole.owner import Owner

DEADLINE_S: Final = 60.0


def run_ended(who: Owner, run: str) -> Any:  # noqa: ANN401  # any JSON
    """Return the status of a run once it is over."""
    changed = threading.Event()
    stop = who.server.coordinator.watch(RunId(run), changed.set)
    try:
        while True:
            changed.clear()
            status = who.ok("GET", f"/pipelines/executions/{run}/status")
            if status["status"] not in ("pending", "executing"):
                return status
            assert changed.wait(DEADLINE_S), status
    finally:
        stop()


def node_executing(who: Owner, run: str) -> Any:  # noqa: ANN401  # any JSON
    """Return the status of a run once a node of it is with the engine."""
    changed = threading.Event()
    stop = who.server.coordinator.watch(RunId(run), changed.set)
    try:
        while True:
            changed.clear()
            status = who.ok("GET", f"/pipelines/executions/{run}/status")
            if any(node["status"] != "pending" for node in status["node_executions"]):
                return status
            assert changed.wait(DEADLINE_S), status
    finally:
        stop()


def executed(who: Owner, started: dict[str, str]) -> Any:  # noqa: ANN401  # any JSON
    """Return the status of an execution once it is over."""
    run_ended(who, started["pipeline_execution_id"])
    return who.ok("GET", f"/execution/{started['execution_id']}/status")


def save(who: Owner, sql: str, **more: object) -> int:
    """Save a query; its id."""
    body = {"name": "a query", "query_sql": sql, **more}
    return int(who.ok("POST", "/query", json=body)["query_id"])


def run_query(who: Owner, query: int, **values: object) -> Any:  # noqa: ANN401  # any JSON
    """Run a saved query; its execution's status once it is over."""
    body = {"query_parameters": values}
    return executed(who, who.ok("POST", f"/query/{query}/execute", json=body))


def run_sql(who: Owner, sql: str) -> Any:  # noqa: ANN401  # any JSON
    """Run a statement; its execution's status once it is over."""
    return executed(who, who.ok("POST", "/sql/execute", json={"sql": sql}))


def view(who: Owner, name: str, sql: str, **more: object) -> str:
    """Make a view and wait for its first rows; its full name."""
    query = save(who, sql, name=name)
    made = who.ok("POST", "/materialized-views", json={"name": name, "query_id": query, **more})
    assert executed(who, made)["state"] == "QUERY_STATE_COMPLETED"
    return str(made["name"])


#: Runs for minutes unless it is stopped.
SLOW: Final = (
    "SELECT count(*) AS n FROM UNNEST(sequence(1, 10000)) AS a(x)"
    " CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y)"
    " CROSS JOIN UNNEST(sequence(1, 10000)) AS c(z) WHERE (x * y + z) % 7 = 3"
)
