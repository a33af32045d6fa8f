"""Stars over HTTP: given, told, listed, taken off."""

from __future__ import annotations

import pytest

from qanat.store import stars
from tests.api.whole.owner import Owner
from tests.api.whole.waiting import save


def _board(who: Owner, name: str = "Numbers") -> int:
    return int(who.ok("POST", "/dashboards", json={"name": name})["dashboard_id"])


def _listed(who: Owner, asked: str = "") -> tuple[list[int], list[int]]:
    queries = who.ok("GET", f"/queries?{asked}")["queries"]
    boards = who.ok("GET", f"/dashboards?{asked}")["dashboards"]
    return [one["id"] for one in queries], [one["dashboard_id"] for one in boards]


def test_a_star_is_given_told_and_taken_off(me: Owner) -> None:
    assert me.ok("GET", "/stars") == {"queries": [], "dashboards": []}
    query, board = save(me, "SELECT 1 AS a"), _board(me)
    other_query = save(me, "SELECT 2 AS a")
    for path in (f"/stars/query/{query}", f"/stars/dashboard/{board}"):
        for _ in range(2):
            assert me.ok("PUT", path) == {"ok": True}
    assert me.ok("GET", "/stars") == {"queries": [query], "dashboards": [board]}
    assert _listed(me, "starred=true") == ([query], [board])
    assert _listed(me, "starred=no")[0] == [other_query, query]
    for path in (f"/stars/query/{query}", f"/stars/dashboard/{board}"):
        for _ in range(2):
            assert me.ok("DELETE", path) == {"ok": True}
    assert me.ok("GET", "/stars") == {"queries": [], "dashboards": []}
    assert _listed(me, "starred=1") == ([], [])


def test_nobody_sees_the_stars_of_another(me: Owner, other: Owner) -> None:
    """Another owner's list is as it was, and what the star is on tells nothing of it."""
    query = save(me, "SELECT 1 AS a")
    before = me.ok("GET", f"/query/{query}")
    other.ok("PUT", f"/stars/query/{query}")
    assert me.ok("GET", "/stars") == {"queries": [], "dashboards": []}
    assert me.ok("GET", f"/query/{query}") == before
    assert _listed(other, "starred=true") == ([query], [])
    assert _listed(other)[0] == []


def test_a_reading_key_sees_the_stars_and_gives_none(me: Owner) -> None:
    query = save(me, "SELECT 1 AS a")
    me.ok("PUT", f"/stars/query/{query}")
    reader = me.reading()
    assert reader.ok("GET", "/stars")["queries"] == [query]
    for method in ("PUT", "DELETE"):
        assert "only read" in reader.refused(403, method, f"/stars/query/{query}")
    assert me.ok("GET", "/stars")["queries"] == [query]


def test_one_star_too_many_is_refused_with_a_way_out(
    me: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stars, "PER_OWNER", 1)
    query, board = save(me, "SELECT 1 AS a"), _board(me)
    me.ok("PUT", f"/stars/query/{query}")
    said = me.refused(400, "PUT", f"/stars/dashboard/{board}")
    assert said == "an owner has at most 1 stars: take one off before giving another"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("path", ["query/x", "dashboard/1.5", "query/%00", "dashboard/-"])
def test_what_is_no_number_is_refused(me: Owner, method: str, path: str) -> None:
    assert "is not a number" in me.refused(400, method, f"/stars/{path}")


@pytest.mark.parametrize("path", ["query/0", f"query/{2**60}", "dashboard/0", "view/1", "query"])
def test_there_are_stars_for_what_can_exist_only(me: Owner, path: str) -> None:
    me.refused(404, "PUT", f"/stars/{path}")
