"""The asynchronous half of `dune-client`, which builds its addresses in its own way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from aiohttp import ClientResponseError
from dune_client.client_async import AsyncDuneClient
from dune_client.models import ExecutionState, QueryFailedError
from dune_client.query import QueryBase
from dune_client.types import QueryParameter

from tests.clients.served import FAILING, PAGE, ROWS, SLOW, Served

T = TypeVar("T")


def _with(server: Served, work: Callable[[AsyncDuneClient], Awaitable[T]]) -> T:
    async def session() -> T:
        async with AsyncDuneClient(api_key=server.key, base_url=server.url) as dune:
            return await work(dune)

    return asyncio.run(session())


def test_run_query_reads_every_page(server: Served, numbers: QueryBase) -> None:
    results = _with(server, lambda dune: dune.run_query(numbers, ping_frequency=0, batch_size=PAGE))
    assert [row["n"] for row in results.get_rows()] == list(range(1, ROWS + 1))


def test_run_query_csv_and_dataframe_read_every_page(server: Served, numbers: QueryBase) -> None:
    csv = _with(server, lambda dune: dune.run_query_csv(numbers, ping_frequency=0, batch_size=PAGE))
    assert csv.data.read().decode().count("\n") == ROWS + 1
    frame = _with(server, lambda dune: dune.run_query_dataframe(numbers, batch_size=PAGE))
    assert list(frame["n"]) == list(range(1, ROWS + 1))


def test_filters_sorting_and_columns_survive_the_turn_of_a_page(
    server: Served, numbers: QueryBase
) -> None:
    results = _with(
        server,
        lambda dune: dune.run_query(
            numbers,
            ping_frequency=0,
            batch_size=PAGE,
            columns=["twice"],
            filters="n > 1 AND twice <> 8",
            sort_by=["n desc"],
        ),
    )
    expected = [{"twice": 2 * n} for n in range(ROWS, 1, -1) if n != 4]
    assert results.get_rows() == expected


def test_the_latest_result_is_found_by_its_parameters(server: Served) -> None:
    query = int(
        server.call(
            "POST",
            "/query",
            {
                "name": "async valued",
                "query_sql": "SELECT '{{t}}' AS a",
                "parameters": [{"key": "t", "type": "text", "value": "x"}],
            },
        )["query_id"]
    )
    asked = QueryBase(query, params=[QueryParameter.text_type("t", "ü & y")])

    async def twice(dune: AsyncDuneClient) -> list[object]:
        ran = await dune.run_query(asked, ping_frequency=0)
        await dune.run_query(QueryBase(query), ping_frequency=0)
        latest = await dune.get_latest_result(asked)
        assert latest.execution_id == ran.execution_id
        return list(latest.get_rows())

    assert _with(server, twice) == [{"a": "ü & y"}]


def test_a_failed_query_raises_with_its_message(server: Served) -> None:
    query = QueryBase(server.save(FAILING))
    with pytest.raises(QueryFailedError, match="Column 'nothing' cannot be resolved"):
        _with(server, lambda dune: dune.run_query(query, ping_frequency=0))


def test_an_execution_is_cancelled_at_once(server: Served) -> None:
    query = QueryBase(server.save(SLOW))

    async def cancelled(dune: AsyncDuneClient) -> ExecutionState:
        execution = (await dune.execute_query(query)).execution_id
        assert await dune.cancel_execution(execution) is True
        results = await dune.get_execution_results(execution)
        assert results.result is None
        return (await dune.get_execution_status(execution)).state

    assert _with(server, cancelled) is ExecutionState.CANCELLED


def test_a_pipeline_with_a_view_is_followed(server: Served) -> None:
    server.view("result_async", "SELECT 1 AS a")
    query = server.save("SELECT a FROM dune.me.result_async")

    async def followed(dune: AsyncDuneClient) -> list[str]:
        run = (await dune.execute_query_pipeline(query, performance="large")).pipeline_execution_id
        while True:
            status = await dune.get_pipeline_status(run)
            assert len(status.node_executions) == 2
            if status.status not in ("pending", "executing"):
                return [
                    status.status,
                    *(n.query_execution_status.status for n in status.node_executions),
                ]

    assert _with(server, followed) == ["completed"] * 3


def test_refusals_are_client_errors(server: Served, other: str) -> None:
    hidden = QueryBase(server.hidden_query(other))
    with pytest.raises(ClientResponseError) as missing:
        _with(server, lambda dune: dune.execute_query(hidden))
    assert missing.value.status == 404

    async def wrong() -> None:
        async with AsyncDuneClient(api_key="wrong", base_url=server.url) as dune:
            await dune.get_execution_status("nonsense")

    with pytest.raises(ClientResponseError) as refused:
        asyncio.run(wrong())
    assert refused.value.status == 401
