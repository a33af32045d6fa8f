"""Templates: slots that nothing else can imitate, names, types, and what may change by itself."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.engines import Bound, Relation
from qanat.engines.duckdb.scan import bind
from qanat.errors import SqlRejectedError
from qanat.model.types import Column
from qanat.sql.compile import compile_statement
from qanat.sql.dialect.duckdb import words
from tests.unit.sql.catalog import TABLES, compiled, queries
from tests.unit.sql.engine import connection

SLOT = re.compile(r'"\$\d+"')


def test_a_relation_has_one_slot_however_often_it_is_read() -> None:
    template = compiled("SELECT 1 FROM dune.me.t, ethereum.blocks b, DUNE.ME.T u, query_1")
    assert template.slots == ("dune.me.t", "ethereum.blocks")
    assert SLOT.findall(template.text) == ['"$0"', '"$0"', '"$1"', '"$0"']


def test_slots_stand_where_the_engine_looks_for_them() -> None:
    """`FROM "$0" AS …` and `JOIN "$1" AS …` are bound without a detour."""
    text = compiled("SELECT a FROM dune.me.t JOIN ethereum.blocks ON a = number").text
    assert re.search(r'FROM "\$0" AS \w+ INNER JOIN "\$1" AS \w+ ON', text)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT \'"$0"\' AS "$0"',
        'SELECT "$0" FROM (SELECT 1 AS "$0") AS "$1"',
        'WITH "$0" AS (SELECT 1 AS "$0") SELECT "$0"."$0" FROM "$0"',
        'SELECT x AS "a""$0""b" FROM (VALUES (\'a"$0"b\')) AS t(x)',
        'SELECT CAST(ROW(1) AS ROW("$0" bigint))',
        'SELECT transform(ARRAY[1], "$0" -> "$0" + 1)',
        "SELECT U&'\\0022$0\\0022'",
        'SELECT 1 AS "$_0", 2 AS "$0"',
    ],
)
def test_a_user_cannot_write_a_slot(sql: str) -> None:
    template = compiled(sql)
    assert template.slots == ()
    assert not SLOT.search(template.text)


@given(first=st.text(alphabet='$_0"a', max_size=8), second=st.text(alphabet='$_0"a', max_size=8))
def test_identifiers_stay_apart_and_never_look_like_slots(first: str, second: str) -> None:
    assert not SLOT.search(words.name(first))
    assert (words.name(first) == words.name(second)) == (first == second)


TEXTS = st.text(alphabet="$0'\"|( a\\n%e", max_size=20)


@given(text=TEXTS)
def test_literals_never_look_like_slots_and_keep_their_text(text: str) -> None:
    literal = words.string(text)
    assert not SLOT.search(literal)
    with connection() as con:
        assert con.execute(f"SELECT {literal}").fetchone() == (text,)


@given(first=TEXTS, second=TEXTS, name=TEXTS.filter(bool))
def test_the_engine_finds_the_slots_between_any_texts_and_names(
    first: str, second: str, name: str
) -> None:
    """It reads the text by rules of its own: no literal may hide a slot from them."""
    quoted = '"' + name.replace('"', '""') + '"'
    one, two = (text.replace("'", "''") for text in (first, second))
    template = compiled(f"SELECT '{one}' AS {quoted}, a FROM dune.me.t WHERE B = '{two}'")
    rows = Relation(columns=TABLES["dune.me.t"])
    bound = bind(Bound(text=template.text, slots=(rows,)))
    assert SLOT.findall(template.text) == ['"$0"']
    assert not SLOT.search(bound)
    assert bound.startswith("SELECT")


@given(
    name=st.text(
        alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\ue000"),
        min_size=1,
        max_size=20,
    )
)
def test_any_quoted_name_and_any_text_compile_to_text_without_slots(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    text = "'" + name.replace("'", "''") + "'"
    template = compiled(f"SELECT {quoted} AS {quoted} FROM (SELECT {text} AS {quoted}) AS {quoted}")
    assert template.names == (name,)
    assert not SLOT.search(template.text)


def test_stored_columns_that_look_like_slots_are_called_by_other_names() -> None:
    columns = (Column("$price", "bigint"), Column("$0", "double"))
    template = compile_statement("SELECT * FROM up.x", {}, lambda _: columns, queries)
    assert template.names == ("$price", "$0")
    assert SLOT.findall(template.text) == ['"$0"']


def test_columns_get_names_that_do_not_collide() -> None:
    """Unnamed ones by their place, repeated ones a suffix, without regard to case."""
    template = compiled("SELECT 1, a, A, a + 1, 2 AS _col0, a FROM dune.me.t")
    assert template.names == ("_col0_1", "a", "A_1", "_col3", "_col0", "a_2")
    assert template.unnamed == (0, 3)
    assert compiled("SELECT * FROM (SELECT 1, 2)").names == ("_col0", "_col1")


def test_output_types_are_in_trinos_words() -> None:
    template = compiled(
        "SELECT a, d * 2, u, ts, arr, r, m, count(*) OVER () AS c, 1.5, 0x00, NULL, dt,"
        " TIMESTAMP '2024-01-01 00:00:00', now() FROM dune.me.t"
    )
    assert template.types == (
        "bigint", "decimal(28,3)", "uint256", "timestamp(3)", "array(bigint)",
        "row(p bigint,q varchar)", "map(varchar,bigint)", "bigint", "decimal(2,1)", "varbinary",
        "unknown", "date", "timestamp(0)", "timestamp(3) with time zone",
    )  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT now()",
        "SELECT current_date",
        "SELECT current_timestamp",
        "SELECT localtimestamp",
        "SELECT random()",
        "SELECT uuid()",
        "SELECT a FROM dune.me.t LIMIT 5",
        "SELECT a FROM dune.me.t OFFSET 5",
        "SELECT a FROM (SELECT a FROM dune.me.t LIMIT 1)",
        "SELECT a FROM dune.me.t FETCH FIRST 2 ROWS ONLY",
        "SELECT a FROM dune.me.t TABLESAMPLE BERNOULLI (10)",
        "SELECT array_agg(a) FROM dune.me.t",
        "SELECT approx_distinct(a) FROM dune.me.t",
        "SELECT arbitrary(a) FROM dune.me.t",
        "SELECT max_by(a, B) FROM dune.me.t",
        "SELECT row_number() OVER () FROM dune.me.t",
        "SELECT shuffle(arr) FROM dune.me.t",
        "SELECT 1 FROM query_9",
        "SELECT 1 WHERE random() < 2",
    ],
)
def test_what_may_change_by_itself_is_volatile(sql: str) -> None:
    """Such a statement is never answered with the rows of another run."""
    assert compiled(sql).volatile


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM dune.me.t",
        "SELECT a FROM dune.me.t ORDER BY a LIMIT 5",
        "SELECT array_agg(a ORDER BY a) FROM dune.me.t",
        "SELECT listagg(B, ',') WITHIN GROUP (ORDER BY a) FROM dune.me.t",
        "SELECT row_number() OVER (ORDER BY a) FROM dune.me.t",
        "SELECT sum(a), count(*), min(B) FROM dune.me.t",
        "SELECT 'now()' AS random FROM query_1",
    ],
)
def test_what_depends_on_its_rows_alone_is_not_volatile(sql: str) -> None:
    assert not compiled(sql).volatile


def test_the_same_statement_gives_the_same_text() -> None:
    """The fingerprint of a node is made of it."""
    sql = "WITH x AS (SELECT a FROM dune.me.t) SELECT * FROM x JOIN query_1 ON true"
    assert compiled(sql) == compiled(sql)


def test_a_view_read_twice_stands_once_in_the_text() -> None:
    template = compiled(
        "SELECT p.a FROM query_2 p JOIN query_2 q ON p.a = q.a JOIN query_1 ON true"
    )
    assert SLOT.findall(template.text) == ['"$0"']


def test_names_that_the_engine_may_complain_of_lead_back() -> None:
    template = compiled("SELECT a,\n sum(d) FROM dune.me.t\nGROUP BY B")
    assert (template.origins["a"].line, template.origins["d"].line) == (1, 2)
    assert template.origins["b"].line == 3


@pytest.mark.parametrize(
    "word", ["timestamp", "date", "time", "interval", "key", "value", "comment"]
)
def test_keywords_of_other_dialects_are_names_here(word: str) -> None:
    assert compiled(f"SELECT t.{word} FROM (SELECT 1 AS {word}) t").names == (word,)


def judged(sql: str) -> str:
    """Return what a text comes to; any other error than a rejection is a failure."""
    try:
        return compiled(sql, p="a").text
    except SqlRejectedError as error:
        return error.message


@given(sql=st.text(max_size=60))
def test_any_text_compiles_or_is_rejected_with_a_message(sql: str) -> None:
    assert judged(sql)


WORDS = (
    "SELECT FROM WHERE GROUP BY ORDER BY HAVING LIMIT OFFSET UNION ALL INTERSECT EXCEPT WITH AS"
    " JOIN LEFT CROSS ON USING LATERAL UNNEST VALUES ( ) [ ] , . * + - / % || = <> < >= -> AND OR"
    " NOT NULL IS IN BETWEEN LIKE ESCAPE CASE WHEN THEN ELSE END CAST TRY_CAST EXISTS DISTINCT OVER"
    " PARTITION ROWS FILTER ARRAY ROW MAP INTERVAL DATE TIMESTAMP TRUE 1 2.5 'x' 0xab a t x"
    " dune.me.t query_1 count sum max if coalesce date_trunc 'day' bigint varchar \"q\" now ROLLUP"
    " TABLE FOR INTO ; -- /* ? :: {{p}}"
)
FRAGMENTS = st.lists(st.sampled_from(WORDS.split(" ")), max_size=25).map(" ".join)


@given(sql=FRAGMENTS)
def test_any_order_of_words_compiles_or_is_rejected_with_a_message(sql: str) -> None:
    assert judged(sql)


@given(sql=FRAGMENTS)
def test_any_words_after_a_select_compile_or_are_rejected_with_a_message(sql: str) -> None:
    """Most of these get past the parser, unlike most orders of words."""
    assert judged(f"SELECT a, {sql} FROM dune.me.t AS t")
