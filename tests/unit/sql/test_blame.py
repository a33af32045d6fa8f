"""What an engine says of a template becomes what is wrong with the user's text."""

from __future__ import annotations

import duckdb
import pytest

from qanat.engines.duckdb.faults import cleaned
from qanat.errors import Position, SqlRejectedError
from qanat.sql.blame import blame
from tests.unit.sql.catalog import compiled
from tests.unit.sql.engine import connection, run


def complaint(sql: str) -> SqlRejectedError:
    """Run a statement that fails, and return what the user is told."""
    template = compiled(sql)
    with connection() as con, pytest.raises(duckdb.Error) as caught:
        run(con, template)
    return blame(SqlRejectedError(cleaned(str(caught.value))), template, sql)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT 1 / (a - 1) FROM dune.me.t", "Division by zero"),
        ("SELECT arr[5] FROM dune.me.t", "Array subscript must be between 1 and the length of the"),
        ("SELECT m['z'] FROM dune.me.t WHERE a = 1", "Key not present in map"),
        ("SELECT CAST(B AS bigint) FROM dune.me.t", "Cannot cast 'one' to bigint"),
        ("SELECT CAST('1.5' AS bigint)", "Cannot cast '1.5' to bigint"),
        ("SELECT CAST(-1 AS uint256)", "value out of range of uint256"),
        ("SELECT sequence(1, 20000)", "must not have more than 10000 entries"),
        ("SELECT (SELECT a FROM dune.me.t)", "Scalar sub-query has returned multiple rows"),
    ],
)
def test_a_statement_that_fails_while_it_runs_says_why(sql: str, message: str) -> None:
    """In DuneSQL's words, without the names that the compiler made up."""
    error = complaint(sql)
    assert message in error.message
    assert "!!" not in error.message
    assert "t1." not in error.message


def test_a_column_that_is_not_grouped_is_found_in_the_text() -> None:
    error = complaint("SELECT\n  B, count(*)\nFROM dune.me.t GROUP BY a")
    assert error.position == Position(2, 3, 1)
    assert "must be an aggregate expression or appear in GROUP BY clause" in error.message


def test_a_column_with_a_new_name_is_complained_of_by_that_name() -> None:
    error = complaint("SELECT x, sum(y) FROM (VALUES (1, 2)) AS t(x, y)")
    assert error.position == Position(1, 8, 1)
    assert "'x'" in error.message.replace('"', "")


def test_the_engines_depth_limit_is_said_plainly() -> None:
    error = complaint("SELECT 1" + "+ 1" * 2000)
    assert error.message == "the statement is nested too deeply"


def test_paths_slots_and_long_texts_do_not_leave_the_server() -> None:
    template = compiled("SELECT a FROM dune.me.t")
    said = blame(
        SqlRejectedError('cannot read "$0" at /srv/qanat/rows/aa/x.parquet ' + "y" * 5000),
        template,
        "SELECT a FROM dune.me.t",
    )
    assert said.message.startswith("cannot read dune.me.t at <file> ")
    assert len(said.message) <= 500


def test_an_error_with_a_place_keeps_it() -> None:
    error = SqlRejectedError("x", Position(1, 2, 3))
    assert blame(error, compiled("SELECT 1"), "SELECT 1") is error
