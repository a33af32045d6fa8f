"""Dashboards over HTTP: laid out, changed, and refreshed as one run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import run_ended, save, view


def chart(who: Owner, query_id: int) -> int:
    body = {"name": "Chart", "type": "table"}
    return int(who.ok("POST", f"/queries/{query_id}/visualizations", json=body)["id"])


def make(who: Owner, *charts: int, **more: object) -> dict[str, Any]:
    body = {"name": "DEX overview", "visualization_ids": list(charts), **more}
    made: dict[str, Any] = who.ok("POST", "/dashboards", json=body)
    return made


def place(row: int, col: int, size_x: int, size_y: int) -> dict[str, int]:
    return {"row": row, "col": col, "size_x": size_x, "size_y": size_y}


def test_a_new_dashboard_has_texts_on_top_and_two_charts_in_a_row(me: Owner) -> None:
    charts = [chart(me, save(me, "SELECT 1 AS n")) for _ in range(3)]

    made = make(me, *charts, text_widgets=[{"text": "# Title"}])

    assert made["dashboard_url"] == f"http://qanat.test/d/{me.handle}/dex-overview"
    assert (made["slug"], made["owner"], made["revision"]) == ("dex-overview", me.handle, 1)
    assert (made["is_private"], made["tags"], made["param_widgets"]) == (False, [], [])
    assert made["text_widgets"] == [
        {"widget_id": 1, "text": "# Title", "position": place(0, 0, 6, 2)}
    ]
    assert [
        (one["visualization_id"], one["position"]) for one in made["visualization_widgets"]
    ] == [
        (charts[0], place(2, 0, 3, 8)),
        (charts[1], place(2, 3, 3, 8)),
        (charts[2], place(10, 0, 3, 8)),
    ]
    ids = [one["widget_id"] for one in made["visualization_widgets"]]
    assert len({1, *ids}) == 4
    assert me.ok("GET", f"/dashboards/{made['dashboard_id']}") == made
    assert me.ok("GET", f"/dashboards/by-slug/{me.handle}/dex-overview") == made


def test_columns_per_row_and_places_are_kept(me: Owner) -> None:
    charts = [chart(me, save(me, "SELECT 1 AS n")) for _ in range(2)]
    made = make(me, *charts, columns_per_row=1, text_widgets=[
        {"text": "here", "position": place(3, 2, 4, 1)},
    ])  # fmt: skip

    assert made["text_widgets"][0]["position"] == place(3, 2, 4, 1)
    assert [one["position"] for one in made["visualization_widgets"]] == [
        place(0, 0, 6, 8),
        place(8, 0, 6, 8),
    ]


def test_a_change_replaces_lists_whole_and_keeps_inputs(me: Owner) -> None:
    query_id = save(me, "SELECT '{{day}}' AS d")
    charts = [chart(me, query_id) for _ in range(2)]
    made = make(me, *charts, text_widgets=[{"text": "gone"}])
    path = f"/dashboards/{made['dashboard_id']}"
    widget = made["visualization_widgets"][0]["widget_id"]
    inputs = [{"key": "day", "query_id": query_id, "visualization_widget_id": widget}]

    with_inputs = me.ok("PATCH", path, json={"param_widgets": inputs, "tags": ["dex"]})
    assert with_inputs["visualization_widgets"] == made["visualization_widgets"]
    assert with_inputs["text_widgets"] == made["text_widgets"]
    (shown,) = with_inputs["param_widgets"]
    assert (shown["widget_id"], shown["key"], shown["query_id"]) == ("p1", "day", query_id)
    assert shown["visualization_widget_id"] == widget
    assert with_inputs["revision"] == 2

    kept = {
        "widget_id": widget,
        "visualization_id": charts[1],
        "position": place(1, 1, 2, 2),
    }
    replaced = me.ok("PATCH", path, json={"visualization_widgets": [kept], "name": "New"})
    assert replaced["visualization_widgets"] == [kept]
    assert replaced["text_widgets"] == []
    assert replaced["param_widgets"] == with_inputs["param_widgets"]
    assert (replaced["name"], replaced["slug"], replaced["tags"]) == (
        "New",
        "dex-overview",
        ["dex"],
    )

    flowing = me.ok("PATCH", path, json={"columns_per_row": 3})
    assert flowing["visualization_widgets"][0]["position"] == place(0, 0, 2, 8)
    assert flowing["visualization_widgets"][0]["widget_id"] == widget


def test_a_change_on_top_of_another_is_refused_by_revision(me: Owner) -> None:
    path = f"/dashboards/{make(me)['dashboard_id']}"
    me.ok("PATCH", path, json={"name": "First", "revision": 1})

    assert "revision 2, not 1" in me.refused(409, "PATCH", path, json={"name": "x", "revision": 1})

    assert me.ok("GET", path)["name"] == "First"


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "x" * 301},
        {"slug": "Not A Slug"},
        {"slug": "a--b"},
        {"slug": ""},
        {"tags": ["x" * 101]},
        {"tags": ["x"] * 51},
        {"columns_per_row": 0},
        {"columns_per_row": 4},
        {"visualization_widgets": [{"visualization_id": 0}]},
        {"visualization_widgets": [{"visualization_id": 999_999}]},
        {"visualization_widgets": [{"visualization_id": 2**80}]},
        {"text_widgets": [{"text": "a", "widget_id": 1}, {"text": "b", "widget_id": 1}]},
        {"text_widgets": [{"text": "a", "widget_id": 0}]},
        {"text_widgets": [{"text": "x" * 20_001}]},
        {"text_widgets": [{"text": "a"}] * 201},
        {"text_widgets": [{"text": "a", "position": place(-1, 0, 1, 1)}]},
        {"text_widgets": [{"text": "a", "position": place(0, 6, 1, 1)}]},
        {"text_widgets": [{"text": "a", "position": place(0, 3, 4, 1)}]},
        {"text_widgets": [{"text": "a", "position": place(0, 0, 0, 1)}]},
        {"text_widgets": [{"text": "a", "position": {"row": 1}}]},
        {"param_widgets": [{"key": "a", "query_id": 999_999}]},
        {"param_widgets": [{"key": "a", "query_id": 2**80}]},
        {"param_widgets": [{"key": "a", "query_id": 1, "visualization_widget_id": 77}]},
        {"is_private": "yes"},
    ],
)
def test_a_change_that_does_not_fit_is_400_and_changes_nothing(
    me: Owner, body: dict[str, object]
) -> None:
    made = make(me)
    path = f"/dashboards/{made['dashboard_id']}"

    me.refused(400, "PATCH", path, json={"is_private": True, **body})

    assert me.ok("GET", path) == made


def test_an_archived_dashboard_leaves_the_lists_and_cannot_be_refreshed(me: Owner) -> None:
    made = make(me, chart(me, save(me, "SELECT 1 AS n")), name="To be archived")
    id_ = made["dashboard_id"]

    for _ in range(2):
        assert me.ok("POST", f"/dashboards/{id_}/archive") == {"ok": True, "dashboard_id": id_}

    assert me.ok("GET", "/dashboards?q=to be arch")["dashboards"] == []
    assert me.ok("GET", f"/dashboards/{id_}")["name"] == "To be archived"
    me.refused(403, "PATCH", f"/dashboards/{id_}", json={"name": "x"})
    me.refused(403, "POST", f"/dashboards/{id_}/refresh")


def test_others_read_public_dashboards_and_change_none(me: Owner, other: Owner) -> None:
    shown = make(me, name=f"Shared by {me.handle}")["dashboard_id"]
    hidden = make(me, name=f"Hidden by {me.handle}", is_private=True)["dashboard_id"]

    listed = other.ok("GET", f"/dashboards?q={me.handle}")
    assert [one["dashboard_id"] for one in listed["dashboards"]] == [shown]
    assert listed["dashboards"][0]["owner"] == me.handle
    other.refused(403, "PATCH", f"/dashboards/{shown}", json={"name": "x"})
    other.refused(403, "POST", f"/dashboards/{shown}/archive")
    for method, path in (
        ("GET", f"/dashboards/{hidden}"),
        ("GET", f"/dashboards/by-slug/{me.handle}/hidden-by-{me.handle}"),
        ("GET", f"/dashboards/{hidden}/results"),
        ("POST", f"/dashboards/{hidden}/refresh"),
        ("POST", f"/dashboards/{hidden}/archive"),
    ):
        other.refused(404, method, path)
    me.reading().refused(403, "PATCH", f"/dashboards/{shown}", json={"name": "x"})
    me.refused(404, "GET", "/dashboards/0")
    me.refused(400, "GET", "/dashboards/x")


def test_a_refresh_runs_every_view_once_and_all_charts_show_one_run(me: Owner) -> None:
    """Two charts read one view: the view is refreshed once, and both show that refresh."""
    base = view(me, "result_base", "SELECT 1 AS n UNION ALL SELECT 2 AS n")
    first = save(me, f"SELECT n FROM {base}", name="First")
    second = save(me, f"SELECT n FROM {base} WHERE n > 1", name="Second")
    charts = [chart(me, first), chart(me, second), chart(me, first)]
    id_ = make(me, *charts)["dashboard_id"]
    assert me.ok("GET", f"/dashboards/{id_}/results") == {"results": [], "query_parameters": {}}

    run = me.reading().ok("POST", f"/dashboards/{id_}/refresh")["pipeline_execution_id"]
    assert run_ended(me, run)["status"] == "completed"

    detail = me.ok("GET", f"/pipelines/executions/{run}")
    assert [(node["kind"], node["query_id"]) for node in detail["nodes"]][1:] in (
        [("query", first), ("query", second)],
        [("query", second), ("query", first)],
    )
    assert (detail["nodes"][0]["kind"], detail["nodes"][0]["name"]) == ("view", base)
    assert (detail["dashboard_id"], detail["trigger"]) == (id_, "dashboard")
    found = me.ok("GET", f"/dashboards/{id_}/results")
    assert found["pipeline_execution_id"] == run
    assert found["published_at"].endswith("Z")
    assert found["latest_refresh"]["pipeline_execution_id"] == run
    shown = {one["visualization_id"]: one for one in found["results"]}
    assert [shown[id_]["row_count"] for id_ in charts] == [2, 1, 2]
    assert shown[charts[0]]["execution_id"] == shown[charts[2]]["execution_id"]
    rows = me.ok("GET", f"/execution/{shown[charts[1]]['execution_id']}/results")
    assert rows["result"]["rows"] == [{"n": 2}]
    listed = me.ok("GET", "/dashboards?q=dex")["dashboards"][0]
    assert (listed["widget_count"], listed["published_at"]) == (3, found["published_at"])
    assert listed["revision"] == me.ok("GET", f"/dashboards/{listed['dashboard_id']}")["revision"]


def test_a_parameter_goes_to_the_queries_that_declare_it(me: Owner) -> None:
    token = [{"key": "token", "type": "text", "value": "BTC"}]
    takes = save(me, "SELECT '{{token}}' AS t", parameters=token)
    other_query = save(me, "SELECT 'fixed' AS t")
    charts = [chart(me, takes), chart(me, other_query)]
    id_ = make(me, *charts)["dashboard_id"]

    def shown(values: str = "") -> list[str]:
        found = me.ok("GET", f"/dashboards/{id_}/results{values}")["results"]
        executions = [one["execution_id"] for one in found]
        return [
            me.ok("GET", f"/execution/{execution}/results")["result"]["rows"][0]["t"]
            for execution in executions
        ]

    for body in ({"query_parameters": {"token": "ETH"}}, {}):
        run = me.ok("POST", f"/dashboards/{id_}/refresh", json=body)["pipeline_execution_id"]
        assert run_ended(me, run)["status"] == "completed"

    assert shown() == ["BTC", "fixed"]
    assert shown("?params.token=ETH") == ["ETH", "fixed"]
    assert shown("?params.token=SOL") == []
    asked = {"query_parameters": {"token": "x", "nope": 1, "also": 2}}
    error = me.refused(400, "POST", f"/dashboards/{id_}/refresh", json=asked)
    assert error == "unknown parameters (also, nope)"


def test_a_failed_refresh_leaves_what_was_shown(me: Owner) -> None:
    good = save(me, "SELECT 1 AS n")
    flaky = save(me, "SELECT 10 / CAST('{{by}}' AS BIGINT) AS n", parameters=[
        {"key": "by", "type": "text", "value": "1"},
    ])  # fmt: skip
    id_ = make(me, chart(me, good), chart(me, flaky))["dashboard_id"]
    first = me.ok("POST", f"/dashboards/{id_}/refresh")["pipeline_execution_id"]
    assert run_ended(me, first)["status"] == "completed"

    second = me.ok("POST", f"/dashboards/{id_}/refresh", json={"query_parameters": {"by": "x"}})[
        "pipeline_execution_id"
    ]
    assert run_ended(me, second)["status"] == "failed"

    found = me.ok("GET", f"/dashboards/{id_}/results")
    assert found["pipeline_execution_id"] == first
    assert len(found["results"]) == 2
    latest = found["latest_refresh"]
    assert (latest["pipeline_execution_id"], latest["state"]) == (second, "failed")
    assert latest["error"]["type"] == "FAILED_TYPE_EXECUTION_FAILED"


def test_the_same_idempotency_key_starts_one_refresh(me: Owner) -> None:
    id_ = make(me, chart(me, save(me, "SELECT 1 AS n")))["dashboard_id"]
    headers = {"Idempotency-Key": f"once-{me.handle}"}
    path = f"/dashboards/{id_}/refresh"

    runs = {me.ok("POST", path, headers=headers)["pipeline_execution_id"] for _ in range(2)}

    assert len(runs) == 1
    me.refused(422, "POST", path, headers=headers, json={"performance": "small"})


def test_a_dashboard_without_charts_and_a_wrong_tier_are_400(me: Owner) -> None:
    id_ = make(me)["dashboard_id"]
    me.refused(400, "POST", f"/dashboards/{id_}/refresh")
    shown = make(me, chart(me, save(me, "SELECT 1 AS n")))["dashboard_id"]
    me.refused(400, "POST", f"/dashboards/{shown}/refresh", json={"performance": "huge"})
