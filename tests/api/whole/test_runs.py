"""Runs beyond Dune's status: lists, detail, comparison, events (docs/api/extensions.md)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from qanat.api import streams
from qanat.names import RunId, new_ulid
from qanat.store import tables as t
from qanat.store.database import Prepared
from tests.api.whole.owner import Owner
from tests.api.whole.waiting import SLOW, node_executing, run_ended, run_query, save, view

COUNTS = {
    "pending": 0,
    "executing": 0,
    "completed": 0,
    "reused": 0,
    "failed": 0,
    "skipped": 0,
    "cancelled": 0,
}


def run_pipeline(me: Owner, query: int, **body: object) -> str:
    run = me.ok("POST", f"/query/{query}/pipeline/execute", json=body)["pipeline_execution_id"]
    run_ended(me, run)
    return str(run)


@pytest.fixture
def top(me: Owner) -> int:
    name = view(me, "result_base", "SELECT n FROM UNNEST(sequence(1, 3)) AS u(n)")
    return save(me, f"SELECT sum(n) * {{{{k}}}} AS s\nFROM {name}", name="Sum of all",
                query_parameters={"k": "1"})  # fmt: skip


def test_a_run_is_told_in_full(me: Owner, top: int) -> None:
    run = run_pipeline(me, top, query_parameters={"k": "2"}, performance="small")
    found = me.ok("GET", f"/pipelines/executions/{run}")
    assert (found["kind"], found["title"], found["query_id"]) == ("pipeline", "Sum of all", top)
    assert (found["owner"], found["trigger"], found["state"]) == (me.handle, "api", "completed")
    assert found["node_counts"] == {**COUNTS, "completed": 2}
    assert found["query_parameters"] == {"k": "2"}
    assert found["actions"] == []
    assert found["moved_views"] == 1
    assert found["critical_path"] == [1, 2]
    (move,) = found["moves"]
    assert move["name"] == f"dune.{me.handle}.result_base"
    assert move["from"] != move["to"]
    base, node = found["nodes"]
    assert (base["kind"], base["title"], base["dependencies"]) == ("view", "base", [])
    assert (node["tier"], node["parameters"], node["row_count"]) == ("small", {"k": "2"}, 1)
    assert [one["state"] for one in node["attempts"]] == ["done"]
    assert found["credits"] == pytest.approx(sum(one["credits"] for one in found["nodes"]))


def test_a_node_is_told_with_its_text_inputs_and_receipts(me: Owner, top: int) -> None:
    run = run_pipeline(me, top, query_parameters={"k": "2"})
    node = me.ok("GET", f"/pipelines/executions/{run}/nodes/2")
    assert node["sql"] == f"SELECT sum(n) * 2 AS s\nFROM dune.{me.handle}.result_base"
    assert node["query_parameters"] == {"k": "2"}
    (read,) = node["inputs"]
    assert (read["kind"], read["node_id"], read["row_count"]) == ("view", 1, 3)
    assert node["columns"] == [{"name": "s", "type": "bigint"}]
    (receipt,) = node["receipts"]
    assert (receipt["attempt"], receipt["tier"]) == (1, "medium")
    assert receipt["credits"] == node["credits"]
    for path, status in (("3", 404), ("0", 404), ("x", 400), ("-1", 400)):
        me.refused(status, "GET", f"/pipelines/executions/{run}/nodes/{path}")


def test_what_a_run_read_and_did_not_write_is_pinned(me: Owner) -> None:
    name = view(me, "result_base", "SELECT 1 AS n")
    query = save(me, f"SELECT n FROM {name}")
    published = me.ok("GET", "/pipelines/executions")["runs"][0]["pipeline_execution_id"]
    run = me.ok("POST", f"/query/{query}/execute")["pipeline_execution_id"]
    run_ended(me, run)
    (pin,) = me.ok("GET", f"/pipelines/executions/{run}")["pins"]
    assert (pin["name"], pin["kind"], pin["row_count"]) == (name, "view", 1)
    assert pin["pipeline_execution_id"] == published


def test_a_failed_run_names_the_node_that_failed_first(me: Owner, top: int) -> None:
    query = save(me, "SELECT 1\nFROM nowhere", name="bad")
    nodes = [{"id": 5, "query_execution": {"query_id": query}}]
    body = {"pipeline": {"nodes": nodes}}
    run = me.ok("POST", "/pipelines/execute", json=body)["pipeline_execution_id"]
    run_ended(me, run)
    found = me.ok("GET", f"/pipelines/executions/{run}")
    listed = me.ok("GET", "/pipelines/executions?state=failed")["runs"][0]
    for error in (found["error"], listed["error"]):
        assert (error["node_id"], error["node_title"]) == (5, "bad")
        assert (error["line"], error["column"]) == (2, 6)
        assert error["type"] == "FAILED_TYPE_EXECUTION_FAILED"
    assert found["node_counts"] == listed["node_counts"] == {**COUNTS, "failed": 1}


def test_runs_are_listed_newest_first_by_state_kind_title_and_target(me: Owner, top: int) -> None:
    pipeline = run_pipeline(me, top)
    run_query(me, top)
    every = me.ok("GET", "/pipelines/executions?kind=pipeline,refresh,query,sql")["runs"]
    assert [one["kind"] for one in every] == ["query", "pipeline", "refresh"]

    def ids(asked: str) -> list[str]:
        runs = me.ok("GET", f"/pipelines/executions?{asked}")["runs"]
        return [one["pipeline_execution_id"] for one in runs]

    assert len(ids("")) == 2
    assert ids("q=SUM") == [pipeline]
    assert ids(f"q={pipeline.lower()[:20]}")[0] == pipeline
    assert ids("q=100%") == []
    assert ids(f"query_id={top}&kind=pipeline") == [pipeline]
    assert ids("state=failed,cancelled") == []
    assert ids("since=2100-01-01T00:00:00Z") == []
    me.refused(400, "GET", "/pipelines/executions?state=odd")
    me.refused(400, "GET", "/pipelines/executions?kind=odd")
    me.refused(400, "GET", "/pipelines/executions?since=now")
    me.refused(400, "GET", "/pipelines/executions?before=now")


def test_lists_are_paged_by_the_last_run_seen_and_hold_ones_own_alone(
    me: Owner, other: Owner
) -> None:
    query = save(me, "SELECT 1")
    runs = [run_pipeline(me, query) for _ in range(3)]
    page = me.ok("GET", "/pipelines/executions?limit=2")
    assert [one["pipeline_execution_id"] for one in page["runs"]] == [runs[2], runs[1]]
    rest = me.ok("GET", f"/pipelines/executions?limit=2&before={page['next_before']}")
    assert [one["pipeline_execution_id"] for one in rest["runs"]] == [runs[0]]
    assert "next_before" not in rest
    assert rest["runs"][0].get("expected_seconds") is None
    assert page["runs"][0]["expected_seconds"] > 0
    assert other.ok("GET", "/pipelines/executions") == {"runs": []}


def test_two_runs_are_compared_node_by_node(me: Owner, top: int) -> None:
    before = run_pipeline(me, top)
    id_ = me.ok("GET", "/materialized-views/result_base")["query_id"]
    me.ok("PATCH", f"/query/{id_}", json={"query_sql": "SELECT 1 AS n"})
    after = run_pipeline(me, top)
    path = f"/pipelines/executions/{after}/compare"
    found = me.ok("GET", f"{path}?with={before}")
    assert found["left"]["pipeline_execution_id"] == after
    base = next(one for one in found["nodes"] if one["kind"] == "view")
    assert {"query_version", "row_count"} <= set(base["differs"])
    assert (base["left"]["row_count"], base["right"]["row_count"]) == (1, 3)
    alone = run_pipeline(me, save(me, "SELECT 1", name="alone"))
    absent = me.ok("GET", f"{path}?with={alone}")["nodes"]
    assert all(one["differs"] == ["absent"] for one in absent)
    me.refused(400, "GET", path)
    me.refused(404, "GET", f"{path}?with={new_ulid(me.server.opened.clock.now())}")


# Events


class Listener:
    """An event stream, read while it arrives."""

    def __init__(self, who: Owner) -> None:
        self._who = who

    async def events(
        self, path: str, headers: dict[str, str] | None = None
    ) -> AsyncIterator[tuple[str | None, str, Any]]:
        """Yield (id, event, data); the application is spoken to as a server would."""
        asked = httpx.URL(f"http://qanat.test/api/v1{path}")
        sent = {"X-Dune-Api-Key": self._who.key or "", "Host": "qanat.test", **(headers or {})}
        scope = {
            "type": "http",
            "method": "GET",
            "path": asked.path,
            "query_string": asked.query,
            "headers": [(k.lower().encode(), v.encode()) for k, v in sent.items()],
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "http_version": "1.1",
            "root_path": "",
            "asgi": {"version": "3.0"},
        }
        pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        gone = asyncio.Event()

        async def receive() -> dict[str, object]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:  # noqa: ANN401  # ASGI's
            if message["type"] == "http.response.start":
                assert message["status"] == 200
            else:
                await pieces.put(message.get("body", b""))
                if not message.get("more_body"):
                    await pieces.put(None)

        task = asyncio.create_task(self._who.app(scope, receive, send))  # type: ignore[arg-type]  # plain dicts
        try:
            text = ""
            while (piece := await asyncio.wait_for(pieces.get(), 30)) is not None:
                text += piece.decode()
                while "\n\n" in text:
                    event, text = text.split("\n\n", 1)
                    fields = dict(line.split(": ", 1) for line in event.splitlines())
                    yield fields.get("id"), fields["event"], json.loads(fields["data"])
        finally:
            gone.set()
            await asyncio.wait_for(task, 30)


async def all_events(
    who: Owner, path: str, headers: dict[str, str] | None = None
) -> list[tuple[str | None, str, Any]]:
    return [one async for one in Listener(who).events(path, headers)]


def told(who: Owner, path: str, **headers: str) -> list[tuple[str | None, str, Any]]:
    """Return all events but heartbeats."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return [one for one in asyncio.run(all_events(who, path, sent)) if one[1] != "heartbeat"]


