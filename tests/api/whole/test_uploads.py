"""Uploaded tables over HTTP: made, listed, cleared and deleted by their owner, read by anyone."""

from __future__ import annotations

import pytest

from tests.api.whole.owner import Owner
from tests.api.whole.uploading import CSV, SCHEMA, create, insert, listed, rows
from tests.api.whole.waiting import run_sql


def test_a_created_table_answers_with_the_words_that_clients_compare(me: Owner) -> None:
    body = {"namespace": me.handle, "table_name": "prices", "schema": SCHEMA}
    assert me.ok("POST", "/uploads", json=body) == {
        "namespace": me.handle,
        "table_name": "prices",
        "full_name": f"dune.{me.handle}.prices",
        "example_query": f"select * from dune.{me.handle}.prices limit 10",
        "already_existed": False,
        "message": "Table created successfully",
    }

    table = listed(me)[f"dune.{me.handle}.prices"]
    assert table["table_size_bytes"] == "0"
    assert table["owner"] == {"handle": me.handle, "type": "user"}
    assert table["columns"] == [
        {"name": "day", "type": "date", "nullable": True, "metadata": {}},
        {"name": "price", "type": "double", "nullable": False, "metadata": {}},
        {"name": "raw", "type": "varbinary", "nullable": True, "metadata": {}},
        {"name": "big", "type": "uint256", "nullable": True, "metadata": {}},
    ]
    assert "purged_at" not in table


def test_a_table_that_exists_is_409_and_stays_as_it_was(me: Owner) -> None:
    name = create(me)
    insert(me, "prices", "price\n1.5\n", CSV)

    error = me.refused(
        409, "POST", "/uploads",
        json={"namespace": me.handle, "table_name": "prices", "schema": SCHEMA[:1]},
    )  # fmt: skip

    assert error == f"Table {name} already exists"
    assert len(rows(me, name)) == 1


@pytest.mark.parametrize(
    ("change", "status", "part"),
    [
        ({"namespace": "somebody"}, 403, "namespace"),
        ({"table_name": "Prices"}, 400, "table_name"),
        ({"table_name": "1x"}, 400, "table_name"),
        ({"table_name": "a-b"}, 400, "table_name"),
        ({"table_name": ""}, 400, "table_name"),
        ({"table_name": "a" * 129}, 400, "table_name"),
        ({"table_name": 'a"; drop table x'}, 400, "table_name"),
        ({"schema": []}, 400, "at least one column"),
        ({"schema": [{"name": "1a", "type": "date"}]}, 400, "1a"),
        ({"schema": [{"name": "a b", "type": "date"}]}, 400, "a b"),
        ({"schema": [{"name": "a", "type": "date"}, {"name": "A", "type": "date"}]}, 400, "twice"),
        ({"schema": [{"name": "a", "type": "text"}]}, 400, "varchar"),
        ({"schema": [{"name": "a", "type": {"array": "date"}}]}, 400, "varchar"),
        ({"schema": [{"name": "a"}]}, 400, "type"),
        ({"schema": "a"}, 400, "schema"),
        ({"schema": [{"name": f"c{n}", "type": "date"} for n in range(2_001)]}, 400, "2000"),
        ({"description": "x" * 10_001}, 400, "description"),
    ],
)
def test_a_table_that_cannot_be_made_is_refused_and_not_made(
    me: Owner, change: dict[str, object], status: int, part: str
) -> None:
    body = {"namespace": me.handle, "table_name": "prices", "schema": SCHEMA, **change}

    assert part in me.refused(status, "POST", "/uploads", json=body)
    assert listed(me) == {}


def test_clear_and_delete_say_what_clients_compare(me: Owner) -> None:
    name = create(me)
    insert(me, "prices", "price\n1\n", CSV)

    cleared = me.ok("POST", f"/uploads/{me.handle}/prices/clear")
    assert cleared == {"message": f"Table {name} successfully cleared"}
    assert rows(me, name) == []
    insert(me, "prices", "price\n2\n", CSV)
    assert len(rows(me, name)) == 1

    deleted = me.ok("DELETE", f"/uploads/{me.handle}/prices")
    assert deleted == {"message": f"Table {me.handle}.prices successfully deleted"}
    for method, path in (
        ("DELETE", ""),
        ("POST", "/clear"),
    ):
        me.refused(404, method, f"/uploads/{me.handle}/prices{path}")
    me.refused(
        404, "POST", f"/uploads/{me.handle}/prices/insert", content="price\n1\n", headers=CSV
    )


