"""Contract 16.7, byte by byte: each type in JSON and in CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Final

import duckdb
import pytest

from qanat.engines import Reader
from qanat.engines.duckdb.engine import DuckDbEngine
from qanat.results.csv import csv_page
from qanat.results.encode import plain_text
from qanat.results.options import PageOptions
from qanat.results.pages import Pages
from qanat.results.shapes import shape
from tests.integration.results.conftest import Store

_LARGEST: Final = str(2**256 - 1)
_UUID: Final = "4ac7a9e9-607c-4c8a-84f3-843f0191e3fd"

#: Type, a DuckDB expression, the JSON value, the CSV text (None: the same as the JSON value).
CASES: Final = (
    ("boolean", "true", "true", None),
    ("boolean", "false", "false", None),
    ("tinyint", "(-128)::TINYINT", "-128", None),
    ("smallint", "32767::SMALLINT", "32767", None),
    ("integer", "(-2147483648)::INTEGER", "-2147483648", None),
    ("bigint", "9007199254740993::BIGINT", "9007199254740993", None),
    ("bigint", "(-9223372036854775808)::BIGINT", "-9223372036854775808", None),
    ("bigint", "1000000::BIGINT", "1000000", None),
    ("double", "0.1::DOUBLE", "0.1", None),
    ("double", "(0.1::DOUBLE + 0.2::DOUBLE)", "0.30000000000000004", None),
    ("double", "100::DOUBLE", "100.0", None),
    ("double", "'-0'::DOUBLE", "-0.0", None),
    ("double", "1e22::DOUBLE", "1e22", None),
    ("double", "5e-324::DOUBLE", "5e-324", None),
    ("double", "1.7976931348623157e308::DOUBLE", "1.7976931348623157e308", None),
    ("double", "'nan'::DOUBLE", '"NaN"', "NaN"),
    ("double", "'inf'::DOUBLE", '"Infinity"', "Infinity"),
    ("double", "'-inf'::DOUBLE", '"-Infinity"', "-Infinity"),
    ("real", "0.1::FLOAT", "0.1", None),
    ("real", "3.4028235e38::FLOAT", "3.4028235e38", None),
    ("real", "'nan'::FLOAT", '"NaN"', "NaN"),
    ("real", "'-inf'::FLOAT", '"-Infinity"', "-Infinity"),
    ("decimal(18,3)", "12.5::DECIMAL(18,3)", '"12.500"', "12.500"),
    ("decimal(38,0)", f"({'9' * 38})::DECIMAL(38,0)", f'"{"9" * 38}"', "9" * 38),
    ("decimal(38,38)", "0.5::DECIMAL(38,38)", f'"0.5{"0" * 37}"', f"0.5{'0' * 37}"),
    ("decimal(5,5)", "(-0.00001)::DECIMAL(5,5)", '"-0.00001"', "-0.00001"),
    ("uint256", f"'{_LARGEST}'::BIGNUM", f'"{_LARGEST}"', _LARGEST),
    ("int256", "'-5'::BIGNUM", '"-5"', "-5"),
    ("varchar", "'plain'", '"plain"', "plain"),
    ("varchar", "''", '""', '""'),
    ("varchar", "'<nil>'", '"<nil>"', '"<nil>"'),
    ("varchar", "'a,b'", '"a,b"', '"a,b"'),
    ("varchar", "'say \"hi\"'", '"say \\"hi\\""', '"say ""hi"""'),
    ("varchar", "'a' || chr(10) || 'b'", '"a\\nb"', '"a\nb"'),
    ("varchar", "'a' || chr(13) || 'b'", '"a\\rb"', '"a\rb"'),
    ("varchar", "'\\' || chr(1) || chr(9)", '"\\\\\\u0001\\t"', "\\\x01\t"),
    ("varchar", "' é☃😀 '''", '" é☃😀 \'"', " é☃😀 '"),
    ("varchar", "chr(8232) || chr(127)", '"\u2028\x7f"', "\u2028\x7f"),
    ("char(3)", "'abc'", '"abc"', "abc"),
    ("varbinary", "'\\xAB\\x00'::BLOB", '"0xab00"', "0xab00"),
    ("varbinary", "''::BLOB", '"0x"', "0x"),
    ("date", "DATE '2024-03-01'", '"2024-03-01"', "2024-03-01"),
    ("date", "DATE '0001-01-01'", '"0001-01-01"', "0001-01-01"),
    ("date", "DATE '0001-01-01' - 5", '"0000-12-27"', "0000-12-27"),
    ("date", "DATE '-0005-01-02'", '"-0005-01-02"', "-0005-01-02"),
    ("date", "DATE '12345-01-02'", '"+12345-01-02"', "+12345-01-02"),
    (
        "timestamp(3)",
        "TIMESTAMP '0001-01-01' - INTERVAL 5 DAY",
        '"0000-12-27 00:00:00.000"',
        "0000-12-27 00:00:00.000",
    ),
    (
        "timestamp(1)",
        "TIMESTAMP '-0005-01-02 03:04:05.6'",
        '"-0005-01-02 03:04:05.6"',
        "-0005-01-02 03:04:05.6",
    ),
    ("timestamp(0)", "TIMESTAMP '12345-01-02'", '"+12345-01-02 00:00:00"', "+12345-01-02 00:00:00"),
    (
        "timestamp(3) with time zone",
        "timezone('UTC', TIMESTAMP '0001-01-01' - INTERVAL 5 DAY)",
        '"0000-12-27 00:00:00.000 UTC"',
        "0000-12-27 00:00:00.000 UTC",
    ),
    (
        "timestamp(3) with time zone",
        "to_timestamp(1000000000000)",
        '"+33658-09-27 01:46:40.000 UTC"',
        "+33658-09-27 01:46:40.000 UTC",
    ),
    (
        "timestamp(3)",
        "TIMESTAMP '2024-03-01 01:02:03.456789'",
        '"2024-03-01 01:02:03.456"',
        "2024-03-01 01:02:03.456",
    ),
    ("timestamp", "TIMESTAMP '2024-03-01'", '"2024-03-01 00:00:00.000"', "2024-03-01 00:00:00.000"),
    (
        "timestamp(6)",
        "TIMESTAMP '1969-12-31 23:59:59.000001'",
        '"1969-12-31 23:59:59.000001"',
        "1969-12-31 23:59:59.000001",
    ),
    (
        "timestamp(0)",
        "TIMESTAMP '2024-03-01 01:02:03.9'",
        '"2024-03-01 01:02:03"',
        "2024-03-01 01:02:03",
    ),
    (
        "timestamp(1)",
        "TIMESTAMP '2024-03-01 01:02:03.98'",
        '"2024-03-01 01:02:03.9"',
        "2024-03-01 01:02:03.9",
    ),
    (
        "timestamp(3) with time zone",
        "TIMESTAMPTZ '2024-03-01 01:02:03.456+02:00'",
        '"2024-02-29 23:02:03.456 UTC"',
        "2024-02-29 23:02:03.456 UTC",
    ),
    ("time(3)", "TIME '01:02:03.4'", '"01:02:03.400"', "01:02:03.400"),
    ("time(0)", "TIME '23:59:59'", '"23:59:59"', "23:59:59"),
    ("interval year to month", "INTERVAL 15 MONTH", '"1-3"', "1-3"),
    ("interval year to month", "INTERVAL (-3) MONTH", '"-0-3"', "-0-3"),
    ("interval day to second", "INTERVAL '2 days'", '"2 00:00:00.000"', "2 00:00:00.000"),
    ("interval day to second", "INTERVAL '-31 days'", '"-31 00:00:00.000"', "-31 00:00:00.000"),
    ("interval day to second", "INTERVAL '-90 seconds'", '"-0 00:01:30.000"', "-0 00:01:30.000"),
    (
        "array(interval day to second)",
        "[INTERVAL '-1 day', NULL]",
        '["-1 00:00:00.000",null]',
        None,
    ),
    (
        "map(interval day to second,interval year to month)",
        "MAP {INTERVAL '-1 day': INTERVAL '-14 months'}",
        '{"-1 00:00:00.000":"-1-2"}',
        None,
    ),
    ("row(interval year to month,integer)", "row(INTERVAL '2 months', 1)", '["0-2",1]', None),
    (
        "interval day to second",
        "INTERVAL '49 hours 1.5 seconds'",
        '"2 01:00:01.500"',
        "2 01:00:01.500",
    ),
    ("interval day to second", "INTERVAL '3 months'", '"0-3"', "0-3"),
    (
        "interval day to second",
        "INTERVAL '1 month 2 days'",
        '"0-1 2 00:00:00.000"',
        "0-1 2 00:00:00.000",
    ),
    ("array(bigint)", "[1, NULL, 9007199254740993]::BIGINT[]", "[1,null,9007199254740993]", None),
    ("array(varchar)", "[]::VARCHAR[]", "[]", None),
    ("array(double)", "['0.1', 'nan', NULL]::DOUBLE[]", '[0.1,"NaN",null]', None),
    ("array(uint256)", f"['{_LARGEST}'::BIGNUM, NULL]", f'["{_LARGEST}",null]', None),
    ("array(varbinary)", "['\\xAB'::BLOB]", '["0xab"]', None),
    ("array(array(varchar))", "[['a\"b'], NULL, []]", '[["a\\"b"],null,[]]', None),
    ("map(varchar,double)", "MAP {'k\"': 1.5::DOUBLE, 'b': NULL}", '{"k\\"":1.5,"b":null}', None),
    ("map(bigint,varchar)", "MAP {1: 'x'}", '{"1":"x"}', None),
    ("map(varbinary,boolean)", "MAP {'\\xAB'::BLOB: true}", '{"0xab":true}', None),
    ("map(varchar,bigint)", "MAP {}::MAP(VARCHAR, BIGINT)", "{}", None),
    ("map(array(integer),varchar)", "MAP {[1, 2]: 'x'}", '{"[1,2]":"x"}', None),
    (
        "map(timestamp(3),integer)",  # equal as text, and that is no error
        "MAP {TIMESTAMP '2024-01-01 00:00:00.0001': 1, TIMESTAMP '2024-01-01 00:00:00.0002': 2}",
        '{"2024-01-01 00:00:00.000":1,"2024-01-01 00:00:00.000":2}',
        None,
    ),
    (
        'row("a ""b" integer,c array(row(d decimal(3,1))))',
        "{'a \"b': 1, 'c': [{'d': 1.5::DECIMAL(3,1)}, NULL]}",
        '{"a \\"b":1,"c":[{"d":"1.5"},null]}',
        None,
    ),
    ("row(integer,varchar)", "row(1, 'a')", '[1,"a"]', None),
    ("row(a integer)", "{'a': NULL::INTEGER}", '{"a":null}', None),
    ("json", "'{\"a\": [1]}'::JSON", '"{\\"a\\": [1]}"', '"{""a"": [1]}"'),
    ("array(json)", "['1'::JSON]", '["1"]', None),
    ("uuid", f"'{_UUID}'::UUID", f'"{_UUID}"', _UUID),
    ("unknown", "NULL", "null", "<nil>"),
    ("array(unknown)", "[NULL]", "[null]", None),
    ("ipaddress", "'10.0.0.1'", '"10.0.0.1"', "10.0.0.1"),
)


