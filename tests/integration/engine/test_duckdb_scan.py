"""Text around user text: quoting, and where slots are filled."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qanat.engines import Bound, Relation
from qanat.engines.duckdb.scan import bind, literal, quoted, scan
from qanat.engines.duckdb.types import duckdb_type, trino_type
from qanat.model.types import Column

names = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40
)
hostile = st.lists(
    st.sampled_from(
        ["'", '"', "--", "/*", "*/", ";", ")", '"$0"', "$0", "\\", "\n", "a", "$$", "é"]
    ),
    max_size=12,
).map("".join)
#: A connection of its own costs more than most examples.
CON = duckdb.connect()
EMPTY = Relation(columns=(Column("n", "bigint"),))


@settings(deadline=None)
@given(text=names | hostile)
def test_a_literal_is_its_text(text: str) -> None:
    assert CON.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]


@settings(deadline=None)
@given(name=names | hostile.filter(bool))
def test_an_identifier_is_its_name(name: str) -> None:
    relation = CON.sql(f"SELECT {quoted(name)} FROM (SELECT 1 AS {quoted(name)})")
    assert relation.columns == [name]


def test_a_zero_character_is_refused() -> None:
    for quote in (literal, quoted):
        with pytest.raises(ValueError, match="zero character"):
            quote("a\0b")


@settings(deadline=None)
@given(text=hostile)
def test_what_stands_in_a_string_stays_there(text: str) -> None:
    """Whatever a user writes into a literal, the statement gives it back."""
    statement = Bound(
        text=f'SELECT {literal(text)} AS s, count(*) AS n FROM "$0" AS t', slots=(EMPTY,)
    )
    assert CON.execute(bind(statement)).fetchall() == [(text, 0)]


@settings(deadline=None)
@given(text=hostile.filter(lambda text: "\n" not in text))
def test_what_stands_in_a_comment_stays_there(text: str) -> None:
    statement = Bound(
        text=f'SELECT count(*) AS n -- {text}\nFROM "$0" AS t -- {text}', slots=(EMPTY,)
    )
    assert CON.execute(bind(statement)).fetchall() == [(0,)]


@pytest.mark.parametrize(
    "text",
    [
        'SELECT 1 AS "$0" FROM "$0" AS t',
        'SELECT "$0".n FROM "$0"',
        'SELECT a.n FROM "$0" AS a, "$0" AS b',
        'SELECT count(*) FROM (SELECT 1 AS "$0") AS t WHERE 1 IS DISTINCT FROM "$0"',
        'WITH a AS (SELECT * FROM "$0" AS t) SELECT * FROM a JOIN "$0" AS u ON a.n = u.n',
        'SELECT EXTRACT(year FROM "$0") FROM (SELECT DATE \'2020-01-01\' AS "$0") AS t',
        'SELECT $$ "$0" $$ AS s FROM "$0" AS t',
        'SELECT E\'\\\'"$0"\' AS s FROM "$0" AS t',
        'SELECT /* "$0" */ n FROM "$0" AS t',
        "SELECT '\\' AS a, '\"$0\"' AS b FROM \"$0\" AS t",
        """SELECT '\\''' AS a, '"$0" AS b' AS b FROM "$0" AS t""",
    ],
)
def test_wherever_slots_stand_the_statement_means_what_it_says(text: str) -> None:
    """The same text over a table that is really called `$0` gives the same rows."""
    with duckdb.connect() as con:
        con.execute('CREATE TABLE "$0" (n BIGINT)')
        wanted = con.execute(text).fetchall()
    assert CON.execute(bind(Bound(text=text, slots=(EMPTY,)))).fetchall() == wanted


def test_more_than_ten_slots_keep_their_numbers() -> None:
    slots = tuple(Relation(columns=(Column(f"c{k}", "bigint"),)) for k in range(12))
    text = "SELECT * FROM " + " JOIN ".join(f'"${k}" AS t{k}' for k in range(12)).replace(
        " JOIN ", " CROSS JOIN "
    )
    assert CON.sql(bind(Bound(text=text, slots=slots))).columns == [f"c{k}" for k in range(12)]


@settings(deadline=None)
@given(names=st.lists(names, min_size=1, max_size=5, unique_by=str.casefold))
def test_an_empty_relation_has_its_columns(names: list[str]) -> None:
    if len({name.lower() for name in names}) != len(names):
        return
    relation = Relation(columns=tuple(Column(name, "array(uint256)") for name in names))
    found = CON.sql(f"SELECT * FROM {scan(relation)} AS t")
    assert found.columns == names
    assert [str(kind) for kind in found.types] == ["BIGNUM[]"] * len(names)
    assert found.fetchall() == []


kinds = st.recursive(
    st.sampled_from(
        ["bigint", "varchar", "uint256", "decimal(9,2)", "timestamp(3) with time zone", "json"]
    ),
    lambda inner: (
        st.builds("array({})".format, inner)
        | st.builds("map({},{})".format, inner, inner)
        | st.builds("row({},{})".format, inner, inner)
        | st.builds('row(a {},"b "" c" {})'.format, inner, inner)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(kind=kinds)
def test_every_type_is_one_that_duckdb_knows(kind: str) -> None:
    (found,) = CON.sql(f"SELECT CAST(NULL AS {duckdb_type(kind)}) AS v").types
    assert str(found) == duckdb_type(kind)
    assert trino_type(str(found)) == kind.replace("uint256", "int256")


@pytest.mark.parametrize(
    "text",
    ["", "(", "array(", "row(a bigint", "bigint)", "array()", "hyperloglog", "a" * 9 + "(" * 99],
)
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="type"):
        duckdb_type(text)
