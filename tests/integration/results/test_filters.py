"""Filters against plain Python: three-valued logic on every type, whatever is asked."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qanat.engines import Reader
from qanat.engines.duckdb.engine import DuckDbEngine
from qanat.model.snapshot import Snapshot
from qanat.results import filters
from qanat.results.options import PageOptions
from qanat.results.pages import Pages
from qanat.results.rows import relation_sql
from tests.integration.results.conftest import Store

Value = Any  # of the column's own Python type
Truth = bool | None  # None: SQL's unknown

COLUMNS: Final = (
    ("id", "bigint"),
    ("small", "smallint"),
    ("double", "double"),
    ("real one", "real"),
    ("price", "decimal(6,2)"),
    ("huge", "decimal(38,0)"),
    ("wei", "uint256"),
    ("Name", "varchar"),
    ("hash", "varbinary"),
    ("day", "date"),
    ("at", "timestamp(3)"),
    ("zoned", "timestamp(3) with time zone"),
    ("ok", "boolean"),
)
_TOP: Final = 10**38 - 1
_MOMENT: Final = datetime.fromisoformat("2024-03-05 15:03")  #: a timestamp has no zone
_DAY: Final = datetime.fromisoformat("2024-03-05")

#: A row a tuple, in the order of COLUMNS.
ROWS: Final[tuple[tuple[Value, ...], ...]] = (
    (1, 0, 0.0, 0.5, Decimal("0.00"), Decimal(0), 0, "", b"",
     date(2024, 3, 1), _MOMENT, _MOMENT, True),
    (2, 5, -0.0, -2.0, Decimal("-9999.99"), Decimal(_TOP), 2**256 - 1, "a%b", b"\xab\xcd",
     date(2024, 3, 5), _DAY - timedelta(days=4), _DAY - timedelta(days=4), False),
    (3, -32768, 1e308, 1e30, Decimal("9999.99"), Decimal(-_TOP), 10**18, "A_b", b"\xab",
     date(1, 1, 1), datetime.fromisoformat("0001-01-01"),
     datetime.fromisoformat("1970-01-01"), None),
    (4, 32767, math.nan, math.nan, Decimal("1.50"), Decimal(7), 2**64, "o'neil", b"\x00",
     date(9999, 12, 31), _MOMENT + timedelta(milliseconds=1), _MOMENT + timedelta(hours=2), True),
    (5, None, math.inf, math.inf, None, None, None, "\\é😀\n", None, None, None, None, None),
    (6, 1, -math.inf, None, Decimal("1.51"), Decimal(8), 1, None, b"\xff" * 40,
     date(2024, 2, 29), _DAY, _DAY, False),
    (9223372036854775807, 2, None, 0.25, Decimal("-0.01"), Decimal(1), 5, "ab", b"ab",
     date(2024, 3, 4), _MOMENT, _MOMENT, None),
    (-9223372036854775808, 3, 0.1, 0.125, Decimal("3.00"), Decimal(2), 7, "AB", b"AB",
     date(2024, 3, 6), _MOMENT - timedelta(days=1), _MOMENT, True),
)  # fmt: skip

OPERATORS: Final[dict[str, Callable[[Value, Value], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """A filter's text, and what it gives for each row."""

    text: str
    truths: tuple[Truth, ...]


def _column(name: str) -> list[Value]:
    at = [held for held, _ in COLUMNS].index(name)
    return [row[at] for row in ROWS]


def _spelled(name: str) -> st.SearchStrategy[str]:
    quoted = '"' + name.replace('"', '""') + '"'
    if re.fullmatch(r"[^\W\d]\w*", name):
        return st.sampled_from([name, name.upper(), quoted])
    return st.just(quoted)


_numbers = st.one_of(
    st.integers(-40_000, 40_000).map(str),
    st.sampled_from([str(10**38), str(-(10**38)), "1e400", "-1e400", "1e-400", "-1e-400"]),
    st.sampled_from(
        ["0", "-0", "0.0", "+1", "1.", ".5", "1.5", "1.505", "-0.005", "2.5e-1", "1E2"]
    ),
    st.sampled_from(["9223372036854775807", "9223372036854775808", "-9223372036854775808.5"]),
    st.sampled_from([str(2**256 - 1), str(2**256), "1e18", "18446744073709551616"]),
    st.sampled_from(["9999.99", "9999.991", "-9999.99", "10000", "99999999999999999999.5"]),
)
_moments = st.one_of(
    st.sampled_from(["2024-03-01", "2024-3-5", "2024-03-05 15:03", "2024-03-05 15:03:00.001"]),
    st.sampled_from(
        ["2024-03-05T15:03:00", "0001-01-01", "9999-12-31", "9999-12-31 23:59:59.999999"]
    ),
    st.sampled_from(["2024-02-29 00:00", "2024-03-04 00:00:00.000001", "1970-01-01"]),
)


