"""`duneapi-client-go`, the official Go client, its command, and the tests it has of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.clients import go_rules
from tests.clients.driven import ClientError, Driven
from tests.clients.installing import go, go_programs, go_tests
from tests.clients.intercepted import intercepted
from tests.clients.served import FAILING, NUMBERS, PAGE, ROWS, SLOW, Served

MODULE: Final = "github.com/duneanalytics/duneapi-client-go"
VERSION: Final = "v0.4.6"


@pytest.fixture(scope="session")
def programs() -> Path:
    """A folder of `driver`, which calls the client, and `dunecli`, the client's own command."""
    return go_programs(MODULE, VERSION, driver=".", dunecli=f"{MODULE}/cmd")


def _environment(server: Served, key: str) -> dict[str, str]:
    return {**os.environ, "DUNE_API_HOST": server.url, "DUNE_API_KEY": key}


def _driver(place: Path, programs: Path, server: Served, key: str) -> Driven:
    place.mkdir(exist_ok=True)
    return Driven([str(programs / "driver")], cwd=place, environment=_environment(server, key))


@pytest.fixture(scope="module")
def dune(
    tmp_path_factory: pytest.TempPathFactory, programs: Path, server: Served, key: str
) -> Iterator[Driven]:
    """The client."""
    with _driver(tmp_path_factory.mktemp("go"), programs, server, key) as made:
        yield made


def test_a_query_is_created_read_changed_hidden_and_archived(dune: Driven) -> None:
    parameters = [{"key": "n", "type": "number", "value": "7"}]
    made = dune(
        "CreateQuery",
        {"Name": "life", "QuerySQL": "SELECT {{n}} AS a", "Parameters": parameters},
    )
    id_ = made["query_id"]
    read = dune("GetQuery", id_)
    assert (read["owner"], read["version"], read["query_engine"]) == ("me", 1, "v2 DuneSQL")
    assert [(p["key"], p["type"], p["value"]) for p in read["parameters"]] == [("n", "number", "7")]
    assert dune("UpdateQuery", id_, {"Name": "new", "Tags": ["a"], "IsPrivate": True}) == made
    read = dune("GetQuery", id_)
    assert (read["name"], read["tags"], read["is_private"]) == ("new", ["a"], True)
    assert dune("ArchiveQuery", id_) == made
    assert dune("GetQuery", id_)["is_archived"] is True
    with pytest.raises(ClientError, match=r"not successful \[403\]"):
        dune("QueryExecute", {"QueryID": id_})


def test_a_temporary_query_stays_out_of_sight_and_runs(dune: Driven) -> None:
    id_ = dune("CreateQuery", {"Name": "t", "QuerySQL": "SELECT 1 AS a", "IsTemp": True})[
        "query_id"
    ]
    read = dune("GetQuery", id_)
    assert (read["is_temp"], read["is_unsaved"]) == (True, True)
    execution = dune("RunQuery", {"QueryID": id_})
    assert dune("WaitGetResults", execution)["result"]["rows"] == [{"a": 1}]


def test_run_query_waits_for_its_rows(dune: Driven, server: Served) -> None:
    query = server.save("SELECT {{n}} + 1 AS a")
    rows = dune("RunQueryGetRows", {"QueryID": query, "QueryParameters": {"n": 41}})
    assert rows == [{"a": 42}]


def test_results_are_paged_by_offset(dune: Driven, server: Served) -> None:
    query = server.save(NUMBERS)
    execution = dune("RunQuery", {"QueryID": query})
    whole = dune("WaitGetResults", execution)
    assert whole["result"]["metadata"]["row_count"] == ROWS
    numbers: list[int] = []
    offset: int | None = 0
    while offset is not None:
        option = {"Page": {"Offset": offset, "Limit": PAGE}}
        page = dune("QueryResultsV2", execution, option)
        numbers += [row["n"] for row in page["result"]["rows"]]
        offset = page.get("next_offset")
    assert numbers == list(range(1, ROWS + 1))
    latest = dune("ResultsByQueryID", str(query), {"Page": {"Offset": PAGE, "Limit": 2}})
    assert [row["n"] for row in latest["result"]["rows"]] == [PAGE + 1, PAGE + 2]


def test_csv_text_is_exact(dune: Driven, server: Served) -> None:
    query = server.save("SELECT x AS n, CAST(x AS double) AS d FROM UNNEST(ARRAY[1, 2]) AS t (x)")
    execution = dune("RunQuery", {"QueryID": query})
    dune("WaitGetResults", execution)
    assert dune("QueryResultsCSV", execution) == "n,d\n1,1.0\n2,2.0\n"
    assert dune("QueryResultsCSVByQueryID", str(query)) == "n,d\n1,1.0\n2,2.0\n"


def test_sql_runs_with_parameters(dune: Driven) -> None:
    asked = {"SQL": "SELECT {{k}} AS a", "QueryParameters": {"k": "5"}, "Performance": "medium"}
    answer = dune("WaitGetResults", dune("RunSQL", asked))
    assert (answer["query_id"], answer["result"]["rows"]) == (0, [{"a": 5}])


