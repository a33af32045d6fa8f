"""What a statement reads, without a catalog."""

from __future__ import annotations

import pytest

from qanat.errors import Position, SqlRejectedError
from qanat.sql.interface import Reference, ViewedQuery
from qanat.sql.lineage import lineage, references
from qanat.sql.parameters import substitute
from qanat.sql.source import Source
from tests.unit.sql.catalog import compiled, queries


def reads(sql: str) -> dict[str, Position]:
    found = lineage(sql, {}, queries)
    assert found.error is None
    return {str(label): position for label, position in found.relations.items()}


def test_relations_are_folded_and_have_the_place_of_their_first_name() -> None:
    sql = 'SELECT * FROM Dune.ME.T\nJOIN "ethereum"."Blocks" b ON true JOIN dune.me.t ON true'
    assert reads(sql) == {
        "dune.me.t": Position(1, 15, 9),
        "ethereum.blocks": Position(2, 6, 19),
    }


def test_relations_are_found_wherever_a_query_may_stand() -> None:
    sql = """
        SELECT (SELECT max(x) FROM a.a) FROM b.b WHERE EXISTS (SELECT 1 FROM c.c)
        AND y IN (SELECT z FROM d.d) UNION SELECT * FROM (SELECT * FROM e.e) JOIN LATERAL
        (SELECT * FROM f.f) ON true ORDER BY (SELECT 1 FROM g.g)"""
    assert set(reads(sql)) == {"a.a", "b.b", "c.c", "d.d", "e.e", "f.f", "g.g"}


@pytest.mark.parametrize(
    ("sql", "labels"),
    [
        ("WITH a AS (SELECT * FROM b), b AS (SELECT * FROM A) SELECT * FROM B, c", {"b", "c"}),
        ("WITH t AS (SELECT * FROM t) SELECT * FROM t", {"t"}),
        ("WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT * FROM t) SELECT * FROM t", set()),
        ("WITH t AS (SELECT 1) SELECT * FROM s.t", {"s.t"}),
        ("SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t), t", {"t"}),
        ("WITH t AS (SELECT 1) SELECT * FROM (SELECT * FROM (SELECT * FROM t))", set()),
        ("WITH query_1 AS (SELECT 1 AS x) SELECT * FROM query_1", set()),
        ("SELECT * FROM query_2", {"dune.me.t"}),
        ("VALUES 1", set()),
    ],
)
def test_a_cte_hides_a_relation_where_it_is_in_scope(sql: str, labels: set[str]) -> None:
    """It does not see itself unless the clause is recursive, and is not seen before it stands."""
    assert set(reads(sql)) == labels


def test_query_views_are_read_through_and_remembered_by_version() -> None:
    found = lineage("SELECT 1\nFROM query_2 JOIN query_1 ON true", {}, queries)
    assert dict(found.relations) == {"dune.me.t": Position(2, 6, 7)}
    assert found.queries == {(1, 3), (2, 1)}


def test_arguments_may_choose_what_is_read() -> None:
    """They are put in before the text is read, so lineage follows them."""

    def views(reference: Reference) -> ViewedQuery:
        assert reference.query is not None
        return ViewedQuery(query=reference.query, version=1, sql="SELECT * FROM {{what}}.it")

    found = lineage("SELECT * FROM \"query_5(what='here')\", \"query_5(what='there')\"", {}, views)
    assert set(found.relations) == {"here.it", "there.it"}


def test_a_quote_in_an_argument_is_escaped_by_a_backslash() -> None:
    sql = '''SELECT * FROM "query_1(a = 'b', "" c ""='\\'x\\'', d e='{{n}}')"'''
    (found,) = references(Source(substitute(sql.replace('""', ""), {"n": "5"})))
    assert found.arguments == {"a": "b", "c": "'x'", "d e": "5"}
    assert found.query == 1
    assert found.label == "query_1(a='b', c='\\'x\\'', d e='5')"


def test_what_is_wrong_is_told_and_nothing_is_read() -> None:
    found = lineage("SELECT FROM", {}, queries)
    assert isinstance(found.error, SqlRejectedError)
    assert not found.relations
    cycle = lineage("SELECT * FROM dune.me.t, query_3", {}, queries)
    assert "query_3 > query_4 > query_5 > query_3" in str(cycle.error)
    assert not cycle.relations


def test_a_chain_of_views_is_bounded() -> None:
    """Each view reads the next: the depth ends it."""

    def views(reference: Reference) -> ViewedQuery:
        assert reference.query is not None
        sql = f"SELECT * FROM query_{reference.query + 1}"
        return ViewedQuery(query=reference.query, version=1, sql=sql)

    assert "levels deep" in str(lineage("SELECT * FROM query_1", {}, views).error)


def test_views_that_read_two_each_are_read_once_each() -> None:
    """Twenty levels of two references each would be a million readings."""
    asked = []

    def views(reference: Reference) -> ViewedQuery:
        assert reference.query is not None
        asked.append(reference.query)
        below = f"query_{reference.query + 1}"
        sql = "SELECT 1 AS x FROM dune.me.t" if reference.query == 15 else (
            f"SELECT p.x FROM {below} p JOIN {below} q ON p.x = q.x"
        )  # fmt: skip
        return ViewedQuery(query=reference.query, version=1, sql=sql)

    assert set(lineage("SELECT * FROM query_1", {}, views).relations) == {"dune.me.t"}
    assert len(asked) == 15


def test_lineage_and_compilation_agree() -> None:
    """The slots of a template are the relations of its lineage."""
    for sql in (
        "SELECT * FROM query_2, ethereum.blocks",
        "WITH t AS (SELECT a FROM dune.me.t) SELECT * FROM t, t u, query_1",
        "SELECT 1",
    ):
        assert set(compiled(sql).slots) == set(reads(sql))
