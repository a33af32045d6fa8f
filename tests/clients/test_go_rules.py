"""The flows of the Go client that the `dune` command calls by, by the requests that it sends.

The version that the command uses is not run as a program: its module cannot be had from the module
proxy (an older one is: test_go_client.py; the command itself: test_dune_command.py). Requests have
its form (JSON without a content type, an empty object or nothing for a body) and answers are held
to the rules of its decoders.
"""

from __future__ import annotations

import pytest

from tests.clients import go_rules, go_types
from tests.clients.go_calls import answered, ask, over
from tests.clients.served import FAILING, NUMBERS, PAGE, ROWS, SLOW, Served


def test_a_query_runs_and_is_paged_by_offset(server: Served) -> None:
    """This client follows next_offset with its own limit, and no other option."""
    body = {"name": "go", "query_sql": NUMBERS, "is_temp": False}
    query = answered(server, "POST", "/v1/query", body)["query_id"]
    execution = go_rules.started(answered(server, "POST", f"/v1/query/{query}/execute", {}))
    page = over(server, execution)
    rows = list(page["result"]["rows"])
    while "next_offset" in page:
        offset = page["next_offset"]
        page = answered(
            server, "GET", f"/v1/execution/{execution}/results?limit={PAGE}&offset={offset}"
        )
        go_rules.results(page)
        rows += page["result"]["rows"]
    assert [row["n"] for row in rows] == list(range(1, ROWS + 1))


def test_sql_runs_with_parameters(server: Served) -> None:
    body = {"sql": "SELECT {{k}} AS a", "query_parameters": {"k": "5"}}
    execution = go_rules.started(answered(server, "POST", "/v1/sql/execute", body))
    page = over(server, execution)
    assert (page["query_id"], page["result"]["rows"]) == (0, [{"a": 5}])


def test_failed_cancelled_and_expired_executions_keep_the_rules(
    server: Served, expired: tuple[Served, str]
) -> None:
    failed = go_rules.started(answered(server, "POST", "/v1/sql/execute", {"sql": FAILING}))
    assert over(server, failed)["state"] == "QUERY_STATE_FAILED"
    slow = go_rules.started(answered(server, "POST", "/v1/sql/execute", {"sql": SLOW}))
    assert answered(server, "POST", f"/v1/execution/{slow}/cancel") == {"success": True}
    assert over(server, slow)["state"] == "QUERY_STATE_CANCELLED"
    forgetting, execution = expired
    assert over(forgetting, execution)["state"] == "QUERY_STATE_EXPIRED"


def test_queries_are_archived_temporary_and_private(server: Served, other: str) -> None:
    body = {"name": "t", "query_sql": "SELECT 1 AS a", "is_temp": True}
    temporary = answered(server, "POST", "/v1/query", body)["query_id"]
    read = answered(server, "GET", f"/v1/query/{temporary}")
    assert (read["is_temp"], read["is_unsaved"]) == (True, True)
    over(server, answered(server, "POST", f"/v1/query/{temporary}/execute", {})["execution_id"])
    saved = server.save("SELECT 1 AS a")
    assert answered(server, "PATCH", f"/v1/query/{saved}", {"is_archived": True}) == {
        "query_id": saved
    }
    assert answered(server, "GET", f"/v1/query/{saved}")["is_archived"] is True
    hidden = ask(server, "GET", f"/v1/query/{server.hidden_query(other)}")
    assert (hidden.status_code, hidden.text) == (404, '{"error":"Query not found"}')


def test_a_pipeline_is_executed_by_an_id_in_text(server: Served) -> None:
    query = server.save(f"SELECT a FROM {server.fresh_view('SELECT 1 AS a')}")
    run = answered(server, "POST", f"/v1/query/{query}/pipeline/execute", {})
    server.wait_run(run["pipeline_execution_id"])
    path = f"/v1/pipelines/executions/{run['pipeline_execution_id']}/status"
    status = answered(server, "GET", path)
    go_types.decodes(status, go_types.PIPELINE)
    assert status["status"] == "completed"
    assert all(node["query_execution_status"]["query_id"] for node in status["node_executions"])


