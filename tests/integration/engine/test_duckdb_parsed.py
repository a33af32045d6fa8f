"""Statements parsed once: the same text over other files, and what must not get through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from qanat.engines import Bound, Relation
from qanat.engines.duckdb.messages import Described, Reply, Write
from qanat.engines.duckdb.scan import bind, bind_names, literal
from qanat.engines.duckdb.statements import Parsed, TaskFailedError, write
from qanat.model.types import Column
from tests.rows import MIB

OPTIONS = "FORMAT parquet"
N = Column("n", "bigint")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def numbers(con: duckdb.DuckDBPyConnection, path: Path, *values: int) -> Relation:
    listed = ",".join(f"({value})" for value in values)
    con.execute(f"COPY (SELECT n::BIGINT AS n FROM (VALUES {listed}) t(n)) TO {literal(str(path))}")
    return Relation(columns=(N,), files=(str(path),))


def copied(
    con: duckdb.DuckDBPyConnection, parsed: Parsed, statement: Bound, path: Path
) -> tuple[Reply, list[tuple[int]]]:
    reply = write(con, Write(statement=statement, path=str(path), result_bytes=MIB), parsed)
    return reply, con.execute(f"SELECT * FROM {literal(str(path))} ORDER BY ALL").fetchall()


def test_a_statement_parsed_once_reads_the_files_of_each_run(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    parsed = Parsed()
    text = 'SELECT t.n + u.n AS n FROM "$0" AS t CROSS JOIN "$1" AS u'
    one = numbers(con, tmp_path / "1.parquet", 1)
    two = numbers(con, tmp_path / "2.parquet", 10, 20)
    three = numbers(con, tmp_path / "3.parquet", 100)
    for k, (left, right, wanted) in enumerate(
        [(one, two, [(11,), (21,)]), (two, three, [(110,), (120,)]), (one, one, [(2,)])]
    ):
        reply, found = copied(
            con, parsed, Bound(text=text, slots=(left, right)), tmp_path / f"out{k}.parquet"
        )
        assert found == wanted
        assert reply.row_count == len(wanted)
    assert len(parsed) == 1


def test_a_relation_without_rows_and_one_that_is_not_read_need_no_files(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    unread = numbers(con, tmp_path / "1.parquet", 1)
    text = 'SELECT count(t.n) AS n FROM "$0" AS t'
    bound = Bound(text=text, slots=(Relation(columns=(N,)), unread))
    assert copied(con, Parsed(), bound, tmp_path / "out.parquet")[1] == [(0,)]


def test_the_text_depends_on_the_statement_and_not_on_the_files(tmp_path: Path) -> None:
    """Where slots stand as tables, and where they become table expressions."""
    for text in ('SELECT n FROM "$0" AS t', 'SELECT a.n FROM "$0" AS a, "$0" AS b'):
        texts = set()
        for name in ("a", "b"):
            files = (str(tmp_path / f"{name}.parquet"),)
            statement = Bound(text=text, slots=(Relation(columns=(N,), files=files),))
            named, lists = bind_names(statement)
            texts.add(named)
            assert lists == {"files_0": list(files)}
            assert named.replace("$files_0", f"[{literal(files[0])}]") == bind(statement)
        assert len(texts) == 1


def test_only_so_much_text_is_kept_and_no_long_statements(
    con: duckdb.DuckDBPyConnection,
) -> None:
    one = len(f"COPY (SELECT 10\n) TO $to ({OPTIONS})")
    parsed = Parsed(characters=10 * one)
    first = parsed.copy(con, "SELECT 10", OPTIONS)
    for k in range(11, 30):
        parsed.copy(con, f"SELECT {k}", OPTIONS)
        assert len(parsed) == min(k - 9, 10)
    last = parsed.copy(con, "SELECT 29", OPTIONS)
    assert parsed.copy(con, "SELECT 29", OPTIONS) is last
    assert parsed.copy(con, "SELECT 10", OPTIONS) is not first

    long = "SELECT 'longer than a tenth'"
    assert parsed.copy(con, long, OPTIONS) is not parsed.copy(con, long, OPTIONS)
    assert len(parsed) == 10


@pytest.mark.parametrize(
    "select",
    [
        "SELECT 1) TO 'x.parquet'; SELECT (1",
        "SELECT 1) TO 'x.parquet'; COPY (SELECT 2",
        "SELECT 1; DROP TABLE t",
        "SELECT $other",
    ],
)
def test_what_is_more_than_one_select_is_not_run(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, select: str
) -> None:
    """No compiler writes such a text; if one did, nothing would be written."""
    target = tmp_path / "out.parquet"
    task = Write(
        statement=Bound(text=select),
        path=str(target),
        result_bytes=MIB,
        described=Described(columns=(N,)),
    )
    with pytest.raises((TaskFailedError, duckdb.Error)):
        write(con, task, Parsed())
    assert list(tmp_path.iterdir()) == []
