"""A small catalog and a few saved queries, for tests of the SQL package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qanat.errors import SqlRejectedError
from qanat.model.types import Column, Columns
from qanat.names import Label, QueryId
from qanat.sql.compile import compile_statement
from qanat.sql.interface import Parameter, Reference, Template, ViewedQuery

TABLES: Final[Mapping[str, Columns]] = {
    "dune.me.t": (
        Column("a", "bigint"),
        Column("B", "varchar"),
        Column("ts", "timestamp(3)"),
        Column("v", "varbinary"),
        Column("arr", "array(bigint)"),
        Column("d", "decimal(18,3)"),
        Column("x", "double"),
        Column("dt", "date"),
        Column("u", "uint256"),
        Column("r", "row(p bigint,q varchar)"),
        Column("m", "map(varchar,bigint)"),
    ),
    "ethereum.blocks": (
        Column("number", "bigint"),
        Column("time", "timestamp(3) with time zone"),
        Column("hash", "varbinary"),
    ),
}

QUERIES: Final[Mapping[int, ViewedQuery]] = {
    query.query: query
    for query in (
        ViewedQuery(
            query=QueryId(1), version=3, sql="SELECT a, B AS name FROM dune.me.t WHERE B = '{{x}}'",
            parameters=(Parameter(key="x", value="default"),),
        ),
        ViewedQuery(query=QueryId(2), version=1, sql="SELECT * FROM query_1"),
        ViewedQuery(query=QueryId(3), version=1, sql="SELECT * FROM query_4"),
        ViewedQuery(query=QueryId(4), version=1, sql="SELECT a FROM query_5"),
        ViewedQuery(query=QueryId(5), version=1, sql="SELECT * FROM\n query_3"),
        ViewedQuery(query=QueryId(6), version=1, sql="SELECT a,\n  nope FROM dune.me.t"),
        ViewedQuery(query=QueryId(7), version=1, sql="SELECT a + 1 FROM dune.me.t"),
        ViewedQuery(
            query=QueryId(8), version=1, sql="SELECT {{Col}} AS c FROM dune.me.t",
            parameters=(Parameter(key="Col", value="a"),),
        ),
        ViewedQuery(query=QueryId(9), version=1, sql="SELECT now() AS t"),
    )
}  # fmt: skip


def tables(label: Label) -> Columns | None:
    """The catalog."""
    return TABLES.get(label)


def queries(reference: Reference) -> ViewedQuery:
    """The saved queries."""
    found = QUERIES.get(reference.query or 0)
    if found is None:
        raise SqlRejectedError(f"Query '{reference.query}' does not exist", reference.position)
    return found


def compiled(sql: str, **values: str) -> Template:
    """Return the template of a statement on these tables."""
    return compile_statement(sql, values, tables, queries)
