"""A query that reads another one: what is wrong with the other is told as it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import executed, save

NUMBER = {"key": "n", "type": "number", "value": "1"}


def failure(me: Owner, sql: str) -> dict[str, Any]:
    """Return the error of SQL that fails when it runs; checking it must say the same."""
    started = me.ok("POST", "/sql/execute", json={"sql": sql})
    status = executed(me, started)
    assert status["state"] == "QUERY_STATE_FAILED"
    error: dict[str, Any] = status["error"]
    checked = me.ok("POST", "/sql/check", json={"sql": sql})["errors"]
    assert [one["message"] for one in checked] == [
        error["message"].removeprefix(f"line 1:{error['metadata']['column']}: ")
    ]
    return error


def test_queries_that_read_one_another_are_told_as_a_cycle(me: Owner) -> None:
    first = save(me, "SELECT 1 AS a")
    second = save(me, f"SELECT a FROM query_{first}")
    me.ok("PATCH", f"/query/{first}", json={"query_sql": f"SELECT a FROM query_{second}"})
    error = failure(me, f"SELECT * FROM query_{second}")
    assert error["metadata"] == {"line": 1, "column": 15}
    cycle = f"query_{second} > query_{first} > query_{second}"
    assert f"query views read themselves: {cycle}" in error["message"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [("zz='x'", "unknown parameters (zz)"), ("n='x'", "takes a number")],
)
def test_an_argument_that_does_not_fit_is_named(me: Owner, arguments: str, said: str) -> None:
    query = save(me, "SELECT {{n}} AS a", parameters=[NUMBER])
    error = failure(me, f'SELECT * FROM "query_{query}({arguments})"')
    assert f"query_{query}: " in error["message"]
    assert said in error["message"]


def test_a_query_that_is_no_sql_is_told_with_its_own_error(me: Owner) -> None:
    query = save(me, "selec 1")
    assert "mismatched input 'selec'" in failure(me, f"SELECT * FROM query_{query}")["message"]


def test_an_archived_query_is_told_as_archived(me: Owner) -> None:
    query = save(me, "SELECT 1 AS a")
    me.ok("POST", f"/query/{query}/archive")
    assert "is archived" in failure(me, f"SELECT * FROM query_{query}")["message"]


def test_another_owners_private_query_does_not_exist(me: Owner, other: Owner) -> None:
    query = save(other, "SELECT 1 AS a", is_private=True)
    error = failure(me, f"SELECT * FROM query_{query}")
    assert error["message"] == f"line 1:15: Query '{query}' does not exist"