def test_a_view_lives_and_dies(server: Served) -> None:
    query = server.save("SELECT 1 AS a")
    body = {
        "name": "result_go", "query_id": query, "is_private": False, "performance": "small",
        "cron_expression": "0 */6 * * *",
    }  # fmt: skip
    made = answered(server, "POST", "/v1/materialized-views", body)
    assert made["name"] == "dune.me.result_go"
    server.wait_execution(made["execution_id"])
    read = answered(server, "GET", "/v1/materialized-views/dune.me.result_go")
    go_types.decodes(read, go_types.VIEW)
    assert type(read["table_size_bytes"]) is int
    assert read["schedule"]["performance"] == "small"
    listed = answered(server, "GET", "/v1/materialized-views?limit=10000&offset=0")
    go_types.decodes(listed, go_types.VIEWS)
    assert "dune.me.result_go" in [view["sql_id"] for view in listed["materialized_views"]]
    again = answered(server, "POST", "/v1/materialized-views/dune.me.result_go/refresh", {})
    server.wait_execution(go_rules.started({**again, "state": "QUERY_STATE_PENDING"}))
    quoted = "/v1/materialized-views/%22dune%22.%22me%22.result_go"
    assert answered(server, "GET", quoted)["sql_id"] == "dune.me.result_go"
    assert answered(server, "DELETE", "/v1/materialized-views/dune.me.result_go") == {
        "message": "ok"
    }
    gone = ask(server, "GET", "/v1/materialized-views/dune.me.result_go")
    assert (gone.status_code, gone.text) == (404, '{"error":"Materialized view not found"}')


def test_usage_and_whoami_have_whole_numbers(server: Served) -> None:
    usage = answered(server, "POST", "/v1/usage", {"start_date": "", "end_date": ""})
    go_types.decodes(usage, go_types.USAGE)
    assert usage["billing_periods"]
    assert usage.keys() >= {"bytes_used", "bytes_allowed", "private_queries", "private_dashboards"}
    who = answered(server, "GET", "/whoami")
    assert (who["handle"], who["customer_id"].split("_")[0]) in (("me", "user"), ("me", "team"))
    assert go_rules.ULID.fullmatch(who["api_key_id"])
    assert type(who["created_by"]) is int


def test_datasets_are_searched(server: Served) -> None:
    server.call(
        "POST",
        "/uploads",
        {"namespace": "me", "table_name": "go", "schema": [{"name": "d", "type": "timestamp"}]},
    )
    body = {"query": "me.go", "owner_scope": "me", "include_schema": True, "limit": 20}
    found = answered(server, "POST", "/v1/datasets/search", body)
    go_types.decodes(found, go_types.FOUND)
    assert "dune.me.go" in [result["full_name"] for result in found["results"]]
    assert found["pagination"]["has_more"] is False
    body = {"contract_address": "0x" + "ab" * 20}
    empty = answered(server, "POST", "/v1/datasets/search-by-contract", body)
    assert (empty["total"], empty["results"]) == (0, [])
    one = answered(server, "GET", "/v1/datasets/dune.me.go")
    go_types.decodes(one, go_types.DATASET)
    assert (one["full_name"], one["type"]) == ("dune.me.go", "uploaded_table")
    asked = "limit=50&offset=0&owner_handle=me&type=uploaded_table"
    listed = answered(server, "GET", f"/v1/datasets?{asked}")
    go_types.decodes(listed, go_types.DATASETS)
    none = answered(server, "GET", "/v1/datasets?owner_handle=nobody")
    assert (none["datasets"], none["total"]) == ([], 0)  # it takes an absent list for a fault


