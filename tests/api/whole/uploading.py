"""Uploaded tables as these tests make, fill and read them."""

from __future__ import annotations

from qanat.wiring import Server
from tests.api.whole.owner import Owner

SCHEMA = [
    {"name": "day", "type": "date"},
    {"name": "price", "type": "double", "nullable": False},
    {"name": "raw", "type": "varbinary"},
    {"name": "big", "type": "uint256"},
]
CSV = {"Content-Type": "text/csv"}
NDJSON = {"Content-Type": "application/x-ndjson"}


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
