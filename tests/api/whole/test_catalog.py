"""The catalog and Dune's datasets: what may be read by name, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qanat.config import Settings, SourceSettings
from tests.api.whole.owner import Owner
from tests.api.whole.waiting import view as made_view

CSV = {"Content-Type": "text/csv"}


def settings_in(place: Path) -> Settings:
    mounted = place / "mounted"
    mounted.mkdir()
    (mounted / "blocks.csv").write_text("number,miner\n1,ann\n2,bob\n3,cy\n", encoding="utf-8")
    (mounted / "wide.ndjson").write_text(
        "".join(json.dumps({"n": n, "text": "x" * 200_000}) + "\n" for n in range(60)),
        encoding="utf-8",
    )
    return Settings(
        data_dir=place,
        sources={
            "ethereum.blocks": SourceSettings(
                path=str(mounted / "blocks.csv"), format="csv", description="Blocks of a chain"
            ),
            "ethereum.wide": SourceSettings(path=str(mounted / "wide.ndjson"), format="ndjson"),
            "ethereum.gone": SourceSettings(path=str(mounted / "gone-*.csv"), format="csv"),
        },
    )


def upload(who: Owner, table: str, *, is_private: bool = False, rows: int = 2) -> str:
    body = {
        "namespace": who.handle,
        "table_name": table,
        "description": "What things cost",
        "is_private": is_private,
        "schema": [
            {"name": "token", "type": "varchar"},
            {"name": "price", "type": "double", "nullable": False},
        ],
    }
    name = str(who.ok("POST", "/uploads", json=body)["full_name"])
    lines = "token,price\n" + "".join(f"t{n},{n}\n" for n in range(rows))
    who.ok("POST", f"/uploads/{who.handle}/{table}/insert", content=lines, headers=CSV)
    return name


def names(answer: dict[str, Any]) -> list[str]:
    return [table["name"] for table in answer["tables"]]


def test_sources_uploads_and_views_are_one_list_by_name(me: Owner) -> None:
    prices = upload(me, "prices")
    view = made_view(me, "result_tokens", f"SELECT token FROM {prices}")

    found = {table["name"]: table for table in me.ok("GET", "/catalog?limit=1000")["tables"]}

    assert list(found) == sorted(found)
    assert found["ethereum.blocks"]["kind"] == "source"
    assert found["ethereum.blocks"]["row_count"] == 3
    assert found["ethereum.blocks"]["column_count"] == 2
    assert found["ethereum.blocks"]["description"] == "Blocks of a chain"
    assert "owner" not in found["ethereum.blocks"]
    assert "columns" not in found["ethereum.blocks"]
    assert found[prices]["kind"] == "upload"
    assert found[prices]["owner"] == me.handle
    assert found[prices]["row_count"] == 2
    assert found[view]["kind"] == "view"
    assert found[view]["row_count"] == 2
    assert found[view]["query_id"] > 0
    assert "no files" in found["ethereum.gone"]["error"]
    assert found["ethereum.gone"]["column_count"] == 0


def test_the_list_is_searched_by_table_and_column_and_paged(me: Owner) -> None:
    upload(me, "zz_prices")

    by_column = me.ok("GET", "/catalog?q=MINER")
    assert names(by_column) == ["ethereum.blocks"]
    assert by_column["tables"][0]["matched_columns"] == ["miner"]
    by_name = me.ok("GET", "/catalog?q=zz_pri&columns=true")
    assert names(by_name) == [f"dune.{me.handle}.zz_prices"]
    assert "matched_columns" not in by_name["tables"][0]
    assert by_name["tables"][0]["columns"] == [
        {"name": "token", "type": "varchar"},
        {"name": "price", "type": "double"},
    ]
    assert names(me.ok("GET", "/catalog?q=ethereum&kind=upload,view")) == []
    page = me.ok("GET", "/catalog?kind=source&limit=1&offset=1")
    assert (names(page), page["total"]) == (["ethereum.gone"], 3)
    assert "kind" in me.refused(400, "GET", "/catalog?kind=table")


def test_what_is_private_to_another_owner_is_not_there(me: Owner, other: Owner) -> None:
    secret = upload(me, "secret", is_private=True)

    assert secret in names(me.ok("GET", "/catalog?kind=upload&limit=1000"))
    assert secret not in names(other.ok("GET", "/catalog?kind=upload&limit=1000"))
    for path in (
        f"/catalog/{secret}",
        f"/catalog/{secret}/sample",
        f"/catalog/{secret}/history",
        f"/datasets/{secret}",
    ):
        assert other.refused(404, "GET", path) == "Object not found"
        assert me.request("GET", f"/api/v1{path}").status_code == 200
    listed = other.ok("GET", f"/datasets?owner_handle={me.handle}")
    assert listed == {"datasets": [], "total": 0}
    found = other.ok("POST", "/datasets/search", json={"query": "secret", "include_private": True})
    assert found["total"] == 0


def test_a_view_tells_what_it_points_at_reads_and_is_read_by(me: Owner) -> None:
    prices = upload(me, "prices")
    view = made_view(me, "result_tokens", f"SELECT token FROM {prices}")
    reader = me.ok("POST", "/query", json={"name": "Reader", "query_sql": f"SELECT * FROM {view}"})

    shown = me.ok("GET", f"/catalog/{view}")

    assert shown["columns"] == [{"name": "token", "type": "varchar"}]
    assert [(one["name"], one["kind"]) for one in shown["reads"]] == [(prices, "upload")]
    assert shown["read_by"] == [
        {"kind": "query", "query_id": reader["query_id"], "title": "Reader"}
    ]
    moves = me.ok("GET", f"/catalog/{view}/history")["moves"]
    assert shown["snapshot_id"] == moves[0]["snapshot_id"]
    assert shown["pipeline_execution_id"] == moves[0]["pipeline_execution_id"]
    assert shown["execution_id"] == moves[0]["execution_id"]
    assert moves[0]["row_count"] == 2
    assert me.ok("GET", f"/catalog/{prices}")["read_by"][0]["query_id"] == shown["query_id"]
    lineage = me.ok("GET", f"/query/{shown['query_id']}/lineage")
    assert lineage["reads"] == shown["reads"]
    assert reader["query_id"] in [one.get("query_id") for one in lineage["read_by"]]


def test_a_name_is_found_in_any_case_and_with_quotes(me: Owner) -> None:
    prices = upload(me, "prices")
    quoted = prices.upper().replace(".", "%22.%22")

    assert me.ok("GET", f"/catalog/%22{quoted}%22")["name"] == prices
    for name in ("nothing.here", "x", "a" * 400, "%27%3B--"):
        me.refused(404, "GET", f"/catalog/{name}")


def test_a_sample_shows_the_first_rows_of_everything(me: Owner) -> None:
    prices = upload(me, "prices", rows=3)
    view = made_view(me, "result_twice", f"SELECT token, price * 2 AS twice FROM {prices}")

    source = me.ok("GET", "/catalog/ethereum.blocks/sample?limit=2")
    assert source == {
        "rows": [{"number": 1, "miner": "ann"}, {"number": 2, "miner": "bob"}],
        "metadata": {
            "column_names": ["number", "miner"],
            "column_types": ["bigint", "varchar"],
            "row_count": 2,
            "total_row_count": 3,
        },
    }
    shown = me.ok("GET", f"/catalog/{view}/sample")
    assert sorted(row["twice"] for row in shown["rows"]) == [0, 2, 4]
    assert len(me.ok("GET", f"/catalog/{prices}/sample?limit=99999")["rows"]) == 3
    me.ok("POST", f"/uploads/{me.handle}/prices/clear")
    assert me.ok("GET", f"/catalog/{prices}/sample")["rows"] == []
    assert "no files" in me.refused(404, "GET", "/catalog/ethereum.gone/sample")


def test_a_sample_of_very_wide_rows_is_cut_by_bytes(me: Owner) -> None:
    """Sixty rows of 200 kB are more than one answer may hold; what is sent is whole rows."""
    answer = me.get("/api/v1/catalog/ethereum.wide/sample?limit=60")

    assert answer.status_code == 200
    assert 1 <= answer.json()["metadata"]["row_count"] < 60
    assert len(answer.content) < 9 << 20


def test_functions_are_listed_with_signatures(me: Owner) -> None:
    found = me.ok("GET", "/functions")["functions"]

    trunc = [one for one in found if one["name"] == "date_trunc"]
    assert trunc
    assert all(one["signature"].startswith("date_trunc(") for one in trunc)
    assert all(one["description"] for one in found)
    assert [one["name"] for one in found] == sorted(one["name"] for one in found)


def test_datasets_have_every_key_that_clients_need(me: Owner) -> None:
    prices = upload(me, "prices")

    listed = me.ok("GET", f"/datasets?owner_handle={me.handle}")
    (dataset,) = listed["datasets"]

    assert list(dataset) == [
        "full_name", "type", "is_private", "owner", "columns", "metadata", "created_at",
        "updated_at",
    ]  # fmt: skip
    assert dataset["full_name"] == prices
    assert dataset["type"] == "uploaded_table"
    assert dataset["owner"] == {"handle": me.handle, "type": "user"}
    assert dataset["columns"][1] == {
        "name": "price",
        "type": "double",
        "nullable": False,
        "metadata": {},
    }
    assert listed["total"] == 1
    assert me.ok("GET", f"/datasets/{prices}") == dataset
    source = me.ok("GET", "/datasets/ethereum.blocks")
    assert source["type"] == "dune_table"
    assert source["created_at"] <= source["updated_at"]


def test_datasets_are_filtered_by_type_and_paged(me: Owner) -> None:
    sources = me.ok("GET", "/datasets?type=dune_table&limit=2")
    assert [one["full_name"] for one in sources["datasets"]] == [
        "ethereum.blocks",
        "ethereum.gone",
    ]
    assert sources["total"] == 3
    assert me.ok("GET", "/datasets?type=spell,decoded_table")["datasets"] == []
    one, other, both = (
        me.ok("GET", f"/datasets?{asked}")["total"]
        for asked in (
            "type=dune_table",
            "type=materialized_view",
            "type=dune_table&type=materialized_view",
        )
    )
    assert both == one + other
    assert len(me.ok("GET", "/datasets?limit=9999")["datasets"]) <= 250
    me.refused(400, "GET", "/datasets?type=nonsense")
    me.refused(404, "GET", "/datasets/dune.nobody.nothing")


def test_a_search_ranks_names_before_columns_and_pages(me: Owner) -> None:
    upload(me, "price")
    upload(me, "price_history")
    upload(me, "other", is_private=True)
    asked = {"query": "price", "owner_scope": "me", "include_schema": True, "limit": 1}

    first = me.ok("POST", "/datasets/search", json=asked)

    assert first["total"] == 2
    assert first["results"][0]["full_name"] == f"dune.{me.handle}.price"
    assert first["results"][0]["schema"][0] == {
        "name": "token",
        "type": "varchar",
        "nullable": True,
    }
    assert first["pagination"] == {"limit": 1, "offset": 0, "has_more": True, "next_offset": 1}
    rest = me.ok(
        "POST", "/datasets/search",
        json={**asked, "offset": 1, "include_private": True, "include_metadata": True, "limit": 9},
    )  # fmt: skip
    assert [one["full_name"] for one in rest["results"]] == [
        f"dune.{me.handle}.price_history",
        f"dune.{me.handle}.other",
    ]
    assert rest["results"][1]["visibility"] == "private"
    assert rest["results"][1]["metadata"]["description"] == "What things cost"
    assert rest["pagination"]["has_more"] is False
    assert "next_offset" not in rest["pagination"]


def test_a_search_without_words_browses(me: Owner) -> None:
    found = me.ok("POST", "/datasets/search", json={"categories": ["canonical"]})
    assert {one["full_name"] for one in found["results"]} >= {"ethereum.blocks", "ethereum.wide"}
    assert {one["category"] for one in found["results"]} == {"canonical"}
    schemas = me.ok("POST", "/datasets/search", json={"query": "*", "schemas": ["Ethereum"]})
    assert schemas["total"] == 3
    assert me.ok("POST", "/datasets/search", json={"blockchains": ["ethereum"]})["total"] == 0
    assert me.ok("POST", "/datasets/search")["total"] >= 3


@pytest.mark.parametrize(
    "body",
    [
        {"categories": ["x"]},
        {"owner_scope": "x"},
        {"dataset_types": ["x"]},
        {"limit": "x"},
        {"query": 5},
        [],
    ],
)
def test_a_search_of_wrong_words_is_400(me: Owner, body: object) -> None:
    me.refused(400, "POST", "/datasets/search", json=body)


def test_a_search_by_contract_finds_nothing(me: Owner) -> None:
    assert me.ok("POST", "/datasets/search-by-contract", json={"contract_address": "0xabc"}) == {
        "total": 0,
        "results": [],
        "pagination": {"limit": 20, "offset": 0, "has_more": False},
    }
    me.refused(400, "POST", "/datasets/search-by-contract", json={})
    me.refused(400, "POST", "/datasets/search-by-contract", json={"contract_address": " "})
