"""Pipelines over HTTP (contract section 2, docs/api/extensions.md section 2)."""

from __future__ import annotations

from typing import Any

import pytest

from qanat.names import new_ulid
from tests.api.whole.owner import Owner
from tests.api.whole.waiting import SLOW, node_executing, run_ended, save, view


class Chain:
    """Two views, one upon the other, and a query on top."""

    def __init__(self, me: Owner) -> None:
        self.base = view(me, "result_base", "SELECT n FROM UNNEST(sequence(1, 3)) AS u(n)")
        self.double = view(me, "result_double", f"SELECT n * 2 AS n\nFROM {self.base}")
        self.top = save(
            me,
            f"SELECT sum(n) + {{{{extra}}}} AS s\nFROM {self.double}",
            name="top",
            query_parameters={"extra": "0"},
        )


@pytest.fixture
def chain(me: Owner) -> Chain:
    return Chain(me)


def test_the_pipeline_of_an_archived_query_is_shown_and_not_run(me: Owner) -> None:
    """By lineage and as stored (contract sections 2.1 and 16.11)."""
    for has_graph in (False, True):
        query = save(me, "SELECT 1 AS a")
        if has_graph:
            graph = {"nodes": [{"id": 7, "query_execution": {"query_id": query}}]}
            me.ok("PUT", f"/query/{query}/pipeline", json={"pipeline": graph})
        me.ok("POST", f"/query/{query}/archive")
        shown = me.ok("GET", f"/query/{query}/pipeline")
        assert (shown["stored"], len(shown["pipeline"]["nodes"])) == (has_graph, 1)
        me.refused(403, "POST", f"/query/{query}/pipeline/execute")
        me.refused(403, "POST", "/pipelines/execute", json={"query_id": query})


def test_a_query_without_views_is_a_pipeline_of_one_node(me: Owner) -> None:
    query = save(me, "SELECT 1")
    shown = me.ok("GET", f"/query/{query}/pipeline")
    (node,) = shown["pipeline"]["nodes"]
    assert (node["id"], node["dependencies"]) == (1, [])
    assert node["query_execution"] == {"query_id": query, "performance": "medium"}
    assert (shown["stored"], shown["target_query_id"]) == (False, query)


def test_lineage_is_shown_in_order_with_the_places_that_make_it(me: Owner, chain: Chain) -> None:
    asked = 'performance=large&query_parameters={"extra":"7"}'
    shown = me.ok("GET", f"/query/{chain.top}/pipeline?{asked}")
    base, double, top = shown["pipeline"]["nodes"]
    assert base["materialized_view_refresh"] == {"name": chain.base, "performance": "large"}
    assert (double["id"], double["dependencies"], double["title"]) == (2, [1], "double")
    assert top["query_execution"] == {
        "query_id": chain.top,
        "performance": "large",
        "query_parameters": {"extra": "7"},
    }
    assert shown["edges"] == [
        {"from": 1, "to": 2, "kind": "lineage", "line": 2, "column": 6},
        {"from": 2, "to": 3, "kind": "lineage", "line": 2, "column": 6},
    ]
    me.refused(400, "GET", f"/query/{chain.top}/pipeline?query_parameters=no")
    me.refused(400, "GET", f"/query/{chain.top}/pipeline?performance=huge")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"performance":"small"}'])
def test_a_pipeline_runs_and_every_node_is_there_from_the_first_poll_on(
    me: Owner, chain: Chain, body: bytes
) -> None:
    started = me.ok("POST", f"/query/{chain.top}/pipeline/execute", content=body)
    run = started["pipeline_execution_id"]
    first = me.ok("GET", f"/pipelines/executions/{run}/status")
    assert len(first["node_executions"]) == 3

    status = run_ended(me, run)
    assert status["status"] == "completed"
    assert "error" not in status
    base, double, top = status["node_executions"]
    for node, name in ((base, chain.base), (double, chain.double)):
        refresh, query = node["materialized_view_refresh_status"], node["query_execution_status"]
        assert refresh["name"] == name
        assert refresh["status"] == query["status"] == node["status"] == "completed"
        assert refresh["execution_id"] == query["execution_id"]
        assert isinstance(query["query_id"], int)
    assert top["query_execution_status"]["query_id"] == chain.top
    assert "materialized_view_refresh_status" not in top
    execution = top["query_execution_status"]["execution_id"]
    rows = me.ok("GET", f"/execution/{execution}/results")["result"]["rows"]
    assert rows == [{"s": 12}]
    latest = me.ok("GET", f"/query/{chain.top}/results")
    assert latest["execution_id"] == execution


