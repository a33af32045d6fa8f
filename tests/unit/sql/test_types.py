"""Types: their texts, and which convert to which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.sql.types import Type, TypeTextError, common, converts, parse_type

TEXTS = (
    "boolean", "bigint", "decimal(18,3)", "varchar", "varbinary", "date", "timestamp(3)",
    "timestamp(6) with time zone", "time(3)", "interval day to second", "interval year to month",
    "array(array(bigint))", "map(varchar,array(double))", "row(bigint,varchar)",
    'row(a bigint,"b c" row(d date))', "uint256", "json", "uuid", "unknown",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_type_is_its_text(text: str) -> None:
    assert str(parse_type(text)) == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("VARCHAR(12)", "varchar"),
        ("int", "integer"),
        ("timestamp", "timestamp(3)"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp(3) with time zone"),
        ("array<bigint>", "array(bigint)"),
        ("map<varchar, bigint>", "map(varchar,bigint)"),
        ("double precision", "double"),
        ("decimal", "decimal(38,0)"),
        ("row(date date, time time)", "row(date date,time time(3))"),
    ],
)
def test_other_spellings_are_the_same_type(text: str, same: str) -> None:
    assert str(parse_type(text)) == same


@pytest.mark.parametrize(
    "text", ["", "foo", "decimal(39,0)", "decimal(5,6)", "array", "array(", "map(bigint)", "row()",
             "bigint)", "array(bigint", "interval day", "row(a)", "array(" * 500, "int int"]
)  # fmt: skip
def test_what_is_not_a_type_is_said_so(text: str) -> None:
    with pytest.raises(TypeTextError):
        parse_type(text)


@pytest.mark.parametrize(
    ("left", "right", "both"),
    [
        ("tinyint", "bigint", "bigint"),
        ("bigint", "decimal(3,1)", "decimal(20,1)"),
        ("decimal(5,2)", "decimal(4,3)", "decimal(6,3)"),
        ("bigint", "double", "double"),
        ("bigint", "uint256", "uint256"),
        ("uint256", "int256", "int256"),
        ("uint256", "decimal(10,0)", "uint256"),
        ("uint256", "decimal(10,1)", "double"),
        ("date", "timestamp(6)", "timestamp(6)"),
        ("timestamp(0)", "timestamp(3) with time zone", "timestamp(3) with time zone"),
        ("unknown", "varchar", "varchar"),
        ("array(integer)", "array(double)", "array(double)"),
        ("row(a bigint)", "row(b double)", "row(double)"),
        ("varchar", "bigint", None),
        ("varchar", "varbinary", None),
        ("date", "bigint", None),
        ("array(varchar)", "array(bigint)", None),
    ],
)
def test_two_types_meet_in_one(left: str, right: str, both: str | None) -> None:
    found = common(parse_type(left), parse_type(right))
    assert (str(found) if found else None) == both
    assert common(parse_type(right), parse_type(left)) == found


kinds = st.sampled_from([parse_type(text) for text in TEXTS])


@given(left=kinds, right=kinds)
def test_a_type_converts_to_the_one_it_meets_another_in(left: Type, right: Type) -> None:
    met = common(left, right)
    if met is not None:
        assert converts(left, met)
        assert common(left, met) == met