@pytest.mark.parametrize(("kind", "expression", "as_json", "as_csv"), CASES)
def test_a_value_is_spelled_as_the_contract_says(
    pages: Pages, store: Store, kind: str, expression: str, as_json: str, as_csv: str | None
) -> None:
    snapshot = store([("x", kind)], f"SELECT {expression} AS x")
    page = pages.page(snapshot, PageOptions())
    assert page.rows == f'[{{"x":{as_json}}}]'.encode()
    json.loads(page.rows)  # no bare NaN, no raw control character

    if as_csv is None:
        as_csv = (
            f'"{as_json.replace(chr(34), chr(34) * 2)}"' if set(as_json) & set(',"') else as_json
        )
    assert b"".join(csv_page(pages, snapshot, PageOptions()).chunks) == f"x\n{as_csv}\n".encode()


@pytest.mark.parametrize("kind", sorted({kind for kind, *_ in CASES}))
def test_null_is_null_and_nil_in_every_type(pages: Pages, store: Store, kind: str) -> None:
    expression = next(expression for k, expression, *_ in CASES if k == kind)
    snapshot = store([("x", kind)], f"SELECT if(i = 0, {expression}, NULL) AS x FROM range(2) t(i)")
    page = pages.page(snapshot, PageOptions(offset=1))
    assert page.rows == b'[{"x":null}]'
    chunks = csv_page(pages, snapshot, PageOptions(offset=1, limit=1)).chunks
    assert b"".join(chunks) == b"x\n<nil>\n"


