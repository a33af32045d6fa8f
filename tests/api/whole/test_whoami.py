"""Who asks, and whose relations there are."""

from __future__ import annotations

from qanat.names import is_ulid
from tests.api.whole.owner import Owner


def test_whoami_names_the_owner_and_the_key(me: Owner) -> None:
    answer = me.get("/api/whoami").json()

    assert list(answer) == ["customer_id", "handle", "api_key_id", "created_by"]
    assert answer["handle"] == me.handle
    assert answer["customer_id"] == f"user_{answer['created_by']}"
    assert is_ulid(answer["api_key_id"])
    assert isinstance(answer["created_by"], int)


def test_namespaces_begin_with_the_callers_own(me: Owner, other: Owner) -> None:
    for table, is_private in (("open", False), ("secret", True)):
        other.ok(
            "POST",
            "/uploads",
            json={
                "namespace": other.handle,
                "table_name": table,
                "schema": [{"name": "a", "type": "date"}],
                "is_private": is_private,
            },
        )

    found = me.ok("GET", "/namespaces")["namespaces"]

    assert found[0] == {
        "handle": me.handle,
        "own": True,
        "queries": 0,
        "views": 0,
        "uploads": 0,
        "size_bytes": 0,
    }
    theirs = next(one for one in found if one["handle"] == other.handle)
    assert (theirs["own"], theirs["uploads"]) == (False, 1)
