"""Answers of a real Trino against what DuckDB makes of our templates.

Every pair is equal, refused before it runs, or listed with its reason in known_differences.json. A
pair that Trino fails must fail here too. An entry of the list that is no longer needed is an error.
"""

# ruff: noqa: ANN401  # a value of any type is compared

from __future__ import annotations

import datetime as dt
import json
import math
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from qanat.errors import SqlRejectedError
from qanat.sql.interface import Template
from qanat.sql.types import Type, TypeTextError, parse_type
from tests.unit.sql.catalog import compiled
from tests.unit.sql.engine import connection

HERE: Final = Path(__file__).parent
MEASURED: Final = json.loads((HERE / "trino_semantics.json").read_text())
KNOWN: Final[dict[str, str]] = json.loads((HERE / "known_differences.json").read_text())
PAIRS: Final[list[dict[str, Any]]] = MEASURED["pairs"]
LEAST_EQUAL: Final = 680  #: pairs that give Trino's very answer; a change must not lower it


def wire(value: Any, kind: Type) -> Any:
    """Return a value as Trino's client protocol writes it."""
    if value is None:
        return None
    match kind.name:
        case "array":
            return [wire(item, kind.element) for item in value]
        case "map":
            return {
                key_text(wire(k, kind.args[0])): wire(v, kind.args[1]) for k, v in value.items()
            }
        case "row":
            items = value.values() if isinstance(value, dict) else value
            return [wire(item, part) for item, (_, part) in zip(items, kind.args, strict=True)]
    write = WRITERS.get(kind.name)
    return write(value, kind) if write is not None else value


