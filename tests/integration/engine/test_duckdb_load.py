"""Uploads become rows, all of them or none; mounted files are looked into."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qanat.engines import Limits, Load
from qanat.engines.duckdb import DuckDbEngine, lines
from qanat.errors import InvalidRequestError, LimitExceededError, SqlRejectedError
from qanat.model.snapshot import Format
from qanat.model.types import Column, Columns
from tests.rows import LIMITS, MIB, fresh, rows

UINT256_MAX = 2**256 - 1
TABLE: Columns = tuple(
    Column(name, kind)
    for name, kind in (
        ("a", "bigint"), ("b", "varchar"), ("u", "uint256"), ("i", "int256"), ("t", "timestamp"),
        ("d", "date"), ("x", "varbinary"), ("z", "double"), ("k", "boolean"), ("n", "integer"),
    )
)  # fmt: skip

Loading = Callable[..., tuple[Columns, list[tuple[Any, ...]]]]


@pytest.fixture
def load(engine: DuckDbEngine, home: Path) -> Loading:
    """Loads a body and returns its columns and rows."""

    def loaded(
        body: str | bytes,
        columns: Columns | None = TABLE,
        *,
        required: tuple[str, ...] = (),
        format: Format = "csv",  # noqa: A002  # as in Load
    ) -> tuple[Columns, list[tuple[Any, ...]]]:
        path = home / "data" / "tmp" / "upload"
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        attempt = fresh()
        wanted = Load(path=str(path), format=format, columns=columns, required=frozenset(required))
        try:
            result = engine.load(attempt, wanted, LIMITS)
        except InvalidRequestError:
            assert not engine.path(attempt).exists()
            raise
        found = rows(engine, attempt)
        assert result.row_count == len(found)
        return result.columns, found

    return loaded


def test_header_names_may_come_in_any_order_and_number(load: Loading) -> None:
    columns, found = load("B,a\nhello,1\n,2\n")

    assert columns == TABLE
    assert [row[:2] for row in found] == [(1, "hello"), (2, None)]
    assert all(value is None for row in found for value in row[2:])


def test_every_type_of_an_upload_is_read(load: Loading) -> None:
    _, found = load(
        "a,b,u,i,t,d,x,z,k,n\n"
        f'-1,"q, ""r""",{UINT256_MAX},-{2**255},'
        "2020-01-01T00:00:00+02:00,2020-02-29,0xAbcd,1e5,true,7\n"
        "+2, s ,0,0,2020-01-01 00:00:00.5,0001-01-01,YWJj,-.5,FALSE,\n"
        "3,,000,-0,2020-01-01,9999-12-31,0x,nan,1,\n"
    )

    stamp = [str(row[4]) for row in found]
    assert stamp == ["2019-12-31 22:00:00", "2020-01-01 00:00:00.500000", "2020-01-01 00:00:00"]
    assert [row[6] for row in found] == [b"\xab\xcd", b"abc", b""]
    assert found[0][:4] == (-1, 'q, "r"', str(UINT256_MAX), str(-(2**255)))
    assert [row[1] for row in found] == ['q, "r"', " s ", None]
    assert [row[8] for row in found] == [True, False, True]


