"""Visualizations over HTTP."""

from __future__ import annotations

import pytest

from tests.api.whole.owner import Owner

CHART = {"name": "Volume", "type": "chart", "description": "By day", "options": {"x": ["day"]}}


def query(who: Owner, **more: object) -> int:
    body = {"name": "Q", "query_sql": "SELECT 1 AS n", **more}
    return int(who.ok("POST", "/query", json=body)["query_id"])


def test_a_visualization_lives_from_post_to_delete(me: Owner) -> None:
    id_ = query(me)
    made = me.ok("POST", f"/queries/{id_}/visualizations", json={**CHART, "query_id": id_})
    assert list(made) == ["id"]

    shown = me.ok("GET", f"/visualizations/{made['id']}")
    assert {key: shown[key] for key in CHART} == CHART
    assert (shown["id"], shown["query_id"]) == (made["id"], id_)
    assert shown["created_at"].endswith("Z")

    new = {"name": "Share", "type": "table", "description": "", "options": {}}
    assert me.ok("PUT", f"/visualizations/{made['id']}", json=new) == made
    assert me.ok("GET", f"/visualizations/{made['id']}")["name"] == "Share"

    listed = me.ok("GET", f"/queries/{id_}/visualizations")
    assert listed["total_count"] == 1
    assert listed["results"][0]["name"] == "Share"
    assert listed["results"][0]["options"] == {}

    assert me.ok("DELETE", f"/visualizations/{made['id']}") == {"ok": True}
    assert me.ok("GET", f"/queries/{id_}/visualizations") == {"results": [], "total_count": 0}
    me.refused(404, "GET", f"/visualizations/{made['id']}")


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 301},
        {"type": "hologram"},
        {"description": "x" * 1_001},
        {"options": []},
        {"options": {"x": "y" * 200_001}},
        {"name": 5},
    ],
)
def test_what_cannot_be_a_visualization_is_400_and_makes_none(
    me: Owner, change: dict[str, object]
) -> None:
    id_ = query(me)
    me.refused(400, "POST", f"/queries/{id_}/visualizations", json={**CHART, **change})
    assert me.ok("GET", f"/queries/{id_}/visualizations")["total_count"] == 0


def test_description_and_options_may_be_left_out(me: Owner) -> None:
    id_ = query(me)
    made = me.ok("POST", f"/queries/{id_}/visualizations", json={"name": "N", "type": "counter"})
    shown = me.ok("GET", f"/visualizations/{made['id']}")
    assert (shown["description"], shown["options"]) == ("", {})


def test_privacy_follows_the_query(me: Owner, other: Owner) -> None:
    public, private = query(me), query(me, is_private=True)
    shown = me.ok("POST", f"/queries/{public}/visualizations", json=CHART)["id"]
    hidden = me.ok("POST", f"/queries/{private}/visualizations", json=CHART)["id"]

    assert other.ok("GET", f"/visualizations/{shown}")["id"] == shown
    other.refused(403, "PUT", f"/visualizations/{shown}", json=CHART)
    other.refused(403, "DELETE", f"/visualizations/{shown}")
    other.refused(403, "POST", f"/queries/{public}/visualizations", json=CHART)
    for method, path in (
        ("GET", f"/visualizations/{hidden}"),
        ("DELETE", f"/visualizations/{hidden}"),
        ("GET", f"/queries/{private}/visualizations"),
    ):
        other.refused(404, method, path)
    me.reading().refused(403, "DELETE", f"/visualizations/{shown}")
    assert me.reading().ok("GET", f"/visualizations/{shown}")["id"] == shown


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/visualizations/0", 404),
        ("/visualizations/99999999999999999999999", 404),
        ("/visualizations/x", 400),
        ("/queries/x/visualizations", 400),
        ("/queries/0/visualizations", 404),
    ],
)
def test_ids_that_are_none_are_told_apart(me: Owner, path: str, status: int) -> None:
    me.refused(status, "GET", path)
