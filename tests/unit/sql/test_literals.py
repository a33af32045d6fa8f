"""Literals: what type their own digits give them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from qanat.errors import SqlRejectedError
from tests.unit.sql.catalog import compiled
from tests.unit.sql.engine import answer


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("DECIMAL '1.5'", "decimal(2,1)", "1.5"),
        ("decimal '10.3'", "decimal(3,1)", "10.3"),
        ("decimal '0.50'", "decimal(2,2)", "0.50"),
        ("decimal '-1.5'", "decimal(2,1)", "-1.5"),
        ("decimal '+.5'", "decimal(1,1)", "0.5"),
        ("decimal '5.'", "decimal(1,0)", "5"),
        ("decimal '007'", "decimal(1,0)", "7"),
        ("decimal '0'", "decimal(1,0)", "0"),
        (f"decimal '{'9' * 38}'", "decimal(38,0)", "9" * 38),
        ("decimal '0.1' + decimal '0.2'", "decimal(2,1)", "0.3"),
        ("2 - decimal '-1.5'", "decimal(12,1)", "3.5"),
        ("- decimal '1.5'", "decimal(2,1)", "-1.5"),
        ("dec '1.25'", "decimal(3,2)", "1.25"),
        ("numeric '1.25'", "decimal(3,2)", "1.25"),
        ("cast('1.5' as decimal)", "decimal(38,0)", "2"),
    ],
)
def test_the_digits_of_a_decimal_literal_are_its_type(written: str, kind: str, value: str) -> None:
    """`DECIMAL '…'` is no cast to decimal, which has no digits behind the point."""
    sql = f"SELECT {written} AS n"
    assert compiled(sql).types == (kind,)
    assert [str(n) for (n,) in answer(sql)] == [str(Decimal(value))]


@pytest.mark.parametrize("text", ["x", "", "1e5", "1.2.3", " 1", "9" * 39, "0." + "1" * 39])
def test_a_text_that_is_no_decimal_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(SqlRejectedError, match="is not a valid DECIMAL literal") as caught:
        compiled(f"SELECT\n  decimal '{text}'")
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (2, 3)


def test_a_column_may_be_called_decimal() -> None:
    assert answer("SELECT decimal, decimal + 1 FROM (SELECT 1 AS decimal) t") == [(1, 2)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e18-1", 1e18),
        ("1e0+1", 2.0),
        ("2*1e18+3", 2e18),
        ("1.0e18+1.0e18", 2e18),
        ("x-1e5+2", -99_997.0),
        ("1E5-x", 99_999.0),
        (".5e1-2.5e0+.5e0", 3.0),
        ("1_0e1-1", 99.0),
        ("1e1-1e1-1e1-1.5e1", -25.0),
        ("1e-1+1e+1", 10.1),
        ("1e1-x-1", 8.0),
        ("1e1--1\n+1", 11.0),
        ("1e1/*1e1-1*/-1", 9.0),
        ("1e1-length('1e1-1')", 5.0),
        ('"1e1-1"-1e1-1', -6.0),
    ],
)
def test_a_number_with_an_exponent_ends_before_a_sign(written: str, value: float) -> None:
    assert answer(f'SELECT {written} FROM (SELECT 1 AS x, 5 AS "1e1-1") t') == [(value,)]


def test_what_stands_after_such_a_number_keeps_its_place() -> None:
    with pytest.raises(SqlRejectedError, match="'nothing' cannot be resolved") as caught:
        compiled("SELECT 1e1-1,\n  'é', 1e1-1+1e1-1 + nothing")
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (2, 22)
    with pytest.raises(SqlRejectedError, match="mismatched input 'b'") as caught:
        compiled("SELECT 1e1-1 AS a b")
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (1, 19)


def test_many_such_numbers_are_read_at_once() -> None:
    with pytest.raises(SqlRejectedError):
        compiled("SELECT " + "1e1-" * 30_000 + "1")
    assert answer("SELECT " + "1e0+" * 200 + "1") == [(201.0,)]
