"""Errors name the place in the user's own text, and what is wrong there."""

from __future__ import annotations

import pytest

from qanat.errors import Position, SqlRejectedError
from tests.unit.sql.catalog import compiled


def problem(sql: str, **values: str) -> SqlRejectedError:
    with pytest.raises(SqlRejectedError) as caught:
        compiled(sql, **values)
    return caught.value


@pytest.mark.parametrize(
    ("sql", "line", "column", "message"),
    [
        ("SELECT nope FROM dune.me.t", 1, 8, "Column 'nope' cannot be resolved"),
        ("SELECT a,\n  t.nope\nFROM dune.me.t t", 2, 3, "Column 't.nope' cannot be resolved"),
        ("SELECT numbr FROM ethereum.blocks", 1, 8, "Did you mean 'number'?"),
        ("SELECT a FROM dune.me.t t, dune.me.t u", 1, 8, "Column 'a' is ambiguous"),
        ("SELECT *\nFROM dune.me.nope", 2, 6, "Table 'dune.me.nope' does not exist"),
        ("SELECT 1 FROM nope", 1, 15, "Table 'nope' does not exist"),
        ("SELECT a, fooo(a) FROM dune.me.t", 1, 11, "Function 'fooo' not registered"),
        ("SELECT lenth(B) FROM dune.me.t", 1, 8, "Did you mean 'length'?"),
        ("SELECT keccak(v) FROM dune.me.t", 1, 8, "Function 'keccak' is not supported"),
        ("SELECT length(a) FROM dune.me.t", 1, 8, "Unexpected parameters (bigint)"),
        ("SELECT a + B FROM dune.me.t", 1, 8, "Cannot apply operator: bigint + varchar"),
        ("SELECT 1 WHERE '1' = 1", 1, 16, "Cannot apply operator: varchar = integer"),
        ("SELECT a FROM dune.me.t WHERE a", 1, 31, "must evaluate to a boolean"),
        ("SELECT CAST(arr AS bigint) FROM dune.me.t", 1, 13, "Cannot cast array(bigint) to bigint"),
        ("SELECT a FROM dune.me.t ORDER BY 2", 1, 34, "ORDER BY position 2 is not in select list"),
        ("SELECT a FROM dune.me.t GROUP BY 5", 1, 34, "GROUP BY position 5 is not in select list"),
        ("SELECT 1 UNION SELECT 'a'", 1, 23, "incompatible types"),
        ("SELECT 1 UNION SELECT 1, 2", 1, 23, "different number of fields"),
        ("SELECT x FROM (VALUES 1) t(a, b)", 1, 26, "Column alias list has 2 entries"),
        ("SELECT 9223372036854775808", 1, 8, "Invalid numeric literal"),
        ("SELECT a FROM dune.me.t LIMIT a", 1, 31, "LIMIT takes a whole number"),
        ("SELECT a AS x FROM dune.me.t WHERE x1 > 1", 1, 36, "Column 'x1' cannot be resolved"),
        ("SELECT 1 +", 1, 11, "mismatched input '<EOF>'"),
        ("SELECT", 1, 7, "mismatched input '<EOF>'"),
        ("SELECT FROM dune.me.t", 1, 8, "mismatched input 'FROM'"),
        ("SELECT a FROM (SELECT FROM dune.me.t)", 1, 23, "mismatched input 'FROM'"),
        ("SELECT a FROM dune.me.t\nWHERE", 2, 6, "mismatched input '<EOF>'"),
        ("SELECT a FROM dune.me.t WHERE a =", 1, 34, "mismatched input '<EOF>'"),
        ("SELECT a FROM dune.me.t ORDER BY", 1, 33, "mismatched input '<EOF>'"),
        ("SELECT a FROM dune.me.t t JOIN dune.me.t u ON", 1, 46, "mismatched input '<EOF>'"),
        ("SELECT a AS", 1, 12, "mismatched input '<EOF>'"),
        ("SELEC 1", 1, 1, "mismatched input 'SELEC'"),
        ("SELECT 1,\n\n  FROM dune.me.t", 3, 3, "mismatched input 'FROM'"),
        ("SELECT (1", 1, 10, "mismatched input '<EOF>'. Expecting: ')'"),
        ("SELECT 'abc", 1, 8, "a string is not closed"),
        ("SELECT 1 /* abc", 1, 10, "a comment is not closed"),
        ('SELECT "abc', 1, 8, "a quoted name is not closed"),
        ("SELECT 0xabc", 1, 8, "even number of hexadecimal digits"),
        ("SELECT a::bigint FROM dune.me.t", 1, 9, "mismatched input '::'"),
        ("SELECT 1; SELECT 2", 1, 9, "only one statement is allowed"),
        ("DROP TABLE x", 1, 1, "DROP is not allowed"),
        ("SELECT * FROM dune.me.t t JOIN dune.me.t u", 1, 43, "Expecting: 'ON', 'USING'"),
        ("SELECT * FROM TABLE(x.y(a => 1))", 1, 15, "table function 'x.y' is not supported"),
        ("SELECT * FROM read_csv('x')", 1, 15, "Table function 'read_csv' not registered"),
        ("", 1, 1, "syntax error"),
        ("-- only a comment", 1, 1, "syntax error"),
        ("SELECT 1e0.5", 1, 8, "mismatched input '1e0.5'"),
        ("SELECT a FROM dune.me.t GROUP BY", 1, 33, "mismatched input '<EOF>'"),
        ("SELECT count(DISTINCT) FROM dune.me.t", 1, 8, "DISTINCT of nothing"),
        ("SELECT count(t.*) FROM dune.me.t t", 1, 16, "a star is not supported here"),
        ("SELECT {{missing}}", 1, 8, "mismatched input '{'"),
        ("SELECT 1\0", 1, 9, "not allowed in SQL"),
        ("SELECT '\ud800'", 1, 9, "not allowed in SQL"),
    ],
)
def test_an_error_says_what_and_where(sql: str, line: int, column: int, message: str) -> None:
    """The text of the error begins with its place, as Trino's do."""
    error = problem(sql)
    assert message in error.message
    assert error.position is not None
    assert (error.position.line, error.position.column) == (line, column)
    assert str(error).startswith(f"line {line}:{column}: ")


