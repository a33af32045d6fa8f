"""`qanat pipeline`: live progress from events, and what is done when they fail."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from qanat.cli.client import Client
from qanat.cli.failure import UnreachableError
from qanat.cli.follow import AWAY_SECONDS, follow, parsed
from qanat.clock import SystemClock

from .conftest import Qanat
from .double import EXECUTION, KEY, RUN, Asked, Double, event, node, run

Captured = pytest.CaptureFixture[str]
EXECUTE = "POST /v1/query/7/pipeline/execute"
DETAIL = f"GET /v1/pipelines/executions/{RUN}"
EVENTS = f"{DETAIL}/events"
STATUS = f"{DETAIL}/status"
CANCEL = f"POST /v1/pipelines/executions/{RUN}/cancel"
LIVE: dict[str, Any] = {
    "state": "completed",
    "started_at": "2026-11-24T10:40:26.100000Z",
    "ended_at": "2026-11-24T10:40:28.100000Z",
    "row_count": 1200,
    "credits": 0.25,
}
DONE = run(
    "completed",
    [node(1, **LIVE), node(2, **{**LIVE, "kind": "query", "title": "Top traders"})],
    ended_at="2026-11-24T10:40:28.200000Z",
    moved_views=1,
)
FAILED = run(
    "failed",
    [node(1, "failed", error={"type": "X", "message": "line 2:1: no"}), node(2, "skipped")],
    error={"node_id": 1, "node_title": "view 1", "type": "X", "message": "line 2:1: no"},
)


def told(*pieces: bytes) -> Iterator[bytes]:
    yield from pieces


def whole_stream() -> Iterator[bytes]:
    yield event("heartbeat", {"at": "2026-11-24T10:40:27.000000Z"})
    yield event("node", {"node": {"id": 1, "state": "executing", "credits": 0}}, "1-2")
    yield event("progress", {"nodes": [{"id": 1, "progress": 0.5}]})
    yield event("node", {"node": {"id": 1, **LIVE}}, "1-3")
    yield event("node", {"node": {"id": 2, **LIVE}}, "1-4")
    yield event("run", {"run": {"state": "completed", "credits": 0.25}}, "1-5")
    yield event("end", {})


@pytest.fixture
def started(double: Double) -> Double:
    double.on(EXECUTE, (200, {"pipeline_execution_id": RUN}))
    double.on(
        DETAIL, (200, run("executing", [node(1, "pending"), node(2, "pending")])), (200, DONE)
    )
    double.on(EVENTS, lambda _: whole_stream())
    return double


def test_a_run_is_told_line_by_line_without_a_terminal(
    started: Double, qanat: Qanat, capsys: Captured
) -> None:
    assert qanat("pipeline", "run", "7", "--param", "project=curve") == 0
    said = capsys.readouterr()
    lines = [line.strip() for line in said.err.splitlines() if line.strip()]
    assert lines[0] == f"run {RUN}: 2 nodes"
    assert [line.split("  ")[0].strip() for line in lines[1:4]] == [
        "[0/2] executing view 1",
        "[1/2] completed view 1",
        "[2/2] completed view 2",
    ]
    assert "2.00 s · 1,200 rows" in lines[2]
    assert lines[-1].startswith("completed in 2.20 s · 1 view published · 0.250000 credits")
    assert "Top traders" in said.out
    asked = started.requests(EXECUTE)[0]
    assert asked.body == {"query_parameters": {"project": "curve"}}
    assert len(asked.headers["idempotency-key"]) >= 16


def test_json_is_the_run_as_the_server_has_it(
    started: Double, qanat: Qanat, capsys: Captured
) -> None:
    assert qanat("--json", "pipeline", "run", "7") == 0
    assert json.loads(capsys.readouterr().out) == DONE


def test_a_detached_run_is_only_named(started: Double, qanat: Qanat, capsys: Captured) -> None:
    assert qanat("pipeline", "run", "7", "--detach", "--tier", "large") == 0
    assert capsys.readouterr().out == f"{RUN}\n"
    assert started.requests(EXECUTE)[0].body == {"performance": "large"}
    assert started.requests(DETAIL) == []


def test_a_failed_run_names_its_node_and_is_exit_code_1(
    started: Double, qanat: Qanat, capsys: Captured
) -> None:
    started.on(DETAIL, (200, FAILED))
    assert qanat("pipeline", "run", "7") == 1
    said = capsys.readouterr().err
    assert f"run {RUN} failed: node 1 (view 1): line 2:1: no" in said
    assert "nothing was published" in said


def test_a_cancelled_run_is_exit_code_4(started: Double, qanat: Qanat) -> None:
    started.on(DETAIL, (200, run("cancelled", [node(1, "cancelled")])))
    assert qanat("pipeline", "watch", RUN) == 4


def test_watch_finds_the_newest_run_of_a_query(
    started: Double, qanat: Qanat, capsys: Captured
) -> None:
    newest = {"pipeline_execution_id": RUN, "state": "executing"}
    started.on("GET /v1/pipelines/executions", (200, {"runs": [newest]}), (200, {"runs": []}))
    assert qanat("pipeline", "watch", "7") == 0
    asked = started.requests("GET /v1/pipelines/executions")[0]
    assert asked.params == {"query_id": "7", "limit": "1"}
    capsys.readouterr()
    started.on("GET /v1/query/7", (200, {"query_id": 7}))
    assert qanat("pipeline", "watch", "7") == 1
    assert "query 7 has no run yet" in capsys.readouterr().err


def test_watch_says_that_there_is_no_such_query(
    double: Double, qanat: Qanat, capsys: Captured
) -> None:
    """To start a run of it would only be the next thing that fails."""
    double.on("GET /v1/pipelines/executions", (200, {"runs": []}))
    double.on("GET /v1/query/9", (404, {"error": "Query not found"}), (403, {"error": "scope"}))
    assert qanat("pipeline", "watch", "9") == 1
    told = capsys.readouterr().err
    assert told.startswith("qanat: there is no query 9\n")
    assert "pipeline run" not in told
    assert qanat("pipeline", "watch", "9") == 1
    assert capsys.readouterr().err == "qanat: scope\n"


def test_a_stream_that_breaks_is_taken_up_where_it_was(started: Double) -> None:
    """The second request says the last id that was seen, so no event is told twice."""
    broken = event("node", {"node": {"id": 1, "state": "executing", "credits": 0}}, "1-2")
    status = {"status": "executing", "node_executions": []}
    started.on(STATUS, (200, status))
    started.on(EVENTS, lambda _: told(broken), lambda _: whole_stream())
    with Client(started.url, KEY) as client:
        states = [watched.run.state for watched in follow(client, RUN)]
    assert states[-1] == "completed"
    assert [asked.headers["last-event-id"] for asked in started.requests(EVENTS)] == ["1-1", "1-2"]


def test_without_events_the_status_is_asked_for(started: Double) -> None:
    """A proxy that does not pass streams must not hide the run."""

    def status(state: str, first: str) -> dict[str, object]:
        nodes = [
            {"id": number, "query_execution_status": {"query_id": 1, "status": each}}
            for number, each in ((1, first), (2, "pending"))
        ]
        return {"status": state, "node_executions": nodes}

    started.on(EVENTS, (404, {"error": "Object not found"}))
    started.on(
        STATUS,
        (200, status("executing", "executing")),
        (200, status("executing", "completed")),
        (200, status("completed", "completed")),
    )
    with Client(started.url, KEY) as client:
        seen = [(each.run.state, each.nodes[1].state) for each in follow(client, RUN)]
    assert ("executing", "executing") in seen
    assert ("executing", "completed") in seen
    assert seen[-1] == ("completed", "completed")


def test_history_that_is_gone_is_loaded_again(started: Double) -> None:
    started.on(EVENTS, lambda _: told(event("expired", {})))
    started.on(STATUS, (200, {"status": "completed", "node_executions": []}))
    with Client(started.url, KEY) as client:
        assert [watched.run.state for watched in follow(client, RUN)][-1] == "completed"


def test_a_state_event_replaces_everything(started: Double) -> None:
    after = run("executing", [node(5, "executing")], last_event_id="2-9")
    started.on(
        EVENTS,
        lambda _: told(
            event("state", {"run": after}, "2-9"),
            event("run", {"run": {"state": "completed", "credits": 1}}, "2-10"),
            event("end", {}),
        ),
    )
    with Client(started.url, KEY) as client:
        seen = [(list(watched.nodes), watched.run.last_event_id) for watched in follow(client, RUN)]
    assert seen[1] == ([5], "2-9")
    assert seen[2] == ([5], "2-10")


class _Hasty(SystemClock):
    """A clock on which every look costs a quarter of the time a server may be away."""

    def __init__(self) -> None:
        self._at = 0.0

    def monotonic(self) -> float:
        self._at += AWAY_SECONDS / 4
        return self._at


def test_a_server_that_does_not_come_back_is_given_up(started: Double) -> None:
    started.on(EVENTS, lambda _: told())
    started.on(STATUS, (401, {"error": "invalid API Key"}))
    with Client(started.url, KEY) as client, pytest.raises(UnreachableError):
        for _ in follow(client, RUN, clock=_Hasty()):
            pass


def test_events_are_parsed_as_the_standard_says() -> None:
    lines = [": comment", "id:7", "event: node", "data: {", "data:  1}", "", "", "data: x", ""]
    assert list(parsed(iter(lines))) == [("node", "7", b"{\n 1}"), ("message", "", b"x")]


def test_show_lists_nodes_in_order(double: Double, qanat: Qanat, capsys: Captured) -> None:
    graph = {
        "pipeline": {
            "nodes": [
                {
                    "id": 1,
                    "dependencies": [],
                    "materialized_view_refresh": {
                        "name": "dune.me.result_a",
                        "performance": "small",
                    },
                },
                {
                    "id": 2,
                    "dependencies": [1],
                    "query_execution": {"query_id": 7, "performance": "medium"},
                    "title": "Top",
                },
            ]
        },
        "stored": True,
    }
    double.on("GET /v1/query/7/pipeline", (200, graph))
    assert qanat("pipeline", "show", "7") == 0
    said = capsys.readouterr()
    rows = [line.split() for line in said.out.splitlines() if line.strip()][2:]
    assert rows == [["1", "dune.me.result_a", "small"], ["2", "query", "7", "Top", "medium", "1"]]
    assert said.err == "2 nodes, configured for this query\n"
    assert qanat("pipeline", "show", "7", "--json") == 0
    assert json.loads(capsys.readouterr().out) == graph


def silent(double: Double) -> None:
    """Make the double's event stream say one thing and then nothing."""
    hold = threading.Event()

    def stream(_: Asked) -> Iterator[bytes]:
        yield event("node", {"node": {"id": 1, "state": "executing", "credits": 0}}, "1-2")
        hold.wait(60)

    double.on(DETAIL, (200, run("executing", [node(1, "pending"), node(2, "pending")])))
    double.on(EVENTS, stream)