def test_a_quoted_nothing_is_an_empty_text(load: Loading) -> None:
    _, found = load('a,b\n1,""\n2,\n')
    assert [row[1] for row in found] == ["", None]

    _, found = load("a,b\n1,\n", required=("b",))
    assert found[0][1] == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("a\n1\nx\n", "line 3: column 'a': 'x' is not a bigint"),
        ("a\n1.5\n", "line 2: column 'a': '1.5' is not a bigint"),
        ("a\n1_000\n", "line 2: column 'a': '1_000' is not a bigint"),
        ("a\n0x10\n", "line 2: column 'a': '0x10' is not a bigint"),
        ("a\n9223372036854775808\n", "line 2: column 'a': '9223372036854775808' is not a bigint"),
        ("n\n2147483648\n", "line 2: column 'n': '2147483648' is not a integer"),
        ("u\n-1\n", "line 2: column 'u': '-1' is not a uint256"),
        (f"u\n{2**256}\n", "line 2: column 'u': "),
        (f"i\n{2**255}\n", "line 2: column 'i': "),
        ("t\n2020-02-30\n", "line 2: column 't': '2020-02-30' is not a timestamp"),
        ("t\nyesterday\n", "line 2: column 't': 'yesterday' is not a timestamp"),
        ("d\n2020-13-01\n", "line 2: column 'd': '2020-13-01' is not a date"),
        ("x\n0xabc\n", "line 2: column 'x': '0xabc' is not a varbinary"),
        ("x\nabc\n", "line 2: column 'x': 'abc' is not a varbinary"),
        ("z\n1x\n", "line 2: column 'z': '1x' is not a double"),
        ("k\nmaybe\n", "line 2: column 'k': 'maybe' is not a boolean"),
        ('a,b\n1,"two\nlines"\n\n2,ok\nbad,row\n', "line 6: column 'a': 'bad' is not a bigint"),
        ("a,b\r\n1,x\r\nq,y\r\n", "line 3: column 'a': 'q' is not a bigint"),
        ("a,b\n1,2\n3\n", "line 3: 2 values are expected, not 1"),
        ("a,b\n1,2\n3,4,5\n", "line 3: 2 values are expected, not 3"),
        ('a,b\n1,2\n3,"4\n', "line 3: a quote is not closed"),
        ('a,b\n1,"2"x\n', "line 2: "),
        (b"a,b\n1,2\n3,\xff\n", "line 3: this is not CSV text: byte 3 is not UTF-8; save it as"),
        ("a,b\n1,Zürich\n".encode("latin-1"), "line 2: this is not CSV text: byte 4 is not"),
        ("größe,b\n1,2\n".encode("latin-1"), "line 1: this is not CSV text: byte 3 is not"),
        ("a,b\n1,2\n".encode("utf-16"), "line 1: this is not CSV text: byte 1 is not UTF-8;"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "line 1: this is not CSV text: byte 1 is not UTF-8;"),
        (b"PK\3\4\x14\0\0\0\x08\0\x9c\xb2", "line 1: this is not CSV text: byte 11 is not UTF-8;"),
        (b"a.txt" + b"\0" * 507, "line 1: this is not CSV text: it holds zero bytes; save it as"),
        (b"a,b\n1,\xe2\x82", "line 2: this is not CSV text: byte 3 is not UTF-8;"),
        ('"a\nb",c\n1,2\n', "line 1: the name of column 1 holds a line break"),
        ("nope,a\n1,2\n", "line 1: the table has no column 'nope'"),
        ("a,A\n1,2\n", "line 1: column 'A' appears twice"),
        ("a,,b\n1,2,3\n", "line 1: column 2 has no name"),
        ("", "line 1: a header line"),
        ("\n\n", "line 1: a header line"),
    ],
)
def test_a_row_that_does_not_fit_is_named(load: Loading, body: str | bytes, message: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        load(body)
    assert str(caught.value).startswith(message)


def test_the_place_of_a_bad_byte_is_right_in_a_line_of_several_pieces(tmp_path: Path) -> None:
    """A long line is read in pieces, and a character may lie across their border."""
    path = tmp_path / "long"
    path.write_bytes(b"{}\n" + b"x" * lines.MAX_RECORD + "é".encode() + b"\xff,2\n")
    with pytest.raises(lines.BadLineError) as caught:
        lines.line_of_object(path, -1)
    assert str(caught.value).startswith(f"line 2: this is not JSON text: byte {(8 << 20) + 3} is")


def test_a_required_column_must_be_there_and_filled(load: Loading) -> None:
    with pytest.raises(InvalidRequestError, match="line 1: column 'a' is missing"):
        load("b\nx\n", required=("a",))
    with pytest.raises(InvalidRequestError, match="line 3: column 'a' may not be null"):
        load("a,b\n1,x\n,y\n", required=("a",))
    with pytest.raises(InvalidRequestError, match="line 1: column 'a' may not be null"):
        load('{"b":"x"}\n', required=("a",), format="ndjson")


def test_types_are_inferred_from_all_rows(load: Loading) -> None:
    late = "".join(f"{n},{n},{n},2020-01-01,true,007,,x\n" for n in range(12_000))
    columns, found = load(
        "i,f,s,when,flag,zip,nothing,text,\n".replace(",\n", "\n")
        + late
        + "1,1.5,x,2020-01-01T10:00:00Z,false,008,,y\n",
        None,
    )

    assert [column.type for column in columns] == [
        "bigint", "double", "varchar", "timestamp", "boolean", "varchar", "varchar", "varchar",
    ]  # fmt: skip
    assert found[0][5] == "007"


def test_a_trailing_comma_makes_no_column(load: Loading) -> None:
    columns, found = load("month,price,\n2020-01-01,1,\n2020-02-01,2,\n", None)

    assert columns == (Column("month", "date"), Column("price", "bigint"))
    assert len(found) == 2


def test_a_header_alone_is_a_table_without_rows(load: Loading) -> None:
    assert load("a,b\n", None) == ((Column("a", "varchar"), Column("b", "varchar")), [])


def test_a_byte_order_mark_and_windows_line_ends_are_read(load: Loading) -> None:
    columns, found = load(b"\xef\xbb\xbfa,b\r\n1,x\r\n2,y", None)

    assert [column.name for column in columns] == ["a", "b"]
    assert found == [(1, "x"), (2, "y")]


def test_json_rows_come_one_a_line_or_in_an_array(load: Loading) -> None:
    line = f'{{"a":1,"u":{UINT256_MAX},"x":"0x00ff","k":true,"z":1.5}}'
    for body in (f'{line}\n\n{{"a":"2","b":null}}\n', f'[{line},{{"a":"2","b":null}}]'):
        _, found = load(body, format="ndjson")
        assert [row[0] for row in found] == [1, 2]
        assert found[0][2] == str(UINT256_MAX)
        assert (found[0][6], found[0][7], found[0][8]) == (b"\x00\xff", 1.5, True)
    assert load("", format="ndjson")[1] == []
    assert load("[]", format="ndjson")[1] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"a":1}\n\n{"a":"x"}\n', "line 3: column 'a': 'x' is not a bigint"),
        ('{"a":1}\n{"q":1}\n', "line 2: an object with no other keys"),
        ('{"a":1}\n{"a":2\n{"a":3}\n', "line 2: this is not a JSON object"),
        ('{"a":1}\n5\n', "line 2: an object with no other keys"),
        ('{"b":{"c":1}}', "line 1: column 'b': "),
        ('{"a":[1]}', "line 1: column 'a': '[1]' is not a bigint"),
        ('[{"a":1},{"a":"x"}]', "item 2: column 'a': 'x' is not a bigint"),
        ('[{"a":1},', "the JSON array is cut off"),
        ("nonsense", "line 1: this is not a JSON object"),
        (b'{"b":"\xff"}', "line 1: this is not JSON text: byte 7 is not UTF-8;"),
    ],
)
def test_a_json_row_that_does_not_fit_is_named(
    load: Loading, body: str | bytes, message: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        load(body, format="ndjson")
    assert str(caught.value).startswith(message)


def test_parquet_is_taken_too(load: Loading, tmp_path: Path) -> None:
    with duckdb.connect() as other:
        other.execute(f"COPY (SELECT 1 AS a, 'x' AS b) TO '{tmp_path}/p' (FORMAT parquet)")
    body = (tmp_path / "p").read_bytes()

    assert load(body, None, format="parquet") == (
        (Column("a", "integer"), Column("b", "varchar")), [(1, "x")],
    )  # fmt: skip
    assert load(body, format="parquet")[1][0][:2] == (1, "x")
    with pytest.raises(InvalidRequestError, match="not a Parquet file"):
        load(b"PAR1 or not", format="parquet")
    with pytest.raises(InvalidRequestError, match="does not fit"):
        load(body, (Column("a", "bigint"), Column("b", "bigint")), format="parquet")


cells = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=12)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=st.lists(st.tuples(cells, cells), max_size=5))
def test_any_text_goes_through_csv_and_json(load: Loading, table: list[tuple[str, str]]) -> None:
    columns = (Column("p", "varchar"), Column("q", "varchar"))

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    body = "p,q\n" + "".join(f"{cell(p)},{cell(q)}\n" for p, q in table)
    assert load(body, columns)[1] == table
    body = "".join(json.dumps({"p": p, "q": q}, ensure_ascii=False) + "\n" for p, q in table)
    assert load(body, columns, format="ndjson")[1] == table


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=60) | st.text(alphabet='a,b"\n\r1 ', max_size=40).map(str.encode))
def test_whatever_is_uploaded_is_taken_or_refused(load: Loading, body: bytes) -> None:
    """A body that is no CSV is the caller's fault, never the engine's."""
    for columns in (None, TABLE):
        try:
            load(body, columns)
        except InvalidRequestError as error:
            assert "\n" not in str(error)  # noqa: PT017  # either outcome is right


