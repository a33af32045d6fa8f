"""Saved queries over HTTP (contract section 7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import run_query, save

REQUIRED = {
    "query_id", "name", "description", "tags", "version", "parameters", "query_engine",
    "query_sql", "is_private", "is_archived", "is_unsaved", "owner",
}  # fmt: skip


def test_a_query_reads_back_with_every_field_that_the_python_client_needs(me: Owner) -> None:
    id_ = save(me, "", name="Empty")
    found = me.ok("GET", f"/query/{id_}")
    assert found.keys() >= REQUIRED
    assert (found["description"], found["tags"], found["parameters"]) == ("", [], [])
    assert (found["version"], found["owner"], found["query_engine"]) == (
        1,
        me.handle,
        "v2 DuneSQL",
    )


@pytest.mark.parametrize("path", ["/query", "/query/"])
def test_both_spellings_of_the_address_are_served_at_once(me: Owner, path: str) -> None:
    """A redirect would turn the POST into a GET."""
    answer = me.post(f"/api/v1{path}", content=b'{"name":"q","query_sql":"SELECT 1"}')
    assert answer.status_code == 200
    assert list(answer.json()) == ["query_id"]


def test_absent_fields_stay_and_lists_replace(me: Owner) -> None:
    id_ = save(me, "SELECT 1", description="d", tags=["a"], is_private=True)
    me.ok("PATCH", f"/query/{id_}", json={"name": "new"})
    found = me.ok("GET", f"/query/{id_}")
    assert (found["name"], found["description"], found["tags"]) == ("new", "d", ["a"])
    assert found["is_private"]
    assert found["version"] == 2
    me.ok("PATCH", f"/query/{id_}", json={"tags": []})
    assert me.ok("GET", f"/query/{id_}")["tags"] == []


@pytest.mark.parametrize(
    ("call", "flag", "value"),
    [
        ("archive", "is_archived", True),
        ("unarchive", "is_archived", False),
        ("private", "is_private", True),
        ("unprivate", "is_private", False),
    ],
)
def test_a_flag_is_seen_at_once_and_makes_no_version(
    me: Owner, call: str, flag: str, value: bool
) -> None:
    id_ = save(me, "SELECT 1")
    for options in ({}, {"content": b"{}"}):
        assert me.ok("POST", f"/query/{id_}/{call}", **options) == {"query_id": id_}
    found = me.ok("GET", f"/query/{id_}")
    assert found[flag] is value
    assert found["version"] == 1


def test_an_archived_query_is_read_but_neither_run_nor_changed_nor_listed(me: Owner) -> None:
    id_ = save(me, "SELECT 1")
    me.ok("POST", f"/query/{id_}/archive")
    assert me.ok("GET", f"/query/{id_}")["is_archived"]
    why = me.refused(403, "POST", f"/query/{id_}/execute")
    assert why == (
        "Not allowed to execute query. Query is archived, unsaved or not enough permissions"
    )
    assert "archived" in me.refused(403, "PATCH", f"/query/{id_}", json={"name": "x"})
    assert me.ok("GET", "/queries")["queries"] == []
    assert [one["id"] for one in me.ok("GET", "/queries?archived=true")["queries"]] == [id_]
    me.ok("PATCH", f"/query/{id_}", json={"is_archived": False})
    assert run_query(me, id_)["state"] == "QUERY_STATE_COMPLETED"


def test_what_is_private_to_another_does_not_exist_and_what_is_public_is_not_changed(
    me: Owner, other: Owner
) -> None:
    private, public = save(me, "SELECT 1", is_private=True), save(me, "SELECT 1")
    for method, path in (
        ("GET", f"/query/{private}"),
        ("PATCH", f"/query/{private}"),
        ("POST", f"/query/{private}/archive"),
        ("POST", f"/query/{private}/execute"),
        ("GET", f"/query/{private}/results"),
        ("GET", f"/query/{private}/pipeline"),
        ("GET", f"/query/{private}/versions"),
        ("GET", f"/query/{private}/executions"),
        ("POST", f"/query/{private}/pipeline/execute"),
    ):
        assert other.refused(404, method, path) == "Query not found", path
    assert other.ok("GET", f"/query/{public}")["owner"] == me.handle
    assert run_query(other, public)["state"] == "QUERY_STATE_COMPLETED"
    for method, path in (
        ("PATCH", f"/query/{public}"),
        ("POST", f"/query/{public}/private"),
        ("DELETE", f"/query/{public}/pipeline"),
    ):
        other.refused(403, method, path)


def test_a_key_that_may_only_read_runs_but_changes_nothing(me: Owner) -> None:
    id_ = save(me, "SELECT 1")
    reading = me.reading()
    assert run_query(reading, id_)["state"] == "QUERY_STATE_COMPLETED"
    for method, path in (
        ("POST", "/query"),
        ("PATCH", f"/query/{id_}"),
        ("POST", f"/query/{id_}/archive"),
        ("PUT", f"/query/{id_}/pipeline"),
        ("POST", "/materialized-views"),
        ("DELETE", "/materialized-views/result_x"),
    ):
        assert "may only read" in reading.refused(403, method, path)


def test_an_update_of_a_version_that_is_gone_is_refused(me: Owner) -> None:
    id_ = save(me, "SELECT 1")
    me.ok("PATCH", f"/query/{id_}", json={"query_sql": "SELECT 2", "base_version": 1})
    why = me.refused(409, "PATCH", f"/query/{id_}", json={"name": "late", "base_version": 1})
    assert why == f"query {id_} is at version 2, not 1"
    assert me.ok("GET", f"/query/{id_}")["name"] == "a query"


def test_versions_are_kept_word_for_word(me: Owner) -> None:
    id_ = save(me, "SELECT '{{a}}'")
    me.ok("PATCH", f"/query/{id_}", json={"query_sql": "SELECT 'ö'"})
    listed = me.ok("GET", f"/query/{id_}/versions")
    assert listed["total"] == 2
    assert [one["version"] for one in listed["versions"]] == [2, 1]
    assert me.ok("GET", f"/query/{id_}/versions/1")["query_sql"] == "SELECT '{{a}}'"
    me.refused(404, "GET", f"/query/{id_}/versions/3")
    me.refused(400, "GET", f"/query/{id_}/versions/x")


PARAMETERS: list[dict[str, Any]] = [
    {"key": "a text", "type": "text", "value": "x"},
    {"key": "count", "type": "number", "value": "22"},
    {"key": "from", "type": "datetime", "value": "2026-11-01 00:00:00"},
    {"key": "chain", "type": "enum", "value": "base", "enumOptions": ["base", "ethereum"]},
]


def test_declared_parameters_read_back_as_they_were_sent(me: Owner) -> None:
    id_ = save(me, "SELECT 1", parameters=PARAMETERS)
    assert me.ok("GET", f"/query/{id_}")["parameters"] == PARAMETERS
    me.ok("PATCH", f"/query/{id_}", json={"parameters": []})
    assert me.ok("GET", f"/query/{id_}")["parameters"] == []


def test_other_spellings_of_parameters_are_taken(me: Owner) -> None:
    """`date` for datetime, a list for a multi-select, an object instead of the list."""
    id_ = save(
        me,
        "SELECT 1",
        parameters=[
            {"key": "d", "type": "date", "value": "2026-11-01T00:00:00Z"},
            {"key": "m", "type": "enum", "value": ["a", "b"], "enumOptions": ["a", "b", "c"]},
        ],
    )
    day, many = me.ok("GET", f"/query/{id_}")["parameters"]
    assert day == {"key": "d", "type": "datetime", "value": "2026-11-01 00:00:00"}
    assert (many["value"], many["values"], many["isMultiselect"]) == ("a,b", ["a", "b"], True)
    id_ = save(me, "SELECT 1", query_parameters={"n": "22", "t": "x"})
    types = {one["key"]: one["type"] for one in me.ok("GET", f"/query/{id_}")["parameters"]}
    assert types == {"n": "number", "t": "text"}


def test_placeholders_that_nobody_declared_are_declared_as_text(me: Owner) -> None:
    id_ = save(me, "SELECT '{{a}}' AS a, '{{ b c }}' AS b")
    keys = [one["key"] for one in me.ok("GET", f"/query/{id_}")["parameters"]]
    assert keys == ["a", "b c"]
    assert run_query(me, id_, a="x")["state"] == "QUERY_STATE_COMPLETED"


@pytest.mark.parametrize(
    "parameter",
    [
        {"key": ""},
        {"key": "a{b"},
        {"key": "a", "type": "colour"},
        {"key": "a", "type": "enum"},
        {"key": "a", "type": "enum", "value": "z", "enumOptions": ["a"]},
        {"key": "a", "type": "number", "value": "many"},
        {"key": "a", "type": "number", "value": "1e500"},
        {"key": "a", "type": "datetime", "value": "yesterday"},
        {"type": "text"},
        {"key": "a", "value": {"b": 1}},
    ],
)
def test_a_parameter_that_clients_could_not_read_back_is_refused(
    me: Owner, parameter: dict[str, object]
) -> None:
    body = {"name": "q", "query_sql": "SELECT 1", "parameters": [parameter]}
    me.refused(400, "POST", "/query", json=body)


@pytest.mark.parametrize(
    "body",
    [
        {"query_sql": "SELECT 1"},
        {"name": "q"},
        {"name": 1, "query_sql": ""},
        {"name": "x" * 601, "query_sql": ""},
        {"name": "q", "query_sql": "x" * 500_001},
        {"name": "q", "query_sql": "", "description": "x" * 1001},
        {"name": "q", "query_sql": "", "tags": [1]},
        {"name": "q", "query_sql": "", "tags": ["t"] * 51},
        {"name": "q", "query_sql": "", "parameters": [{"key": "a"}, {"key": "a"}]},
        {"name": "q", "query_sql": "", "query_parameters": {"a": {}}},
        [],
        "text",
    ],
)
def test_a_malformed_query_is_refused_and_nothing_is_saved(me: Owner, body: object) -> None:
    me.refused(400, "POST", "/query", json=body)
    assert me.ok("GET", "/queries") == {"queries": [], "total": 0}


@pytest.mark.parametrize(
    ("id_", "status"),
    [("abc", 400), ("1.5", 400), ("0", 404), ("-1", 404), ("9" * 39, 404), ("9" * 99, 400)],
)
def test_an_id_that_is_none_is_told_apart_from_one_that_is_unknown(
    me: Owner, id_: str, status: int
) -> None:
    me.refused(status, "GET", f"/query/{id_}")
    me.refused(status, "POST", f"/query/{id_}/execute")


def test_temporary_queries_run_and_are_not_listed(me: Owner) -> None:
    id_ = save(me, "SELECT 1 AS n", is_temp=True)
    found = me.ok("GET", f"/query/{id_}")
    assert found["is_temp"]
    assert found["is_unsaved"]
    assert run_query(me, id_)["state"] == "QUERY_STATE_COMPLETED"
    assert me.ok("GET", "/queries")["total"] == 0


def test_lists_are_paged_and_searched(me: Owner) -> None:
    ids = [save(me, "SELECT 1", name=f"query {k}") for k in range(3)]
    page = me.ok("GET", "/queries?limit=2")
    assert (page["total"], [one["id"] for one in page["queries"]]) == (3, [ids[2], ids[1]])
    assert page["queries"][0].keys() >= {"id", "name", "description", "owner", "tags"}
    rest = me.ok("GET", "/queries?limit=2&offset=2")
    assert [one["id"] for one in rest["queries"]] == [ids[0]]
    assert [one["id"] for one in me.ok("GET", "/queries?q=QUERY 1")["queries"]] == [ids[1]]
    me.refused(400, "GET", "/queries?limit=many")


def test_a_query_tells_of_the_view_that_is_made_of_it(me: Owner, other: Owner) -> None:
    id_ = save(me, "SELECT 1 AS n")
    me.ok(
        "POST",
        "/materialized-views",
        json={"name": "result_v", "query_id": id_, "is_private": True,
              "cron_expression": "0 0 * * *"},
    )  # fmt: skip
    found = me.ok("GET", f"/query/{id_}")["view"]
    assert found["name"] == f"dune.{me.handle}.result_v"
    assert found["schedule"]["cron_expression"] == "0 0 * * *"
    assert "view" not in other.ok("GET", f"/query/{id_}")


def test_the_executions_of_a_query_are_listed_newest_first_page_by_page(
    me: Owner, other: Owner
) -> None:
    id_ = save(me, "SELECT {{n}} AS n", query_parameters={"n": "1"})
    ran = [run_query(me, id_, n=str(k))["execution_id"] for k in range(3)]
    page = me.ok("GET", f"/query/{id_}/executions?limit=2")
    assert [one["execution_id"] for one in page["executions"]] == [ran[2], ran[1]]
    newest = page["executions"][0]
    assert (newest["state"], newest["published"], newest["query_parameters"]) == (
        "completed",
        True,
        {"n": "2"},
    )
    rest = me.ok("GET", f"/query/{id_}/executions?limit=2&before={page['next_before']}")
    assert [one["execution_id"] for one in rest["executions"]] == [ran[0]]
    assert "next_before" not in rest
    assert len(other.ok("GET", f"/query/{id_}/executions")["executions"]) == 3