@pytest.mark.parametrize("by_lineage", [False, True])
def test_parameters_go_to_the_target_query_alone(me: Owner, chain: Chain, by_lineage: bool) -> None:
    path = "/pipelines/execute" if by_lineage else f"/query/{chain.top}/pipeline/execute"
    body: dict[str, Any] = {"query_id": chain.top} if by_lineage else {}
    started = me.ok("POST", path, json={**body, "query_parameters": {"extra": 30}})
    status = run_ended(me, started["pipeline_execution_id"])
    execution = status["node_executions"][-1]["query_execution_status"]["execution_id"]
    assert me.ok("GET", f"/execution/{execution}/results")["result"]["rows"] == [{"s": 42}]
    detail = me.ok("GET", f"/pipelines/executions/{started['pipeline_execution_id']}")
    assert detail["query_parameters"] == {"extra": "30"}

    body["query_parameters"] = {"nothing": 1}
    assert me.refused(400, "POST", path, json=body) == "unknown parameters (nothing)"


def test_a_failed_node_fails_the_run_and_skips_what_waits(me: Owner, chain: Chain) -> None:
    found = me.ok("GET", f"/materialized-views/{chain.base}")
    me.ok("PATCH", f"/query/{found['query_id']}", json={"query_sql": "SELECT nothing AS n"})
    run = me.ok("POST", f"/query/{chain.top}/pipeline/execute")["pipeline_execution_id"]
    status = run_ended(me, run)
    assert status["status"] == "failed"
    assert chain.base in status["error"]
    base, double, top = status["node_executions"]
    assert base["query_execution_status"]["status"] == "failed"
    assert "cannot be resolved" in base["materialized_view_refresh_status"]["error"]
    for node in (double, top):
        assert node["query_execution_status"]["status"] == "skipped"
        assert "execution_id" not in node["query_execution_status"]


def test_a_run_is_cancelled_as_a_whole(me: Owner) -> None:
    slow = save(me, SLOW)
    nodes = [
        {"id": 1, "query_execution": {"query_id": slow}},
        {"id": 2, "dependencies": [1], "query_execution": {"query_id": save(me, "SELECT 1")}},
    ]
    body = {"pipeline": {"nodes": nodes}}
    run = me.ok("POST", "/pipelines/execute", json=body)["pipeline_execution_id"]
    node_executing(me, run)
    path = f"/pipelines/executions/{run}"
    assert me.ok("POST", f"{path}/cancel") == {"success": True}
    status = me.ok("GET", f"{path}/status")
    assert status["status"] == "cancelled"
    words = [node["query_execution_status"]["status"] for node in status["node_executions"]]
    assert words == ["cancelled", "cancelled"]
    assert me.ok("POST", f"{path}/cancel") == {"success": True}


def test_cancelling_one_execution_cancels_its_run(me: Owner) -> None:
    body = {"pipeline": {"nodes": [{"id": 1, "query_execution": {"query_id": save(me, SLOW)}}]}}
    run = me.ok("POST", "/pipelines/execute", json=body)["pipeline_execution_id"]
    node = node_executing(me, run)["node_executions"][0]["query_execution_status"]
    assert me.ok("POST", f"/execution/{node['execution_id']}/cancel") == {"success": True}
    assert me.ok("GET", f"/pipelines/executions/{run}/status")["status"] == "cancelled"


def test_an_unknown_run_is_told_apart_from_what_is_no_id(me: Owner, other: Owner) -> None:
    run = me.ok("POST", f"/query/{save(me, 'SELECT 1')}/pipeline/execute")
    unknown = new_ulid(me.server.opened.clock.now())
    for path in ("/status", "", "/events", "/nodes/1"):
        me.refused(400, "GET", f"/pipelines/executions/nonsense{path}")
        why = me.refused(404, "GET", f"/pipelines/executions/{unknown}{path}")
        assert why == "Object not found"
        other.refused(404, "GET", f"/pipelines/executions/{run['pipeline_execution_id']}{path}")
    other.refused(404, "POST", f"/pipelines/executions/{run['pipeline_execution_id']}/cancel")


def query_node(id_: object, query: object = 0, **more: object) -> dict[str, Any]:
    return {"id": id_, "query_execution": {"query_id": query}, **more}


