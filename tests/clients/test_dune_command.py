"""Each command of `dune`, by the requests that it sends, in their order and form.

The program itself cannot be installed here (absent.py says why). What makes a command more than
its calls is what it does between them: it reads a view, a chart or a dashboard, puts one flag over
what it read, and sends back the whole. What it read must therefore be taken as it was given.
"""

from __future__ import annotations

from typing import Any, Final

from tests.clients import go_rules, go_types
from tests.clients.go_calls import answered, ask, over
from tests.clients.served import FAILING, NUMBERS, ROWS, SLOW, Served

#: What the command's help gives as the options of a chart, nulls and all.
LINE: Final = {
    "globalSeriesType": "line",
    "sortX": True,
    "legend": {"enabled": True},
    "series": {"stacking": None},
    "xAxis": {"title": {"text": "Date"}},
    "yAxis": [{"title": {"text": "Value"}}],
    "columnMapping": {"n": "x", "twice": "y"},
    "seriesOptions": {"twice": {"type": "line", "yAxis": 0, "zIndex": 0}},
}
#: An hour of a year that no run of these tests will see.
FAR: Final = "2100-01-01T00:00:00Z"


def _whole(server: Served, execution: str) -> list[dict[str, Any]]:
    """Read as `dune execution results` does: in pages of 32,000 until none is left."""
    page = answered(server, "GET", f"/v1/execution/{execution}/results?limit=32000")
    go_rules.results(page)
    assert "next_offset" not in page
    return list(page["result"]["rows"])