def test_a_failed_execution_keeps_its_error(dune: Driven, server: Served) -> None:
    execution = dune("SQLExecute", {"SQL": FAILING})["execution_id"]
    server.wait_execution(execution)
    assert dune("QueryStatus", execution)["state"] == "QUERY_STATE_FAILED"
    answer = dune("WaitGetResults", execution)
    assert answer["error"]["type"] == "FAILED_TYPE_EXECUTION_FAILED"
    assert "Column 'nothing' cannot be resolved" in answer["error"]["message"]


def test_an_execution_is_cancelled_at_once(dune: Driven) -> None:
    execution = dune("RunSQL", {"SQL": SLOW})
    dune("QueryCancel", execution)
    assert dune("QueryStatus", execution)["state"] == "QUERY_STATE_CANCELLED"
    assert "cancelled_at" in dune("WaitGetResults", execution)


def test_an_expired_result_says_so(
    expired: tuple[Served, str], programs: Path, tmp_path: Path
) -> None:
    forgetting, execution = expired
    with _driver(tmp_path / "late", programs, forgetting, str(forgetting.key)) as late:
        assert late("QueryStatus", execution)["state"] == "QUERY_STATE_EXPIRED"
        assert late("WaitGetResults", execution)["state"] == "QUERY_STATE_EXPIRED"


def test_a_pipeline_with_a_view_is_followed(dune: Driven, server: Served) -> None:
    query = server.save(f"SELECT a FROM {server.fresh_view('SELECT 1 AS a')}")
    asked = {"QueryID": str(query), "Performance": "medium"}
    run = dune("QueryPipelineExecute", asked)["pipeline_execution_id"]
    assert len(dune("PipelineStatus", run)["node_executions"]) == 2
    server.wait_run(run)
    last = dune("PipelineStatus", run)
    assert last["status"] == "completed"
    nodes = [node["query_execution_status"] for node in last["node_executions"]]
    assert [(node["status"], bool(node["query_id"])) for node in nodes] == [("completed", True)] * 2
    rows = dune("WaitGetResults", nodes[-1]["execution_id"])["result"]["rows"]
    assert rows == [{"a": 1}]


def test_a_cancelled_and_a_failed_pipeline_are_read_like_any_other(
    dune: Driven, server: Served
) -> None:
    run = dune("QueryPipelineExecute", {"QueryID": str(server.save(SLOW))})["pipeline_execution_id"]
    server.call("POST", f"/pipelines/executions/{run}/cancel")
    assert dune("PipelineStatus", run)["status"] == "cancelled"
    asked = {"QueryID": str(server.save("SELECT 1 / (a - a) AS x FROM (VALUES 1) AS t (a)"))}
    run = dune("QueryPipelineExecute", asked)["pipeline_execution_id"]
    server.wait_run(run)
    assert dune("PipelineStatus", run)["status"] == "failed"


@pytest.mark.parametrize(
    "calls",
    [
        ("CreateUpload", "ListUploads", "ClearUpload", "DeleteUpload", "InsertIntoUpload"),
        ("CreateTable", "ListTables", "ClearTable", "DeleteTable", "InsertTable"),
    ],
    ids=["uploads", "the older table calls"],
)
def test_tables_are_created_filled_listed_cleared_and_deleted(
    dune: Driven, calls: tuple[str, ...]
) -> None:
    create, list_, clear, delete, insert = calls
    name = create.lower()
    columns = [
        {"name": "id", "type": "bigint"},
        {"name": "at", "type": "timestamp", "nullable": True},
    ]
    made = dune(create, {"Namespace": "me", "TableName": name, "Schema": columns})
    assert (made["full_name"], made["already_existed"]) == (f"dune.me.{name}", False)
    csv = dune(insert, "me", name, "id,at\n1,2024-01-01T00:00:00Z\n", "text/csv")
    assert csv["rows_written"] == 1
    lines = '{"id":2}\n{"id":3}'
    assert dune(insert, "me", name, lines, "application/x-ndjson")["rows_written"] == 2
    listed = {table["full_name"]: table for table in dune(list_, 1000, 0)["tables"]}
    assert [c["name"] for c in listed[f"dune.me.{name}"]["columns"]] == ["id", "at"]
    assert "successfully cleared" in dune(clear, "me", name)["message"]
    assert dune(delete, "me", name)["message"] == f"Table me.{name} successfully deleted"
    with pytest.raises(ClientError, match=r"not successful \[404\]"):
        dune(delete, "me", name)


@pytest.mark.parametrize("call", ["UploadCSV", "UploadCSVDeprecated"])
def test_csv_becomes_a_table(dune: Driven, call: str) -> None:
    name = call.lower()
    made = dune(call, {"TableName": name, "Data": "a,b\n1,x\n", "IsPrivate": True})
    assert (made["success"], made["full_name"]) == (True, f"dune.me.dataset_{name}")
    rows = dune("WaitGetResults", dune("RunSQL", {"SQL": f"SELECT * FROM {made['full_name']}"}))
    assert rows["result"]["rows"] == [{"a": 1, "b": "x"}]


