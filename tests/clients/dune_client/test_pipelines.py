"""Queries with what they depend on, run as one unit by the client."""

from __future__ import annotations

import re

from dune_client.client import DuneClient

from tests.clients.served import SLOW, Served


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
