"""Results over HTTP (contract sections 4 and 6)."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import run_query, run_sql, save

ROWS = "SELECT n, 'row ' || CAST(n AS varchar) AS t FROM UNNEST(sequence(1, 100)) AS u(n)"


@pytest.fixture
def execution(me: Owner) -> str:
    return str(run_sql(me, ROWS)["execution_id"])


def test_a_result_without_a_limit_is_whole(me: Owner, execution: str) -> None:
    """The TypeScript client reads nothing but the first page."""
    answer = me.ok("GET", f"/execution/{execution}/results")
    assert answer["is_execution_finished"] is True
    rows, metadata = answer["result"]["rows"], answer["result"]["metadata"]
    assert rows[0] == {"n": 1, "t": "row 1"}
    assert len(rows) == metadata["row_count"] == metadata["total_row_count"] == 100
    assert metadata["column_names"] == ["n", "t"]
    assert metadata["datapoint_count"] == 200
    assert metadata.keys() >= {"column_types", "result_set_bytes", "execution_time_millis"}
    assert not {"next_offset", "next_uri"} & answer.keys()


def test_pages_follow_their_links_to_the_end(me: Owner, execution: str) -> None:
    path = f"/api/v1/execution/{execution}/results?limit=40&sort_by=n desc&columns=n"
    numbers: list[int] = []
    while path:
        answer = me.get(path).json()
        numbers += [row["n"] for row in answer["result"]["rows"]]
        assert ("next_uri" in answer) == ("next_offset" in answer)
        uri = answer.get("next_uri")
        if uri:
            assert uri.startswith(f"http://qanat.test/api/v1/execution/{execution}/results?")
            asked = parse_qs(urlsplit(uri).query)
            assert asked["sort_by"] == ["n desc"]
            assert asked["columns"] == ["n"]
            assert "api_key" not in asked
        path = uri.removeprefix("http://qanat.test") if uri else ""
    assert numbers == list(range(100, 0, -1))


def test_csv_pages_repeat_the_header_and_link_to_csv(me: Owner, execution: str) -> None:
    first = me.get(f"/api/v1/execution/{execution}/results/csv?limit=60")
    assert first.headers["content-type"] == "text/csv; charset=utf-8"
    assert first.text.startswith("n,t\n1,row 1\n")
    assert first.text.endswith("\n")
    assert first.headers["x-dune-next-offset"] == "60"
    uri = first.headers["x-dune-next-uri"]
    assert f"/execution/{execution}/results/csv?" in uri
    last = me.get(uri.removeprefix("http://qanat.test"))
    assert last.text.startswith("n,t\n61,row 61\n")
    assert last.text.count("\n") == 41
    assert "x-dune-next-uri" not in last.headers


def test_no_rows_are_no_error(me: Owner, execution: str) -> None:
    path = f"/execution/{execution}/results"
    for asked in ("limit=0", "offset=1000", "filters=n > 1000"):
        answer = me.ok("GET", f"{path}?{asked}")
        assert answer["result"]["rows"] == []
        assert answer["result"]["metadata"]["total_row_count"] == 100
        assert answer["result"]["metadata"]["row_count"] == 0
    assert me.get(f"/api/v1{path}/csv?offset=1000").text == "n,t\n"


def test_with_filters_a_page_tells_how_many_rows_pass_them(me: Owner, execution: str) -> None:
    """Whatever of them it holds, and on the query's own path; without filters it is absent."""
    path = f"/execution/{execution}/results"
    for asked in ("limit=5", "limit=5&sort_by=t desc", "offset=99", "limit=0", "columns=t", ""):
        metadata = me.ok("GET", f"{path}?filters=n <= 40&{asked}")["result"]["metadata"]
        assert (metadata["filtered_row_count"], metadata["total_row_count"]) == (40, 100), asked
    assert me.ok("GET", f"{path}?filters=n < 0")["result"]["metadata"]["filtered_row_count"] == 0
    query = save(me, ROWS)
    run_query(me, query)
    latest = me.ok("GET", f"/query/{query}/results?filters=n > 90&limit=1")
    assert latest["result"]["metadata"]["filtered_row_count"] == 10
    for asked in ("", "?sort_by=n desc", "?sample_count=7", "?limit=3"):
        assert "filtered_row_count" not in me.ok("GET", path + asked)["result"]["metadata"]


def test_filters_columns_and_samples_are_applied(me: Owner, execution: str) -> None:
    path = f"/execution/{execution}/results"
    params = {"filters": "n <= 3 AND t != 'row 2'", "columns": "t", "sort_by": "n desc"}
    answer = me.ok("GET", path, params=params)
    assert answer["result"]["rows"] == [{"t": "row 3"}, {"t": "row 1"}]
    sampled = me.ok("GET", path, params={"sample_count": "10"})
    assert len(sampled["result"]["rows"]) <= 100


@pytest.mark.parametrize(
    "asked",
    ["limit=-1", "limit=x", "offset=1.5", "columns=nothing", "sort_by=nothing", "sort_by=n down",
     "filters=nothing = 1", "filters=n >", "filters=n = 1; DROP TABLE x", "sample_count=5&limit=1",
     "allow_partial_results=maybe", "columns=%ff"],
)  # fmt: skip
def test_an_option_that_makes_no_sense_is_refused(me: Owner, execution: str, asked: str) -> None:
    me.refused(400, "GET", f"/execution/{execution}/results?{asked}")
    me.refused(400, "GET", f"/execution/{execution}/results/csv?{asked}")