def test_a_large_upload_streams_in_bounded_memory(engine: DuckDbEngine, home: Path) -> None:
    path = home / "data" / "tmp" / "large.csv"
    line = "".join(f'{n},{n}.5,"name {n}",0x{n:040x}\n' for n in range(20_000))
    with path.open("w", encoding="utf-8") as file:
        file.write("id,v,name,x\n")
        for _ in range(60):
            file.write(line)
    small = Limits(threads=1, memory_bytes=256 * MIB, time_s=120, result_bytes=1 << 30)
    attempt = fresh()
    result = engine.load(attempt, Load(path=str(path), format="csv"), small)

    assert path.stat().st_size > 80_000_000
    assert result.row_count == 1_200_000
    assert result.cost.peak_memory_bytes < 400 * MIB
    for worker in engine._loads.workers():
        assert psutil.Process(worker).memory_info().rss < 400 * MIB

    tight = Limits(threads=1, memory_bytes=256 * MIB, time_s=120, result_bytes=MIB)
    attempt = fresh()
    with pytest.raises(LimitExceededError):
        engine.load(attempt, Load(path=str(path), format="csv"), tight)
    assert not engine.path(attempt).exists()


def test_mounted_files_are_inspected(engine: DuckDbEngine, home: Path) -> None:
    folder = home / "mounted"
    with duckdb.connect() as other:
        for n in range(3):
            other.execute(
                f"COPY (SELECT {n}::UBIGINT AS a, [1] AS l, {{'q': 1}} AS s, NULL::HUGEINT AS h"
                f" FROM range(5)) TO '{folder}/p{n}.parquet' (FORMAT parquet)"
            )
        other.execute(f"COPY (SELECT 1 AS a, [1] AS l) TO '{folder}/odd.parquet' (FORMAT parquet)")
    files = tuple(str(folder / f"p{n}.parquet") for n in range(3))

    columns, count = engine.inspect(files, "parquet")
    assert [column.type for column in columns] == [
        "decimal(20,0)", "array(integer)", "row(q integer)", "double",
    ]  # fmt: skip
    assert count == 15

    with pytest.raises(SqlRejectedError, match="disagree about their columns"):
        engine.inspect((*files, str(folder / "odd.parquet")), "parquet")
    (folder / "junk.parquet").write_bytes(b"junk")
    with pytest.raises(SqlRejectedError, match="cannot be read as parquet"):
        engine.inspect((str(folder / "junk.parquet"),), "parquet")
    with pytest.raises(SqlRejectedError):
        engine.inspect((str(folder / "none.parquet"),), "parquet")


