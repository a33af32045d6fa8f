"""Checking SQL without running it (docs/api/extensions.md section 3)."""

from __future__ import annotations

from typing import Any

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import save, view


def check(me: Owner, sql: str, **more: object) -> Any:  # noqa: ANN401  # any JSON
    return me.ok("POST", "/sql/check", json={"sql": sql, **more})


def test_a_good_text_tells_its_columns_and_what_it_reads(me: Owner) -> None:
    name = view(me, "result_base", "SELECT 1 AS n")
    query = save(me, "SELECT 'x' AS t")
    sql = f"SELECT n, {{{{k}}}} AS k, t\nFROM {name}\nCROSS JOIN query_{query}"
    found = check(me, sql, query_parameters={"k": "2.5"})
    assert (found["ok"], found["errors"]) == (True, [])
    assert [(one["name"], one["type"]) for one in found["columns"]] == [
        ("n", "integer"),
        ("k", "decimal(2,1)"),
        ("t", "varchar"),
    ]
    assert found["parameters"] == ["k"]
    assert found["reads"] == [
        {"name": name, "kind": "view", "line": 2, "column": 6},
        {"name": f"query_{query}", "kind": "query", "line": 3, "column": 12},
    ]


def test_an_unknown_table_comes_with_the_name_that_was_meant(me: Owner) -> None:
    name = view(me, "result_base", "SELECT 1 AS n")
    (error,) = check(me, f"SELECT n\nFROM {name[:-1]}")["errors"]
    assert (error["line"], error["column"], error["length"]) == (2, 6, len(name) - 1)
    assert error["suggestion"] == name


def test_every_wrong_name_is_told_with_the_text_that_was_meant(me: Owner) -> None:
    """An editor marks them all at once; a suggestion takes the place of what is marked."""
    name = view(me, "result_wide", 'SELECT 1 AS amount, 2 AS number, 3 AS "my column"')
    sql = (
        f'SELECT w.amout,\n  numbr + nothing, w."my colum"\nFROM {name} AS w\n'
        f"UNION ALL SELECT 1, 2, 3 FROM {name}s"
    )
    errors = check(me, sql)["errors"]
    lines = sql.split("\n")
    marked = [lines[one["line"] - 1][one["column"] - 1 :][: one["length"]] for one in errors]
    assert marked == ["w.amout", "numbr", "nothing", 'w."my colum"', f"{name}s"]
    assert [one.get("suggestion") for one in errors] == [
        "w.amount", "number", None, 'w."my column"', name,
    ]  # fmt: skip


def test_a_text_that_is_no_sql_is_an_answer_too(me: Owner) -> None:
    for sql in ("", "SELEC 1", "SELECT", "DROP TABLE x", "SELECT 1; SELECT 2", "{{", "ö" * 100):
        found = check(me, sql)
        assert found["ok"] is False
        assert found["errors"][0]["message"]
        assert found["columns"] == []
    me.refused(400, "POST", "/sql/check", json={"sql": "x" * 500_001})
    me.refused(400, "POST", "/sql/check", json={})


def test_declared_parameters_hold_as_the_query_or_the_request_says(me: Owner) -> None:
    declared = [{"key": "n", "type": "number", "value": "5"}]
    query = save(me, "SELECT {{n}} AS n", parameters=declared)
    assert check(me, "SELECT {{n}} AS n", query_id=query)["ok"]
    found = check(me, "SELECT {{n}} AS n", query_id=query, query_parameters={"n": "x"})
    assert "takes a number" in found["errors"][0]["message"]
    assert check(me, "SELECT {{n}} AS n", parameters=declared)["ok"]
    me.refused(404, "POST", "/sql/check", json={"sql": "SELECT 1", "query_id": 10**9})


def test_views_that_never_ran_have_the_columns_of_their_query(me: Owner) -> None:
    """So a chain of views can be written before any of them has rows."""
    query = save(me, "SELECT nothing AS n")
    me.ok("POST", "/materialized-views", json={"name": "result_new", "query_id": query})
    me.ok("PATCH", f"/query/{query}", json={"query_sql": "SELECT 1 AS n"})
    found = check(me, f"SELECT n FROM dune.{me.handle}.result_new")
    assert found["ok"]
    assert [one["name"] for one in found["columns"]] == ["n"]


def test_what_is_private_to_another_does_not_exist(me: Owner, other: Owner) -> None:
    name = view(other, "result_p", "SELECT 1 AS n", is_private=True)
    found = check(me, f"SELECT n FROM {name}")
    assert "does not exist" in found["errors"][0]["message"]
    assert "suggestion" not in found["errors"][0]
    assert found["reads"] == []
