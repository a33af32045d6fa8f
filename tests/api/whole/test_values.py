"""Values of every kind, as they are told from a result and from a view that keeps them."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import executed, save

#: An expression, the type that is told, and the JSON value.
VALUES: Final[tuple[tuple[str, str, Any], ...]] = (
    ("decimal '0.1' + decimal '0.2'", "decimal(2,1)", "0.3"),
    ("interval '-1' second", "interval day to second", "-0 00:00:01.000"),
    ("-interval '1' day", "interval day to second", "-1 00:00:00.000"),
    ("date '2024-01-01' - date '2024-02-01'", "interval day to second", "-31 00:00:00.000"),
    ("interval '3' month", "interval year to month", "0-3"),
    ("interval '-3' month", "interval year to month", "-0-3"),
    ("array[interval '-1' day, null]", "array(interval day to second)", ["-1 00:00:00.000", None]),
    ("map(array['k'], array[interval '-2' year])", "map(varchar,interval year to month)",
     {"k": "-2-0"}),
    ("row(interval '-1' day, interval '1' month)",
     "row(interval day to second,interval year to month)", ["-1 00:00:00.000", "0-1"]),
    ("array[cast('5' as uint256)]", "array(uint256)", ["5"]),
    ("map(array[uint256 '1'], array[int256 '-1'])", "map(uint256,int256)", {"1": "-1"}),
    ("row(1, 'x')", "row(integer,varchar)", [1, "x"]),
    ("array[row(1, row('x', null))]", "array(row(integer,row(varchar,unknown)))",
     [[1, ["x", None]]]),
    ("cast(row(1, 'x') as row(a integer, b varchar))", "row(a integer,b varchar)",
     {"a": 1, "b": "x"}),
    ("null", "unknown", None),
    ("array[]", "array(unknown)", []),
    ("date '0001-01-01' - interval '5' day", "date", "0000-12-27"),
    ("timestamp '0001-01-01 00:00:00' - interval '5' day", "timestamp(3)",
     "0000-12-27 00:00:00.000"),
)  # fmt: skip
LISTED: Final = ", ".join(f"{expression} AS c{at}" for at, (expression, *_) in enumerate(VALUES))


def result(me: Owner, sql: str) -> tuple[list[str], dict[str, Any]]:
    """Return the types and the one row of a statement."""
    started = me.ok("POST", "/sql/execute", json={"sql": sql})
    status = executed(me, started)
    assert status["state"] == "QUERY_STATE_COMPLETED", status
    found = me.ok("GET", f"/execution/{started['execution_id']}/results")["result"]
    (row,) = found["rows"]
    return found["metadata"]["column_types"], row


@pytest.fixture
def view(me: Owner) -> str:
    """A view that keeps them all."""
    body = {
        "name": "result_values",
        "query_id": save(me, f"SELECT {LISTED}"),
        "performance": "small",
    }
    made = me.ok("POST", "/materialized-views", json=body)
    assert executed(me, made)["state"] == "QUERY_STATE_COMPLETED"
    return str(made["name"])


def test_types_and_values_are_the_same_from_a_result_and_from_a_view(me: Owner, view: str) -> None:
    for sql in (f"SELECT {LISTED}", f"SELECT * FROM {view}"):
        types, row = result(me, sql)
        assert types == [kind for _, kind, _ in VALUES]
        assert row == {f"c{at}": value for at, (*_, value) in enumerate(VALUES)}


def test_what_a_view_keeps_is_computed_with(me: Owner, view: str) -> None:
    at = {expression: f"c{number}" for number, (expression, *_) in enumerate(VALUES)}
    second, days = at["interval '-1' second"], at["date '2024-01-01' - date '2024-02-01'"]
    months, pair = at["interval '-3' month"], at["row(1, 'x')"]
    nested, null = at["array[row(1, row('x', null))]"], at["null"]
    spans, empty = at["array[interval '-1' day, null]"], at["array[]"]
    asked = {
        f"{months} + interval '1' month": "-0-2",
        f"{months} * -2": "0-6",
        f"{days} + interval '1' day": "-30 00:00:00.000",
        f"-{second}": "0 00:00:01.000",
        f"{days} < {second}": True,
        f"{spans}[1] = interval '-24' hour": True,
        f"date '2024-02-01' + {days}": "2024-01-01",
        f"date '2024-03-31' + {months}": "2023-12-31",
        f"{pair}[1]": 1,
        f"{pair}[2]": "x",
        f"{pair} = row(1, 'x')": True,
        f"{nested}[1][2][1]": "x",
        f"{at['array[cast(' + chr(39) + '5' + chr(39) + ' as uint256)]']}[1] + uint256 '1'": "6",
        f"coalesce({null}, 1)": 1,
        f"{null} || 'x'": None,
        f"{empty} || array[1]": [1],
    }
    listed = ", ".join(f"{expression} AS v{number}" for number, expression in enumerate(asked))
    _, row = result(me, f"SELECT {listed} FROM {view}")
    assert dict(zip(asked, row.values(), strict=True)) == asked

    grouped = f"GROUP BY {days}, {months}, {pair}, {null}, {empty}"
    joined = f"{view} AS x JOIN {view} AS y ON x.{days} = y.{days} AND x.{pair} = y.{pair}"
    assert result(me, f"SELECT max({days}) AS d FROM {view} {grouped}")[1] == {
        "d": "-31 00:00:00.000"
    }
    assert result(me, f"SELECT x.{pair} AS r, min(x.{months}) AS m FROM {joined} GROUP BY 1")[
        1
    ] == {
        "r": [1, "x"],
        "m": "-0-3",
    }