@pytest.mark.parametrize("null", ["<nil>", ""])
@pytest.mark.parametrize("name", ["x", "a, b", 'say "hi"'])
def test_no_line_of_a_lone_column_is_empty(
    pages: Pages, store: Store, name: str, null: str
) -> None:
    """Readers pass over an empty line, and would count a row less."""
    cells = ["a", "", None, "", "<nil>", "b,c", 'say "hi"', "two\nlines", " ", None]
    listed = ", ".join(
        "(NULL)" if cell is None else "('" + cell.replace("\n", "' || chr(10) || '") + "')"
        for cell in cells
    )
    snapshot = store([(name, "varchar")], f"SELECT c AS x FROM (VALUES {listed}) AS t (c)")
    text = b"".join(csv_page(pages, snapshot, PageOptions(), null).chunks).decode()
    assert [row for row in csv.reader(io.StringIO(text)) if row] == [
        [name],
        *([null if cell is None else cell] for cell in cells),
    ]
    none = b"".join(csv_page(pages, snapshot, PageOptions(offset=10), null).chunks).decode()
    assert list(csv.reader(io.StringIO(none))) == [[name]]


@pytest.mark.parametrize(
    ("kind", "interval", "text"),
    [
        ("interval year to month", "INTERVAL (-3) MONTH", b"-0-3"),
        ("interval day to second", "INTERVAL '-90 seconds'", b"-0 00:01:30.000"),
        ("interval day to second", "INTERVAL '-2 days -1 hours'", b"-2 01:00:00.000"),
    ],
)
def test_a_negative_interval_has_one_sign(
    reader: Reader, kind: str, interval: str, text: bytes
) -> None:
    """Also where it was never in a file."""
    expression = plain_text("x", shape(kind))
    assert reader.text(f"SELECT {expression} FROM (SELECT {interval} AS x)", 5) == (text,)


