"""`spice`, which reads CSV into polars and takes every text of the server literally."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.clients.documented import blocks
from tests.clients.driven import ClientError, Driven
from tests.clients.installing import python_package
from tests.clients.served import FAILING, NUMBERS, PAGE, ROWS, SLOW, Served

DRIVER: Final = Path(__file__).parent / "python" / "spice_driver.py"


def _driver(place: Path, server: Served, key: str) -> Driven:
    python = python_package("dune-spice", "0.2.7")
    (place / "qanat_spice.py").write_text(blocks()["spice-shim"])
    (place / "driver.py").write_text(DRIVER.read_text())
    environment = {**os.environ, "QANAT_URL": server.url, "QANAT_KEY": key}
    return Driven([str(python), "driver.py"], cwd=place, environment=environment)


@pytest.fixture(scope="module")
def spice(tmp_path_factory: pytest.TempPathFactory, server: Served, key: str) -> Iterator[Driven]:
    """The client, with its addresses changed."""
    with _driver(tmp_path_factory.mktemp("spice"), server, key) as made:
        yield made


def test_a_query_never_run_is_run_and_read(spice: Driven, server: Served) -> None:
    """The text of the 404 is what tells the client to run it."""
    query = server.save(NUMBERS)
    table = spice("query", query, cache=False, poll_interval=0.05)
    assert [row["n"] for row in table["rows"]] == list(range(1, ROWS + 1))
    assert table["types"] == {"n": "Int64", "twice": "Int64"}


def test_the_latest_result_is_read_again_without_running(
    spice: Driven, server: Served, tmp_path: Path
) -> None:
    query = server.save("SELECT 1 AS a")
    options = {"cache_dir": str(tmp_path), "include_execution": True, "poll_interval": 0.05}
    first = spice("query", query, **options)
    again = spice("query", query, **options, load_from_cache=False)
    assert again[1]["execution_id"] == first[1]["execution_id"]
    fresh = spice("query", query, **options, refresh=True)
    assert fresh[1]["execution_id"] != first[1]["execution_id"]
    assert spice("query", query, cache=False, max_age=3600)["rows"] == [{"a": 1}]
    aged = spice("query", query, **options, load_from_cache=False, max_age=-1)
    assert aged[1]["execution_id"] != fresh[1]["execution_id"]


def test_nulls_flags_and_zoned_times_are_understood(spice: Driven, server: Served) -> None:
    query = server.save(
        "SELECT CAST(null AS varchar) AS nothing, true AS flag, 'x,y' AS text,"
        " TIMESTAMP '2024-03-01 10:20:30.123 UTC' AS at"
        " UNION ALL SELECT 'a', false, 'z', TIMESTAMP '2024-03-02 00:00:00.000 UTC'"
    )
    found = spice("query", query, cache=False, poll_interval=0.05)
    rows = sorted(found["rows"], key=lambda row: str(row["text"]))
    assert [row["nothing"] for row in rows] == [None, "a"]
    assert [row["flag"] for row in rows] == [True, False]
    assert str(rows[0]["at"]).startswith("2024-03-01 10:20:30.123")


def test_pages_columns_order_and_samples(spice: Driven, server: Served) -> None:
    query = server.save(NUMBERS)
    spice("query", query, cache=False, poll_interval=0.05)
    seen: list[int] = []
    while len(seen) < ROWS:
        page = spice("query", query, cache=False, limit=PAGE, offset=len(seen))
        seen += [row["n"] for row in page["rows"]]
    assert seen == list(range(1, ROWS + 1))
    top = spice("query", query, cache=False, limit=2, sort_by="n desc", columns=["twice", "n"])
    assert top["rows"] == [{"twice": 2 * ROWS, "n": ROWS}, {"twice": 2 * ROWS - 2, "n": ROWS - 1}]
    assert list(top["types"]) == ["twice", "n"]
    extras = {"allow_partial_results": "true", "ignore_max_datapoints_per_request": "true"}
    assert len(spice("query", query, cache=False, extras=extras)["rows"]) == ROWS
    assert len(spice("query", query, cache=False, sample_count=50)["rows"]) < ROWS


def test_parameters_pick_the_execution(spice: Driven, server: Served) -> None:
    query = server.save("SELECT '{{network}}' AS a")
    for value in ("ethereum", "base"):
        found = spice(
            "query", query, parameters={"network": value}, cache=False, poll_interval=0.05
        )
        assert found["rows"] == [{"a": value}]
    again = spice("query", query, parameters={"network": "ethereum"}, cache=False, refresh=False)
    assert again["rows"] == [{"a": "ethereum"}]


def test_an_execution_is_started_and_read_later(spice: Driven, server: Served) -> None:
    query = server.save("SELECT 7 AS a")
    execution = spice("query", query, poll=False, refresh=True, cache=False)
    assert spice("query", execution, cache=False, poll_interval=0.05)["rows"] == [{"a": 7}]


def test_the_asynchronous_half_sends_its_body_as_text(spice: Driven, server: Served) -> None:
    query = server.save("SELECT '{{t}}' AS a")
    options = {"parameters": {"t": "x y"}, "cache": False, "refresh": True, "poll_interval": 0.05}
    assert spice("async_query", query, **options)["rows"] == [{"a": "x y"}]


def test_failures_refusals_and_cancelled_executions_raise(
    spice: Driven, server: Served, other: str
) -> None:
    with pytest.raises(ClientError, match="QUERY FAILED"):
        spice("query", server.save(FAILING), refresh=True, cache=False, poll_interval=0.05)
    with pytest.raises(ClientError, match="Query not found"):
        spice("query", server.hidden_query(other), refresh=True, cache=False)
    with pytest.raises(ClientError, match="invalid API Key"):
        spice("query", 1, refresh=True, cache=False, api_key="wrong")
    archived = server.save("SELECT 1 AS a")
    server.call("POST", f"/query/{archived}/archive")
    with pytest.raises(ClientError, match="Query is archived, unsaved or not enough permissions"):
        spice("query", archived, refresh=True, cache=False)
    execution = spice("query", server.save(SLOW), poll=False, refresh=True, cache=False)
    server.call("POST", f"/execution/{execution['execution_id']}/cancel")
    with pytest.raises(ClientError, match="QUERY_STATE_CANCELLED"):
        spice("query", execution, cache=False, poll_interval=0.05)


def test_an_expired_result_says_so(expired: tuple[Served, str], tmp_path: Path) -> None:
    forgetting, execution = expired
    with (
        _driver(tmp_path, forgetting, str(forgetting.key)) as late,
        pytest.raises(ClientError, match="QUERY_STATE_EXPIRED"),
    ):
        late("query", {"execution_id": execution}, cache=False)
