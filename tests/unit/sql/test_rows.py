"""Rows, with names for their fields and without, made, taken apart and brought together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sql.catalog import compiled
from tests.unit.sql.engine import connection, run, types

AB = "CAST(ROW(1, 2) AS ROW(a integer, b integer))"
CA = "CAST(ROW(3, 4) AS ROW(c integer, a integer))"
CB = "CAST(ROW(3, 4) AS ROW(c bigint, b integer))"


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("ROW(1, 'x')", "row(integer,varchar)", (1, "x")),
        ("(1, 'x')", "row(integer,varchar)", (1, "x")),
        ("ROW(1)", "row(integer)", (1,)),
        ("ROW(ROW(1, 'x'), ARRAY[ROW(2)])", "row(row(integer,varchar),array(row(integer)))",
         ((1, "x"), [(2,)])),
        ("ROW(1, 'x')[2]", "varchar", "x"),
        ("ROW(ROW(1, 2), 3)[1][2]", "integer", 2),
        ("ARRAY[ROW(1, 'x'), ROW(2.5, NULL)]", "array(row(decimal(11,1),varchar))", None),
        ("map_entries(MAP(ARRAY[1], ARRAY['a']))", "array(row(integer,varchar))", [(1, "a")]),
        ("map_from_entries(ARRAY[ROW('k', 1)])", "map(varchar,integer)", {"k": 1}),
        (f"map_from_entries(ARRAY[{AB}])", "map(integer,integer)", {1: 2}),
        ("CAST(ROW(1, 2) AS ROW(a bigint, b varchar))", "row(a bigint,b varchar)",
         {"a": 1, "b": "2"}),
        (f"CAST({AB} AS ROW(varchar, bigint))", "row(varchar,bigint)", ("1", 2)),
        (f"{AB}.b", "integer", 2),
        ("CAST(NULL AS ROW(integer))", "row(integer)", None),
        ("ROW(1, 2) = ROW(1, 2)", "boolean", True),
        ("ROW(1, NULL) = ROW(1, NULL)", "boolean", None),
        ("ROW(1, 2) IN (ROW(1, 2), (3, 4))", "boolean", True),
        ("(1, 2) IN (SELECT 1, 2)", "boolean", True),
        ("transform(ARRAY[ROW(1, 2)], x -> x[1] + x[2])", "array(integer)", [3]),
        ("array_distinct(ARRAY[ROW(1, 2), ROW(1, 2)])", "array(row(integer,integer))", [(1, 2)]),
        ("(SELECT max(x) FROM (VALUES (1, 2)) AS t(x, y))", "integer", 1),
    ],
)  # fmt: skip
def test_fields_without_names_have_none(written: str, kind: str, value: Any) -> None:  # noqa: ANN401  # any value
    template = compiled(f"SELECT {written} AS v")
    assert template.types == (kind,)
    with connection() as con:
        ((found,),) = run(con, template)
        if value is not None:
            assert found == value
        assert ("TUPLE" in types(con, template)[0]) == ("row(" in kind and " " not in kind)


def test_rows_without_names_are_grouped_joined_and_ordered() -> None:
    sql = """
        WITH x AS (SELECT ROW(a % 2, 'k') AS r, a FROM dune.me.t)
        SELECT x.r, count(*), max(y.a) FROM x JOIN x AS y ON x.r = y.r GROUP BY x.r ORDER BY x.r
    """
    with connection() as con:
        assert run(con, compiled(sql)) == [((0, "k"), 1, 2), ((1, "k"), 4, 3)]


def test_an_array_of_rows_without_names_is_unnested() -> None:
    sql = "SELECT p, q FROM UNNEST(ARRAY[ROW(1, 'x'), NULL]) AS u(p, q)"
    with connection() as con:
        assert run(con, compiled(sql)) == [(1, "x"), (None, None)]


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        (f"if(true, {AB}, {CA})", "row(integer,integer)", (1, 2)),
        (f"if(false, {AB}, {CA})", "row(integer,integer)", (3, 4)),
        (f"if(true, {AB}, {CB})", "row(bigint,b integer)", {"field0": 1, "b": 2}),
        (f"ARRAY[{AB}, {CB}, NULL]", "array(row(bigint,b integer))",
         [{"field0": 1, "b": 2}, {"field0": 3, "b": 4}, None]),
        (f"ARRAY[{AB}] || {CB}", "array(row(bigint,b integer))",
         [{"field0": 1, "b": 2}, {"field0": 3, "b": 4}]),
        (f"coalesce(MAP(ARRAY[1], ARRAY[{AB}]), MAP(ARRAY[1], ARRAY[{CB}]))",
         "map(integer,row(bigint,b integer))", {1: {"field0": 1, "b": 2}}),
        (f"{AB} = {CA}", "boolean", False),
        (f"(SELECT r FROM (SELECT {AB} AS r UNION SELECT {CB}) AS t WHERE r.b = 2)",
         "row(bigint,b integer)", {"field0": 1, "b": 2}),
    ],
)  # fmt: skip
def test_rows_whose_fields_have_other_names_meet_field_by_field(
    written: str,
    kind: str,
    value: Any,  # noqa: ANN401  # any value
) -> None:
    """DuckDB itself would look for fields of the same name, and give NULL where there are none."""
    template = compiled(f"SELECT {written} AS v")
    assert template.types == (kind,)
    with connection() as con:
        assert run(con, template) == [(value,)]