def test_tables_are_made_filled_cleared_and_deleted(server: Served) -> None:
    """Under both paths; only 200 is success to this client, also for what was created."""
    for prefix, create in (("uploads", "uploads"), ("table", "table/create")):
        name = f"go_{prefix}"
        columns = [{"name": "a", "type": "bigint", "nullable": True}]
        body = {"namespace": "me", "table_name": name, "schema": columns}
        made = answered(server, "POST", f"/v1/{create}", body)
        go_types.decodes(made, go_types.CREATED)
        assert (made["full_name"], made["already_existed"]) == (f"dune.me.{name}", False)
        path = f"/api/v1/{prefix}/me/{name}"
        for content, kind in (("a\n1\n2\n", "text/csv"), ('{"a":3}\n', "application/x-ndjson")):
            inserted = server.http.post(
                f"{path}/insert", content=content, headers={"Content-Type": kind}
            )
            assert inserted.status_code == 200, inserted.text
            go_types.decodes(inserted.json(), go_types.INSERTED)
            assert inserted.json()["rows_written"] == content.count("\n") - (kind == "text/csv")
        cleared = answered(server, "POST", f"/v1/{prefix}/me/{name}/clear")
        assert "successfully cleared" in cleared["message"]
        deleted = answered(server, "DELETE", f"/v1/{prefix}/me/{name}")
        assert deleted["message"] == f"Table me.{name} successfully deleted"
    csv = {"table_name": "go_csv", "data": "a,b\n1,x\n", "description": "", "is_private": True}
    loaded = answered(server, "POST", "/v1/uploads/csv", csv)
    go_types.decodes(loaded, go_types.CSV_UPLOADED)
    assert (loaded["success"], loaded["full_name"]) == (True, "dune.me.dataset_go_csv")
    listed = answered(server, "GET", "/v1/uploads?limit=1000")
    go_types.decodes(listed, go_types.UPLOADS)
    assert "dune.me.dataset_go_csv" in [table["full_name"] for table in listed["tables"]]


def test_what_qanat_does_not_serve_is_an_error_that_it_can_read(server: Served) -> None:
    for method, path in (("POST", "decode"), ("GET", "submissions")):
        answer = ask(server, method, f"/v1/contracts/{path}", {} if method == "POST" else None)
        assert answer.status_code == 404
        assert set(answer.json()) == {"error"}


def test_visualizations_and_dashboards_are_kept(server: Served) -> None:
    query = server.save("SELECT 1 AS a")
    body = {"query_id": query, "name": "v", "type": "table", "description": "", "options": {}}
    made = answered(server, "POST", f"/v1/queries/{query}/visualizations", body)["id"]
    assert type(made) is int
    listed = answered(server, "GET", f"/v1/queries/{query}/visualizations?limit=25&offset=0")
    assert (listed["total_count"], listed["results"][0]["id"]) == (1, made)
    changed = {"name": "w", "type": "table", "description": "d", "options": {"x": None}}
    assert answered(server, "PUT", f"/v1/visualizations/{made}", changed) == {"id": made}
    board = answered(server, "POST", "/v1/dashboards", {"name": "b", "visualization_ids": [made]})
    go_types.decodes(board, go_types.DASHBOARD)
    assert board["visualization_widgets"][0]["visualization_id"] == made
    by_slug = answered(server, "GET", f"/v1/dashboards/by-slug/me/{board['slug']}")
    assert by_slug["dashboard_id"] == board["dashboard_id"]
    gone = answered(server, "POST", f"/v1/dashboards/{board['dashboard_id']}/archive")
    assert gone == {"ok": True, "dashboard_id": board["dashboard_id"]}
    assert answered(server, "DELETE", f"/v1/visualizations/{made}") == {"ok": True}


@pytest.mark.parametrize(
    "node",
    [
        {"id": "a", "type": "query_execution", "query_id": 1, "depends_on": []},
        {"id": "b", "type": "materialized_view_refresh", "matview_name": "x", "depends_on": ["a"]},
    ],
)
def test_the_unofficial_form_of_a_pipeline_is_refused_by_name(
    server: Served, node: dict[str, object]
) -> None:
    """The crate `dune-api` posts it; the answer says what to send."""
    answer = ask(server, "POST", "/v1/pipelines/execute", {"pipeline": {"nodes": [node]}})
    assert answer.status_code == 400
    assert "query_execution" in answer.text
    assert "materialized_view_refresh" in answer.text
