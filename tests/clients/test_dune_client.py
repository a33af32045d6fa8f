"""`dune-client`, the official Python client, as it is on the package index."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from dune_client.api.table import TableAPI
from dune_client.client import DuneClient
from dune_client.models import ExecutionState, QueryFailedError
from dune_client.query import QueryBase
from dune_client.types import QueryParameter

from tests.clients.served import FAILING, NUMBERS, PAGE, ROWS, SLOW, Served


@pytest.fixture(scope="module")
def dune(server: Served, key: str) -> Iterator[DuneClient]:
    """The client, pointed at the server by the address alone."""
    made = DuneClient(api_key=key, base_url=server.url)
    yield made
    made.http.close()


@pytest.fixture
def numbers(dune: DuneClient) -> QueryBase:
    """A saved query of a few thousand rows."""
    return dune.create_query("numbers", NUMBERS).base


def _status(error: pytest.ExceptionInfo[requests.HTTPError]) -> tuple[int, str]:
    answer = error.value.response
    assert answer is not None
    return answer.status_code, answer.text


def test_a_query_is_created_read_changed_hidden_and_archived(dune: DuneClient) -> None:
    made = dune.create_query(
        "life",
        "SELECT {{n}} AS a, '{{t}}' AS b, timestamp '{{d}}' AS c",
        params=[
            QueryParameter.number_type("n", 22),
            QueryParameter.text_type("t", "plain"),
            QueryParameter.date_type("d", datetime(2024, 3, 1, 10, 20, 30)),  # noqa: DTZ001  # as users write it
        ],
    )
    id_ = made.base.query_id
    assert made.base.name == "life"
    assert [p.key for p in made.base.parameters()] == ["n", "t", "d"]
    assert (made.meta.owner, made.meta.version, made.meta.tags) == ("me", 1, [])
    assert (made.meta.is_private, made.meta.is_archived, made.meta.is_unsaved) == (False,) * 3

    assert dune.update_query(id_, name="new", description="why", tags=["a", "b"], params=[]) == id_
    read = dune.get_query(id_)
    assert (read.base.name, read.meta.description, read.meta.tags) == ("new", "why", ["a", "b"])
    assert read.meta.version == 2

    dune.make_private(id_)
    assert dune.get_query(id_).meta.is_private
    dune.make_public(id_)
    assert not dune.get_query(id_).meta.is_private
    assert dune.archive_query(id_) is True
    with pytest.raises(requests.HTTPError) as refused:
        dune.run_query(QueryBase(id_), ping_frequency=0)
    assert _status(refused)[0] == 403
    assert dune.unarchive_query(id_) is False


def test_an_empty_query_may_be_saved(dune: DuneClient) -> None:
    made = dune.create_query("empty", "", is_private=True)
    assert made.sql == ""
    assert made.meta.is_private


def test_run_query_reads_every_page(dune: DuneClient, numbers: QueryBase) -> None:
    results = dune.run_query(numbers, ping_frequency=0, batch_size=PAGE)
    assert [row["n"] for row in results.get_rows()] == list(range(1, ROWS + 1))
    assert results.query_id == numbers.query_id
    assert results.state is ExecutionState.COMPLETED
    assert results.next_uri is None
    assert results.result is not None
    meta = results.result.metadata
    assert (meta.column_names, meta.column_types) == (["n", "twice"], ["bigint", "bigint"])
    # This client adds up its pages' row_count from total_row_count, so that is left aside.
    assert (meta.total_row_count, meta.datapoint_count) == (ROWS, 2 * ROWS)
    assert results.times.execution_ended_at is not None
    assert results.times.execution_ended_at.tzinfo is not None


def test_the_first_of_three_pages_says_where_the_second_is(
    dune: DuneClient, server: Served, numbers: QueryBase
) -> None:
    execution = dune.run_query(numbers, ping_frequency=0).execution_id
    page = dune.get_execution_results(execution, limit=PAGE)
    assert page.next_offset == PAGE
    assert page.next_uri is not None
    assert page.next_uri.startswith(f"{server.url}/api/v1/execution/{execution}/results?")
    last = dune.get_execution_results(execution, limit=PAGE, offset=3 * PAGE)
    assert (last.next_offset, last.next_uri) == (None, None)
    assert [row["n"] for row in last.get_rows()] == [ROWS]


def test_run_query_dataframe_reads_every_page(dune: DuneClient, numbers: QueryBase) -> None:
    frame = dune.run_query_dataframe(numbers, ping_frequency=0, batch_size=PAGE)
    assert list(frame.columns) == ["n", "twice"]
    assert list(frame["n"]) == list(range(1, ROWS + 1))
    assert frame["twice"].sum() == ROWS * (ROWS + 1)


def test_run_query_csv_is_one_text_over_pages(dune: DuneClient, numbers: QueryBase) -> None:
    whole = dune.run_query_csv(numbers, ping_frequency=0, batch_size=PAGE).data.read()
    lines = whole.decode().split("\n")
    assert lines[0] == "n,twice"
    assert lines[-1] == ""
    assert lines[1:-1] == [f"{n},{2 * n}" for n in range(1, ROWS + 1)]


def test_results_are_filtered_sorted_sampled_and_cut_to_columns(
    dune: DuneClient, numbers: QueryBase
) -> None:
    found = dune.run_query(
        numbers, ping_frequency=0, columns=["twice"], filters="n > 2990", sort_by=["n desc"]
    )
    assert [row["twice"] for row in found.get_rows()] == [2 * n for n in range(ROWS, 2990, -1)]
    assert all(list(row) == ["twice"] for row in found.get_rows())
    sample = dune.run_query(numbers, ping_frequency=0, sample_count=100)
    assert 0 <= len(sample.get_rows()) < ROWS


def test_a_filter_that_is_none_is_refused(dune: DuneClient, numbers: QueryBase) -> None:
    with pytest.raises(requests.HTTPError) as refused:
        dune.run_query(numbers, ping_frequency=0, filters="n = (SELECT 1)")
    assert _status(refused)[0] == 400


def test_parameters_take_the_place_of_their_names(dune: DuneClient) -> None:
    made = dune.create_query(
        "valued",
        "SELECT {{n}} AS n, {{d}} AS d, '{{t}}' AS t",
        params=[
            QueryParameter.number_type("n", 1),
            QueryParameter.number_type("d", 1.5),
            QueryParameter.text_type("t", "stored"),
        ],
    )
    query = QueryBase(
        made.base.query_id,
        params=[QueryParameter.number_type("n", 22), QueryParameter.number_type("d", 3.1415926535)],
    )
    rows = dune.run_query(query, ping_frequency=0).get_rows()
    assert rows == [{"n": 22, "d": "3.1415926535", "t": "stored"}]


def test_an_unknown_parameter_is_named(dune: DuneClient, numbers: QueryBase) -> None:
    query = QueryBase(numbers.query_id, params=[QueryParameter.text_type("Invalid Parameter", "")])
    with pytest.raises(requests.HTTPError) as refused:
        dune.execute_query(query)
    assert _status(refused) == (400, '{"error":"unknown parameters (Invalid Parameter)"}')


def test_run_sql_needs_no_saved_query(dune: DuneClient) -> None:
    results = dune.run_sql("SELECT 1 AS a, 'x' AS b, null AS c", ping_frequency=0)
    assert results.get_rows() == [{"a": 1, "b": "x", "c": None}]
    assert results.query_id in (0, None)


def test_a_long_result_of_run_sql_comes_whole(dune: DuneClient) -> None:
    """run_sql names no page size."""
    sql = f"{NUMBERS} CROSS JOIN UNNEST(sequence(1, 20)) AS u (y)"
    assert len(dune.run_sql(sql, ping_frequency=0).get_rows()) == 20 * ROWS


def test_a_failed_query_says_why_and_where(dune: DuneClient) -> None:
    query = dune.create_query("broken", FAILING).base
    with pytest.raises(QueryFailedError, match="line 1:8: Column 'nothing' cannot be resolved"):
        dune.run_query(query, ping_frequency=0)
    with pytest.raises(QueryFailedError, match=r"(?i)syntax|SELEC"):
        dune.run_sql("SELEC 1", ping_frequency=0)

    execution = dune.execute_query(query).execution_id
    status = dune.get_execution_status(execution)
    while status.state not in ExecutionState.terminal_states():
        status = dune.get_execution_status(execution)
    assert status.state is ExecutionState.FAILED
    assert status.error is not None
    assert status.error.type == "FAILED_TYPE_EXECUTION_FAILED"
    assert status.error.metadata == {"line": 1, "column": 8}
    results = dune.get_execution_results(execution)
    assert (results.state, results.result) == (ExecutionState.FAILED, None)
    with pytest.raises(requests.HTTPError) as refused:
        dune.get_execution_results_csv(execution)
    assert _status(refused) == (
        400,
        '{"error":"Query state is QUERY_STATE_FAILED, cannot provide CSV result"}',
    )


def test_an_execution_is_cancelled_at_once(dune: DuneClient) -> None:
    execution = dune.execute_sql(SLOW)
    assert execution.state in (ExecutionState.PENDING, ExecutionState.EXECUTING)
    assert dune.cancel_execution(execution.execution_id) is True
    results = dune.get_execution_results(execution.execution_id)
    assert (results.state, results.result) == (ExecutionState.CANCELLED, None)
    assert results.times.cancelled_at is not None
    assert dune.cancel_execution(execution.execution_id) is True


def test_the_latest_result_is_read_without_running_again(
    dune: DuneClient, numbers: QueryBase
) -> None:
    with pytest.raises(requests.HTTPError) as none_yet:
        dune.get_latest_result(numbers)
    assert _status(none_yet) == (
        404,
        '{"error":"not found: No execution found for the latest version of the given query"}',
    )
    first = dune.run_query(numbers, ping_frequency=0)
    latest = dune.get_latest_result(numbers.query_id, batch_size=PAGE)
    assert latest.execution_id == first.execution_id
    assert len(latest.get_rows()) == ROWS
    again = dune.get_latest_result(numbers, max_age_hours=0)
    assert again.execution_id != first.execution_id
    text = dune.download_csv(numbers.query_id, batch_size=PAGE).data.read().decode()
    assert text.count("\n") == ROWS + 1
    frame = dune.get_latest_result_dataframe(numbers.query_id)
    assert len(frame) == ROWS


def test_latest_results_are_told_apart_by_their_parameters(dune: DuneClient) -> None:
    made = dune.create_query(
        "by value",
        "SELECT '{{of whom}}' AS a",
        params=[QueryParameter.text_type("of whom", "stored")],
    )

    def asked(value: str) -> QueryBase:
        return QueryBase(made.base.query_id, params=[QueryParameter.text_type("of whom", value)])

    left = dune.run_query(asked("left & right"), ping_frequency=0)
    right = dune.run_query(asked("b"), ping_frequency=0)
    assert dune.get_latest_result(asked("left & right")).execution_id == left.execution_id
    assert dune.get_latest_result(asked("b")).get_rows() == [{"a": "b"}]
    assert dune.get_latest_result(made.base.query_id).execution_id == right.execution_id
    with pytest.raises(requests.HTTPError) as never:
        dune.get_latest_result(asked("never"))
    assert _status(never)[0] == 404


def test_several_values_of_one_parameter_are_joined(dune: DuneClient, server: Served) -> None:
    query = int(
        server.call(
            "POST",
            "/query",
            {
                "name": "several",
                "query_sql": "SELECT '{{chains}}' AS a",
                "parameters": [
                    {
                        "key": "chains", "type": "enum", "value": "a", "values": ["a"],
                        "enumOptions": ["a", "b", "c"], "isMultiselect": True,
                    }
                ],
            },
        )["query_id"]
    )  # fmt: skip
    assert [p.key for p in dune.get_query(query).base.parameters()] == ["chains"]
    asked = QueryBase(query, params=[QueryParameter.enum_type("chains", ["a", "c"])])
    ran = dune.run_query(asked, ping_frequency=0)
    assert ran.get_rows() == [{"a": "a,c"}]
    assert dune.get_latest_result(asked).execution_id == ran.execution_id


def test_a_pipeline_with_views_runs_to_its_end(dune: DuneClient, server: Served) -> None:
    server.view("result_low", "SELECT 1 AS a")
    server.view("result_high", "SELECT a + 1 AS b FROM dune.me.result_low")
    top = dune.create_query("top", "SELECT b FROM dune.me.result_high").base.query_id
    run = dune.execute_query_pipeline(top, performance="medium").pipeline_execution_id
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", run)
    first = dune.get_pipeline_status(run)
    assert len(first.node_executions) == 3
    server.wait_run(run)
    last = dune.get_pipeline_status(run)
    assert last.status == "completed"
    statuses = [node.query_execution_status for node in last.node_executions]
    assert [status.status for status in statuses] == ["completed"] * 3
    assert statuses[-1].query_id == top
    assert statuses[-1].execution_id is not None
    assert dune.get_execution_results(statuses[-1].execution_id).get_rows() == [{"b": 2}]
    assert dune.get_latest_result(top).execution_id == statuses[-1].execution_id


def test_a_pipeline_without_views_is_one_node(dune: DuneClient, server: Served) -> None:
    run = dune.execute_query_pipeline(dune.create_query("alone", "SELECT 1 AS a").base.query_id)
    server.wait_run(run.pipeline_execution_id)
    status = dune.get_pipeline_status(run.pipeline_execution_id)
    assert [node.query_execution_status.status for node in status.node_executions] == ["completed"]


def test_a_failed_pipeline_is_read_like_any_other(dune: DuneClient, server: Served) -> None:
    source = server.save("SELECT 1 AS a", "breaks later")
    server.view_of("result_breaks", source)
    top = dune.create_query("above", "SELECT a FROM dune.me.result_breaks").base.query_id
    dune.update_query(source, query_sql="SELECT 1 / 0 AS a")
    run = dune.execute_query_pipeline(top).pipeline_execution_id
    server.wait_run(run)
    status = dune.get_pipeline_status(run)
    assert status.status == "failed"
    assert [n.query_execution_status.status for n in status.node_executions] == [
        "failed",
        "skipped",
    ]
    assert status.node_executions[1].query_execution_status.execution_id is None


def test_a_pipeline_ends_when_a_node_of_it_is_cancelled(dune: DuneClient, server: Served) -> None:
    server.view("result_swift", "SELECT 1 AS a")
    top = dune.create_query("slow", f"{SLOW} AND x > (SELECT a FROM dune.me.result_swift)").base
    run = dune.execute_query_pipeline(top.query_id).pipeline_execution_id

    def slow_node() -> str | None:
        return dune.get_pipeline_status(run).node_executions[-1].query_execution_status.execution_id

    server.wait_for(lambda: slow_node() is not None)
    execution = slow_node()
    assert execution is not None
    assert dune.cancel_execution(execution) is True
    server.wait_run(run)
    status = dune.get_pipeline_status(run)
    assert status.status == "cancelled"
    assert status.node_executions[-1].query_execution_status.status == "cancelled"


def test_a_csv_text_becomes_a_table(dune: DuneClient) -> None:
    made = dune.upload_csv("rates", "day,rate,name\n2024-01-01,1.5,a\n2024-01-02,2.5,\n", "why")
    assert made.table_name == "dataset_rates"
    rows = dune.run_sql("SELECT rate, name FROM dune.me.dataset_rates", ping_frequency=0).get_rows()
    assert [row["rate"] for row in rows] == [1.5, 2.5]
    assert "deleted" in dune.delete_table("me", "dataset_rates").message


def test_a_table_is_created_filled_cleared_and_deleted(dune: DuneClient) -> None:
    schema = [
        {"name": "id", "type": "bigint"},
        {"name": "hash", "type": "varbinary"},
        {"name": "big", "type": "uint256"},
        {"name": "at", "type": "timestamp"},
    ]
    made = dune.create_table("me", "filled", schema, "a table")
    assert (made.namespace, made.table_name, made.full_name) == ("me", "filled", "dune.me.filled")
    assert made.example_query == "select * from dune.me.filled limit 10"
    with pytest.raises(requests.HTTPError) as again:
        dune.create_table("me", "filled", schema)
    assert _status(again)[0] == 409

    csv = f"id,hash,big,at\n1,0xab,{2**256 - 1},2024-01-01T00:00:00Z\n".encode()
    written = dune.insert_data("me", "filled", io.BytesIO(csv), "text/csv")
    assert (written.name, written.rows_written) == ("dune.me.filled", 1)
    assert written.bytes_written > 0
    ndjson = b'{"id":2,"hash":"0xCD","big":7,"at":"2024-01-02 03:04:05"}\n{"id":3}'
    assert (
        dune.insert_data("me", "filled", io.BytesIO(ndjson), "application/x-ndjson").rows_written
        == 2
    )
    sql = "SELECT id, hash, big FROM dune.me.filled ORDER BY id"
    assert dune.run_sql(sql, ping_frequency=0).get_rows() == [
        {"id": 1, "hash": "0xab", "big": str(2**256 - 1)},
        {"id": 2, "hash": "0xcd", "big": "7"},
        {"id": 3, "hash": None, "big": None},
    ]
    with pytest.raises(requests.HTTPError) as bad:
        dune.insert_data("me", "filled", io.BytesIO(b"id\n4\nx\n"), "text/csv")
    assert _status(bad)[0] == 400
    assert "line 3" in _status(bad)[1]

    listed = {table.full_name: table for table in dune.list_uploads(limit=1000).tables}
    assert listed["dune.me.filled"].owner.handle == "me"
    assert [c.type for c in listed["dune.me.filled"].columns][:3] == [
        "bigint",
        "varbinary",
        "uint256",
    ]
    assert "successfully cleared" in dune.clear_table("me", "filled").message
    assert dune.run_sql("SELECT id FROM dune.me.filled", ping_frequency=0).get_rows() == []
    assert dune.delete_table("me", "filled").message == "Table me.filled successfully deleted"
    with pytest.raises(requests.HTTPError) as gone:
        dune.delete_table("me", "filled")
    assert _status(gone)[0] == 404


def test_uploads_are_listed_page_by_page(dune: DuneClient) -> None:
    for name in ("page_a", "page_b", "page_c"):
        dune.create_table("me", name, [{"name": "a", "type": "bigint"}])
    seen, offset = [], 0
    while True:
        page = dune.list_uploads(limit=1, offset=offset)
        seen += [table.full_name for table in page.tables]
        if page.next_offset is None:
            break
        offset = page.next_offset
    assert {"dune.me.page_a", "dune.me.page_b", "dune.me.page_c"} <= set(seen)
    assert len(seen) == len(set(seen))


def test_the_older_table_calls_still_work(server: Served, key: str) -> None:
    tables = TableAPI(api_key=key, base_url=server.url)
    with pytest.warns(DeprecationWarning, match="legacy"):  # noqa: PT031  # each call warns
        assert tables.upload_csv("old", "a,b\n1,2\n") is True
        made = tables.create_table("me", "old_made", [{"name": "a", "type": "integer"}])
        assert made.message == "Table created successfully"
        assert made.already_existed is False
        rows = tables.insert_table(
            "me", "old_made", io.BytesIO(b'{"a":1}\n'), "application/x-ndjson"
        )
        assert rows.rows_written == 1
        assert tables.clear_data("me", "old_made").message == (
            "Table dune.me.old_made successfully cleared"
        )
        assert tables.delete_table("me", "old_made").message == (
            "Table me.old_made successfully deleted"
        )
        assert "deleted" in tables.delete_table("me", "dataset_old").message
    tables.http.close()


def test_datasets_are_listed_and_read(dune: DuneClient) -> None:
    dune.create_table("me", "shown", [{"name": "a", "type": "bigint"}], "what it is")
    listed = dune.list_datasets(limit=250, owner_handle="me", type="uploaded_table")
    assert listed.total >= 1
    assert "dune.me.shown" in {dataset.full_name for dataset in listed.datasets}
    assert {dataset.type for dataset in listed.datasets} == {"uploaded_table"}
    one = dune.get_dataset("dune.me.shown")
    assert (one.type, one.owner.handle, one.is_private) == ("uploaded_table", "me", False)
    assert [(c.name, c.type, c.nullable) for c in one.columns] == [("a", "bigint", True)]


def test_a_custom_endpoint_gives_the_latest_result(
    dune: DuneClient, server: Served, numbers: QueryBase
) -> None:
    server.call("PUT", "/endpoints/numbers", {"query_id": numbers.query_id})
    made = dune.run_query(numbers).execution_id
    with pytest.warns(DeprecationWarning, match="Custom endpoints"):
        read = dune.get_custom_endpoint_result(
            "me", "numbers", limit=2, columns=["n"], filters="n > 5", sort_by=["n desc"]
        )
    assert read.execution_id == made
    assert read.get_rows() == [{"n": ROWS}, {"n": ROWS - 1}]
    with (
        pytest.warns(DeprecationWarning, match="Custom endpoints"),
        pytest.raises(requests.HTTPError) as refused,
    ):
        dune.get_custom_endpoint_result("me", "none")
    assert _status(refused) == (404, '{"error":"not found: no custom endpoint me/none"}')


def test_usage_is_told_by_period(dune: DuneClient) -> None:
    dune.run_sql("SELECT 1 AS a", ping_frequency=0)
    now = dune.get_usage()
    assert len(now.billing_periods) == 1
    assert now.bytes_used >= 0
    today = datetime.now(UTC)
    past = dune.get_usage(f"{today - timedelta(days=40):%Y-%m-%d}", f"{today:%Y-%m-%d}")
    assert len(past.billing_periods) >= 2


def test_a_wrong_key_is_told_so_before_anything_else(server: Served) -> None:
    wrong = DuneClient(api_key="wrong", base_url=server.url)
    for call in (
        lambda: wrong.get_query(1),
        lambda: wrong.get_execution_status("not an id"),
        lambda: wrong.execute_sql("SELECT 1"),
        lambda: wrong.update_query(0, name="x"),
        lambda: wrong.delete_table("me", "x"),
    ):
        with pytest.raises(requests.HTTPError) as refused:
            call()
        assert _status(refused) == (401, '{"error":"invalid API Key"}')
    wrong.http.close()


def test_what_does_not_exist_is_not_found(dune: DuneClient) -> None:
    for call, error in (
        (lambda: dune.get_query(999_999_999), "Query not found"),
        (lambda: dune.execute_query(QueryBase(0)), "Query not found"),
        (lambda: dune.execute_query_pipeline(999_999_999), "Query not found"),
        (lambda: dune.get_query(10**30), "Query not found"),
        (lambda: dune.get_execution_status("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "Object not found"),
        (lambda: dune.get_pipeline_status("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "Object not found"),
    ):
        with pytest.raises(requests.HTTPError) as missing:
            call()
        assert _status(missing) == (404, f'{{"error":"{error}"}}')
    with pytest.raises(requests.HTTPError) as malformed:
        dune.get_execution_status("nonsense")
    assert _status(malformed) == (
        400,
        '{"error":"The requested execution ID (ID: nonsense) is invalid."}',
    )


def test_what_is_private_to_another_owner_is_not_there(
    dune: DuneClient, server: Served, other: str
) -> None:
    hidden = server.hidden_query(other)
    execution = server.as_key(other, "POST", f"/query/{hidden}/execute")["execution_id"]
    for call in (
        lambda: dune.get_query(hidden),
        lambda: dune.execute_query(QueryBase(hidden)),
        lambda: dune.execute_query_pipeline(hidden),
        lambda: dune.get_latest_result(hidden),
        lambda: dune.archive_query(hidden),
        lambda: dune.update_query(hidden, name="mine"),
        lambda: dune.get_execution_status(execution),
        lambda: dune.get_execution_results(execution),
        lambda: dune.cancel_execution(execution),
    ):
        with pytest.raises(requests.HTTPError) as missing:
            call()
        assert _status(missing)[0] == 404
    with pytest.raises(QueryFailedError, match="does not exist"):
        dune.run_sql(f"SELECT a FROM query_{hidden}", ping_frequency=0)


def test_what_is_public_of_another_owner_runs_and_does_not_change(
    dune: DuneClient, server: Served, other: str
) -> None:
    shown = server.as_key(other, "POST", "/query", {"name": "s", "query_sql": "SELECT 5 AS a"})
    id_ = int(shown["query_id"])
    assert dune.run_query(QueryBase(id_), ping_frequency=0).get_rows() == [{"a": 5}]
    with pytest.raises(requests.HTTPError) as refused:
        dune.update_query(id_, name="mine")
    assert _status(refused)[0] == 403


def test_an_expired_result_says_so(expired: tuple[Served, str]) -> None:
    forgetting, execution = expired
    assert forgetting.key is not None
    dune = DuneClient(api_key=forgetting.key, base_url=forgetting.url)
    status = dune.get_execution_status(execution)
    assert status.state is ExecutionState.EXPIRED
    assert dune.get_execution_results(execution).result is None
    with pytest.raises(requests.HTTPError) as refused:
        dune.get_execution_results_csv(execution)
    assert "QUERY_STATE_EXPIRED" in _status(refused)[1]
    dune.http.close()
