"""Materialized views over HTTP (contract section 8)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import executed, run_sql, save, view


def make(me: Owner, query: int, name: str = "result_x", **more: object) -> Any:  # noqa: ANN401  # any JSON
    body = {"name": name, "query_id": query, **more}
    return me.ok("POST", "/materialized-views", json=body)


@pytest.fixture
def query(me: Owner) -> int:
    return save(me, "SELECT 1 AS n")


def test_a_view_is_made_and_computed_at_once(me: Owner, query: int) -> None:
    made = make(me, query, performance="small", cron_expression="0 */6 * * *")
    full = f"dune.{me.handle}.result_x"
    assert made["name"] == full
    assert executed(me, made)["state"] == "QUERY_STATE_COMPLETED"
    found = me.ok("GET", f"/materialized-views/{full}")
    assert (found["sql_id"], found["query_id"], found["is_private"]) == (full, query, False)
    assert found["last_execution_ids"] == [made["execution_id"]]
    assert isinstance(found["table_size_bytes"], int)
    assert found["schedule"]["cron_expression"] == "0 */6 * * *"
    assert found["schedule"]["performance"] == "small"
    assert found["schedule"]["next_execution_time"].endswith("00:00.000000Z")
    assert run_sql(me, f"SELECT n FROM {full}")["state"] == "QUERY_STATE_COMPLETED"


@pytest.mark.parametrize("spelling", ["result_x", "dune.{h}.result_x", 'dune."{h}".result_x'])
def test_a_view_is_found_under_each_spelling_of_its_name(
    me: Owner, query: int, spelling: str
) -> None:
    make(me, query)
    path = f"/materialized-views/{quote(spelling.format(h=me.handle), safe='')}"
    assert me.ok("GET", path)["query_id"] == query
    refreshed = me.ok("POST", f"{path}/refresh")
    assert refreshed["sql_id"] == f"dune.{me.handle}.result_x"
    assert executed(me, refreshed)["state"] == "QUERY_STATE_COMPLETED"


@pytest.mark.parametrize(
    "name",
    ["x", "result_", "result_X", "result_x_", "result_a-b", "result_ä", "dune.nobody.result_x",
     "result_" + "x" * 200, ""],
)  # fmt: skip
def test_a_name_that_is_none_is_refused(me: Owner, query: int, name: str) -> None:
    me.refused(400, "POST", "/materialized-views", json={"name": name, "query_id": query})
    assert me.ok("GET", "/materialized-views") == {"materialized_views": []}


@pytest.mark.parametrize(
    "cron", ["* * * * *", "*/5 * * * *", "0 0 1 * *", "0 0 30 2 *", "hourly", "0 0 * * * *"]
)
def test_a_schedule_outside_a_quarter_of_an_hour_and_a_week_is_refused(
    me: Owner, query: int, cron: str
) -> None:
    body = {"name": "result_x", "query_id": query, "cron_expression": cron}
    me.refused(400, "POST", "/materialized-views", json=body)
    assert me.ok("GET", "/materialized-views") == {"materialized_views": []}


def test_an_end_of_a_schedule_that_is_no_timestamp_is_refused(me: Owner, query: int) -> None:
    """Also where there is no schedule for it to end: what is not understood is not passed over."""
    for more in ({}, {"cron_expression": "0 */6 * * *"}):
        body = {"name": "result_until", "query_id": query, "expires_at": "tomorrow", **more}
        assert "expires_at: 'tomorrow' is no timestamp" in me.refused(
            400, "POST", "/materialized-views", json=body
        )
    body = {"name": "result_until", "query_id": query, "expires_at": ""}
    me.ok("POST", "/materialized-views", json=body)


def test_a_view_needs_a_saved_query_without_parameters_and_with_named_columns(me: Owner) -> None:
    body: dict[str, object] = {"name": "result_x"}
    for sql, more, words in (
        ("SELECT {{n}} AS n", {"query_parameters": {"n": "1"}}, "parameters"),
        ("SELECT 1", {}, "unnamed column at place 1"),
    ):
        body["query_id"] = save(me, sql, **more)
        assert words in me.refused(400, "POST", "/materialized-views", json=body)
    body["query_id"] = save(me, "SELECT 1 AS n", is_temp=True)
    me.refused(403, "POST", "/materialized-views", json=body)
    body["query_id"] = 10**9
    assert me.refused(404, "POST", "/materialized-views", json=body) == "Query not found"


def test_a_request_repeated_with_its_key_changes_nothing_more(me: Owner, query: int) -> None:
    headers = {"Idempotency-Key": "make-x"}
    body = {"name": "result_x", "query_id": query, "is_private": True}
    first = me.ok("POST", "/materialized-views", json=body, headers=headers)
    executed(me, make(me, query, is_private=False))
    assert me.ok("POST", "/materialized-views", json=body, headers=headers) == first
    changed = {**body, "performance": "large"}
    me.refused(422, "POST", "/materialized-views", json=changed, headers=headers)
    assert me.ok("GET", "/materialized-views/result_x")["is_private"] is False


def test_made_again_without_a_schedule_it_has_none(me: Owner, query: int) -> None:
    make(me, query, cron_expression="0 0 * * *")
    executed(me, make(me, query, is_private=True))
    found = me.ok("GET", "/materialized-views/result_x")
    assert "schedule" not in found
    assert found["is_private"] is True
    assert len(found["last_execution_ids"]) == 2


def test_name_and_query_of_a_view_belong_together(me: Owner, query: int) -> None:
    make(me, query)
    again = {"name": "result_x", "query_id": save(me, "SELECT 2 AS n")}
    assert "delete" in me.refused(400, "POST", "/materialized-views", json=again)
    renamed = {"name": "result_y", "query_id": query}
    assert "delete" in me.refused(400, "POST", "/materialized-views", json=renamed)


def test_a_failed_refresh_keeps_the_rows(me: Owner, query: int) -> None:
    full = view(me, "result_kept", "SELECT 7 AS n")
    id_ = me.ok("GET", "/materialized-views/result_kept")["query_id"]
    me.ok("PATCH", f"/query/{id_}", json={"query_sql": "SELECT nothing AS n"})
    refreshed = me.ok("POST", "/materialized-views/result_kept/refresh")
    assert executed(me, refreshed)["state"] == "QUERY_STATE_FAILED"
    status = run_sql(me, f"SELECT n FROM {full}")
    rows = me.ok("GET", f"/execution/{status['execution_id']}/results")["result"]["rows"]
    assert rows == [{"n": 7}]


def test_a_deleted_view_is_gone_and_its_name_is_free(me: Owner, query: int) -> None:
    full = make(me, query)["name"]
    assert me.ok("DELETE", f"/materialized-views/{full}") == {"message": "ok"}
    why = me.refused(404, "GET", f"/materialized-views/{full}")
    assert why == "Materialized view not found"
    me.refused(404, "DELETE", f"/materialized-views/{full}")
    me.refused(404, "POST", f"/materialized-views/{full}/refresh")
    assert executed(me, make(me, query))["state"] == "QUERY_STATE_COMPLETED"


def test_views_of_others_are_read_unless_private_and_never_changed(
    me: Owner, other: Owner, query: int
) -> None:
    public = make(me, query)["name"]
    private = make(me, save(me, "SELECT 2 AS n"), "result_p", is_private=True)["name"]
    assert other.ok("GET", f"/materialized-views/{public}")["sql_id"] == public
    other.refused(403, "DELETE", f"/materialized-views/{public}")
    other.refused(403, "POST", f"/materialized-views/{public}/refresh")
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/refresh")):
        other.refused(404, method, f"/materialized-views/{private}{path}")
    assert other.ok("GET", "/materialized-views") == {"materialized_views": []}


def test_lists_are_paged(me: Owner) -> None:
    for letter in "cab":
        make(me, save(me, "SELECT 1 AS n"), f"result_{letter}")
    page = me.ok("GET", "/materialized-views?limit=2")
    names = [one["sql_id"].rsplit("_", 1)[1] for one in page["materialized_views"]]
    assert (names, page["next_offset"]) == (["a", "b"], 2)
    rest = me.ok("GET", "/materialized-views?limit=2&offset=2")
    assert len(rest["materialized_views"]) == 1
    assert "next_offset" not in rest


def test_freshness_tells_published_views_first_oldest_first(me: Owner) -> None:
    old = view(me, "result_old", "SELECT 1 AS n", cron_expression="0 0 * * *")
    new = view(me, "result_new", "SELECT 1 AS n")
    executed(me, make(me, save(me, "SELECT nothing AS n"), "result_never"))
    found = me.ok("GET", "/freshness")["views"]
    assert [one["name"] for one in found] == [old, new, f"dune.{me.handle}.result_never"]
    assert found[0]["late"] is False
    assert found[0]["schedule"]["cron_expression"] == "0 0 * * *"
    assert found[0]["last_run"]["state"] == "completed"
    assert found[2]["last_run"]["state"] == "failed"
    assert "published_at" not in found[2]
