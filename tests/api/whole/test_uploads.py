"""Uploaded tables over HTTP: whole or not at all, and named by line what is wrong."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qanat.config import LimitSettings, Settings
from qanat.wiring import Server
from tests.api.whole.owner import Owner
from tests.api.whole.waiting import run_sql

SCHEMA = [
    {"name": "day", "type": "date"},
    {"name": "price", "type": "double", "nullable": False},
    {"name": "raw", "type": "varbinary"},
    {"name": "big", "type": "uint256"},
]
CSV = {"Content-Type": "text/csv"}
NDJSON = {"Content-Type": "application/x-ndjson"}


def settings_in(place: Path) -> Settings:
    return Settings(data_dir=place, limits=LimitSettings(insert_bytes=1 << 20, csv_bytes=8 << 20))


def create(who: Owner, table: str = "prices", **more: object) -> str:
    body = {"namespace": who.handle, "table_name": table, "schema": SCHEMA, **more}
    return str(who.ok("POST", "/uploads", json=body)["full_name"])


def insert(
    who: Owner, table: str, content: str | bytes, headers: dict[str, str]
) -> dict[str, object]:
    path = f"/uploads/{who.handle}/{table}/insert"
    answer: dict[str, object] = who.ok("POST", path, content=content, headers=headers)
    return answer


def rows(who: Owner, full_name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = who.ok("GET", f"/catalog/{full_name}/sample")["rows"]
    return found


def listed(who: Owner) -> dict[str, dict[str, object]]:
    return {table["full_name"]: table for table in who.ok("GET", "/uploads")["tables"]}


def spool_is_empty(server: Server) -> bool:
    place = server.settings.data_dir / "tmp" / "uploads"
    return not list(place.glob("*"))


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


def test_csv_and_json_lines_land_with_their_types(me: Owner) -> None:
    name = create(me)
    first = "price,day,raw\n1.5,2026-01-02,0x00ff\n2,,\n"

    answer = insert(me, "prices", first, CSV)
    more = insert(
        me,
        "prices",
        b'{"price":3.5,"big":"12345678901234567890123"}\n{"price":4,"raw":"AAE="}',
        NDJSON,
    )

    assert answer == {"name": name, "rows_written": 2, "bytes_written": len(first)}
    assert more["rows_written"] == 2
    found = sorted(rows(me, name), key=lambda row: str(row["price"]))
    assert [row["price"] for row in found] == [1.5, 2.0, 3.5, 4.0]
    assert found[0]["day"] == "2026-01-02"
    assert found[0]["raw"] == "0x00ff"
    assert found[1]["day"] is None
    assert found[2]["big"] == "12345678901234567890123"
    assert found[3]["raw"] == "0x0001"
    table = listed(me)[name]
    assert int(str(table["table_size_bytes"])) > 0


def test_json_arrays_are_taken_as_rows_too(me: Owner) -> None:
    name = create(me)
    path = f"/uploads/{me.handle}/prices/insert"

    answer = me.ok("POST", path, json=[{"price": 1}, {"price": 2}])

    assert answer["rows_written"] == 2
    assert len(rows(me, name)) == 2


@pytest.mark.parametrize(
    ("content", "headers", "parts"),
    [
        ("price\n1\nabc\n3\n", CSV, ["line 3", "price", "abc"]),
        ("price,day\n1,2026-01-01\n2,yesterday\n", CSV, ["line 3", "day", "yesterday"]),
        ("price,nope\n1,2\n", CSV, ["nope"]),
        ("day\n2026-01-01\n", CSV, ["price"]),
        ("price,day\n,2026-01-01\n", CSV, ["line 2", "price", "null"]),
        ("price,day\n1\n", CSV, ["line 2"]),
        ("price,big\n1,-5\n", CSV, ["line 2", "big"]),
        ("price,raw\n1,0xabc\n", CSV, ["line 2", "raw"]),
        ("", CSV, []),
        ('{"price":1}\n{"price":"x"}\n', NDJSON, ["line 2", "price"]),
        ('{"price":1}\n{"price":1,"nope":2}\n', NDJSON, ["line 2"]),
        ('{"price":1}\n{"day":"2026-01-01"}\n', NDJSON, ["line 2", "price"]),
        ('{"price":1}\n{"price":\n', NDJSON, ["line 2"]),
        ('{"price":1}\n[]\n', NDJSON, ["line 2"]),
    ],
)
def test_a_broken_row_is_named_and_nothing_is_written(
    me: Owner, server: Server, content: str, headers: dict[str, str], parts: list[str]
) -> None:
    name = create(me)
    insert(me, "prices", "price\n7\n", CSV)

    error = me.refused(
        400, "POST", f"/uploads/{me.handle}/prices/insert", content=content, headers=headers
    )

    for part in parts:
        assert part in error
    assert str(server.settings.data_dir) not in error
    assert [row["price"] for row in rows(me, name)] == [7]
    assert spool_is_empty(server)


def test_no_rows_are_no_change(me: Owner) -> None:
    name = create(me)
    before = listed(me)[name]["updated_at"]

    assert insert(me, "prices", "price,day\n", CSV)["rows_written"] == 0

    assert len(me.ok("GET", f"/catalog/{name}/history")["moves"]) == 1
    assert listed(me)[name]["updated_at"] == before


def test_other_content_types_are_refused(me: Owner) -> None:
    create(me)
    for kind in ("text/plain", "", "application/octet-stream"):
        error = me.refused(
            400, "POST", f"/uploads/{me.handle}/prices/insert",
            content="price\n1\n", headers={"Content-Type": kind},
        )  # fmt: skip
        assert "Content-Type" in error


def test_a_body_over_its_limit_is_413_and_leaves_nothing(me: Owner, server: Server) -> None:
    name = create(me)
    big = "price\n" + "1\n" * 600_000

    def pieces() -> object:
        for start in range(0, len(big), 65_536):
            yield big[start : start + 65_536].encode()

    path = f"/uploads/{me.handle}/prices/insert"
    me.refused(413, "POST", path, content=big, headers=CSV)
    assert rows(me, name) == []
    assert spool_is_empty(server)


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


def test_inserts_at_once_all_land(me: Owner) -> None:
    """Five to ten at a time is what clients do; every acknowledged row must be there."""
    name = create(me)
    failures: list[BaseException] = []

    def go(number: int) -> None:
        try:
            insert(me, "prices", f"price\n{number}\n{number}.5\n", CSV)
        except BaseException as error:  # noqa: BLE001  # a thread's error is shown by the test
            failures.append(error)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(float(str(row["price"])) for row in rows(me, name)) == sorted(
        n + half for n in range(8) for half in (0, 0.5)
    )
    moves = me.ok("GET", f"/catalog/{name}/history")["moves"]
    assert [move["row_count"] for move in moves] == list(range(16, -1, -2))


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


def test_a_replaced_csv_is_read_with_its_new_columns(me: Owner) -> None:
    name = f"dune.{me.handle}.dataset_x"
    for data, column, expected in (("a\n1\n", "a", 1), ("b\nz\n", "b", "z")):
        me.ok("POST", "/uploads/csv", json={"table_name": "x", "data": data})
        done = run_sql(me, f"SELECT {column} AS v FROM {name}")
        found = me.ok("GET", f"/execution/{done['execution_id']}/results")
        assert found["result"]["rows"] == [{"v": expected}]


def test_an_insert_repeated_with_its_key_adds_its_rows_once(me: Owner) -> None:
    """Its answer may have been lost; whoever sends it again gets the same one."""
    me.ok("POST", "/uploads", json={
        "namespace": me.handle, "table_name": "once",
        "schema": [{"name": "a", "type": "bigint"}],
    })  # fmt: skip
    path = f"/api/v1/uploads/{me.handle}/once/insert"
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "first"}

    def rows() -> int:
        done = run_sql(me, f"SELECT * FROM dune.{me.handle}.once")
        return int(done["result_metadata"]["row_count"])

    answers = {me.post(path, content="a\n1\n2\n", headers=headers).text for _ in range(3)}
    assert answers == {f'{{"name":"dune.{me.handle}.once","rows_written":2,"bytes_written":6}}'}
    assert rows() == 2
    other = me.post(path, content="a\n3\n", headers=headers)
    assert (other.status_code, list(other.json())) == (422, ["error"])
    broken = {**headers, "Idempotency-Key": "second"}
    assert me.post(path, content="a\nx\n", headers=broken).status_code == 400
    assert me.post(path, content="a\n9\n", headers=broken).json()["rows_written"] == 1
    plain = {"Content-Type": "text/csv"}
    assert me.post(path, content="a\n1\n2\n", headers=plain).json()["rows_written"] == 2
    assert rows() == 5


def test_of_two_inserts_with_one_key_at_a_time_one_adds_its_rows(me: Owner) -> None:
    me.ok("POST", "/uploads", json={
        "namespace": me.handle, "table_name": "twice",
        "schema": [{"name": "a", "type": "bigint"}],
    })  # fmt: skip
    path = f"/api/v1/uploads/{me.handle}/twice/insert"
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "both"}
    with ThreadPoolExecutor(4) as threads:
        sent = [threads.submit(me.post, path, content="a\n1\n", headers=headers) for _ in range(4)]
        assert {one.result().json()["rows_written"] for one in sent} == {1}
    done = run_sql(me, f"SELECT * FROM dune.{me.handle}.twice")
    assert done["result_metadata"]["row_count"] == 1
