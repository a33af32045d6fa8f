"""`@duneanalytics/client-sdk`, the official TypeScript client, with the shim of docs/clients.md."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.clients.documented import blocks
from tests.clients.driven import ClientError, Driven
from tests.clients.installing import node, node_package
from tests.clients.served import FAILING, NUMBERS, PAGE, ROWS, SLOW, Served

PACKAGE: Final = "@duneanalytics/client-sdk"
#: The newest, and the oldest of the line that people use (0.3.1 is no longer to be had).
VERSIONS: Final = ("0.4.0", "0.3.4")
DRIVER: Final = Path(__file__).parent / "node" / "driver.mjs"
#: No pause between polls.
AT_ONCE: Final = {"pingFrequency": 0}


def _driver(place: Path, version: str, server: Served, key: str) -> Driven:
    place.mkdir(exist_ok=True)
    (place / "node_modules").symlink_to(node_package(PACKAGE, version) / "node_modules")
    (place / "qanat.mjs").write_text(blocks()["typescript-shim"])
    (place / "driver.mjs").write_text(DRIVER.read_text())
    environment = {**os.environ, "QANAT_URL": server.url, "QANAT_KEY": key}
    return Driven([node(), "driver.mjs"], cwd=place, environment=environment)


@pytest.fixture(scope="module", params=VERSIONS)
def dune(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    server: Served,
    key: str,
) -> Iterator[Driven]:
    """The client of one version."""
    with _driver(tmp_path_factory.mktemp("node"), request.param, server, key) as made:
        yield made


def test_a_query_is_created_read_changed_hidden_and_archived(dune: Driven) -> None:
    id_ = dune(
        "query.createQuery",
        {
            "name": "life",
            "query_sql": "SELECT {{n}} AS a, '{{t}}' AS b",
            "query_parameters": [
                {"$parameter": ["number", "n", 7]},
                {"$parameter": ["text", "t", "x"]},
            ],
        },
    )
    read = dune("query.readQuery", id_)
    assert {p["key"]: (p["type"], p["value"]) for p in read["parameters"]} == {
        "n": ("number", "7"),
        "t": ("text", "x"),
    }
    assert dune("query.updateQuery", id_, {"name": "new", "tags": ["a"]}) == id_
    read = dune("query.readQuery", id_)
    assert (read["name"], read["tags"], read["version"]) == ("new", ["a"], 2)
    assert dune("query.makePrivate", id_) == id_
    assert dune("query.makePublic", id_) == id_
    assert dune("query.archiveQuery", id_) is True
    with pytest.raises(ClientError, match="Status: 403"):
        dune("runQuery", {"queryId": id_, "opts": AT_ONCE})
    assert dune("query.unarchiveQuery", id_) is False
    rows = dune("runQuery", {"queryId": id_, "opts": AT_ONCE})["result"]["rows"]
    assert rows == [{"a": 7, "b": "x"}]


def test_run_query_reads_the_whole_of_a_result(dune: Driven, server: Served) -> None:
    """This call follows no next page, so the first one must be all."""
    query = server.save(NUMBERS)
    answer = dune("runQuery", {"queryId": query, "opts": AT_ONCE})
    assert answer["state"] == "QUERY_STATE_COMPLETED"
    assert [row["n"] for row in answer["result"]["rows"]] == list(range(1, ROWS + 1))
    assert "next_uri" not in answer


def test_results_are_paged_by_every_way_the_client_has(dune: Driven, server: Served) -> None:
    query = server.save(NUMBERS)
    ran = dune("runQuery", {"queryId": query, "opts": {**AT_ONCE, "batchSize": PAGE}})
    assert (len(ran["result"]["rows"]), ran["next_offset"]) == (PAGE, PAGE)
    assert ran["next_uri"].startswith(f"{server.url}/api/v1/execution/{ran['execution_id']}/")
    pages = dune("paginate", ran["execution_id"], PAGE)
    assert [page["number"] for page in pages] == [1, 2, 3, 4]
    numbers = [row["n"] for page in pages for row in page["values"]]
    assert numbers == list(range(1, ROWS + 1))
    latest = dune("getLatestResult", {"queryId": query, "opts": {"batchSize": PAGE}})
    assert [row["n"] for row in latest["result"]["rows"]] == list(range(1, ROWS + 1))


def test_csv_text_is_exact_over_pages(dune: Driven, server: Served) -> None:
    query = server.save(NUMBERS)
    csv = dune("runQueryCSV", {"queryId": query, "opts": {**AT_ONCE, "batchSize": PAGE}})
    assert csv["data"] == "n,twice\n" + "".join(f"{n},{2 * n}\n" for n in range(1, ROWS + 1))


def test_a_csv_file_is_saved(dune: Driven, server: Served, tmp_path: Path) -> None:
    query = server.save("SELECT 1 AS a")
    dune("runQuery", {"queryId": query, "opts": AT_ONCE})
    dune("downloadCSV", {"queryId": query}, str(tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").read_text() == "a\n1\n"


def test_filters_sorting_and_columns_are_passed_on(dune: Driven, server: Served) -> None:
    query = server.save('SELECT x AS n, x AS "a ""b""" FROM UNNEST(sequence(1, 9)) AS t (x)')
    answer = dune(
        "runQuery",
        {
            "queryId": query,
            "opts": AT_ONCE,
            "filters": "n > 6",
            "sort_by": ["n desc"],
            "columns": ['a "b"'],
        },
    )
    assert answer["result"]["rows"] == [{'a "b"': 9}, {'a "b"': 8}, {'a "b"': 7}]


