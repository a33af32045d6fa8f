"""`qanat sql` and `qanat query run`, against scripted answers."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys

import pytest

from .conftest import Qanat
from .double import EXECUTION, KEY, Double, finished, page

Captured = pytest.CaptureFixture[str]
STATUS = f"GET /v1/execution/{EXECUTION}/status"
RESULTS = f"GET /v1/execution/{EXECUTION}/results"
CANCEL = f"POST /v1/execution/{EXECUTION}/cancel"
RUNNING = {
    "execution_id": EXECUTION,
    "state": "QUERY_STATE_EXECUTING",
    "is_execution_finished": False,
}


@pytest.fixture
def started(double: Double) -> Double:
    double.on("POST /v1/sql/execute", (200, {"execution_id": EXECUTION, "state": "X"}))
    double.on("POST /v1/query/7/execute", (200, {"execution_id": EXECUTION, "state": "X"}))
    double.on(STATUS, (200, RUNNING), (200, RUNNING), (200, finished()))
    double.on(RESULTS, (200, page([{"day": "mon", "n": 1}, {"day": None, "n": 2}])))
    return double


def test_rows_come_as_a_table_and_the_rest_beside_it(
    started: Double, qanat: Qanat, capsys: Captured
) -> None:
    assert qanat("sql", "SELECT 1", "--param", "a=1", "--tier", "small") == 0
    told = capsys.readouterr()
    lines = [line.split() for line in told.out.splitlines() if line.strip()]
    assert lines[0] == ["day", "n"]
    assert lines[2:] == [["mon", "1"], ["NULL", "2"]]
    assert "2 rows" in told.err
    assert "0.004000 credits" in told.err
    assert started.requests("POST /v1/sql/execute")[0].body == {
        "sql": "SELECT 1",
        "performance": "small",
        "query_parameters": {"a": "1"},
    }


def test_json_is_one_document_of_all_pages(started: Double, qanat: Qanat, capsys: Captured) -> None:
    """Numbers keep the digits that the server wrote, also those that a double cannot hold."""
    big = b'{"execution_id":"%s","state":"QUERY_STATE_COMPLETED","result":{"rows":[{"n":%s}],' % (
        EXECUTION.encode(),
        b"123456789012345678901234567890",
    )
    first = page([{"day": "mon", "n": 1}], next_offset=1)
    started.on(RESULTS, (200, first), (200, big + b'"metadata":{"column_names":["n"]}}}'))
    assert qanat("--json", "sql", "SELECT 1") == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer["state"] == "QUERY_STATE_COMPLETED"
    assert answer["result"]["metadata"]["total_row_count"] == 2
    assert answer["result"]["rows"] == [
        {"day": "mon", "n": 1},
        {"n": 123456789012345678901234567890},
    ]
    assert [asked.params["offset"] for asked in started.requests(RESULTS)] == ["0", "1"]


def test_an_empty_result_is_a_document_too(started: Double, qanat: Qanat, capsys: Captured) -> None:
    empty = {"rows": [], "metadata": {"column_names": ["n"], "column_types": ["bigint"]}}
    started.on(RESULTS, (200, {"execution_id": EXECUTION, "state": "X", "result": empty}))
    assert qanat("sql", "SELECT 1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["result"]["rows"] == []


def test_a_limit_is_asked_of_the_server(started: Double, qanat: Qanat) -> None:
    started.on(RESULTS, (200, page([{"day": "mon", "n": 1}], next_offset=1)))
    assert qanat("query", "run", "7", "--limit", "1") == 0
    assert [asked.params["limit"] for asked in started.requests(RESULTS)] == ["1"]


def test_the_statement_may_come_from_standard_input_or_begin_with_a_comment(
    started: Double, qanat: Qanat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 2"))
    assert qanat("sql", "-") == 0
    assert qanat("sql", "-- why\nSELECT 3") == 0
    sent = [asked.body["sql"] for asked in started.requests("POST /v1/sql/execute")]
    assert sent == ["SELECT 2", "-- why\nSELECT 3"]


def test_rows_cannot_write_over_the_terminal(
    started: Double, qanat: Qanat, capsys: Captured
) -> None:
    nasty = "\x1b[2J\x1b]0;owned\x07\r\n[red]x[/red]\u202etxt"
    started.on(RESULTS, (200, page([{"day": nasty, "\x1b[31mn": 1}])))
    assert qanat("sql", "SELECT 1") == 0
    told = capsys.readouterr()
    for character in ("\x1b", "\x07", "\r", "\u202e"):
        assert character not in told.out + told.err
    assert "\\x1b[2J" in told.out
    assert "[red]x[/red]" in told.out


def test_a_failure_is_exit_code_1_with_the_server_s_words(
    started: Double, qanat: Qanat, capsys: Captured
) -> None:
    error = {
        "type": "FAILED_TYPE_EXECUTION_FAILED",
        "message": "line 1:8: Column 'x' cannot be resolved",
        "metadata": {"line": 1, "column": 8},
    }
    failed = finished(state="QUERY_STATE_FAILED", error=error)
    started.on(STATUS, (200, failed))
    assert qanat("sql", "SELECT x") == 1
    told = capsys.readouterr()
    assert told.err == "qanat: line 1:8: Column 'x' cannot be resolved\n"
    assert told.out == ""
    assert qanat("--json", "sql", "SELECT x") == 1
    assert json.loads(capsys.readouterr().out)["error"] == error


def test_an_execution_that_somebody_cancelled_is_exit_code_4(
    started: Double, qanat: Qanat, capsys: Captured
) -> None:
    started.on(STATUS, (200, finished(state="QUERY_STATE_CANCELLED")))
    assert qanat("sql", "SELECT 1") == 4
    assert "cancelled" in capsys.readouterr().err


def test_a_refused_request_is_told_as_it_is(double: Double, qanat: Qanat, capsys: Captured) -> None:
    double.on("POST /v1/query/7/execute", (404, {"error": "Query not found"}))
    assert qanat("query", "run", "7") == 1
    assert capsys.readouterr().err == "qanat: Query not found\n"


def test_ctrl_c_cancels_the_execution_and_is_exit_code_4(started: Double) -> None:
    started.on(STATUS, (200, RUNNING))
    started.on(CANCEL, (200, {"success": True}))
    words = ["sql", "SELECT 1", "--server", started.url, "--key", KEY]
    process = subprocess.Popen(
        [sys.executable, "-m", "qanat", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.wait_for(STATUS)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 4
    assert out == ""
    assert err == f"qanat: execution {EXECUTION} was cancelled\n"
    assert len(started.requests(CANCEL)) == 1


def test_a_reader_that_goes_away_is_no_traceback(started: Double) -> None:
    rows = [{"day": "x" * 200, "n": number} for number in range(5_000)]
    started.on(RESULTS, (200, page(rows)))
    words = ["--json", "sql", "SELECT 1", "--server", started.url, "--key", KEY]
    process = subprocess.Popen(
        [sys.executable, "-m", "qanat", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 1
