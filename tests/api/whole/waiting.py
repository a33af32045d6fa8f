"""Runs, waited for by their end and not by the clock."""

from __future__ import annotations

import threading
from typing import Any, Final

from qanat.model.state import RunState, is_final
from qanat.names import RunId
from tests.api.whole.owner import Owner

PATIENCE_S: Final = 30.0


def ended(who: Owner, run: str) -> RunState:
    """Return how a run ended."""
    coordinator = who.server.coordinator
    changed = threading.Event()
    stop = coordinator.watch(RunId(run), changed.set)
    try:
        while True:
            found = coordinator.live_run(RunId(run))
            if found is None:
                shown = who.ok("GET", f"/pipelines/executions/{run}")
                return RunState(shown["state"])
            if is_final(found.state):
                return found.state
            assert changed.wait(PATIENCE_S), f"run {run} did not end: {found}"
            changed.clear()
    finally:
        stop()


def query(who: Owner, sql: str, **more: Any) -> int:  # noqa: ANN401  # any JSON
    """Save a query."""
    body = {"name": "Q", "query_sql": sql, **more}
    return int(who.ok("POST", "/query", json=body)["query_id"])


def view_of(who: Owner, sql: str, name: str) -> str:
    """Make a view and wait until it was published; its full name."""
    body = {"name": f"result_{name}", "query_id": query(who, sql, name=name)}
    made = who.ok("POST", "/materialized-views", json=body)
    assert ended(who, made["pipeline_execution_id"]) is RunState.COMPLETED
    return str(made["name"])
