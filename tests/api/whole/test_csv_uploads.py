"""Tables made of a CSV text in one request, or not made at all."""

from __future__ import annotations

import json

import pytest

from qanat.wiring import Server
from tests.api.whole.owner import Owner
from tests.api.whole.uploading import listed, rows, spool_is_empty
from tests.api.whole.waiting import run_sql


def test_a_csv_upload_makes_a_table_and_another_replaces_it(me: Owner) -> None:
    full_name = f"dune.{me.handle}.dataset_rates"
    body = {"table_name": "rates", "data": "day,rate,\n2026-01-01,1.5,\n2026-01-02,2,\n"}

    assert me.ok("POST", "/uploads/csv", json=body) == {
        "success": True,
        "table_name": "dataset_rates",
        "full_name": full_name,
        "example_query": f"select * from {full_name} limit 10",
    }
    assert rows(me, full_name) == [
        {"day": "2026-01-01", "rate": 1.5},
        {"day": "2026-01-02", "rate": 2.0},
    ]

    again = {"table_name": "dataset_rates", "data": "who\nann\n", "is_private": True}
    assert me.ok("POST", "/uploads/csv", json=again)["full_name"] == full_name
    assert rows(me, full_name) == [{"who": "ann"}]
    table = listed(me)[full_name]
    assert table["is_private"] is True
    assert [column["name"] for column in table["columns"]] == ["who"]  # type: ignore[attr-defined]  # a list


def test_a_csv_upload_of_several_megabytes_is_taken_apart_elsewhere(me: Owner) -> None:
    """Beyond a megabyte the body is read by another process; what comes out is the same."""
    lines = "".join(f'{n},"a ""quoted"" {n} é"\n' for n in range(100_000))
    body = json.dumps({"data": "n,who\n" + lines, "table_name": "big", "description": "é"})
    assert len(body) > 2 << 20

    me.ok("POST", "/uploads/csv", content=body.encode())

    name = f"dune.{me.handle}.dataset_big"
    assert me.ok("GET", f"/catalog/{name}")["row_count"] == 100_000
    assert me.ok("GET", f"/catalog/{name}")["description"] == "é"
    assert rows(me, name)[1] == {"n": 1, "who": 'a "quoted" 1 é'}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"{", "payload"),
        (b"[]", "payload"),
        (b"", "payload"),
        (b'{"table_name":"x"}', "data"),
        (b'{"table_name":"x","data":["a"]}', "data"),
        (b'{"data":"a\\n1\\n"}', "table_name"),
        (b'{"table_name":"X","data":"a\\n1\\n"}', "table_name"),
        (b'{"table_name":"x","data":""}', ""),
        (b'{"table_name":"x","data":"a,b\\n1,2\\n3\\n"}', "line 3"),
        (b'{"table_name":"x","data":"a,a\\n1,2\\n"}', "twice"),
        (b'{"table_name":"x","data":"a\\n1\\n"}x', "payload"),
        (b'{"table_name":"x","data":"a\\ud800"}', "payload"),
    ],
)
def test_a_csv_upload_that_cannot_be_read_makes_no_table(
    me: Owner, server: Server, content: bytes, part: str
) -> None:
    assert part in me.refused(400, "POST", "/uploads/csv", content=content)
    assert listed(me) == {}
    assert spool_is_empty(server)


def test_a_failed_replacement_keeps_the_old_rows(me: Owner) -> None:
    name = f"dune.{me.handle}.dataset_x"
    me.ok("POST", "/uploads/csv", json={"table_name": "x", "data": "a\n1\n"})

    me.refused(400, "POST", "/uploads/csv", json={"table_name": "x", "data": "a,b\n1\n"})

    assert rows(me, name) == [{"a": 1}]


def test_a_replaced_csv_is_read_with_its_new_columns(me: Owner) -> None:
    name = f"dune.{me.handle}.dataset_x"
    for data, column, expected in (("a\n1\n", "a", 1), ("b\nz\n", "b", "z")):
        me.ok("POST", "/uploads/csv", json={"table_name": "x", "data": data})
        done = run_sql(me, f"SELECT {column} AS v FROM {name}")
        found = me.ok("GET", f"/execution/{done['execution_id']}/results")
        assert found["result"]["rows"] == [{"v": expected}]