def test_bad_graphs_are_refused_by_name(me: Owner) -> None:
    q = save(me, "SELECT 1")
    refresh = {"materialized_view_refresh": {"name": "result_x"}}
    bad: list[tuple[object, str]] = [
        ({}, "exactly one of query_id and pipeline"),
        ({"query_id": q, "pipeline": {"nodes": [query_node(1, q)]}}, "exactly one"),
        ({"pipeline": {}}, "nodes"),
        ({"pipeline": {"nodes": []}}, "at least one node"),
        ({"pipeline": {"nodes": {}}}, "array"),
        ({"pipeline": {"nodes": [1]}}, "object"),
        ({"pipeline": {"nodes": [query_node("1", q)]}}, "int"),
        ({"pipeline": {"nodes": [query_node(1.5, q)]}}, "int"),
        ({"pipeline": {"nodes": [query_node(True, q)]}}, "int"),
        ({"pipeline": {"nodes": [query_node(2**60, q)]}}, "too large"),
        ({"pipeline": {"nodes": [query_node(1, q), query_node(1, q)]}}, "used twice"),
        ({"pipeline": {"nodes": [query_node(1, q, dependencies=[9])]}}, "not in the pipeline"),
        ({"pipeline": {"nodes": [query_node(1, q, dependencies=[1])]}}, "itself"),
        ({"pipeline": {"nodes": [query_node(1, q, dependencies="1")]}}, "array"),
        (
            {
                "pipeline": {
                    "nodes": [
                        query_node(1, q, dependencies=[2]),
                        query_node(2, q, dependencies=[1]),
                    ]
                }
            },
            "cycle: 1 (query",
        ),
        ({"pipeline": {"nodes": [{"id": 1}]}}, "exactly one of query_execution"),
        ({"pipeline": {"nodes": [{**query_node(1, q), **refresh}]}}, "exactly one of"),
        (
            {
                "pipeline": {
                    "nodes": [{"id": 1, "query_execution": {"query_id": q, "performance": "huge"}}]
                }
            },
            "huge",
        ),
        ({"pipeline": {"nodes": [{"id": "a", "type": "matview", "matview_name": "x"}]}}, "int"),
        ({"query_id": str(q)}, "int"),
    ]
    for body, words in bad:
        why = me.refused(400, "POST", "/pipelines/execute", json=body)
        assert words in why, (body, why)
    for nodes, text in (
        ([query_node(1, 999_999_999)], "Query not found"),
        ([query_node(1, 0)], "Query not found"),
        ([query_node(1, 2**63)], "Query not found"),
        ([{"id": 1, **refresh}], "Materialized view not found"),
    ):
        body = {"pipeline": {"nodes": nodes}}
        assert me.refused(404, "POST", "/pipelines/execute", json=body) == text
    assert me.refused(404, "POST", "/pipelines/execute", json={"query_id": 0}) == "Query not found"
    assert me.ok("GET", "/pipelines/executions")["runs"] == []


def test_a_graph_runs_with_the_edges_that_lineage_implies(me: Owner, chain: Chain) -> None:
    nodes = [
        {"id": 40, "query_execution": {"query_id": chain.top, "performance": "large"}},
        {"id": 7, "materialized_view_refresh": {"name": "result_base", "performance": "small"}},
        {"id": 9, "materialized_view_refresh": {"name": chain.double}},
    ]
    body = {"pipeline": {"nodes": nodes}}
    run = me.ok("POST", "/pipelines/execute", json=body)["pipeline_execution_id"]
    assert run_ended(me, run)["status"] == "completed"
    detail = me.ok("GET", f"/pipelines/executions/{run}")
    found = {node["id"]: (node["dependencies"], node["tier"]) for node in detail["nodes"]}
    assert found == {7: ([], "small"), 9: ([7], "medium"), 40: ([9], "large")}


def test_null_in_a_graph_counts_as_absent(me: Owner) -> None:
    """A list that was never made is null to Go."""
    node = {
        "id": 1,
        "dependencies": None,
        "query_execution": {
            "query_id": save(me, "SELECT 1 AS a"), "performance": None, "query_parameters": None,
        },
        "materialized_view_refresh": None,
    }  # fmt: skip
    body = {"pipeline": {"nodes": [node]}}
    run = me.ok("POST", "/pipelines/execute", json=body)["pipeline_execution_id"]
    assert run_ended(me, run)["status"] == "completed"