def test_intervals_are_ordered_by_how_long_they_are(pages: Pages, store: Store) -> None:
    """They lie in the file as text, whose order is another."""
    spans = ["'-2 days'", "'25 hours'", "'1 day'", "'-1 hour'"]
    snapshot = store(
        [("x", "interval day to second")],
        *(f"SELECT INTERVAL {span} AS x" for span in spans),
    )
    for sort_by, order in (("x", [0, 3, 2, 1]), ("x desc", [1, 2, 3, 0])):
        page = pages.page(snapshot, PageOptions(sort_by=sort_by))
        texts = ["-2 00:00:00.000", "1 01:00:00.000", "1 00:00:00.000", "-0 01:00:00.000"]
        assert [row["x"] for row in json.loads(page.rows)] == [texts[at] for at in order]


def test_an_interval_in_parquets_own_type_is_shown_too(
    pages: Pages, store: Store, engine: DuckDbEngine
) -> None:
    """Rows that were written before intervals were kept as text."""
    snapshot = store([("x", "interval day to second")], "SELECT INTERVAL '1 day' AS x")
    with duckdb.connect() as other:
        other.execute(
            f"COPY (SELECT INTERVAL '2 days' AS x) TO '{engine.path(snapshot.files[0])}'"
            " (FORMAT parquet)"
        )
    page = pages.page(snapshot, PageOptions(sort_by="x"))
    assert page.rows == b'[{"x":"2 00:00:00.000"}]'


def test_the_text_of_null_in_csv_can_be_set(pages: Pages, store: Store) -> None:
    snapshot = store([("a", "varchar"), ("b", "varchar")], "SELECT NULL AS a, '' AS b")
    chunks = csv_page(pages, snapshot, PageOptions(), null="").chunks
    assert b"".join(chunks) == b'a,b\n,""\n'


def test_names_are_keys_in_the_order_of_columns_whatever_they_hold(
    pages: Pages, store: Store
) -> None:
    names = ['z "q"', "a\nb", "tab\t", "A,b", "é😀", "'", "c0", "n", "$n", "\\", "%s", "{}"]
    listed = ", ".join(f'{i} AS "{n.replace(chr(34), chr(34) * 2)}"' for i, n in enumerate(names))
    snapshot = store([(name, "integer") for name in names], f"SELECT {listed}")
    page = pages.page(snapshot, PageOptions())
    assert (
        page.rows
        == b"["
        + json.dumps(
            {name: i for i, name in enumerate(names)}, ensure_ascii=False, separators=(",", ":")
        ).encode()
        + b"]"
    )

    header = b"".join(csv_page(pages, snapshot, PageOptions()).chunks).split(b"\n")[0].decode()
    assert header == '"z ""q""",a b,tab\t,"A,b",é😀,\',c0,n,$n,\\,%s,{}'


def test_columns_may_be_called_as_duckdb_calls_its_own(pages: Pages, store: Store) -> None:
    """DuckDB hides its row number behind such a column; pages must still be right."""
    columns = [("file_row_number", "bigint"), ("FILE_INDEX", "bigint"), ("filename", "varchar")]
    snapshot = store(
        columns,
        *(
            f"SELECT {base} - i AS file_row_number, 7 AS x, 'f' AS filename FROM range(5) t(i)"
            for base in (10, 20)
        ),
    )
    page = pages.page(snapshot, PageOptions(offset=3, limit=4))
    assert [row["file_row_number"] for row in json.loads(page.rows)] == [7, 6, 20, 19]
    page = pages.page(snapshot, PageOptions(sort_by="file_index", filters="file_row_number < 18"))
    assert [row["file_row_number"] for row in json.loads(page.rows)] == [10, 9, 8, 7, 6, 17, 16]