def _moment(text: str) -> datetime:
    day, _, clock = text.replace("T", " ").partition(" ")
    year, month, number = (int(part) for part in day.split("-"))
    parsed = datetime.strptime(  # noqa: DTZ007  # a time of a day, without zone
        clock or "00:00",
        "%H:%M:%S.%f" if "." in clock else "%H:%M:%S" if clock.count(":") > 1 else "%H:%M",
    )
    return parsed.replace(year=year, month=month, day=number)


def _literals(kind: str) -> st.SearchStrategy[tuple[str, Value]]:
    """Return texts of values that a column of that type may be compared with, and the values."""
    if kind in ("double", "real"):
        finite = _numbers.filter(lambda text: "400" not in text or "-400" in text[1:])
        if kind == "real":  # what a float holds exactly: rounding is not what is tested
            finite = st.sampled_from(["0.5", "-2", "0.25", "0.125", "1", "1e10"])
        return st.one_of(
            finite.map(lambda text: (text, float(text))),
            st.sampled_from([("'Infinity'", math.inf), ("'-infinity'", -math.inf)]),
        )
    if kind in ("bigint", "smallint"):
        return _numbers.map(lambda text: (text, Decimal(text)))
    if kind.startswith(("decimal", "uint")):
        plain = _numbers.filter(lambda text: "e" not in text.lower()).map(
            lambda text: (f"'{text}'", Decimal(text))
        )
        return st.one_of(_numbers.map(lambda text: (text, Decimal(text))), plain)
    if kind == "varchar":
        words = st.sampled_from(["", "a%b", "A_b", "o'neil", "\\é😀\n", "ab", "AB", "zz", "a"])
        return words.map(lambda word: ("'" + word.replace("'", "''") + "'", word))
    if kind == "varbinary":
        words = st.sampled_from(
            ["0x", "0xabcd", "0xABcd", "0XAB", "0x00", "0xff", "0x" + "Ff" * 40]
        )
        return st.tuples(words, st.sampled_from(["{}", "'{}'"])).map(
            lambda pair: (pair[1].format(pair[0]), bytes.fromhex(pair[0][2:]))
        )
    if kind in ("date", "timestamp(3)"):
        return _moments.map(lambda text: (f"'{text}'", _moment(text)))
    if kind.endswith("zone"):
        zones = [("", 0), (" UTC", 0), ("Z", 0), ("+02:00", 2), ("-0330", -3.5)]
        inner = _moments.filter(lambda text: text[:4] not in ("0001", "9999"))
        return st.tuples(inner, st.sampled_from(zones)).map(
            lambda pair: (
                f"'{pair[0]}{pair[1][0]}'",
                _moment(pair[0]) - timedelta(hours=pair[1][1]),
            )
        )
    return st.sampled_from([("true", True), ("FALSE", False)])


def _comparable(value: Value) -> Value:
    if type(value) is date:
        return datetime.combine(value, time())
    return value


def _each(name: str, test: Callable[[Value], bool]) -> tuple[Truth, ...]:
    return tuple(None if v is None else test(_comparable(v)) for v in _column(name))


@st.composite
def comparisons(draw: st.DrawFn) -> Condition:
    name, kind = draw(st.sampled_from(COLUMNS))
    word = draw(st.sampled_from(sorted(OPERATORS)))
    text, value = draw(_literals(kind))
    space = draw(st.sampled_from(["", " ", "\n\t"]))
    if word[0] not in "=<>!":
        space = " "
    return Condition(
        f"{draw(_spelled(name))}{space}{word}{space}{text}",
        _each(name, lambda held: OPERATORS[word](held, value)),
    )


@st.composite
def memberships(draw: st.DrawFn) -> Condition:
    name, kind = draw(st.sampled_from(COLUMNS))
    listed = draw(st.lists(_literals(kind), min_size=1, max_size=4))
    values = [value for _, value in listed]
    return Condition(
        f"{draw(_spelled(name))} {draw(st.sampled_from(['IN', 'in']))} "
        f"({', '.join(text for text, _ in listed)})",
        _each(name, lambda held: any(held == value for value in values)),
    )


@st.composite
def nulls(draw: st.DrawFn) -> Condition:
    name, _ = draw(st.sampled_from(COLUMNS))
    negated = draw(st.booleans())
    return Condition(
        f"{draw(_spelled(name))} Is {'nOt ' if negated else ''}null",
        tuple((value is None) is not negated for value in _column(name)),
    )


@st.composite
def likes(draw: st.DrawFn) -> Condition:
    pattern = draw(st.text(st.sampled_from("ab%_AB\\'é😀\n"), max_size=5))
    regex = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return Condition(
        f"name LIKE '{pattern.replace(chr(39), chr(39) * 2)}'",
        _each("Name", lambda held: re.fullmatch(regex, held, re.DOTALL) is not None),
    )


