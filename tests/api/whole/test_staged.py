"""A file is sent once, looked at, and only then lands; or is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from qanat.wiring import Server
from tests.api.whole.owner import Owner

CSV = "Day,big amount\n2026-01-01,1\n2026-01-02,2\n"


def stage(
    who: Owner, content: str | bytes, kind: str = "csv", name: str = "Prices.csv"
) -> dict[str, Any]:
    answer: dict[str, Any] = who.ok(
        "POST", f"/staged-uploads?format={kind}&file_name={name}", content=content
    )
    return answer


def commit(who: Owner, staged: dict[str, Any], **more: object) -> dict[str, Any]:
    body = {"table_name": "prices", "columns": staged["columns"], **more}
    answer: dict[str, Any] = who.ok(
        "POST", f"/staged-uploads/{staged['staged_id']}/commit", json=body
    )
    return answer


def rows(who: Owner) -> list[dict[str, object]]:
    found: list[dict[str, object]] = who.ok("GET", f"/catalog/dune.{who.handle}.prices/sample")[
        "rows"
    ]
    return found


def lying(server: Server) -> list[str]:
    return [path.name for path in (server.settings.data_dir / "tmp" / "staged").glob("*")]


def test_a_staged_file_shows_its_columns_and_rows_and_is_no_table_yet(
    me: Owner, server: Server
) -> None:
    staged = stage(me, CSV)

    assert staged["columns"] == [
        {"name": "Day", "type": "date"},
        {"name": "big amount", "type": "bigint"},
    ]
    assert staged["rows"] == [
        {"Day": "2026-01-01", "big amount": 1},
        {"Day": "2026-01-02", "big amount": 2},
    ]
    assert (staged["row_count"], staged["size_bytes"]) == (2, len(CSV))
    assert (staged["format"], staged["suggested_name"]) == ("csv", "prices")
    assert staged["expires_at"].endswith("Z")
    assert me.ok("GET", "/uploads")["tables"] == []
    assert staged["staged_id"] in lying(server)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "line 1: this is not CSV text: byte 1"),
        ("city\nUlm\nZürich\n".encode("latin-1"), "line 3: this is not CSV text: byte 2"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place_and_the_way_out(
    me: Owner, server: Server, content: bytes, place: str
) -> None:
    """People choose the wrong file, and spreadsheets save in encodings of their own."""
    before = lying(server)

    error = me.refused(400, "POST", "/staged-uploads?format=csv&file_name=a.csv", content=content)

    assert error == f"{place} is not UTF-8; save it as UTF-8 text"
    assert lying(server) == before


def test_columns_are_renamed_and_retyped_as_they_land(me: Owner, server: Server) -> None:
    staged = stage(me, CSV)
    columns = [{"name": "day", "type": "varchar"}, {"name": "amount", "type": "uint256"}]

    landed = commit(me, staged, columns=columns, description="Prices", is_private=True)

    name = f"dune.{me.handle}.prices"
    assert landed["full_name"] == name
    assert landed["table_name"] == "prices"
    assert landed["row_count"] == 2
    assert landed["example_query"] == f"select * from {name} limit 10"
    assert rows(me) == [{"day": "2026-01-01", "amount": "1"}, {"day": "2026-01-02", "amount": "2"}]
    (table,) = me.ok("GET", "/uploads")["tables"]
    assert table["is_private"] is True
    assert [column["type"] for column in table["columns"]] == ["varchar", "uint256"]
    assert staged["staged_id"] not in lying(server)
    me.refused(404, "POST", f"/staged-uploads/{staged['staged_id']}/commit", json={
        "table_name": "again", "columns": columns,
    })  # fmt: skip


def test_json_lines_and_parquet_are_staged_too(me: Owner, tmp_path: Path) -> None:
    lines = stage(me, '{"n":1,"who":"ann"}\n{"n":2,"who":null}\n', "ndjson", "x.ndjson")
    assert [column["name"] for column in lines["columns"]] == ["n", "who"]
    commit(me, lines)
    assert rows(me) == [{"n": 1, "who": "ann"}, {"n": 2, "who": None}]

    file = tmp_path / "x.parquet"
    parquet.write_table(pa.table({"n": [1.5], "tags": [["a", "b"]]}), file)
    staged = stage(me, file.read_bytes(), "parquet", "x.parquet")
    assert staged["columns"][1]["type"] == "array(varchar)"
    commit(me, staged, replace=True)
    assert rows(me) == [{"n": 1.5, "tags": ["a", "b"]}]


def test_a_name_that_is_taken_is_409_unless_it_may_be_replaced(me: Owner) -> None:
    commit(me, stage(me, CSV))
    staged = stage(me, "a\n1\n")
    body = {"table_name": "prices", "columns": staged["columns"]}

    error = me.refused(409, "POST", f"/staged-uploads/{staged['staged_id']}/commit", json=body)
    assert error == f"Table dune.{me.handle}.prices already exists"
    assert len(rows(me)[0]) == 2

    commit(me, staged, replace=True)
    assert rows(me) == [{"a": 1}]


def test_a_value_that_does_not_fit_its_new_type_is_named_and_the_file_stays(me: Owner) -> None:
    staged = stage(me, "a,b\n1,x\n2,y\n")
    path = f"/staged-uploads/{staged['staged_id']}/commit"
    columns = [{"name": "a", "type": "bigint"}, {"name": "b", "type": "date"}]

    error = me.refused(400, "POST", path, json={"table_name": "prices", "columns": columns})

    assert "line 2" in error
    assert "b" in error
    assert me.ok("GET", "/uploads")["tables"] == []
    assert commit(me, staged)["row_count"] == 2


@pytest.mark.parametrize(
    "change",
    [
        {"table_name": "Not a name"},
        {"columns": []},
        {"columns": [{"name": "a", "type": "bigint"}] * 2},
        {"columns": [{"name": "a b", "type": "bigint"}, {"name": "b", "type": "varchar"}]},
        {"columns": [{"name": "a", "type": "text"}, {"name": "b", "type": "varchar"}]},
        {"columns": [{"name": "a", "type": "bigint"}]},
    ],
)
def test_a_commit_that_does_not_fit_is_400(me: Owner, change: dict[str, object]) -> None:
    staged = stage(me, "a,b\n1,x\n")
    body = {"table_name": "prices", "columns": staged["columns"], **change}
    me.refused(400, "POST", f"/staged-uploads/{staged['staged_id']}/commit", json=body)
    assert me.ok("GET", "/uploads")["tables"] == []


@pytest.mark.parametrize(
    ("content", "kind", "part"),
    [
        (b"a,b\n1\n", "csv", "line 2"),
        (b"", "csv", "header"),
        (b"{\n", "ndjson", "line 1: not JSON: "),
        (b'{"a":1}\nnot json\n', "ndjson", "line 2: not JSON: "),
        (b"nonsense", "parquet", "Parquet"),
        (b"a\n1\n", "xlsx", "format"),
    ],
)
def test_a_file_that_is_not_of_its_format_is_400_and_not_kept(
    me: Owner, server: Server, content: bytes, kind: str, part: str
) -> None:
    before = lying(server)
    path = f"/staged-uploads?format={kind}"
    error = me.refused(400, "POST", path, content=content)
    assert part in error
    assert str(server.settings.data_dir) not in error
    assert lying(server) == before


def test_anothers_staged_file_does_not_exist(me: Owner, other: Owner) -> None:
    staged = stage(me, CSV)
    path = f"/staged-uploads/{staged['staged_id']}"
    body = {"table_name": "prices", "columns": staged["columns"]}

    other.refused(404, "POST", f"{path}/commit", json=body)
    other.refused(404, "DELETE", path)
    me.reading().refused(403, "DELETE", path)

    assert me.ok("DELETE", path) == {"message": "ok"}
    me.refused(404, "DELETE", path)


def test_only_some_files_of_an_owner_are_kept(me: Owner, server: Server) -> None:
    staged = [stage(me, f"a\n{n}\n")["staged_id"] for n in range(12)]

    kept = set(lying(server)) & set(staged)

    assert kept == set(staged[-10:])
    me.refused(404, "DELETE", f"/staged-uploads/{staged[0]}")
