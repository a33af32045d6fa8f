"""What a query gives, clause by clause, on a real DuckDB."""

# ruff: noqa: ISC004  # a query that is long goes on in the next line

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.sql.engine import answer

CASES: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("SELECT A, \"b\" FROM dune.me.t WHERE A < 3 ORDER BY a DESC", [(2, "two"), (1, "one")]),
    ("SELECT a AS n FROM dune.me.t ORDER BY n LIMIT 1 OFFSET 1", [(2,)]),
    ("SELECT a FROM dune.me.t ORDER BY -a FETCH FIRST 2 ROWS ONLY", [(3,), (2,)]),
    ("SELECT B FROM dune.me.t ORDER BY 1", [("one",), ("two",), (None,)]),
    ("SELECT B FROM dune.me.t ORDER BY B DESC", [("two",), ("one",), (None,)]),
    ("SELECT B FROM dune.me.t ORDER BY B NULLS FIRST", [(None,), ("one",), ("two",)]),
    ("SELECT a + 1 AS a FROM dune.me.t ORDER BY a * -1", [(4,), (3,), (2,)]),
    ("SELECT count(*), count(B), count(DISTINCT a % 2), sum(a), avg(a) FROM dune.me.t",
     [(3, 2, 2, 6, 2.0)]),
    ("SELECT a % 2 AS odd, count(*) FROM dune.me.t GROUP BY 1 ORDER BY 1", [(0, 1), (1, 2)]),
    ("SELECT a % 2, count(*) FROM dune.me.t GROUP BY a % 2 HAVING count(*) > 1", [(1, 2)]),
    ("SELECT B, sum(a) FROM dune.me.t WHERE a < 3 GROUP BY ROLLUP (B) ORDER BY 1",
     [("one", 1), ("two", 2), (None, 3)]),
    ("SELECT B, a, count(*) FROM dune.me.t WHERE a < 3 GROUP BY GROUPING SETS ((B), (a), ())"
     " ORDER BY 1, 2", [("one", None, 1), ("two", None, 1), (None, 1, 1), (None, 2, 1),
                        (None, None, 2)]),
    ("SELECT sum(a) FILTER (WHERE a > 1) FROM dune.me.t", [(5,)]),
    ("SELECT a, sum(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM dune.me.t"
     " ORDER BY 1", [(1, 1), (2, 3), (3, 5)]),
    ("SELECT a, row_number() OVER w, lag(a, 1, 0) OVER w FROM dune.me.t WINDOW w AS (ORDER BY a"
     " DESC) ORDER BY a", [(1, 3, 2), (2, 2, 3), (3, 1, 0)]),
    ("SELECT sum(sum(a)) OVER () FROM dune.me.t", [(6,)]),
    ("SELECT t.a, b.number FROM dune.me.t t JOIN ethereum.blocks b ON t.a = b.number ORDER BY 1",
     [(1, 1), (2, 2)]),
    ("SELECT a, number FROM dune.me.t LEFT JOIN ethereum.blocks ON a = number ORDER BY 1",
     [(1, 1), (2, 2), (3, None)]),
    ("SELECT a, number FROM dune.me.t FULL JOIN ethereum.blocks ON a = number ORDER BY 1, 2",
     [(1, 1), (2, 2), (3, None), (None, 4)]),
    ("SELECT * FROM (SELECT a FROM dune.me.t) x FULL JOIN (SELECT number AS a FROM ethereum.blocks)"
     " y USING (a) ORDER BY 1", [(1,), (2,), (3,), (4,)]),
    ("SELECT a FROM (SELECT a FROM dune.me.t) x RIGHT JOIN (SELECT number AS a FROM"
     " ethereum.blocks) y USING (a) ORDER BY a", [(1,), (2,), (4,)]),
    ("SELECT count(*) FROM dune.me.t, ethereum.blocks", [(9,)]),
    ("SELECT count(*) FROM dune.me.t CROSS JOIN (ethereum.blocks b JOIN dune.me.t u ON b.number ="
     " u.a)", [(6,)]),
    ("SELECT t.a, z FROM dune.me.t AS t CROSS JOIN UNNEST(t.arr) AS u(z) ORDER BY 2",
     [(1, 1), (1, 2)]),
    ("SELECT a, z, n FROM dune.me.t LEFT JOIN UNNEST(arr) WITH ORDINALITY AS u(z, n) ON true"
     " ORDER BY 1, 2", [(1, 1, 1), (1, 2, 2), (2, None, None), (3, None, None)]),
    ("SELECT k, w FROM dune.me.t CROSS JOIN UNNEST(m) AS u(k, w) ORDER BY 2",
     [("k", 1), ("k", 2), ("l", 3)]),
    ("SELECT p, q FROM UNNEST(ARRAY[ROW(1, 'a'), ROW(2, 'b')]) AS u(p, q)", [(1, "a"), (2, "b")]),
    ("SELECT x, y FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS u(x, y)", [(1, "a"), (2, None)]),
    ("SELECT t.a, l.s FROM dune.me.t t CROSS JOIN LATERAL (SELECT t.a * 10 AS s) l ORDER BY 1",
     [(1, 10), (2, 20), (3, 30)]),
    ("SELECT a FROM dune.me.t t WHERE EXISTS (SELECT 1 FROM ethereum.blocks WHERE number = t.a)"
     " ORDER BY 1", [(1,), (2,)]),
    ("SELECT a FROM dune.me.t WHERE a IN (SELECT number FROM ethereum.blocks) ORDER BY 1",
     [(1,), (2,)]),
    ("SELECT a FROM dune.me.t WHERE a NOT IN (SELECT number FROM ethereum.blocks)", [(3,)]),
    ("SELECT a FROM dune.me.t WHERE (a, 1) IN (SELECT number, 1 FROM ethereum.blocks) ORDER BY 1",
     [(1,), (2,)]),
    ("SELECT (SELECT max(number) FROM ethereum.blocks)", [(4,)]),
    ("SELECT a FROM dune.me.t WHERE a > ALL (SELECT 2)", [(3,)]),
    ("WITH x AS (SELECT 1 AS n), y AS (SELECT n + 1 AS n FROM x) SELECT * FROM X, Y", [(1, 2)]),
    ("WITH x (p, q) AS (VALUES (1, 2)) SELECT q FROM x", [(2,)]),
    ("WITH x AS (SELECT 1 AS n) SELECT * FROM (WITH x AS (SELECT 2 AS n) SELECT n FROM x)", [(2,)]),
    ("WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT sum(n)"
     " FROM r", [(10,)]),
    ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r"
     " ORDER BY n", [(1,), (2,), (3,)]),
    ("SELECT 1 UNION ALL SELECT 2 ORDER BY 1 DESC", [(2,), (1,)]),
    ("SELECT 1 AS x UNION SELECT 1 UNION SELECT 2.5 ORDER BY x", [(Decimal("1.0"),),
                                                                 (Decimal("2.5"),)]),
    ("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 ORDER BY 1", [(1,)]),
    ("(SELECT 1 UNION ALL SELECT 3) INTERSECT SELECT 3", [(3,)]),
    ("SELECT 1 EXCEPT SELECT 1", []),
    ("SELECT 3 EXCEPT SELECT 1 UNION ALL SELECT 3", [(3,), (3,)]),
    ("VALUES (1, 'a'), (2, NULL) ORDER BY 1 DESC", [(2, None), (1, "a")]),
    ("SELECT DISTINCT a % 2 FROM dune.me.t ORDER BY 1", [(0,), (1,)]),
    ("SELECT r.p, r.q, t.r.p FROM dune.me.t t WHERE a = 1", [(1, "x", 1)]),
    ("SELECT dune.me.t.a FROM dune.me.t WHERE t.a = 1", [(1,)]),
    ("SELECT m['k'], element_at(m, 'none') FROM dune.me.t WHERE a = 1", [(1, None)]),
    ("SELECT v = 0xaabb, v, 0x FROM dune.me.t WHERE a = 1", [(True, b"\xaa\xbb", b"")]),
    ("SELECT a / 2, a / 2.0, x / 0 FROM dune.me.t WHERE a = 1", [(0, Decimal("0.5"),
                                                                  float("inf"))]),
    ("SELECT a / x FROM dune.me.t WHERE a = 2", [(float("inf"),)]),
    ("SELECT sum(d) / 2, avg(d), sum(d) * 2 FROM dune.me.t",
     [(Decimal("1.875"), Decimal("1.875"), Decimal("7.500"))]),
    ("SELECT dt + INTERVAL '1' MONTH, date_add('day', 1, dt) FROM dune.me.t WHERE a = 1",
     [(dt.date(2024, 2, 29), dt.date(2024, 2, 1))]),
    ("SELECT CAST(DATE '0001-01-01' - INTERVAL '5' DAY AS varchar), CAST(TIMESTAMP '0001-01-01"
     " 00:00:00.25' - INTERVAL '5' DAY AS varchar), CAST(TIMESTAMP '-0005-01-02 03:04:05.6' AS"
     " varchar), CAST(from_unixtime(1e12) AS varchar), to_iso8601(DATE '-0005-01-02'),"
     " CAST(CAST(NULL AS date) AS varchar)",
     [("0000-12-27", "0000-12-27 00:00:00.250", "-0005-01-02 03:04:05.6",
       "+33658-09-27 01:46:40.000 UTC", "-0005-01-02", None)]),
    ("SELECT CAST(dt AS varchar) || '!', count(*) FROM dune.me.t GROUP BY CAST(dt AS varchar)"
     " ORDER BY CAST(dt AS varchar)", [("2024-01-31!", 1), ("2024-02-29!", 1), (None, 1)]),
    ("SELECT date_diff('day', ts, TIMESTAMP '2024-01-02 01:00:00') FROM dune.me.t WHERE a < 3"
     " ORDER BY a", [(0,), (0,)]),
    ("SELECT u + 1, u > 5, sum(u) OVER () FROM dune.me.t WHERE u IS NOT NULL ORDER BY u",
     [("6", False, "12"), ("8", True, "12")]),
    ("SELECT transform(arr, z -> z + a), reduce(arr, 0, (s, z) -> s + z, s -> s * 2) FROM dune.me.t"
     " WHERE a = 1", [([2, 3], 6)]),
    ("SELECT zip_with(arr, ARRAY[10, 20], (p, q) -> p * q) FROM dune.me.t WHERE a = 1",
     [([10, 40],)]),
    ("SELECT CASE WHEN a = 1 THEN 'one' ELSE B END, if(a > 1, 1, 2.5) FROM dune.me.t ORDER BY a",
     [("one", Decimal("2.5")), ("two", Decimal("1.0")), (None, Decimal("1.0"))]),
    ("SELECT listagg(B, ',') WITHIN GROUP (ORDER BY a DESC) FROM dune.me.t", [("two,one",)]),
    ("SELECT array_agg(a ORDER BY a DESC) FROM dune.me.t", [([3, 2, 1],)]),
    ("SELECT max_by(B, a) FROM dune.me.t", [(None,)]),
    ("SELECT name FROM query_1", []),
    ("SELECT name FROM \"query_1(x='one')\" AS q", [("one",)]),
    ("SELECT count(*) FROM \"query_1(X='one')\" p CROSS JOIN \"query_1(x='two')\" q", [(1,)]),
    ("SELECT * FROM \"query_8(col='a * 2')\" ORDER BY c", [(2,), (4,), (6,)]),
    ("SELECT a, a, 1 FROM dune.me.t WHERE a = 1", [(1, 1, 1)]),
    ("SELECT x.a FROM (SELECT 1 AS a, 2 AS b) x", [(1,)]),
    ("SELECT \"$0\" FROM (SELECT 7 AS \"$0\")", [(7,)]),
    ("SELECT '\"$0\"' || 'x', '\"$0' FROM dune.me.t WHERE a = 1", [('"$0"x', '"$0')]),
    ("SELECT position('b' IN 'abc'), substring('abc' FROM 2 FOR 1), trim(BOTH 'x' FROM 'xax'),"
     " extract(YEAR FROM DATE '2024-05-06')", [(2, "b", "a", 2024)]),
    ("SELECT try(1 / 0), try(CAST('x' AS bigint)), try_cast('1.5' AS bigint)",
     [(None, None, None)]),
    ("SELECT try(ARRAY[1][2]), try(m['z']) FROM dune.me.t WHERE a = 1", [(None, None)]),
    ("SELECT count(*) FROM dune.me.t TABLESAMPLE BERNOULLI (100)", [(3,)]),
    ("SELECT NULL AS n, coalesce(NULL, 1)", [(None, 1)]),
    ("SELECT n + 1 FROM (SELECT NULL AS n)", [(None,)]),
    ("SELECT a FROM dune.me.t WHERE '{{p}}' = B", [(1,)]),
    ("SELECT t.* FROM dune.me.t t JOIN ethereum.blocks b ON t.a = b.number AND false", []),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows"), CASES, ids=[sql for sql, _ in CASES])
def test_a_query_gives_its_rows(sql: str, rows: list[tuple[Any, ...]]) -> None:
    """In the order that it asks for; a query without one is written so that it does not matter."""
    assert answer(sql, p="one") == rows