def test_datasets_are_listed_read_and_searched(dune: Driven, server: Served) -> None:
    view = server.fresh_view("SELECT 1 AS a")
    listed = dune("ListDatasets", 250, 0, "me", "materialized_view")
    assert view in [dataset["full_name"] for dataset in listed["datasets"]]
    one = dune("GetDataset", view)
    assert (one["type"], [c["name"] for c in one["columns"]]) == ("materialized_view", ["a"])
    found = dune("SearchDatasets", {"Query": view, "IncludeSchema": True})
    assert view in [result["full_name"] for result in found["results"]]
    address = {"ContractAddress": "0x" + "ab" * 20}
    assert dune("SearchDatasetsByContractAddress", address)["total"] == 0


def test_usage_and_whoami_are_read(dune: Driven) -> None:
    usage = dune("GetUsage")
    assert len(usage["billing_periods"]) == 1
    dates = (usage["billing_periods"][0]["start_date"], usage["billing_periods"][0]["end_date"])
    assert dune("GetUsageForDates", *dates)["billing_periods"]
    who = dune("WhoAmI")
    assert who["handle"] == "me"
    assert go_rules.ULID.fullmatch(who["api_key_id"])


def test_a_visualization_is_made(dune: Driven, server: Served) -> None:
    query = server.save("SELECT 1 AS a")
    asked = {"QueryID": query, "Name": "v", "Type": "table", "Options": {"x": 1}}
    made = dune("CreateVisualization", asked)["id"]
    listed = server.call("GET", f"/queries/{query}/visualizations?limit=25&offset=0")
    assert [one["id"] for one in listed["results"]] == [made]


def test_refusals_carry_the_exact_text(
    dune: Driven, server: Served, other: str, programs: Path, tmp_path: Path
) -> None:
    hidden = server.hidden_query(other)
    query = server.save("SELECT 1 AS a")
    for status, text, call, *args in (
        (404, "Query not found", "QueryExecute", {"QueryID": 999_999_999}),
        (404, "Query not found", "QueryExecute", {"QueryID": hidden}),
        (404, "Query not found", "GetQuery", hidden),
        (
            400,
            "unknown parameters (wrong)",
            "QueryExecute",
            {"QueryID": query, "QueryParameters": {"wrong": 1}},
        ),
        (400, "The requested execution ID (ID: x) is invalid.", "QueryStatus", "x"),
    ):
        with pytest.raises(ClientError) as refused:
            dune(str(call), *args)
        assert str(refused.value) == f"request was not successful [{status}]: {text}"
    with (
        _driver(tmp_path / "wrong", programs, server, "wrong") as stranger,
        pytest.raises(ClientError) as refused,
    ):
        stranger("WhoAmI")
    assert str(refused.value) == "request was not successful [401]: invalid API Key"


def test_its_command_runs_a_query_and_reads_an_execution(
    programs: Path, server: Served, key: str
) -> None:
    def printed(*arguments: str) -> object:
        done = subprocess.run(
            [str(programs / "dunecli"), "-poll-interval", "50ms", *arguments],
            env=_environment(server, key),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stderr == ""
        return json.loads(done.stdout)["result"]["rows"]

    query = server.save("SELECT {{n}} AS a")
    assert printed("-q", str(query), "-p", '{"n": 42}') == [{"a": 42}]
    execution = server.call("POST", f"/query/{query}/execute", {"query_parameters": {"n": 1}})
    assert printed("-e", execution["execution_id"]) == [{"a": 1}]


#: It awaits the bare name of a CSV's table in the answer, the Python client's the stored one.
CONTRADICTED: Final = "TestUploadCSVAndDelete"


def test_its_own_tests_pass_at_dunes_address(server: Served, key: str, tmp_path: Path) -> None:
    """Each speaks to api.dune.com, a constant of the client, and none is left out."""
    upload = {"namespace": "me", "table_name": "seen", "schema": [{"name": "a", "type": "bigint"}]}
    server.call("POST", "/uploads", upload)
    source = go_tests(MODULE, VERSION, "./e2e")
    with intercepted(server.url, tmp_path) as network:
        done = subprocess.run(
            [go(), "test", "-vet=off", "-count=1", "-v", "./e2e"],
            cwd=source,
            env={**os.environ, **network, "DUNE_API_KEY": key, "DUNE_API_KEY_OWNER_HANDLE": "me"},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
    ends = re.findall(r"^--- (\w+): (\w+)", done.stdout, re.MULTILINE)
    assert len(ends) == 19, done.stdout + done.stderr
    failed = [name for how, name in ends if how != "PASS"]
    assert failed == [CONTRADICTED], done.stdout
    assert done.stdout.count("Error Trace") == 1, done.stdout
    assert 'actual  : "dataset_test_uploads_api' in done.stdout