def command(double: Double, *words: str) -> list[str]:
    return [sys.executable, "-m", "qanat", *words, "--server", double.url, "--key", KEY]


@pytest.mark.parametrize(("verb", "cancelled"), [("run", 1), ("watch", 0)])
def test_ctrl_c_cancels_what_it_started_and_leaves_what_it_watched(
    started: Double, verb: str, cancelled: int
) -> None:
    silent(started)
    started.on(CANCEL, (200, {"success": True}))
    target = "7" if verb == "run" else RUN
    process = subprocess.Popen(
        command(started, "pipeline", verb, target), stderr=subprocess.PIPE, text=True
    )
    started.wait_for(EVENTS)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 4
    assert "Traceback" not in err
    assert len(started.requests(CANCEL)) == cancelled


def test_a_terminal_shows_every_node_and_a_bar(started: Double) -> None:
    main_end, other_end = pty.openpty()
    process = subprocess.Popen(
        command(started, "pipeline", "run", "7"),
        stdout=subprocess.DEVNULL,
        stderr=other_end,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
    )
    os.close(other_end)
    shown = b""
    try:
        while piece := os.read(main_end, 65_536):
            shown += piece
    except OSError:
        pass  # what Linux says when the other end is closed
    os.close(main_end)
    assert process.wait(30) == 0
    text = shown.decode()
    assert "2/2 · completed" in text
    assert "█" * 24 in text
    assert "view 1" in text
    assert "1,200 rows" in text


def test_an_execution_id_is_what_results_are_read_by(started: Double) -> None:
    seen = event("node", {"node": {"id": 1, **LIVE, "execution_id": EXECUTION}}, "1-2")
    started.on(STATUS, (200, {"status": "executing", "node_executions": []}))
    started.on(EVENTS, lambda _: told(seen), lambda _: whole_stream())
    with Client(started.url, KEY) as client:
        ids = [watched.nodes[1].execution_id for watched in follow(client, RUN)]
    assert EXECUTION in ids
