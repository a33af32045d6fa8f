"""The editor sees every problem of a text at once."""

from __future__ import annotations

import pytest

from qanat.sql.check import check
from qanat.sql.interface import Parameter, Problem
from tests.unit.sql.catalog import queries, tables


def problems(sql: str, *parameters: Parameter) -> list[tuple[int | None, int | None, str]]:
    return [(p.line, p.column, p.message) for p in check(sql, parameters, tables, queries)]


def test_a_good_statement_has_no_problems() -> None:
    assert problems("SELECT a FROM dune.me.t WHERE a > {{n}}", Parameter(key="n", value="1")) == []


def test_a_parameter_without_a_default_is_not_a_problem() -> None:
    assert problems("SELECT a FROM dune.me.t WHERE a > {{n}} AND B = '{{b}}'") == []


def test_every_wrong_name_is_found_in_the_order_of_the_text() -> None:
    sql = "SELECT nope, fooo(a),\n  a + B FROM dune.me.t WHERE zz > 1 ORDER BY yy"
    found = problems(sql)
    assert [(line, column) for line, column, _ in found] == [(1, 8), (1, 14), (2, 3), (2, 30),
                                                            (2, 46)]  # fmt: skip
    assert found[0][2] == "Column 'nope' cannot be resolved"


def test_an_unknown_table_is_said_once_and_its_columns_are_believed() -> None:
    sql = "SELECT n.x, n.y + 1 FROM nope.n AS n JOIN dune.me.t ON n.id = a WHERE n.z"
    assert [message for _, _, message in problems(sql)] == ["Table 'nope.n' does not exist"]


@pytest.mark.parametrize(
    "wrong", ["sum(x)", "x[1]", "x AT TIME ZONE 'UTC'", "n.x.y", "approx_distinct(x) + sum(y)", "*"]
)
def test_what_has_no_type_for_that_reason_alone_is_no_error_of_its_own(wrong: str) -> None:
    assert [message for _, _, message in problems(f"SELECT {wrong} FROM nope.n AS n")] == [
        "Table 'nope.n' does not exist"
    ]


def test_an_unknown_view_is_said_once_and_its_columns_are_believed() -> None:
    assert [message for _, _, message in problems("SELECT q.x FROM query_99 q")] == [
        "Query '99' does not exist"
    ]


def test_a_suggestion_stands_beside_the_message() -> None:
    (problem,) = check("SELECT numbr FROM ethereum.blocks", (), tables, queries)
    assert problem == Problem(
        line=1, column=8, length=5, suggestion="number",
        message="Column 'numbr' cannot be resolved. Did you mean 'number'?",
    )  # fmt: skip


def test_a_text_that_is_not_sql_has_one_problem() -> None:
    ((line, column, message),) = problems("SELECT a FROM dune.me.t WHER a > 1")
    assert (line, column) == (1, 30)
    assert "mismatched input" in message