def test_parameters_pick_the_execution(dune: Driven, server: Served) -> None:
    """runQueryCSV reads the query's latest result, told apart by its parameters."""
    query = server.save("SELECT '{{t}}' AS a, {{n}} AS n")
    for value in ("one", "two & three"):
        asked = {
            "queryId": query,
            "query_parameters": [
                {"$parameter": ["text", "t", value]},
                {"$parameter": ["number", "n", 22]},
            ],
            "opts": AT_ONCE,
        }
        assert dune("runQueryCSV", asked)["data"] == f"a,n\n{value},22\n"
        assert dune("getLatestResult", asked)["result"]["rows"] == [{"a": value, "n": 22}]
    first = {"queryId": query, "query_parameters": [{"$parameter": ["text", "t", "one"]}]}
    assert dune("getLatestResult", first)["result"]["rows"] == [{"a": "one", "n": 22}]


def test_run_sql_saves_runs_and_archives(dune: Driven) -> None:
    answer = dune(
        "runSql",
        {
            "query_sql": "SELECT 1, {{d}}, null",
            "isPrivate": True,
            "archiveAfter": True,
            "query_parameters": [{"$parameter": ["number", "d", "3.1415926535"]}],
            "opts": AT_ONCE,
        },
    )
    assert answer["result"]["rows"] == [{"_col0": 1, "_col1": "3.1415926535", "_col2": None}]
    assert dune("query.readQuery", answer["query_id"])["is_archived"] is True


def test_sql_is_executed_without_a_query(dune: Driven, server: Served) -> None:
    started = dune("exec.executeSql", {"sql": "SELECT 1 AS a"})
    server.wait_execution(started["execution_id"])
    answer = dune("exec.getExecutionResults", started["execution_id"])
    assert (answer["query_id"], answer["result"]["rows"]) == (0, [{"a": 1}])


def test_a_failed_query_keeps_its_error(dune: Driven, server: Served) -> None:
    query = server.save(FAILING)
    with pytest.raises(ClientError, match=r"terminal state.*QUERY_STATE_FAILED"):
        dune("runQuery", {"queryId": query, "opts": AT_ONCE})
    execution = dune("exec.executeQuery", query)["execution_id"]
    server.wait_execution(execution)
    answer = dune("exec.getExecutionResults", execution)
    assert answer["state"] == "QUERY_STATE_FAILED"
    assert answer["error"]["type"] == "FAILED_TYPE_EXECUTION_FAILED"
    assert "Column 'nothing' cannot be resolved" in answer["error"]["message"]
    assert "result" not in answer


def test_an_execution_is_cancelled_at_once(dune: Driven) -> None:
    execution = dune("exec.executeSql", {"sql": SLOW})["execution_id"]
    assert dune("exec.cancelExecution", execution) is True
    answer = dune("exec.getExecutionResults", execution)
    assert answer["state"] == "QUERY_STATE_CANCELLED"
    assert "cancelled_at" in answer
    assert "result" not in answer


def test_a_pipeline_with_a_view_is_followed(dune: Driven, server: Served) -> None:
    query = server.save(f"SELECT a FROM {server.fresh_view('SELECT 1 AS a')}")
    run = dune("exec.executeQueryPipeline", query, {"performance": "medium"})[
        "pipeline_execution_id"
    ]
    assert len(dune("pipeline.getPipelineStatus", run)["node_executions"]) == 2
    server.wait_run(run)
    last = dune("pipeline.getPipelineStatus", run)
    assert last["status"] == "completed"
    states = [node["query_execution_status"]["status"] for node in last["node_executions"]]
    assert states == ["completed", "completed"]


def test_a_cancelled_pipeline_is_read_like_any_other(dune: Driven, server: Served) -> None:
    run = dune("exec.executeQueryPipeline", server.save(SLOW))["pipeline_execution_id"]
    server.call("POST", f"/pipelines/executions/{run}/cancel")
    assert dune("pipeline.getPipelineStatus", run)["status"] == "cancelled"


