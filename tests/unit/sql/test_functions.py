"""The list of functions is complete, and every line of it works."""

from __future__ import annotations

import pytest

from qanat.errors import SqlRejectedError
from qanat.sql.dialect.duckdb import rules
from qanat.sql.dialect.duckdb.words import type_name
from qanat.sql.functions import FUNCTIONS, ORDERED, UNSUPPORTED, VOLATILE
from qanat.sql.signatures import signature
from qanat.sql.special import SPECIAL
from qanat.sql.types import Type, parse_type
from tests.unit.sql.catalog import compiled
from tests.unit.sql.engine import connection, types

SAMPLES = {
    "T": "bigint", "U": "varchar", "V": "double", "W": "date", "X": "boolean", "Y": "bigint",
    "A": "bigint", "R": "varchar", "K": "varchar", "L": "bigint", "N": "double", "I": "integer",
    "D": "timestamp(3)", "M": "timestamp(3)", "S": "varchar", "B": "bigint",
}  # fmt: skip
VALUES = {
    "bigint": "BIGINT '2'", "integer": "1", "varchar": "'ab'", "varbinary": "0xab",
    "double": "0.5e0", "boolean": "true", "date": "DATE '2024-01-02'", "json": "json_parse('[1]')",
    "timestamp": "TIMESTAMP '2024-01-02 03:04:05.678'", "time": "TIME '03:04:05'",
    "timestamp with time zone": "CAST(DATE '2024-01-02' AS timestamp with time zone)",
    "interval day to second": "INTERVAL '1' DAY", "interval year to month": "INTERVAL '1' MONTH",
}  # fmt: skip
#: Arguments that only some values suit, by function.
ARGUMENTS = {
    "date_trunc": ("'day'", None), "date_add": ("'hour'", None, None),
    "date_diff": ("'hour'", None, None), "from_hex": ("'ab'",), "date_format": (None, "'%Y-%m'"),
    "date_parse": ("'2024-01'", "'%Y-%m'"), "format_datetime": (None, "'yyyy-MM'"),
    "parse_datetime": ("'2024-01'", "'yyyy-MM'"), "from_iso8601_date": ("'2024-01-02'",),
    "from_iso8601_timestamp": ("'2024-01-02T03:04:05Z'",), "date": ("'2024-01-02'",),
    "json_extract": (None, "'$.a'"), "json_extract_scalar": (None, "'$.a'"),
    "json_size": (None, "'$.a'"), "json_query": ("'{}'", "'lax $.a'"), "codepoint": ("'a'",),
    "json_value": ("'{}'", "'lax $.a'"), "json_parse": ("'{}'",), "format": ("'%s'", None),
    "bit_count": ("5", "64"), "from_base64": ("'YQ=='",), "split_to_map": ("'a=1'", "','", "'='"),
    "regexp_extract": ("'ab'", "'(a)'", "1"), "regexp_extract_all": ("'ab'", "'(a)'", "1"),
    "width_bucket": ("5e0", "0e0", "10e0", "5"), "sequence": None, "to_base": ("255", "16"),
    "asin": ("0.5e0",), "typeof": ("1",), "hamming_distance": ("'ab'", "'cd'"),
    "truncate": ("1.5e0", "1"), "from_utf8": ("0x61",),
    "trim_array": ("ARRAY[1, 2]", "1"), "slice": ("ARRAY[1, 2]", "1", "1"),
}  # fmt: skip
ROW_TYPES = {name for name, one in FUNCTIONS.items() if one.kind == "window"}
LINES = [(one.name, line) for one in FUNCTIONS.values() for line in one.signatures]


def written(kind: Type) -> str:
    """Return a value of a type, in DuneSQL."""
    if len(kind.name) == 1:
        return written(parse_type(SAMPLES[kind.name]))
    match kind.name:
        case "array":
            return f"ARRAY[{written(kind.args[0])}]"
        case "map":
            return f"map(ARRAY[{written(kind.args[0])}], ARRAY[{written(kind.args[1])}])"
        case "row":
            return f"ROW({', '.join(written(part) for _, part in kind.args)})"
        case "function":
            *inputs, output = kind.args
            names = ", ".join(f"p{place}" for place in range(len(inputs)))
            return f"({names}) -> {written(output)}"
    return VALUES[kind.name]


def call(name: str, line: str) -> str:
    """Return a call that fits a signature, with as many arguments as it may have."""
    found = signature(line)
    samples = ARGUMENTS.get(name) or ()
    arguments = [
        sample if (sample := samples[place] if place < len(samples) else None) else written(kind)
        for place, kind in enumerate(found.parameters)
    ]
    if name == "sequence":
        arguments = [arguments[0], arguments[0], *arguments[2:]]
    if name == "format":
        arguments = arguments[:2]
    if name == "date" and "varchar" not in line:
        arguments = [written(found.parameters[0])]
    over = " OVER (ORDER BY 1)" if name in ROW_TYPES else ""
    group = " GROUP BY 1" if name == "grouping" else ""
    if name == "grouping":
        return f"SELECT B, grouping(B) FROM dune.me.t{group}"
    shown = name if name.startswith("json_") else f'"{name}"'
    return f"SELECT {shown}({', '.join(arguments)}){over} AS x"


def test_every_listed_function_has_a_rule_and_every_rule_a_line() -> None:
    assert set(FUNCTIONS) == (set(rules.RULES) | set(SPECIAL)) - {"array", "extract", "trim from"}
    assert not set(FUNCTIONS) & UNSUPPORTED
    assert set(FUNCTIONS) >= VOLATILE - {"current_timestamp"} | ORDERED - {"multimap_agg"}
    assert all(one.description for one in FUNCTIONS.values())


@pytest.mark.parametrize(("name", "line"), LINES, ids=[line for _, line in LINES])
def test_a_signature_is_accepted_and_gives_the_type_it_promises(name: str, line: str) -> None:
    """DuckDB runs what the rule makes of it, and its type is the one that was computed."""
    template = compiled(call(name, line))
    with connection() as con:
        made = types(con, template)
        nulls = ", ".join(f"CAST(NULL AS {type_name(parse_type(t))})" for t in template.types)
        promised = [str(kind) for kind in con.sql(f"SELECT {nulls}").types]
    assert made == promised


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_a_known_function_that_is_not_offered_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(SqlRejectedError, match=f"{name}"):
        compiled(f'SELECT "{name}"(1)')