def test_a_stream_of_a_run_that_is_over_is_its_state_and_the_end(me: Owner, top: int) -> None:
    run = run_pipeline(me, top)
    path = f"/pipelines/executions/{run}"
    events = asyncio.run(all_events(me, f"{path}/events"))
    assert [one[1] for one in events] == ["heartbeat", "state", "end"]
    id_, _, data = events[1]
    detail = me.ok("GET", path)
    assert id_ == data["run"]["last_event_id"] == detail["last_event_id"]
    assert {**data["run"], "at": ""} == {**detail, "at": ""}


def test_who_comes_back_misses_nothing_and_gets_nothing_twice(me: Owner, top: int) -> None:
    path = f"/pipelines/executions/{run_pipeline(me, top)}/events"
    every = told(me, f"{path}?after=1-0")
    ids = [one[0] for one in every if one[0]]
    assert ids == [f"1-{k}" for k in range(1, len(ids) + 1)]
    assert [one[1] for one in every[-2:]] == ["run", "end"]
    assert every[-2][2]["run"]["state"] == "completed"
    assert told(me, f"{path}?after=1-0", Last_Event_ID=ids[2])[0][0] == ids[3]
    assert told(me, f"{path}?after={ids[-1]}") == [(None, "end", {})]


@pytest.mark.parametrize("left", [0, 1])
def test_who_comes_back_after_the_history_was_let_go_is_told_so(
    me: Owner, top: int, left: int
) -> None:
    """Silence would leave the client waiting for the end of a run that is over."""
    run = run_pipeline(me, top)
    path = f"/pipelines/executions/{run}/events"
    last = told(me, path)[0][0]
    context = me.server.coordinator.context
    with context.lock:
        context.forget(context.live[RunId(run)])
    seq = int(str(last).split("-")[1])
    old = Prepared(delete(t.event).where(t.event.c.run == run, t.event.c.seq <= seq - left))
    context.database.write(lambda tx: tx.run(old))

    assert told(me, path, Last_Event_ID="1-2") == [(None, "expired", {})]
    assert told(me, path, Last_Event_ID=str(last)) == [(None, "end", {})]
    assert [one[1] for one in told(me, path)] == ["state", "end"]


