"""Keys of one's own handle: shown once, revoked at once."""

from __future__ import annotations

from tests.api.conftest import Client
from tests.api.whole.owner import Owner


def test_a_key_is_shown_once_and_works(me: Owner) -> None:
    made = me.ok("POST", "/keys", json={"name": "laptop", "scope": "read"})

    assert made["key"].startswith("qk_")
    assert made["prefix"] == made["key"][:6]
    assert (made["name"], made["scope"], made["current"]) == ("laptop", "read", False)
    assert "last_used_at" not in made
    who = Client(me.app, made["key"]).get("/api/whoami").json()
    assert who["handle"] == me.handle

    listed = {key["id"]: key for key in me.ok("GET", "/keys")["keys"]}
    assert len(listed) == 2
    assert "key" not in listed[made["id"]]
    assert [key["current"] for key in listed.values()] == [True, False]
    assert "last_used_at" in listed[made["id"]]


def test_a_revoked_key_is_refused_by_the_next_request(me: Owner) -> None:
    made = me.ok("POST", "/keys", json={"scope": "write"})
    client = Client(me.app, made["key"])
    assert client.get("/api/whoami").status_code == 200

    assert me.ok("DELETE", f"/keys/{made['id']}") == {"message": "ok"}

    assert client.get("/api/whoami").status_code == 401
    assert me.refused(404, "DELETE", f"/keys/{made['id']}") == "Object not found"


def test_the_last_write_key_stays(me: Owner) -> None:
    """Whoever revokes it could not make another."""
    (key,) = me.ok("GET", "/keys")["keys"]

    assert "last write key" in me.refused(409, "DELETE", f"/keys/{key['id']}")

    me.ok("POST", "/keys", json={"scope": "write"})
    me.ok("DELETE", f"/keys/{key['id']}")


def test_anothers_keys_do_not_exist(me: Owner, other: Owner) -> None:
    (key,) = other.ok("GET", "/keys")["keys"]

    me.refused(404, "DELETE", f"/keys/{key['id']}")
    me.refused(404, "DELETE", "/keys/nonsense")
    assert other.get("/api/whoami").status_code == 200


def test_what_is_no_key_is_refused(me: Owner) -> None:
    long = {"scope": "write", "name": "x" * 201}
    bodies: list[object] = [{}, {"scope": "admin"}, long, {"scope": 1}, []]
    for body in bodies:
        me.refused(400, "POST", "/keys", json=body)
    assert len(me.ok("GET", "/keys")["keys"]) == 1


def test_a_key_that_may_only_read_makes_and_revokes_none(me: Owner) -> None:
    reader = me.reading()
    reader.refused(403, "POST", "/keys", json={"scope": "write"})
    reader.refused(403, "DELETE", "/keys/x")
    assert len(reader.ok("GET", "/keys")["keys"]) == 2