def test_mounted_text_is_inspected(engine: DuckDbEngine, home: Path) -> None:
    folder = home / "mounted"
    (folder / "t.csv").write_text('id,when,name\n1,2020-01-01,"a, b"\n2,,c\n', encoding="utf-8")
    (folder / "t.json").write_text('{"id":1,"v":1.5}\n{"id":2,"v":null}\n', encoding="utf-8")

    assert engine.inspect((str(folder / "t.csv"),), "csv") == (
        (Column("id", "bigint"), Column("when", "date"), Column("name", "varchar")), 2,
    )  # fmt: skip
    assert engine.inspect((str(folder / "t.json"),), "ndjson") == (
        (Column("id", "bigint"), Column("v", "double")), 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"a":1}\nnot json\n', "line 2: not JSON: invalid literal at column 1"),
        ('{"a":1}\n{"a":2}\n{"a":3}\nx\n', "line 4: not JSON: unexpected character at column 1"),
        ('{"a":1}\n\n  \nx', "line 4: not JSON: unexpected character at column 1"),
        ('\ufeff{"é":1}\r\n{"é":x}\r\n', "line 2: not JSON: unexpected character at column 6"),
        ('{"a":1}\n{"a":', "line 2: not JSON: unexpected end of data at column 6"),
        ('{"a":1,}\n{"a":NaN}\n{a:1}\n', "line 3: not JSON: unexpected character at column 2"),
        ('{"a":"\\u00e9"}\n{"a":"\\ud800"}\n', "line 2: not JSON: no low surrogate in string"),
        (b'{"a":1}\n{"a":"\xff"}\n', "line 2: not JSON: byte 7 is not UTF-8"),
        ('{"a":1}\n{"a":"' + "x" * (17 << 20) + '"}\nx\n', "line 2: longer than 8 MiB"),
        ('{"a":' + "[" * 100_000, "line 1: not JSON: unexpected end of data"),
    ],
)
def test_a_line_that_is_not_json_is_named_as_an_editor_counts_it(
    engine: DuckDbEngine, home: Path, body: str | bytes, message: str
) -> None:
    """Empty lines count, what the engine reads is no fault, and no file is named."""
    bad, good = home / "mounted" / "bad.json", home / "mounted" / "good.json"
    bad.write_bytes(body if isinstance(body, bytes) else body.encode())
    good.write_text('{"a":1}\n')

    with pytest.raises(SqlRejectedError) as caught:
        engine.inspect((str(bad),), "ndjson")
    assert caught.value.message.startswith(message)
    with pytest.raises(SqlRejectedError) as caught:
        engine.inspect((str(good), str(bad)), "ndjson")
    assert caught.value.message.startswith(f"file 2 of 2, {message}")
    with pytest.raises(SqlRejectedError) as caught:
        engine.inspect((str(good), str(home / "mounted" / "gone.json")), "ndjson")
    assert "cannot be read as ndjson" in caught.value.message


def test_what_lies_elsewhere_is_not_inspected(engine: DuckDbEngine) -> None:
    with pytest.raises(SqlRejectedError, match="not allowed"):
        engine.inspect(("/etc/passwd",), "csv")