@pytest.mark.parametrize("seen", ["2-1", "1-999", "nonsense", "-", "1-" + "9" * 30])
def test_who_comes_from_elsewhere_gets_the_whole_state_first(
    me: Owner, top: int, seen: str
) -> None:
    path = f"/pipelines/executions/{run_pipeline(me, top)}/events"
    assert [one[1] for one in told(me, path, Last_Event_ID=seen)] == ["state", "end"]


def test_a_run_is_watched_while_it_goes_on(me: Owner) -> None:
    """The events of a run, applied to its first state, give what its detail says at the end."""
    body = {"pipeline": {"nodes": [{"id": 1, "query_execution": {"query_id": save(me, SLOW)}}]}}
    run = me.ok("POST", "/pipelines/execute", json=body)["pipeline_execution_id"]
    path = f"/pipelines/executions/{run}"
    node_executing(me, run)

    async def watch() -> list[tuple[str | None, str, Any]]:
        seen = []
        async for one in Listener(me).events(f"{path}/events"):
            seen.append(one)
            if one[1] == "state":
                cancel = asyncio.to_thread(me.ok, "POST", f"{path}/cancel")
                assert await cancel == {"success": True}
        return seen

    events = asyncio.run(watch())
    assert events[-1][1] == "end"
    state = next(one[2]["run"] for one in events if one[1] == "state")
    assert state["state"] == "executing"
    assert state["actions"] == ["cancel"]
    nodes = {node["id"]: node for node in state["nodes"]}
    for _, kind, data in events:
        if kind == "node":
            nodes[data["node"]["id"]].update(data["node"])
        elif kind == "run":
            state.update(data["run"])
    detail = me.ok("GET", path)
    assert (state["state"], state["actions"]) == ("cancelled", [])
    assert nodes[1]["state"] == detail["nodes"][0]["state"] == "cancelled"


def test_streams_end_when_the_server_stops_and_are_bounded(me: Owner) -> None:
    started = me.ok("POST", "/sql/execute", json={"sql": SLOW})
    path = f"/pipelines/executions/{started['pipeline_execution_id']}/events"
    counted = me.server.services.streams

    async def listen() -> list[str]:
        kinds = []
        async for _, kind, _ in Listener(me).events(path):
            kinds.append(kind)
            if kind == "state":
                for waker in list(counted._wakers):
                    counted.closing = True
                    waker()
        return kinds

    try:
        assert asyncio.run(listen()) == ["heartbeat", "state"]
    finally:
        counted.closing = False
    key = me.server.services.keys
    del key
    held = [counted.opened(_key_of(me), lambda: None) for _ in range(streams.A_KEY)]
    for one in held:
        one.__enter__()
    answer = me.get(f"/api/v1{path}")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    for one in held:
        one.__exit__(None, None, None)
    me.ok("POST", f"/execution/{started['execution_id']}/cancel")


def _key_of(me: Owner) -> Any:  # noqa: ANN401  # a KeyId
    from qanat.api.auth import Credential

    assert me.key is not None
    return me.server.services.keys.find(Credential(me.key)).key