def test_views_of_others_are_read_and_never_refreshed(me: Owner, other: Owner) -> None:
    name = view(other, "result_theirs", "SELECT 1 AS n")
    query = save(me, f"SELECT n FROM {name}")
    shown = me.ok("GET", f"/query/{query}/pipeline")
    assert len(shown["pipeline"]["nodes"]) == 1
    assert shown["reads"] == [{"node_id": 1, "name": name, "kind": "view"}]
    body = {"pipeline": {"nodes": [{"id": 1, "materialized_view_refresh": {"name": name}}]}}
    assert name in me.refused(403, "POST", "/pipelines/execute", json=body)


def test_a_stored_graph_replaces_lineage_until_it_is_deleted(me: Owner, chain: Chain) -> None:
    extra = save(me, "SELECT 2 AS n", name="extra")
    graph = {
        "nodes": [
            {"id": 1, "query_execution": {"query_id": chain.top}},
            {"id": 2, "dependencies": [1], "query_execution": {"query_id": extra}},
        ]
    }
    path = f"/query/{chain.top}/pipeline"
    stored = me.ok("PUT", path, json={"pipeline": graph, "revision": 0})
    assert (stored["stored"], stored["revision"]) == (True, 1)
    assert stored["edges"] == [{"from": 1, "to": 2, "kind": "drawn"}]
    assert stored["reads"] == [{"node_id": 1, "name": chain.double, "kind": "view"}]
    assert me.ok("GET", path) == stored
    assert "revision 1" in me.refused(409, "PUT", path, json={"pipeline": graph, "revision": 0})

    run = me.ok("POST", f"{path}/execute")["pipeline_execution_id"]
    assert len(run_ended(me, run)["node_executions"]) == 2
    by_lineage = me.ok("POST", "/pipelines/execute", json={"query_id": chain.top})
    assert len(run_ended(me, by_lineage["pipeline_execution_id"])["node_executions"]) == 3

    listed = me.ok("GET", "/pipelines")["pipelines"]
    top = next(one for one in listed if one["query_id"] == chain.top)
    assert (top["stored"], top["node_count"]) == (True, 2)
    assert top["last_run"]["state"] == "completed"

    assert me.ok("DELETE", path) == {"message": "ok"}
    me.refused(404, "DELETE", path)
    assert me.ok("GET", path)["stored"] is False


def test_a_stored_graph_must_hold_its_query_and_no_view_of_others(
    me: Owner, other: Owner, chain: Chain
) -> None:
    path = f"/query/{chain.top}/pipeline"
    only_views = {"nodes": [{"id": 1, "materialized_view_refresh": {"name": chain.base}}]}
    assert "does not contain" in me.refused(400, "PUT", path, json={"pipeline": only_views})
    theirs = view(other, "result_theirs", "SELECT 1 AS n")
    graph = {
        "nodes": [
            {"id": 1, "query_execution": {"query_id": chain.top}},
            {"id": 2, "materialized_view_refresh": {"name": theirs}},
        ]
    }
    me.refused(403, "PUT", path, json={"pipeline": graph})
    other.refused(403, "PUT", path, json={"pipeline": only_views})
    assert me.ok("GET", path)["stored"] is False


def test_a_request_repeated_with_its_key_starts_one_run(me: Owner, chain: Chain) -> None:
    headers = {"Idempotency-Key": "a-key"}
    path = f"/query/{chain.top}/pipeline/execute"
    first, again = (me.ok("POST", path, headers=headers) for _ in range(2))
    assert first == again
    me.refused(422, "POST", path, headers=headers, json={"performance": "small"})
    run_ended(me, first["pipeline_execution_id"])


def test_pipelines_are_listed_by_their_last_run(me: Owner, chain: Chain) -> None:
    save(me, "SELECT 1", name="alone")
    inner = save(me, f"SELECT n FROM {chain.base}", name="inner")
    through = save(me, f"SELECT n FROM query_{inner}", name="through a query view")
    run = me.ok("POST", f"/query/{through}/pipeline/execute")["pipeline_execution_id"]
    run_ended(me, run)
    listed = me.ok("GET", "/pipelines")
    names = [one["name"] for one in listed["pipelines"]]
    assert names == ["through a query view", "inner", "result_double", "top"]
    assert listed["pipelines"][0]["node_count"] == 2
    assert listed["total"] == 4
    assert [one["name"] for one in me.ok("GET", "/pipelines?q=TOP")["pipelines"]] == ["top"]