def key_text(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(key)


def moment(value: dt.datetime | dt.time, kind: Type) -> str:
    digits = f".{value.microsecond:06d}"[: kind.args[0] + 1] if kind.args[0] else ""
    pattern = "%H:%M:%S" if kind.name == "time" else "%Y-%m-%d %H:%M:%S"
    return value.strftime(pattern) + digits + (" UTC" if kind.name.endswith("zone") else "")


def days(value: dt.timedelta) -> str:
    thousandths = round(value.total_seconds() * 1000)
    sign, rest = ("-" if thousandths < 0 else ""), abs(thousandths)
    seconds = rest // 1000
    clock = f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{sign}{seconds // 86400} {clock}.{rest % 1000:03d}"


def number(value: float, _: Type) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


WRITERS: Final[dict[str, Callable[[Any, Type], Any]]] = {
    "double": number,
    "real": number,
    "decimal": lambda value, _: format(Decimal(value), "f"),
    "varbinary": lambda value, _: "0x" + bytes(value).hex(),
    **dict.fromkeys(("date", "uuid", "json"), lambda value, _: str(value)),
    **dict.fromkeys(("timestamp", "timestamp with time zone", "time"), moment),
    "interval day to second": lambda value, _: days(value),
    "interval year to month": lambda n, _: f"{'-' if n < 0 else ''}{abs(n) // 12}-{abs(n) % 12}",
}


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        return isinstance(left, int | float) and isinstance(right, int | float) and math.isclose(
            left, right, rel_tol=1e-12
        )  # fmt: skip
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    return type(left) is type(right) and bool(left == right)


def fetched(con: duckdb.DuckDBPyConnection, template: Template) -> list[list[Any]]:
    """Run a template; zoned moments and months are turned into what the driver can hold."""
    names = [f"c{place}" for place in range(len(template.types))]
    shown = [
        f"CAST({name} AS TIMESTAMP)" if "with time zone" in kind else
        f"(date_part('year', {name}) * 12 + date_part('month', {name}))"
        if kind == "interval year to month" else name
        for name, kind in zip(names, template.types, strict=True)
    ]  # fmt: skip
    text = f"SELECT {', '.join(shown)} FROM ({template.text}) AS q({', '.join(names)})"
    rows = con.execute(text).fetchall()
    kinds = [parse_type(text) for text in template.types]
    return [[wire(v, k) for v, k in zip(row, kinds, strict=True)] for row in rows]


def folded(text: str) -> str:
    """Return a type as ours are written: a wire name, without the length of a varchar."""
    try:
        return str(parse_type(text.lower()))
    except TypeTextError:
        return text


def outcome(con: duckdb.DuckDBPyConnection, pair: dict[str, Any]) -> str:
    """Return `equal`, `refused`, `both fail`, or what differs."""
    try:
        template = compiled(pair.get("dune_sql", pair["sql"]))
    except SqlRejectedError:
        return "both fail" if "error" in pair else "refused"
    try:
        rows = fetched(con, template)
    except duckdb.Error as error:
        return "both fail" if "error" in pair else f"fails: {error}"
    except (AttributeError, ValueError) as error:
        return f"the driver fails: {error}"
    if "error" in pair:
        return f"gives {rows}, Trino fails with {pair['error']}"
    wanted = pair["rows"] if "rows" in pair else [[pair["value"]]]
    if pair.get("unordered"):
        rows, wanted = sorted(rows, key=repr), sorted(wanted, key=repr)
    if not same(rows, wanted):
        return f"gives {rows}, not {wanted}"
    kinds = [folded(text) for text in (pair["types"] if "types" in pair else [pair["type"]])]
    return "equal" if list(template.types) == kinds else f"is {template.types}, not {kinds}"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    with connection() as con:
        return {pair.get("dune_sql", pair["sql"]): outcome(con, pair) for pair in PAIRS}


def test_no_pair_differs_from_trino_unless_it_is_listed(outcomes: dict[str, str]) -> None:
    fine = {"equal", "refused", "both fail"}
    different = {sql: said for sql, said in outcomes.items() if said not in fine}
    unlisted = {sql: said for sql, said in different.items() if sql not in KNOWN}
    assert not unlisted
    assert set(KNOWN) == set(different), "an entry of known_differences.json is not needed"


def test_most_pairs_give_trinos_very_answer(
    outcomes: dict[str, str], record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The counts are printed, so that a change of any of them is seen."""
    counts = Counter(said if said in {"equal", "refused", "both fail"} else "differ, listed"
                     for said in outcomes.values())  # fmt: skip
    with capsys.disabled():
        print(f"\nagainst Trino {MEASURED['trino_version']}: {dict(counts)}")
    record_property("counts", dict(counts))
    assert counts["equal"] >= LEAST_EQUAL


BELIEVED = {
    "SELECT cast(0xab as varchar)": "0xab",
    "SELECT \"left\"('123456',2)": "12",
    "SELECT bytearray_substring(0xaabbcc,2,1)": "0xbb",
    "SELECT bytearray_to_bigint(0xff)": 255,
    "SELECT bytearray_position(0xaabb,0xbb)": 2,
    "SELECT bytearray_length(0xaabb)": 2,
    "SELECT bytearray_concat(0xaa,0xbb)": "0xaabb",
    "SELECT starts_with(0xaabb,0xaa)": True,
    "SELECT uint256 '5' + uint256 '7'": "12",
    "SELECT uint256 '7' * 1.5": 10.5,
    "SELECT cast(1e20 as uint256)": "100000000000000000000",
    "SELECT cast(1.5 as uint256)": "2",
    "SELECT uint256 '5' > 3": True,
    "SELECT uint256 '1' / power(10,18)": 1e-18,
    "SELECT cast(uint256 '5' as varchar)": "5",
    "SELECT coalesce(uint256 '5',0)": "5",
    "SELECT avg(cast(x as uint256)) from (values 1,2) t(x)": 1.5,
    "SELECT abs(int256 '-5')": "5",
    "SELECT 0x1F": "0x1f",
}


@pytest.mark.parametrize(("sql", "value"), BELIEVED.items(), ids=BELIEVED)
def test_what_dune_adds_to_trino_gives_what_dune_gives(sql: str, value: Any) -> None:
    """No measured answers: beliefs of the specification."""
    with connection() as con:
        assert same(fetched(con, compiled(sql)), [[value]])