def test_uploads_are_created_filled_listed_cleared_and_deleted(dune: Driven) -> None:
    schema = [{"name": "id", "type": "bigint"}, {"name": "at", "type": "timestamp"}]
    table = {"namespace": "me", "table_name": "node_table"}
    made = dune("uploads.create", {**table, "schema": schema})
    assert made == {
        "namespace": "me",
        "table_name": "node_table",
        "full_name": "dune.me.node_table",
        "example_query": "select * from dune.me.node_table limit 10",
        "already_existed": False,
        "message": "Table created successfully",
    }
    for kind, text, rows in (
        ("text/csv", "id,at\n1,2024-01-01T00:00:00Z\n", 1),
        ("application/x-ndjson", '{"id":2}\n{"id":3}', 2),
        ("application/json", '{"id":4}\n', 1),
    ):
        data = {**table, "data": {"$bytes": text}, "content_type": kind}
        written = dune("uploads.insert", data)
        assert (written["name"], written["rows_written"]) == ("dune.me.node_table", rows)
    listed = dune("uploads.list", {"limit": 1000})["tables"]
    assert "dune.me.node_table" in [entry["full_name"] for entry in listed]
    assert "successfully cleared" in dune("uploads.clear", table)["message"]
    assert dune("uploads.delete", table) == {"message": "Table me.node_table successfully deleted"}
    with pytest.raises(ClientError, match="Status: 404"):
        dune("uploads.delete", table)
    with pytest.raises(ClientError, match="Status: 40"):
        dune("uploads.create", {**table, "schema": []})
    assert dune("uploads.uploadCsv", {"table_name": "node_csv", "data": "a,b\n1,2\n"}) is True
    assert (
        "deleted"
        in dune("uploads.delete", {"namespace": "me", "table_name": "dataset_node_csv"})["message"]
    )


def test_the_older_table_calls_still_work(dune: Driven) -> None:
    table = {"namespace": "me", "table_name": "node_old"}
    dune("table.create", {**table, "schema": [{"name": "a", "type": "varchar"}]})
    data = {**table, "data": {"$bytes": "a\nx\n"}, "content_type": "text/csv"}
    assert dune("table.insert", data)["rows_written"] == 1
    assert dune("table.delete", table)["message"] == "Table me.node_old successfully deleted"
    assert dune("table.uploadCsv", {"table_name": "node_old", "data": "a\n1\n"}) is True
    dune("table.delete", {"namespace": "me", "table_name": "dataset_node_old"})


def test_datasets_and_usage_are_read(dune: Driven, server: Served) -> None:
    view = server.fresh_view("SELECT 1 AS a")
    listed = dune("dataset.list", {"limit": 250, "type": "materialized_view"})
    assert view in [dataset["full_name"] for dataset in listed["datasets"]]
    one = dune("dataset.getBySlug", view)
    assert (one["type"], [c["name"] for c in one["columns"]]) == ("materialized_view", ["a"])
    assert len(dune("usage.getUsage")["billing_periods"]) == 1


def test_a_custom_endpoint_gives_the_latest_result(dune: Driven, server: Served) -> None:
    """The client sends its lists as they are, and the names of the path once more as options."""
    query = server.save("SELECT x AS a, -x AS b FROM UNNEST(sequence(1, 5)) AS t (x)")
    server.wait_execution(server.call("POST", f"/query/{query}/execute")["execution_id"])
    server.call("PUT", "/endpoints/sdk", {"query_id": query})
    asked = {"handle": "me", "slug": "sdk", "columns": ["b", "a"], "limit": 2}
    read = dune("custom.getResults", asked)
    assert read["result"]["rows"] == [{"b": -1, "a": 1}, {"b": -2, "a": 2}]
    assert (read["query_id"], read["next_offset"]) == (query, 2)
    with pytest.raises(ClientError, match="Status: 404"):
        dune("custom.getResults", {"handle": "me", "slug": "none", "columns": ["a"]})


def test_refusals_carry_the_exact_text(
    dune: Driven, server: Served, other: str, tmp_path: Path
) -> None:
    hidden = server.hidden_query(other)
    query = server.save("SELECT 1 AS a")
    wrong = [{"$parameter": ["text", "Invalid Parameter", ""]}]
    for text, call, *args in (
        ('404, Message: {"error":"Query not found"}', "exec.executeQuery", 999_999_999),
        ('404, Message: {"error":"Query not found"}', "exec.executeQuery", hidden),
        ('404, Message: {"error":"Query not found"}', "query.readQuery", hidden),
        (
            '400, Message: {"error":"unknown parameters (Invalid Parameter)"}',
            "exec.executeQuery",
            query,
            {"query_parameters": wrong},
        ),
        (
            '400, Message: {"error":"The requested execution ID (ID: x) is invalid."}',
            "exec.getExecutionStatus",
            "x",
        ),
    ):
        with pytest.raises(ClientError) as refused:
            dune(call, *args)
        assert str(refused.value).endswith(f"HTTP - Status: {text}")
    with (
        _driver(tmp_path / "wrong", VERSIONS[0], server, "wrong") as stranger,
        pytest.raises(ClientError) as refused,
    ):
        stranger("exec.cancelExecution", "x")
    assert str(refused.value).endswith('HTTP - Status: 401, Message: {"error":"invalid API Key"}')


def test_an_expired_result_says_so(expired: tuple[Served, str], tmp_path: Path) -> None:
    forgetting, execution = expired
    with _driver(tmp_path / "late", VERSIONS[0], forgetting, str(forgetting.key)) as late:
        assert late("exec.getExecutionStatus", execution)["state"] == "QUERY_STATE_EXPIRED"
        assert "result" not in late("exec.getExecutionResults", execution)
