"""Runs templates on a DuckDB of the test's own, set up as the engine's workers are."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb

from qanat.sql.interface import Template
from tests.unit.sql.catalog import compiled

ROWS = {
    "dune.me.t": """
        SELECT * FROM (VALUES
            (1::BIGINT, 'one', TIMESTAMP '2024-01-01 10:00:00', unhex('aabb'), [1, 2]::BIGINT[],
             1.500::DECIMAL(18, 3), 0.5::DOUBLE, DATE '2024-01-31', 5::BIGNUM,
             {'p': 1::BIGINT, 'q': 'x'}, MAP {'k': 1::BIGINT}),
            (2, 'two', TIMESTAMP '2024-01-01 23:30:00', unhex(''), [], 2.250, 0, DATE '2024-02-29',
             7::BIGNUM, {'p': 2, 'q': 'y'}, MAP {'k': 2::BIGINT, 'l': 3}),
            (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
        ) AS q(a, "B", ts, v, arr, d, x, dt, u, r, m)""",
    "ethereum.blocks": """
        SELECT * FROM (VALUES
            (1::BIGINT, TIMESTAMPTZ '2024-01-01 00:00:00+00', unhex('01')),
            (2, TIMESTAMPTZ '2024-01-02 00:00:00+00', unhex('02')),
            (4, TIMESTAMPTZ '2024-01-03 00:00:00+00', unhex('04'))
        ) AS q(number, time, hash)""",
}


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")


def connection() -> duckdb.DuckDBPyConnection:
    """Return a fresh connection with the settings of a worker that change answers."""
    con = _database().cursor()
    con.execute("SET TimeZone='UTC'")
    con.execute("SET integer_division=true")
    return con


def run(con: duckdb.DuckDBPyConnection, template: Template) -> list[tuple[Any, ...]]:
    """Return the rows of a template on `ROWS`."""
    for slot, label in enumerate(template.slots):
        con.execute(f'CREATE OR REPLACE TEMP TABLE "${slot}" AS {ROWS[label]}')
    return con.execute(template.text).fetchall()


def types(con: duckdb.DuckDBPyConnection, template: Template) -> list[str]:
    """Return what DuckDB calls the types of a template's columns, once it has run."""
    for slot, label in enumerate(template.slots):
        con.execute(f'CREATE OR REPLACE TEMP TABLE "${slot}" AS {ROWS[label]}')
    con.execute(f"CREATE OR REPLACE TEMP TABLE answer AS {template.text}")
    return [str(kind) for kind in con.table("answer").types]


def answer(sql: str, **values: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    with connection() as con:
        return run(con, compiled(sql, **values))