def _given_back(board: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the widgets of a dashboard as the command sends them: without ids of their own."""
    return {
        kind: [{name: one[name] for name in names} for one in board[kind]]
        for kind, names in {
            "visualization_widgets": ("visualization_id", "position"),
            "text_widgets": ("text", "position"),
            "param_widgets": ("key", "query_id", "visualization_widget_id", "position"),
        }.items()
    }


def test_a_query_is_created_read_changed_and_archived(server: Served) -> None:
    made = answered(
        server, "POST", "/v1/query", {"name": "c", "query_sql": NUMBERS, "description": "of c"}
    )["query_id"]
    answered(server, "PATCH", f"/v1/query/{made}", {"name": "d", "tags": ["one", "two"]})
    answered(server, "PATCH", f"/v1/query/{made}", {"description": "", "is_private": True})
    read = answered(server, "GET", f"/v1/query/{made}")
    go_types.decodes(read, go_types.QUERY)
    assert (read["name"], read["description"], read["tags"]) == ("d", "", ["one", "two"])
    assert (read["is_private"], read["query_sql"], read["owner"]) == (True, NUMBERS, "me")
    assert answered(server, "POST", f"/v1/query/{made}/archive") == {"query_id": made}
    assert answered(server, "GET", f"/v1/query/{made}")["is_archived"] is True


def test_a_query_runs_by_every_tier_that_the_flag_takes(server: Served) -> None:
    """Absent leaves the tier to the server; `free` is of old scripts."""
    query = server.save("SELECT {{day}} AS a")
    body: dict[str, object] = {"query_parameters": {"day": "7"}}
    for tier in (None, "free", "small", "medium", "large"):
        sent = body if tier is None else {**body, "performance": tier}
        execution = go_rules.started(answered(server, "POST", f"/v1/query/{query}/execute", sent))
        over(server, execution)
        assert _whole(server, execution) == [{"a": 7}], tier
    huge = ask(server, "POST", f"/v1/query/{query}/execute", {**body, "performance": "huge"})
    assert huge.status_code == 400
    assert "large" in huge.json()["error"]


def test_results_are_read_whole_in_part_and_while_there_are_none(server: Served) -> None:
    """`--no-wait` reads what there is; the text of a failure is what the command prints."""
    sql = {"sql": NUMBERS}
    execution = go_rules.started(answered(server, "POST", "/v1/sql/execute", sql))
    over(server, execution)
    assert [row["n"] for row in _whole(server, execution)] == list(range(1, ROWS + 1))
    part = answered(server, "GET", f"/v1/execution/{execution}/results?limit=32000&offset=2999")
    go_rules.results(part)
    assert [row["n"] for row in part["result"]["rows"]] == [3_000, 3_001]
    slow = go_rules.started(answered(server, "POST", "/v1/sql/execute", {"sql": SLOW}))
    early = answered(server, "GET", f"/v1/execution/{slow}/results?limit=32000")
    go_rules.results(early)
    assert early["state"] in ("QUERY_STATE_PENDING", "QUERY_STATE_EXECUTING")
    answered(server, "POST", f"/v1/execution/{slow}/cancel")
    failed = go_rules.started(answered(server, "POST", "/v1/sql/execute", {"sql": FAILING}))
    over(server, failed)
    late = answered(server, "GET", f"/v1/execution/{failed}/results?limit=32000")
    go_rules.results(late)
    assert "nothing" in late["error"]["message"]
    gone = ask(server, "GET", "/v1/execution/01ARZ3NDEKTSV4RRFFQ69G5FAV/results?limit=32000")
    assert gone.status_code == 404


def test_one_flag_changes_a_view_and_keeps_its_schedule(server: Served) -> None:
    """`matview update` sends back the schedule that it read; left out, it is taken away."""
    path = "/v1/materialized-views"
    made = answered(
        server,
        "POST",
        path,
        {
            "name": "result_updated",
            "query_id": server.save("SELECT 1 AS a"),
            "is_private": True,
            "performance": "medium",
            "cron_expression": "0 */6 * * *",
            "expires_at": FAR,
        },
    )
    server.wait_execution(made["execution_id"])
    before = answered(server, "GET", f"{path}/{made['name']}")
    go_types.decodes(before, go_types.VIEW)
    kept = before["schedule"]
    body = {
        "name": before["sql_id"].rpartition(".")[2],
        "query_id": before["query_id"],
        "is_private": False,
        "performance": kept["performance"],
        "cron_expression": kept["cron_expression"],
        "expires_at": kept["expires_at"],
    }
    again = answered(server, "POST", path, body)
    assert again["name"] == made["name"]
    server.wait_execution(go_rules.started({**again, "state": "QUERY_STATE_PENDING"}))
    after = answered(server, "GET", f"{path}/{made['name']}")
    assert after["is_private"] is False
    assert after["schedule"]["expires_at"] == kept["expires_at"]
    assert (after["schedule"]["cron_expression"], after["schedule"]["performance"]) == (
        "0 */6 * * *",
        "medium",
    )
    assert set(after["last_execution_ids"]) > set(before["last_execution_ids"])
    plain = {name: body[name] for name in ("name", "query_id", "is_private", "performance")}
    server.wait_execution(answered(server, "POST", path, plain)["execution_id"])
    assert "schedule" not in answered(server, "GET", f"{path}/{made['name']}")
    refreshed = answered(server, "POST", f"{path}/{made['name']}/refresh", {"performance": "large"})
    assert refreshed["sql_id"] == made["name"]
    server.wait_execution(refreshed["execution_id"])


def test_all_views_are_listed_page_by_page(server: Served) -> None:
    """`matview list --all` follows next_offset until it is absent or 0."""
    names = {server.fresh_view(f"SELECT {n} AS a") for n in range(3)}
    listed: list[str] = []
    offset = 0
    for _ in range(100):
        page = answered(server, "GET", f"/v1/materialized-views?limit=2&offset={offset}")
        go_types.decodes(page, go_types.VIEWS)
        assert len(page["materialized_views"]) <= 2
        listed += [view["sql_id"] for view in page["materialized_views"]]
        offset = page.get("next_offset", 0)
        if offset <= 0:
            break
    assert offset == 0
    assert names <= set(listed)
    assert len(listed) == len(set(listed))


def test_one_flag_changes_a_chart_and_keeps_its_options(server: Served) -> None:
    query = server.save(NUMBERS)
    body = {"name": "v", "type": "chart", "options": LINE}
    made = answered(server, "POST", f"/v1/queries/{query}/visualizations", body)["id"]
    read = answered(server, "GET", f"/v1/visualizations/{made}")
    go_types.decodes(read, go_types.VISUALIZATION)
    assert (read["query_id"], read["options"]) == (query, LINE)
    changed = {
        "name": "w",
        "type": read["type"],
        "description": read["description"],
        "options": read["options"],
    }
    assert answered(server, "PUT", f"/v1/visualizations/{made}", changed) == {"id": made}
    again = answered(server, "GET", f"/v1/visualizations/{made}")
    assert (again["name"], again["type"], again["options"]) == ("w", "chart", LINE)
    listed = answered(server, "GET", f"/v1/queries/{query}/visualizations?limit=25&offset=0")
    go_types.decodes(listed, go_types.VISUALIZATIONS)
    assert [one["name"] for one in listed["results"]] == ["w"]
    assert answered(server, "DELETE", f"/v1/visualizations/{made}") == {"ok": True}
    assert ask(server, "GET", f"/v1/visualizations/{made}").status_code == 404


def test_a_dashboard_takes_back_the_widgets_that_it_gave(server: Served) -> None:
    """What `dashboard get` prints is edited and given to `dashboard update`.

    Its widgets go without their ids, and its inputs name the ids of charts: these must stay.
    """
    query = server.save("SELECT {{day}} AS n")
    chart = {"name": "v", "type": "table", "options": {}}
    chart_id = answered(server, "POST", f"/v1/queries/{query}/visualizations", chart)["id"]
    board = answered(
        server,
        "POST",
        "/v1/dashboards",
        {
            "name": "Kept",
            "is_private": True,
            "visualization_ids": [chart_id],
            "text_widgets": [{"text": "# Title\nof it"}],
            "columns_per_row": 1,
        },
    )
    path = f"/v1/dashboards/{board['dashboard_id']}"
    widget = board["visualization_widgets"][0]["widget_id"]
    day = {"key": "day", "query_id": query, "visualization_widget_id": widget}
    answered(server, "PATCH", path, {"param_widgets": [day]})
    before = answered(server, "GET", path)
    go_types.decodes(before, go_types.DASHBOARD)
    after = answered(server, "PATCH", path, {"tags": ["one", "two"], **_given_back(before)})
    go_types.decodes(after, go_types.DASHBOARD)
    assert after["tags"] == ["one", "two"]
    assert (after["name"], after["slug"], after["is_private"]) == ("Kept", before["slug"], True)
    assert after["param_widgets"][0]["visualization_widget_id"] == widget
    for kind in ("visualization_widgets", "text_widgets", "param_widgets"):
        assert after[kind] == before[kind], kind
    charts = {"visualization_widgets": _given_back(before)["visualization_widgets"]}
    alone = answered(server, "PATCH", path, charts)
    assert alone["text_widgets"] == []
    assert alone["param_widgets"] == before["param_widgets"]
    renamed = answered(server, "PATCH", path, {"slug": "kept-elsewhere"})
    assert renamed["slug"] == "kept-elsewhere"
    found = answered(server, "GET", "/v1/dashboards/by-slug/me/kept-elsewhere")
    assert found["dashboard_id"] == board["dashboard_id"]
    assert found["dashboard_url"].endswith("/me/kept-elsewhere")


def test_datasets_are_searched_by_every_flag(server: Served) -> None:
    view = server.fresh_view("SELECT 1 AS a")
    body = {
        "query": view.rpartition(".")[2],
        "categories": ["community"],
        "blockchains": [],
        "dataset_types": ["transformation_table", "transformation_view", "uploaded_table"],
        "schemas": ["me"],
        "owner_scope": "me",
        "include_private": True,
        "include_schema": True,
        "include_metadata": True,
        "limit": 5,
        "offset": 0,
    }
    found = answered(server, "POST", "/v1/datasets/search", body)
    go_types.decodes(found, go_types.FOUND)
    assert found["pagination"]["limit"] == 5
    plain = answered(server, "POST", "/v1/datasets/search", {})
    go_types.decodes(plain, go_types.FOUND)
    assert plain["pagination"]["limit"] == 20
    contract = {
        "contract_address": "0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984",
        "blockchains": ["ethereum"], "include_schema": True, "limit": 5, "offset": 0,
    }  # fmt: skip
    none = answered(server, "POST", "/v1/datasets/search-by-contract", contract)
    go_types.decodes(none, go_types.FOUND)
    assert none["results"] == []


def test_usage_is_read_with_and_without_dates(server: Served) -> None:
    """One date of two is sent with the other as an empty text; none as an empty object."""
    for body in (
        {},
        {"start_date": "2026-01-01", "end_date": "2026-12-31"},
        {"start_date": "2026-01-01", "end_date": ""},
        {"start_date": "", "end_date": "2026-12-31"},
    ):
        usage = answered(server, "POST", "/v1/usage", body)
        go_types.decodes(usage, go_types.USAGE)
    who = answered(server, "GET", "/whoami")
    assert (who["handle"], type(who["customer_id"]), type(who["api_key_id"])) == ("me", str, str)