def _and(left: Truth, right: Truth) -> Truth:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(left: Truth, right: Truth) -> Truth:
    if left or right:
        return True
    return None if left is None or right is None else False


@st.composite
def junctions(draw: st.DrawFn, parts: st.SearchStrategy[Condition]) -> Condition:
    left, right = draw(parts), draw(parts)
    word, join = draw(st.sampled_from([("AND", _and), ("Or", _or)]))
    pairs = zip(left.truths, right.truths, strict=True)
    return Condition(f"({left.text}) {word} ({right.text})", tuple(join(a, b) for a, b in pairs))


conditions = st.recursive(st.one_of(comparisons(), memberships(), nulls(), likes()), junctions)


def _sql(value: Value) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value)
        case bytes():
            return f"unhex('{value.hex()}')"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return f"'{value}'"


@pytest.fixture(scope="module")
def snapshot(store: Store) -> Snapshot:
    kinds = ("BIGINT", "SMALLINT", "DOUBLE", "FLOAT", "DECIMAL(6,2)", "DECIMAL(38,0)", "BIGNUM",
             "VARCHAR", "BLOB", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "BOOLEAN")  # fmt: skip
    selects = []
    for row in ROWS:
        cells = (
            f'CAST({_sql(value)} AS {kind}) AS "{name}"'
            for value, kind, (name, _) in zip(row, kinds, COLUMNS, strict=True)
        )
        selects.append(f"SELECT {', '.join(cells)}")
    return store(COLUMNS, " UNION ALL ".join(selects))


@pytest.fixture(scope="module")
def matching(
    snapshot: Snapshot, reader: Reader, engine: DuckDbEngine
) -> Callable[[str], list[int]]:
    """Give the ids that a filter lets through."""
    relation, number = relation_sql(snapshot.columns, [engine.path(snapshot.files[0])])

    def find(text: str) -> list[int]:
        where = filters.to_sql(filters.parse(text, snapshot.columns))
        sql = f"SELECT string_agg(id, ',' ORDER BY \"{number}\") FROM ({relation}) WHERE {where}"
        (found,) = reader.text(sql, 10)
        return [int(word) for word in (found or b"").split(b",") if word]

    return find


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(condition=conditions)
def test_a_filter_lets_through_the_rows_that_python_would(
    matching: Callable[[str], list[int]], condition: Condition
) -> None:
    wanted = [row[0] for row, truth in zip(ROWS, condition.truths, strict=True) if truth]
    assert matching(condition.text) == wanted


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("id = 1 OR id = 2 AND id = 3", [1]),  # AND binds more tightly
        ("(id = 1 OR id = 2) AND id = 2", [2]),
        ("price = 1.5 and huge = '7'", [4]),
        (
            "wei = 115792089237316195423570985008687907853269984665640564039457584007913129639935",
            [2],
        ),
        ("hash = '0xABCD' or hash = 0xAB", [2, 3]),
        ("day >= '2024-03-01' AND day < '2024-03-05 15:03'", [1, 2, 9223372036854775807]),
        ("double > 1", [3, 5]),  # NaN is above nothing
        ("double <> 0", [3, 4, 5, 6, -9223372036854775808]),
        ("name like '%\\é%'", [5]),  # a backslash is a letter
        ("small IS NULL and ok is null", [5]),
    ],
)
def test_filters_as_people_write_them(
    matching: Callable[[str], list[int]], text: str, ids: list[int]
) -> None:
    assert matching(text) == ids


def test_as_many_conditions_as_allowed_and_as_deep_are_no_trouble_for_the_engine(
    matching: Callable[[str], list[int]],
) -> None:
    assert matching(" OR ".join(["id = 1"] * 500)) == [1]
    assert matching("(" * 64 + "id = 1" + ")" * 64) == [1]
    assert matching(f"id IN ({', '.join(map(str, range(3_000)))})") == [1, 2, 3, 4, 5, 6]


def test_types_without_an_order_are_tested_for_null_only(store: Store, pages: Pages) -> None:
    held = store(
        [("a", "array(bigint)"), ("m", "map(varchar,bigint)"), ("u", "unknown"), ("i", "uuid")],
        "SELECT [1] AS a, MAP {'k': 1} AS m, NULL AS u,"
        " '4ac7a9e9-607c-4c8a-84f3-843f0191e3fd'::UUID AS i",
    )
    for text, count in (
        ("a IS NOT NULL AND m IS NOT NULL AND u IS NULL", 1),
        ("u = 'anything'", 0),
        ("i = '4AC7A9E9-607c-4c8a-84f3-843f0191e3fd'", 1),
    ):
        assert pages.page(held, PageOptions(filters=text)).row_count == count
