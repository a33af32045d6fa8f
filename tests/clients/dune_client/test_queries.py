"""Queries saved, run, failed and cancelled by the client, and their results read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests
from dune_client.client import DuneClient
from dune_client.models import ExecutionState, QueryFailedError
from dune_client.query import QueryBase
from dune_client.types import QueryParameter

from tests.clients.dune_client.refused import status_of
from tests.clients.served import FAILING, NUMBERS, PAGE, ROWS, SLOW, Served


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
    assert status_of(refused)[0] == 403
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
    assert status_of(refused)[0] == 400


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
    assert status_of(refused) == (400, '{"error":"unknown parameters (Invalid Parameter)"}')


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
    assert status_of(refused) == (
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
    assert status_of(none_yet) == (
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
    assert status_of(never)[0] == 404


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
    assert status_of(refused) == (404, '{"error":"not found: no custom endpoint me/none"}')


def test_usage_is_told_by_period(dune: DuneClient) -> None:
    dune.run_sql("SELECT 1 AS a", ping_frequency=0)
    now = dune.get_usage()
    assert len(now.billing_periods) == 1
    assert now.bytes_used >= 0
    today = datetime.now(UTC)
    past = dune.get_usage(f"{today - timedelta(days=40):%Y-%m-%d}", f"{today:%Y-%m-%d}")
    assert len(past.billing_periods) >= 2
