"""Rows inserted into uploaded tables: whole or not at all, named by line what is wrong."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qanat.config import LimitSettings, Settings
from qanat.wiring import Server
from tests.api.whole.owner import Owner
from tests.api.whole.uploading import CSV, NDJSON, create, insert, listed, rows, spool_is_empty
from tests.api.whole.waiting import run_sql


def settings_in(place: Path) -> Settings:
    return Settings(data_dir=place, limits=LimitSettings(insert_bytes=1 << 20))


def test_csv_and_json_lines_land_with_their_types(me: Owner) -> None:
    name = create(me)
    first = "price,day,raw\n1.5,2026-01-02,0x00ff\n2,,0XA1\n"

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
    assert (found[1]["day"], found[1]["raw"]) == (None, "0xa1")
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