def test_the_old_names_of_the_routes_do_the_same(me: Owner) -> None:
    body = {"namespace": me.handle, "table_name": "old", "schema": SCHEMA}
    assert me.ok("POST", "/table/create", json=body)["table_name"] == "old"
    csv = {"table_name": "t", "data": "a\n1\n"}
    assert me.ok("POST", "/table/upload/csv", json=csv)["success"] is True
    path = f"/table/{me.handle}/old"
    inserted = me.ok("POST", f"{path}/insert", content="price\n1\n", headers=CSV)
    assert inserted["rows_written"] == 1
    assert len(me.ok("GET", "/tables")["tables"]) == 2
    assert "successfully cleared" in me.ok("POST", f"{path}/clear")["message"]
    assert me.ok("DELETE", path)["message"] == f"Table {me.handle}.old successfully deleted"


def test_only_the_owner_changes_a_table_and_a_private_one_does_not_exist(
    me: Owner, other: Owner
) -> None:
    create(me, "open")
    create(me, "secret", is_private=True)
    for table, status in (("open", 403), ("secret", 404), ("nothing", 404)):
        path = f"/uploads/{me.handle}/{table}"
        other.refused(status, "POST", f"{path}/insert", content="price\n1\n", headers=CSV)
        other.refused(status, "POST", f"{path}/clear")
        other.refused(status, "DELETE", path)
    assert listed(other) == {}
    assert set(listed(me)) == {f"dune.{me.handle}.open", f"dune.{me.handle}.secret"}


def test_a_key_that_may_only_read_lists_and_changes_nothing(me: Owner) -> None:
    create(me)
    reader = me.reading()

    assert len(listed(reader)) == 1
    reader.refused(403, "POST", "/uploads", json={})
    reader.refused(403, "POST", "/uploads/csv", json={})
    reader.refused(403, "POST", f"/uploads/{me.handle}/prices/clear")
    reader.refused(403, "DELETE", f"/uploads/{me.handle}/prices")


def test_the_list_is_paged_and_forgives_numbers_out_of_range(me: Owner) -> None:
    for table in ("a", "b", "c"):
        create(me, table)

    first = me.ok("GET", "/uploads?limit=2")
    rest = me.ok("GET", f"/uploads?limit=2&offset={first['next_offset']}")

    assert [one["full_name"][-1] for one in first["tables"]] == ["a", "b"]
    assert [one["full_name"][-1] for one in rest["tables"]] == ["c"]
    assert "next_offset" not in rest
    assert len(me.ok("GET", "/uploads?limit=99999999&offset=-5")["tables"]) == 3


def test_statements_read_a_table_before_and_after_it_has_rows(me: Owner) -> None:
    name = create(me)
    sql = f"SELECT count(*) AS n, sum(price) AS total, max(big) AS big FROM {name}"

    def read() -> dict[str, object]:
        done = run_sql(me, sql)
        assert done["state"] == "QUERY_STATE_COMPLETED", done
        found = me.ok("GET", f"/execution/{done['execution_id']}/results")
        row: dict[str, object] = found["result"]["rows"][0]
        return row

    assert read() == {"n": 0, "total": None, "big": None}
    for number in (1, 2):
        insert(me, "prices", f"price,big\n{number},{2**200 + number}\n", CSV)
    assert read() == {"n": 2, "total": 3.0, "big": str(2**200 + 2)}
    me.ok("POST", f"/uploads/{me.handle}/prices/clear")
    assert read() == {"n": 0, "total": None, "big": None}
    me.ok("DELETE", f"/uploads/{me.handle}/prices")
    failed = run_sql(me, sql)
    assert failed["state"] == "QUERY_STATE_FAILED"
    assert name in failed["error"]["message"]