def test_an_option_is_refused_before_there_are_rows(me: Owner) -> None:
    """And not only once the execution that is polled here has completed (contract section 6.1)."""
    failed = run_sql(me, "SELECT nothing FROM (VALUES 1) AS t (a)")["execution_id"]
    path = f"/execution/{failed}/results"
    for asked in ("limit=-1", "offset=x", "sample_count=1&limit=1", "allow_partial_results=maybe"):
        me.refused(400, "GET", f"{path}?{asked}")
    assert me.ok("GET", f"{path}?limit=5&columns=a&filters=a > 1")["state"].endswith("_FAILED")


def test_options_that_are_unknown_are_ignored(me: Owner, execution: str) -> None:
    path = f"/execution/{execution}/results"
    asked = "performance=medium&extras.x=1&params.n=9&allow_partial_results=true&limit=1"
    assert len(me.ok("GET", f"{path}?{asked}")["result"]["rows"]) == 1


def test_whole_results_are_files_too(me: Owner, execution: str) -> None:
    parquet = me.get(f"/api/v1/execution/{execution}/results/parquet")
    assert parquet.headers["content-type"] == "application/vnd.apache.parquet"
    assert int(parquet.headers["content-length"]) == len(parquet.content)
    assert pq.read_table(io.BytesIO(parquet.content)).num_rows == 100
    arrow = me.get(f"/api/v1/execution/{execution}/results/arrow?filters=n < 11")
    assert ipc.open_stream(arrow.content).read_all().num_rows == 10


def test_types_are_spelled_as_clients_read_them(me: Owner) -> None:
    sql = (
        "SELECT 3.14 AS d, 0xABCD AS b, CAST(NULL AS bigint) AS nothing, true AS yes,"
        " timestamp '2026-11-24 10:00:00' AS at, nan() AS nan, 9007199254740993 AS big"
    )
    id_ = run_sql(me, sql)["execution_id"]
    answer = me.get(f"/api/v1/execution/{id_}/results")
    assert answer.json()["result"]["rows"] == [
        {
            "d": "3.14",
            "b": "0xabcd",
            "nothing": None,
            "yes": True,
            "at": "2026-11-24 10:00:00.000",
            "nan": "NaN",
            "big": 9007199254740993,
        }
    ]
    csv = me.get(f"/api/v1/execution/{id_}/results/csv").text.splitlines()
    assert csv[1].split(",")[:4] == ["3.14", "0xabcd", "<nil>", "true"]


def test_the_latest_result_is_the_newest_completed_one(me: Owner, other: Owner) -> None:
    query = save(me, "SELECT {{n}} AS n", parameters=[{"key": "n", "value": "1"}])
    none = me.get(f"/api/v1/query/{query}/results")
    assert (none.status_code, none.text) == (
        404,
        '{"error":"not found: No execution found for the latest version of the given query"}',
    )
    first, second = run_query(me, query, n="1"), run_query(other, query, n="2")
    assert run_query(me, query, n="nothing")["state"] == "QUERY_STATE_FAILED"
    assert me.ok("GET", f"/query/{query}/results")["execution_id"] == second["execution_id"]
    found = me.ok("GET", f"/query/{query}/results", params={"params.n": "1"})
    assert found["execution_id"] == first["execution_id"]
    assert me.get(f"/api/v1/query/{query}/results/csv?params.n=2").text == "n\n2\n"
    me.refused(404, "GET", f"/query/{query}/results?params.n=3")
    me.refused(404, "GET", f"/query/{query}/results?params.unknown=3")


def test_later_pages_stay_on_the_execution_that_was_latest(me: Owner) -> None:
    query = save(me, ROWS)
    id_ = run_query(me, query)["execution_id"]
    answer = me.ok("GET", f"/query/{query}/results?limit=10")
    assert answer["next_uri"].startswith(
        f"http://qanat.test/api/v1/execution/{id_}/results?limit=10&offset=10"
    )


def test_a_new_text_has_no_result_yet_and_a_new_name_keeps_the_old_one(me: Owner) -> None:
    query = save(me, "SELECT 1 AS n")
    run_query(me, query)
    me.ok("PATCH", f"/query/{query}", json={"name": "renamed"})
    assert me.ok("GET", f"/query/{query}/results?limit=0")["is_execution_finished"] is True
    me.ok("PATCH", f"/query/{query}", json={"query_sql": "SELECT 2 AS n"})
    me.refused(404, "GET", f"/query/{query}/results")


def test_without_a_completed_execution_the_newest_of_any_state_answers(me: Owner) -> None:
    query = save(me, "SELECT nothing")
    failed = run_query(me, query)
    answer = me.ok("GET", f"/query/{query}/results")
    assert (answer["execution_id"], answer["state"]) == (
        failed["execution_id"],
        "QUERY_STATE_FAILED",
    )
    why = me.refused(400, "GET", f"/query/{query}/results/csv")
    assert why == "Query state is QUERY_STATE_FAILED, cannot provide CSV result"


def test_links_lead_to_where_the_client_came_from(me: Owner, execution: str) -> None:
    path = f"/execution/{execution}/results?limit=1"
    forwarded = {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"}
    assert me.ok("GET", path, headers=forwarded)["next_uri"].startswith("http://qanat.test/")
    answer = me.ok("GET", path, headers={"Host": "other.test:8327"})
    assert answer["next_uri"].startswith("http://other.test:8327/")
