"""Uploaded tables and data sets: made, filled, listed, read and deleted by the client."""

from __future__ import annotations

import io

import pytest
import requests
from dune_client.api.table import TableAPI
from dune_client.client import DuneClient

from tests.clients.dune_client.refused import status_of
from tests.clients.served import Served


def test_a_csv_text_becomes_a_table(dune: DuneClient) -> None:
    made = dune.upload_csv("rates", "day,rate,name\n2024-01-01,1.5,a\n2024-01-02,2.5,\n", "why")
    assert made.table_name == "dataset_rates"
    rows = dune.run_sql("SELECT rate, name FROM dune.me.dataset_rates", ping_frequency=0).get_rows()
    assert [row["rate"] for row in rows] == [1.5, 2.5]
    assert "deleted" in dune.delete_table("me", "dataset_rates").message


def test_a_table_is_created_filled_cleared_and_deleted(dune: DuneClient) -> None:
    schema = [
        {"name": "id", "type": "bigint"},
        {"name": "hash", "type": "varbinary"},
        {"name": "big", "type": "uint256"},
        {"name": "at", "type": "timestamp"},
    ]
    made = dune.create_table("me", "filled", schema, "a table")
    assert (made.namespace, made.table_name, made.full_name) == ("me", "filled", "dune.me.filled")
    assert made.example_query == "select * from dune.me.filled limit 10"
    with pytest.raises(requests.HTTPError) as again:
        dune.create_table("me", "filled", schema)
    assert status_of(again)[0] == 409

    csv = f"id,hash,big,at\n1,0xab,{2**256 - 1},2024-01-01T00:00:00Z\n".encode()
    written = dune.insert_data("me", "filled", io.BytesIO(csv), "text/csv")
    assert (written.name, written.rows_written) == ("dune.me.filled", 1)
    assert written.bytes_written > 0
    ndjson = b'{"id":2,"hash":"0xCD","big":7,"at":"2024-01-02 03:04:05"}\n{"id":3}'
    assert (
        dune.insert_data("me", "filled", io.BytesIO(ndjson), "application/x-ndjson").rows_written
        == 2
    )
    sql = "SELECT id, hash, big FROM dune.me.filled ORDER BY id"
    assert dune.run_sql(sql, ping_frequency=0).get_rows() == [
        {"id": 1, "hash": "0xab", "big": str(2**256 - 1)},
        {"id": 2, "hash": "0xcd", "big": "7"},
        {"id": 3, "hash": None, "big": None},
    ]
    with pytest.raises(requests.HTTPError) as bad:
        dune.insert_data("me", "filled", io.BytesIO(b"id\n4\nx\n"), "text/csv")
    assert status_of(bad)[0] == 400
    assert "line 3" in status_of(bad)[1]

    listed = {table.full_name: table for table in dune.list_uploads(limit=1000).tables}
    assert listed["dune.me.filled"].owner.handle == "me"
    assert [c.type for c in listed["dune.me.filled"].columns][:3] == [
        "bigint",
        "varbinary",
        "uint256",
    ]
    assert "successfully cleared" in dune.clear_table("me", "filled").message
    assert dune.run_sql("SELECT id FROM dune.me.filled", ping_frequency=0).get_rows() == []
    assert dune.delete_table("me", "filled").message == "Table me.filled successfully deleted"
    with pytest.raises(requests.HTTPError) as gone:
        dune.delete_table("me", "filled")
    assert status_of(gone)[0] == 404


def test_uploads_are_listed_page_by_page(dune: DuneClient) -> None:
    for name in ("page_a", "page_b", "page_c"):
        dune.create_table("me", name, [{"name": "a", "type": "bigint"}])
    seen, offset = [], 0
    while True:
        page = dune.list_uploads(limit=1, offset=offset)
        seen += [table.full_name for table in page.tables]
        if page.next_offset is None:
            break
        offset = page.next_offset
    assert {"dune.me.page_a", "dune.me.page_b", "dune.me.page_c"} <= set(seen)
    assert len(seen) == len(set(seen))


def test_the_older_table_calls_still_work(server: Served, key: str) -> None:
    tables = TableAPI(api_key=key, base_url=server.url)
    with pytest.warns(DeprecationWarning, match="legacy"):  # noqa: PT031  # each call warns
        assert tables.upload_csv("old", "a,b\n1,2\n") is True
        made = tables.create_table("me", "old_made", [{"name": "a", "type": "integer"}])
        assert made.message == "Table created successfully"
        assert made.already_existed is False
        rows = tables.insert_table(
            "me", "old_made", io.BytesIO(b'{"a":1}\n'), "application/x-ndjson"
        )
        assert rows.rows_written == 1
        assert tables.clear_data("me", "old_made").message == (
            "Table dune.me.old_made successfully cleared"
        )
        assert tables.delete_table("me", "old_made").message == (
            "Table me.old_made successfully deleted"
        )
        assert "deleted" in tables.delete_table("me", "dataset_old").message
    tables.http.close()


def test_datasets_are_listed_and_read(dune: DuneClient) -> None:
    dune.create_table("me", "shown", [{"name": "a", "type": "bigint"}], "what it is")
    listed = dune.list_datasets(limit=250, owner_handle="me", type="uploaded_table")
    assert listed.total >= 1
    assert "dune.me.shown" in {dataset.full_name for dataset in listed.datasets}
    assert {dataset.type for dataset in listed.datasets} == {"uploaded_table"}
    one = dune.get_dataset("dune.me.shown")
    assert (one.type, one.owner.handle, one.is_private) == ("uploaded_table", "me", False)
    assert [(c.name, c.type, c.nullable) for c in one.columns] == [("a", "bigint", True)]