def test_the_length_underlines_the_whole_name() -> None:
    assert problem("SELECT t.nope FROM dune.me.t t").position == Position(1, 8, 6)
    assert problem("SELECT * FROM dune.me.nope").position == Position(1, 15, 4)


def test_a_value_of_several_lines_does_not_move_what_follows() -> None:
    error = problem("SELECT {{x}},\n  nope\nFROM dune.me.t", x="a,\na,\na")
    assert error.position == Position(2, 3, 4)


def test_an_error_in_a_value_is_at_its_placeholder() -> None:
    error = problem("SELECT a,\n {{col}} FROM dune.me.t", col="1 +\n  nope")
    assert error.position == Position(2, 2, 7)
    assert "nope" in error.message


def test_an_error_in_a_query_view_is_where_the_view_is_named() -> None:
    """Its own line and column are in the message: the reader can look there next."""
    error = problem("SELECT *\nFROM query_6 AS q")
    assert error.position == Position(2, 6, 7)
    assert error.message == "query_6, line 2:3: Column 'nope' cannot be resolved"


def test_a_view_whose_columns_have_no_names_cannot_be_read() -> None:
    assert (
        "query_7 cannot be read: its column 1 has no name"
        in problem("SELECT * FROM query_7").message
    )


def test_views_that_read_one_another_are_named_in_a_circle() -> None:
    error = problem("SELECT * FROM query_3")
    assert error.message == ("query views read themselves: query_3 > query_4 > query_5 > query_3")
    assert error.position == Position(1, 15, 7)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT * FROM \"query_1(y='1')\"", "query_1: unknown parameters (y)"),
        ('SELECT * FROM "query_1(x=1)"', "is not a query view"),
        ("SELECT * FROM \"query_1(x='1',)\"", "is not a query view"),
        ("SELECT * FROM \"query_1(x='1', x='2')\"", "is not a query view"),
        ("SELECT * FROM query_77", "Query '77' does not exist"),
    ],
)
def test_a_view_that_cannot_be_opened_is_said_so(sql: str, message: str) -> None:
    error = problem(sql)
    assert message in error.message
    assert error.position is not None
    assert error.position.column == 15


def test_nesting_is_bounded_and_never_a_crash() -> None:
    """A recursive parser must not be driven out of its stack, nor try its guesses for ever."""
    for opening, closing in (("(", ")"), ("ARRAY[", "]"), ("CASE WHEN ", " THEN 1 END"),
                             ("f(", ")"), ("NOT ", ""), ("- ", "")):  # fmt: skip
        assert "nested" in problem(f"SELECT {opening * 5000}1{closing * 5000}").message
    deep = "SELECT 1 AS x"
    for _ in range(60):
        deep = f"SELECT * FROM ({deep})"
    assert "nested" in problem(deep).message


def test_long_flat_statements_are_fine_or_refused() -> None:
    template = compiled(f"SELECT a FROM dune.me.t WHERE a IN ({','.join(map(str, range(5000)))})")
    assert template.names == ("a",)
    compiled(" UNION ALL ".join(["SELECT 1 AS x"] * 500))
    assert "at most" in problem(" UNION ALL ".join(["SELECT 1"] * 10_000)).message
    assert "too complex" in problem("SELECT " + "x / " * 60 + "x FROM dune.me.t").message
