"""What the client is told of what it may not have: no key, none such, private, or expired."""

from __future__ import annotations

import pytest
import requests
from dune_client.client import DuneClient
from dune_client.models import ExecutionState, QueryFailedError
from dune_client.query import QueryBase

from tests.clients.dune_client.refused import status_of
from tests.clients.served import Served


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
        assert status_of(refused) == (401, '{"error":"invalid API Key"}')
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
        assert status_of(missing) == (404, f'{{"error":"{error}"}}')
    with pytest.raises(requests.HTTPError) as malformed:
        dune.get_execution_status("nonsense")
    assert status_of(malformed) == (
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
        assert status_of(missing)[0] == 404
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
    assert status_of(refused)[0] == 403


def test_an_expired_result_says_so(expired: tuple[Served, str]) -> None:
    forgetting, execution = expired
    assert forgetting.key is not None
    dune = DuneClient(api_key=forgetting.key, base_url=forgetting.url)
    status = dune.get_execution_status(execution)
    assert status.state is ExecutionState.EXPIRED
    assert dune.get_execution_results(execution).result is None
    with pytest.raises(requests.HTTPError) as refused:
        dune.get_execution_results_csv(execution)
    assert "QUERY_STATE_EXPIRED" in status_of(refused)[1]
    dune.http.close()
