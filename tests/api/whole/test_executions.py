"""Executions over HTTP (contract section 3)."""

from __future__ import annotations

import re

import pytest

from qanat.names import new_ulid
from tests.api.whole.owner import Owner
from tests.api.whole.waiting import SLOW, executed, node_executing, run_query, run_sql, save

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_an_execution_is_accepted_at_once_and_completes(me: Owner) -> None:
    query = save(me, "SELECT 1 AS n, 'x' AS t")
    started = me.ok("POST", f"/query/{query}/execute")
    assert re.fullmatch(r"01[0-9A-Z]{24}", started["execution_id"])
    assert started["state"].startswith("QUERY_STATE_")

    status = executed(me, started)
    assert status["query_id"] == query
    assert status["is_execution_finished"] is True
    assert status["state"] == "QUERY_STATE_COMPLETED"
    for name in ("submitted_at", "execution_started_at", "execution_ended_at", "expires_at"):
        assert MOMENT.fullmatch(status[name]), name
    assert status["result_metadata"]["column_names"] == ["n", "t"]
    assert status["result_metadata"]["column_types"] == ["integer", "varchar"]
    assert status["result_metadata"]["total_row_count"] == 1
    assert status["execution_cost_credits"] >= 0
    assert not {"cancelled_at", "error", "queue_position"} & status.keys()


def test_what_is_wrong_in_the_sql_is_the_executions_error_with_its_place(me: Owner) -> None:
    """The request itself is fine: clients poll and read the error (contract section 3.2)."""
    status = run_sql(me, "SELECT 1\nFROM dune.nobody.result_nothing")
    assert (status["state"], status["query_id"]) == ("QUERY_STATE_FAILED", 0)
    error = status["error"]
    assert error["type"] == "FAILED_TYPE_EXECUTION_FAILED"
    assert error["metadata"] == {"line": 2, "column": 6}
    assert "dune.nobody.result_nothing" in error["message"]
    assert not {"result_metadata", "cancelled_at"} & status.keys()

    result = me.ok("GET", f"/execution/{status['execution_id']}/results")
    assert (result["state"], result["error"]) == ("QUERY_STATE_FAILED", error)
    assert "result" not in result


def test_an_unknown_column_is_named_as_clients_expect(me: Owner) -> None:
    error = run_sql(me, "SELECT nothing FROM (VALUES 1) AS t(n)")["error"]
    assert "Column 'nothing' cannot be resolved" in error["message"]


def test_values_from_the_body_win_over_those_from_the_query_string(me: Owner) -> None:
    query = save(me, "SELECT '{{a}}' AS a")

    def ran(path: str, body: dict[str, object]) -> str:
        status = executed(me, me.ok("POST", path, json=body))
        rows = me.ok("GET", f"/execution/{status['execution_id']}/results")["result"]["rows"]
        return str(rows[0]["a"])

    in_query = f'/query/{query}/execute?query_parameters={{"a":"url"}}&performance=small'
    assert ran(in_query, {}) == "url"
    assert ran(in_query, {"query_parameters": {"a": "body"}}) == "body"
    me.refused(400, "POST", f"/query/{query}/execute?query_parameters=nothing")


def test_unknown_parameters_are_named_word_for_word(me: Owner) -> None:
    query = save(me, "SELECT 1")
    body = {"query_parameters": {"Invalid Parameter": "x"}}
    answer = me.post(f"/api/v1/query/{query}/execute", json=body)
    assert (answer.status_code, answer.text) == (
        400,
        '{"error":"unknown parameters (Invalid Parameter)"}',
    )
    body = {"query_parameters": {"b": "x", "a": "x"}}
    why = me.refused(400, "POST", f"/query/{query}/execute", json=body)
    assert why == "unknown parameters (a, b)"


def test_adhoc_sql_takes_parameters_and_misses_those_without_a_value(me: Owner) -> None:
    body = {"sql": "SELECT {{n}} AS n", "query_parameters": {"n": "7"}}
    status = executed(me, me.ok("POST", "/sql/execute", json=body))
    assert status["state"] == "QUERY_STATE_COMPLETED"
    assert "n" in me.refused(400, "POST", "/sql/execute", json={"sql": "SELECT {{n}} AS n"})
    me.refused(400, "POST", "/sql/execute", json={})


@pytest.mark.parametrize(
    ("tier", "status"), [("free", 200), ("small", 200), ("medium", 200), ("huge", 400), ("", 400)]
)
def test_four_tiers_are_known(me: Owner, tier: str, status: int) -> None:
    answer = me.post("/api/v1/sql/execute", json={"sql": "SELECT 1", "performance": tier})
    assert answer.status_code == status
    query = save(me, "SELECT 1")
    answer = me.post(f"/api/v1/query/{query}/execute", json={"performance": tier})
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["status", "results", "results/csv", "cancel"])
def test_an_id_that_is_no_ulid_is_told_word_for_word(me: Owner, path: str) -> None:
    method = "POST" if path == "cancel" else "GET"
    answer = me.request(method, f"/api/v1/execution/nonsense/{path}")
    assert answer.status_code == 400
    assert answer.text == '{"error":"The requested execution ID (ID: nonsense) is invalid."}'
    unknown = new_ulid(me.server.opened.clock.now())
    assert me.refused(404, method, f"/execution/{unknown}/{path}") == "Object not found"


