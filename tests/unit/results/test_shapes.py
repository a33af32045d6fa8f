"""Trino's words for types, read into trees."""

from __future__ import annotations

import pytest

from qanat.results.shapes import Shape, shape


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("bigint", Shape("bigint")),
        ("decimal(18,3)", Shape("decimal", (18, 3))),
        ("DECIMAL(18, 3)", Shape("decimal", (18, 3))),
        ("varchar(10)", Shape("varchar", (10,))),
        ("timestamp", Shape("timestamp")),
        ("timestamp(6) with time zone", Shape("timestamp with time zone", (6,))),
        ("timestamp with time zone", Shape("timestamp with time zone")),
        ("interval day to second", Shape("interval day to second")),
        ("array(bigint)", Shape("array", parts=(Shape("bigint"),))),
        (
            "map(varchar,array(decimal(38,0)))",
            Shape(
                "map",
                parts=(Shape("varchar"), Shape("array", parts=(Shape("decimal", (38, 0)),))),
            ),
        ),
        ("row(integer,varchar)", Shape("row", parts=(Shape("integer"), Shape("varchar")))),
        (
            "row(timestamp(3) with time zone,interval day to second)",
            Shape(
                "row",
                parts=(Shape("timestamp with time zone", (3,)), Shape("interval day to second")),
            ),
        ),
        (
            'row(date date,"a, (""b""" array(row(c double)))',
            Shape(
                "row",
                parts=(
                    Shape("date"),
                    Shape("array", parts=(Shape("row", parts=(Shape("double"),), names=("c",)),)),
                ),
                names=("date", 'a, ("b"'),
            ),
        ),
        ("hyperloglog", Shape("hyperloglog")),
    ],
)
def test_a_type_is_read(text: str, tree: Shape) -> None:
    assert shape(text) == tree
