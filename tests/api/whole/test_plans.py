"""What would run, before it runs (docs/api/extensions.md section 2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import run_ended, save, view


def plan(me: Owner, **body: object) -> Any:  # noqa: ANN401  # any JSON
    return me.ok("POST", "/pipelines/plan", json=body)


@pytest.fixture
def base(me: Owner) -> str:
    return view(me, "result_base", "SELECT n FROM UNNEST(sequence(1, 3)) AS u(n)")


def test_a_plan_tells_order_inputs_and_what_it_took_before(me: Owner, base: str) -> None:
    query = save(me, f"SELECT sum(n) AS s FROM {base}", name="sum")
    first = plan(me, query_id=query)
    assert (first["valid"], first["problems"]) == (True, [])
    assert "estimate" not in first
    run_ended(me, me.ok("POST", f"/query/{query}/pipeline/execute")["pipeline_execution_id"])

    found = plan(me, query_id=query, performance="large")
    below, top = found["nodes"]
    assert (below["order"], below["decision"], below["kind"]) == (1, "run", "view")
    assert (top["order"], top["dependencies"], top["tier"]) == (2, [1], "large")
    assert top["inputs"] == [{"name": base, "kind": "view", "row_count": 3}]
    low, high = found["estimate"]["seconds"]
    assert 0 < low <= high
    assert below["estimate"]["rows"] == [3, 3]
    runs = me.ok("GET", "/pipelines/executions")["runs"]
    assert len(runs) == 2, "planning runs nothing"


def test_what_is_wrong_in_any_node_is_told_with_its_place(me: Owner, base: str) -> None:
    bad = save(me, "SELECT 1\nFROM nowhere.nothing", name="bad")
    worse = save(me, "SELEC", name="worse")
    nodes = [
        {"id": 1, "query_execution": {"query_id": bad}},
        {"id": 2, "query_execution": {"query_id": worse}},
        {"id": 3, "materialized_view_refresh": {"name": base}},
    ]
    found = plan(me, pipeline={"nodes": nodes})
    assert found["valid"] is False
    problems = {tuple(one["node_ids"]): one for one in found["problems"]}
    assert (problems[1,]["line"], problems[1,]["column"]) == (2, 6)
    assert "nowhere.nothing" in problems[1,]["message"]
    assert problems[2,]["line"] == 1
    assert {node["id"]: node["decision"] for node in found["nodes"]} == {
        1: "refused",
        2: "refused",
        3: "run",
    }


def test_a_view_about_to_change_counts_with_its_new_columns(me: Owner, base: str) -> None:
    id_ = me.ok("GET", f"/materialized-views/{base}")["query_id"]
    top = save(me, f"SELECT fresh FROM {base}")
    assert plan(me, query_id=top)["valid"] is False
    me.ok("PATCH", f"/query/{id_}", json={"query_sql": "SELECT 1 AS fresh"})
    assert plan(me, query_id=top)["valid"] is True


def test_a_bad_graph_is_an_answer_that_names_its_nodes(me: Owner) -> None:
    q = save(me, "SELECT 1")

    def node(id_: int, *above: int) -> dict[str, object]:
        return {"id": id_, "query_execution": {"query_id": q}, "dependencies": list(above)}

    for nodes, words, named in (
        ([node(2, 1), node(1, 2)], "cycle", {1, 2}),
        ([node(7), node(7)], "used twice", {7}),
        ([node(7, 9)], "not in the pipeline", {7}),
        ([], "at least one", set()),
    ):
        found = plan(me, pipeline={"nodes": nodes})
        (problem,) = found["problems"]
        assert found["valid"] is False
        assert words in problem["message"]
        assert set(problem["node_ids"]) == named
    missing = save(me, "SELECT 1")
    found = plan(me, pipeline={"nodes": [node(1)]}, target_query_id=missing)
    assert "does not contain" in found["problems"][0]["message"]
    found = plan(me, query_id=q, query_parameters={"zz": 1})
    assert found["problems"][0]["message"] == "unknown parameters (zz)"


def test_what_is_asked_wrongly_is_refused(me: Owner) -> None:
    me.refused(400, "POST", "/pipelines/plan", json={})
    me.refused(404, "POST", "/pipelines/plan", json={"query_id": 10**9})
    me.refused(400, "POST", "/pipelines/plan", json={"query_id": 1, "performance": "huge"})


def test_a_stored_graph_may_be_left_aside(me: Owner, base: str) -> None:
    query = save(me, f"SELECT n FROM {base}")
    graph = {"nodes": [{"id": 1, "query_execution": {"query_id": query}}]}
    me.ok("PUT", f"/query/{query}/pipeline", json={"pipeline": graph})
    assert len(plan(me, query_id=query)["nodes"]) == 1
    assert len(plan(me, query_id=query, stored=False)["nodes"]) == 2