def test_adhoc_executions_are_the_owners_alone(me: Owner, other: Owner) -> None:
    status = run_sql(me, "SELECT 1 AS secret")
    for path in ("status", "results", "results/csv"):
        other.refused(404, "GET", f"/execution/{status['execution_id']}/{path}")
    other.refused(404, "POST", f"/execution/{status['execution_id']}/cancel")


def test_executions_of_public_queries_are_read_by_everybody_and_stopped_by_their_owner(
    me: Owner, other: Owner
) -> None:
    status = run_query(me, save(me, "SELECT 1 AS n"))
    path = f"/execution/{status['execution_id']}"
    assert other.ok("GET", f"{path}/status")["state"] == "QUERY_STATE_COMPLETED"
    other.refused(404, "POST", f"{path}/cancel")


def test_cancelling_is_seen_at_once_everywhere(me: Owner) -> None:
    started = me.ok("POST", "/sql/execute", json={"sql": SLOW})
    path = f"/execution/{started['execution_id']}"
    node_executing(me, started["pipeline_execution_id"])
    pending = me.ok("GET", f"{path}/results")
    assert pending["is_execution_finished"] is False
    assert "result" not in pending
    why = me.refused(400, "GET", f"{path}/results/csv")
    assert why == "Query state is QUERY_STATE_EXECUTING, cannot provide CSV result"

    assert me.ok("POST", f"{path}/cancel") == {"success": True}
    for answer in (me.ok("GET", f"{path}/status"), me.ok("GET", f"{path}/results")):
        assert answer["state"] == "QUERY_STATE_CANCELLED"
        assert MOMENT.fullmatch(answer["cancelled_at"])
        assert answer["execution_ended_at"] == answer["cancelled_at"]
        assert not {"error", "result", "result_metadata"} & answer.keys()
    assert me.ok("POST", f"{path}/cancel", content=b"{}") == {"success": True}


def test_cancelling_what_has_ended_says_so_without_an_error(me: Owner) -> None:
    status = run_sql(me, "SELECT 1")
    answer = me.ok("POST", f"/execution/{status['execution_id']}/cancel")
    assert answer == {"success": False}


def test_a_request_repeated_with_its_key_starts_nothing_new(me: Owner) -> None:
    headers = {"Idempotency-Key": "once"}
    body = {"sql": "SELECT 1"}
    first = me.ok("POST", "/sql/execute", json=body, headers=headers)
    again = me.ok("POST", "/sql/execute", json=body, headers=headers)
    assert again["execution_id"] == first["execution_id"]
    other_body = {"sql": "SELECT 2"}
    me.refused(422, "POST", "/sql/execute", json=other_body, headers=headers)
    me.refused(400, "POST", "/sql/execute", json=body, headers={"Idempotency-Key": "two words"})


def test_a_queue_position_is_told_while_waiting(me: Owner) -> None:
    """One run at a time of a large tier, so what follows it waits."""
    large = {"sql": SLOW, "performance": "large"}
    first = me.ok("POST", "/sql/execute", json=large)
    node_executing(me, first["pipeline_execution_id"])
    waiting = me.ok("POST", "/sql/execute", json=large)
    status = me.ok("GET", f"/execution/{waiting['execution_id']}/status")
    if status["state"] == "QUERY_STATE_PENDING":
        assert status["queue_position"] >= 1
    for started in (waiting, first):
        me.ok("POST", f"/execution/{started['execution_id']}/cancel")
    ended = me.ok("GET", f"/execution/{waiting['execution_id']}/status")
    assert ended["state"] == "QUERY_STATE_CANCELLED"
    assert "queue_position" not in ended


def test_a_poll_that_memory_answers_is_like_any_other_answer(me: Owner, other: Owner) -> None:
    """Polls are answered before the router: the same bytes, headers and refusals."""
    status = run_sql(me, "SELECT 1 AS n")
    path = f"/api/v1/execution/{status['execution_id']}/status"
    answer = me.get(path)
    assert answer.json() == status
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["cache-control"] == "no-store"
    assert me.get(f"{path}/").json() == status
    assert me.get(f"{path}?unknown=1").json() == status
    assert other.get(path).status_code == 404
    assert me.post(path).status_code == 405
    run = f"/api/v1/pipelines/executions/{status['pipeline_execution_id']}/status"
    assert me.get(run).json()["status"] == "completed"
    assert other.get(run).status_code == 404
