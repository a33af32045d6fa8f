"""Values and types go through a file and come back as they were."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from qanat.engines import Bound, Relation
from qanat.engines.duckdb import DuckDbEngine
from qanat.engines.duckdb.types import duckdb_type, trino_type
from qanat.errors import SqlRejectedError
from qanat.model.types import Column
from tests.rows import LIMITS, answer, fresh, relation, written

UINT256_MAX = 2**256 - 1
UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"

#: An expression, the type it is reported as, and the text of its value.
VALUES = [
    ("true", "boolean", "true"),
    ("(-128)::TINYINT", "tinyint", "-128"),
    ("(-32768)::SMALLINT", "smallint", "-32768"),
    ("2147483647::INTEGER", "integer", "2147483647"),
    ("(-9223372036854775808)::BIGINT", "bigint", "-9223372036854775808"),
    ("1.5::REAL", "real", "1.5"),
    ("1e300::DOUBLE", "double", "1e+300"),
    ("'nan'::DOUBLE", "double", "nan"),
    ("'-inf'::DOUBLE", "double", "-inf"),
    ("123456789012345.678::DECIMAL(18,3)", "decimal(18,3)", "123456789012345.678"),
    ("repeat('9', 38)::DECIMAL(38,0)", "decimal(38,0)", "9" * 38),
    (f"'{UINT256_MAX}'::BIGNUM", "int256", str(UINT256_MAX)),
    (f"'-{2**255}'::BIGNUM", "int256", str(-(2**255))),
    ("'ü🙂''\"'", "varchar", "ü🙂'\""),
    ("''", "varchar", ""),
    ("'\\x00\\xFF'::BLOB", "varbinary", "\\x00\\xFF"),
    ("''::BLOB", "varbinary", ""),
    ("DATE '0001-01-01'", "date", "0001-01-01"),
    ("TIME '23:59:59.999'", "time(3)", "23:59:59.999"),
    ("TIMESTAMP '2020-02-29 12:34:56.789'", "timestamp(3)", "2020-02-29 12:34:56.789"),
    ("TIMESTAMPTZ '2020-02-29 12:34:56.789+02:00'", "timestamp(3) with time zone",
     "2020-02-29 10:34:56.789+00"),
    ("INTERVAL '3 days 4 hours'", "interval day to second", "3 days 04:00:00"),
    ("INTERVAL '-31 days'", "interval day to second", "-31 days"),
    ("INTERVAL '-0.000001 seconds'", "interval day to second", "-00:00:00.000001"),
    ("INTERVAL '1 day' - INTERVAL '1 hour'", "interval day to second", "1 day -01:00:00"),
    ("to_microseconds(-9223372036854775807)", "interval day to second",
     "-2562047788:00:54.775807"),
    ("[INTERVAL '-1 day', NULL]", "array(interval day to second)", "[-1 day, NULL]"),
    ("MAP {INTERVAL '-1 day': row(INTERVAL '-1 hour')}",
     "map(interval day to second,row(interval day to second))", "{-1 day=('-01:00:00',)}"),
    ("{'INTERVAL': INTERVAL '-2 days'}", 'row("INTERVAL" interval day to second)',
     "{'INTERVAL': -2 days}"),
    ("'{\"a\": [1, null]}'::JSON", "json", '{"a": [1, null]}'),
    (f"'{UUID}'::UUID", "uuid", UUID),
    ("[1, NULL, 3]", "array(integer)", "[1, NULL, 3]"),
    ("[]::VARCHAR[]", "array(varchar)", "[]"),
    ("MAP {'k': 1.5::DOUBLE}", "map(varchar,double)", "{k=1.5}"),
    ("{'a': 1, 'b c': [DATE '2020-01-01']}", 'row(a integer,"b c" array(date))',
     "{'a': 1, 'b c': [2020-01-01]}"),
    ("row(1, 'x')", "row(integer,varchar)", "(1, x)"),
    (f"[{{'u': '{UINT256_MAX}'::BIGNUM}}]", "array(row(u int256))", f"[{{'u': {UINT256_MAX}}}]"),
    ("MAP {'k': ['7'::BIGNUM]}", "map(varchar,array(int256))", "{k=[7]}"),
    ("NULL", "unknown", None),
    ("[NULL]", "array(unknown)", "[NULL]"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "kind", "text"), VALUES, ids=[v[0][:40] for v in VALUES])
def test_a_value_comes_back_as_it_was(
    engine: DuckDbEngine, expression: str, kind: str, text: str | None
) -> None:
    first = written(engine, f"SELECT {expression} AS v, 1 AS n UNION ALL SELECT NULL, 2 ORDER BY n")
    assert first[1].columns[0] == Column("v", kind)

    again = written(engine, 'SELECT v, n FROM "$0" AS t', relation(engine, first))
    assert again[1].columns[0] == Column("v", kind)
    found = answer(
        engine, 'SELECT v::VARCHAR AS v FROM "$0" AS t ORDER BY n', relation(engine, again)
    )
    assert found == [(text,), (None,)]


def test_a_type_is_the_right_inverse_of_its_name() -> None:
    for _, kind, _ in VALUES:
        assert trino_type(duckdb_type(kind)) == kind
    for kind in ("uint256", "varchar(10)", "char(3)", "timestamp(6)", "ipaddress"):
        assert duckdb_type(kind) in ("BIGNUM", "VARCHAR", "TIMESTAMP")


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("sum(range)", "bigint", 3),
        ("sum(range)::UBIGINT", "decimal(20,0)", 3),
        ("max(range)::UINTEGER", "bigint", 2),
        ("max(range)::UTINYINT", "smallint", 2),
        ("max('b'::ENUM('a', 'b'))", "varchar", "b"),
        ("max('1010'::BIT)", "varchar", "1010"),
    ],
)
def test_a_type_that_trino_lacks_is_widened(
    engine: DuckDbEngine, expression: str, kind: str, value: object
) -> None:
    attempt, result = written(engine, f"SELECT {expression} AS v FROM range(3)")

    assert result.columns == (Column("v", kind),)
    found = answer(engine, 'SELECT v FROM "$0" AS t', relation(engine, (attempt, result)))
    assert found[0][0] == value


def test_a_sum_beyond_bigint_is_an_error_not_another_number(engine: DuckDbEngine) -> None:
    with pytest.raises(SqlRejectedError, match="Out of range for bigint"):
        written(engine, "SELECT sum(9223372036854775807) AS s FROM range(2)")


def test_the_compiler_may_say_which_256_bit_type_it_is(engine: DuckDbEngine) -> None:
    first = written(
        engine, f"SELECT '{UINT256_MAX}'::BIGNUM AS u, 1 AS n", types=("uint256", "varchar")
    )
    assert first[1].columns == (Column("u", "uint256"), Column("n", "integer"))

    total = "SELECT (u - '1'::BIGNUM)::VARCHAR AS d FROM \"$0\" AS t"
    assert answer(engine, total, relation(engine, first)) == [(str(UINT256_MAX - 1),)]


@pytest.mark.parametrize(
    ("expression", "said", "told"),
    [
        ("['5'::BIGNUM]", "array(uint256)", "array(uint256)"),
        ("MAP {'1'::BIGNUM: '-1'::BIGNUM}", "map(uint256,int256)", "map(uint256,int256)"),
        ("{'a': row('1'::BIGNUM, 2)}", "row(a row(uint256,bigint))", "row(a row(uint256,integer))"),
        ("INTERVAL '-3 months'", "interval year to month", "interval year to month"),
        ("[INTERVAL '3 months']", "array(interval year to month)", "array(interval year to month)"),
        ("[]::VARCHAR[]", "array(unknown)", "array(unknown)"),
        ("NULL::VARCHAR", "unknown", "unknown"),
        ("{'a': 1, 'field1': 'x'}", "row(a integer,varchar)", "row(a integer,varchar)"),
        ("{'field0': 1, 'field1': 'x'}", "row(integer,varchar)", "row(integer,varchar)"),
        ("{'field1': 1, 'field1_': 2}", "row(field1 integer,integer)",
         "row(field1 integer,integer)"),
        # What DuckDB can tell is not believed to others.
        ("1::BIGINT", "uint256", "bigint"),
        ("[1]", "map(uint256,int256)", "array(integer)"),
        ("'x'", "interval year to month", "varchar"),
        ("{'a': 1}", "row(a integer,b integer)", "row(a integer)"),
    ],
)  # fmt: skip
def test_the_compiler_may_say_what_the_engine_cannot_tell(
    engine: DuckDbEngine, expression: str, said: str, told: str
) -> None:
    first = written(engine, f"SELECT {expression} AS v", types=(said,))
    assert first[1].columns == (Column("v", told),)

    again = written(engine, 'SELECT v FROM "$0" AS t', relation(engine, first), types=(told,))
    assert again[1].columns == (Column("v", told),)
    text = 'SELECT v::VARCHAR AS v FROM "$0" AS t'
    assert answer(engine, text, relation(engine, first)) == answer(
        engine, text, relation(engine, again)
    )


def test_an_interval_in_parquets_own_type_is_read_too(engine: DuckDbEngine) -> None:
    """Rows that were written before intervals were kept as text, and those of mounted files."""
    attempt = fresh()
    value = "INTERVAL '2 days 3 hours'"
    with duckdb.connect() as other:
        engine.path(attempt).parent.mkdir(exist_ok=True)
        other.execute(
            f"COPY (SELECT {value} AS i, [{value}] AS l, INTERVAL '3 months' AS m)"
            f" TO '{engine.path(attempt)}' (FORMAT parquet)"
        )
    days = "interval day to second"
    columns = (Column("i", days), Column("l", f"array({days})"), Column("m", days))
    for ours in (True, False):
        rows = Relation(columns=columns, files=(str(engine.path(attempt)),), ours=ours)
        found = answer(
            engine,
            f'SELECT i = {value}, l[1] - i = INTERVAL 0 DAY, m::VARCHAR FROM "$0" AS t',
            rows,
        )
        assert found == [(True, True, "3 months")]


def test_results_for_people_are_cut_for_pages_and_views_are_not(engine: DuckDbEngine) -> None:
    shapes = []
    for for_people in (True, False):
        attempt = fresh()
        text = "SELECT hash(range) AS h FROM range(122880)"
        engine.write(attempt, Bound(text=text, for_people=for_people), LIMITS)
        with duckdb.connect() as other:
            shapes += other.execute(
                "SELECT count(*), max(row_group_num_rows), any_value(compression)"
                f" FROM parquet_metadata('{engine.path(attempt)}')"
            ).fetchall()

    (groups, largest, codec), (view_groups, view_largest, view_codec) = shapes
    assert (groups, codec) == (2, "ZSTD")
    assert largest <= 61_440
    assert (view_groups, view_largest, view_codec) == (1, 122_880, "SNAPPY")


def test_a_mounted_file_is_read_with_the_types_that_were_recorded(
    engine: DuckDbEngine, home: Path
) -> None:
    folder = home / "mounted"
    (folder / "a.csv").write_text('id,code\n1,007\n2,"x,\ny"\n', encoding="utf-8")
    (folder / "b.json").write_text('{"id":1,"l":[1]}\n{"id":2,"l":null}\n', encoding="utf-8")
    csv = Relation(
        columns=(Column("id", "bigint"), Column("code", "varchar")),
        files=(str(folder / "a.csv"),), format="csv", ours=False,
    )  # fmt: skip
    json = Relation(
        columns=(Column("id", "bigint"), Column("l", "array(bigint)")),
        files=(str(folder / "b.json"),), format="ndjson", ours=False,
    )  # fmt: skip

    assert answer(engine, 'SELECT * FROM "$0" AS t', csv) == [(1, "007"), (2, "x,\ny")]
    assert answer(engine, 'SELECT * FROM "$0" AS t', json) == [(1, [1]), (2, None)]
