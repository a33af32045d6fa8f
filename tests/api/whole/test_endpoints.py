"""Custom endpoints over HTTP: named, read, moved, forgotten (contract section 5)."""

from __future__ import annotations

import pytest

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import run_query, save

ROWS = "SELECT n FROM UNNEST(sequence(1, {{count}})) AS u(n)"
COUNT = [{"key": "count", "type": "number", "value": "3"}]


def _results(who: Owner, owner: Owner, slug: str, asked: str = "") -> list[dict[str, int]]:
    path = f"/endpoints/{owner.handle}/{slug}/results{asked}"
    return list(who.ok("GET", path)["result"]["rows"])


def test_an_endpoint_gives_the_latest_result_of_its_query(me: Owner, other: Owner) -> None:
    query = save(me, ROWS, name="numbers", parameters=COUNT)
    made = me.ok("PUT", "/endpoints/numbers", json={"query_id": query})
    assert (made["handle"], made["slug"], made["query_id"]) == (me.handle, "numbers", query)
    assert made["name"] == "numbers"
    path = f"/api/v1/endpoints/{me.handle}/numbers/results"
    assert made["url"] == f"http://qanat.test{path}"
    none = me.get(path)
    assert (none.status_code, none.json()) == (
        404,
        {
            "error": "not found: No execution found for the latest version of the given query",
        },
    )
    run_query(me, query)
    assert _results(other, me, "numbers") == [{"n": 1}, {"n": 2}, {"n": 3}]
    run_query(me, query, count=5)
    assert len(_results(other, me, "numbers")) == 5


def test_an_endpoint_takes_the_options_of_results(me: Owner) -> None:
    """Also those that only mean something to the client that sends them."""
    query = save(me, ROWS, parameters=COUNT)
    for count in (40, 7):
        run_query(me, query, count=count)
    me.ok("PUT", "/endpoints/numbers", json={"query_id": query})
    asked = f"?limit=2&sort_by=n desc&columns=n&handle={me.handle}&slug=numbers"
    path = f"/endpoints/{me.handle}/numbers/results{asked}"
    page = me.ok("GET", path)
    assert page["result"]["rows"] == [{"n": 7}, {"n": 6}]
    assert f"/api/v1/execution/{page['execution_id']}/results?" in page["next_uri"]
    assert len(_results(me, me, "numbers", "?params.count=40")) == 40
    assert me.get(f"/api/v1/endpoints/{me.handle}/numbers/results?limit=x").status_code == 400


def test_a_name_moves_to_another_query_and_goes(me: Owner) -> None:
    first, second = save(me, "SELECT 1 AS a"), save(me, "SELECT 2 AS a")
    for query in (first, second):
        run_query(me, query)
        me.ok("PUT", "/endpoints/one", json={"query_id": query})
    assert _results(me, me, "one") == [{"a": 2}]
    listed = me.ok("GET", "/endpoints")
    assert [(one["slug"], one["query_id"]) for one in listed["endpoints"]] == [("one", second)]
    assert listed["total"] == 1
    assert me.ok("DELETE", "/endpoints/one") == {"message": "ok"}
    assert me.ok("GET", "/endpoints") == {"endpoints": [], "total": 0}
    gone = me.get(f"/api/v1/endpoints/{me.handle}/one/results")
    assert gone.status_code == 404
    assert gone.json() == {"error": f"not found: no custom endpoint {me.handle}/one"}


def test_hiding_a_query_hides_its_endpoint_from_others(me: Owner, other: Owner) -> None:
    query = save(me, "SELECT 1 AS a")
    run_query(me, query)
    me.ok("PUT", "/endpoints/one", json={"query_id": query})
    path = f"/api/v1/endpoints/{me.handle}/one/results"
    assert other.get(path).status_code == 200
    me.ok("POST", f"/query/{query}/private")
    assert other.get(path).json() == {"error": f"not found: no custom endpoint {me.handle}/one"}
    assert me.get(path).status_code == 200


@pytest.mark.parametrize("slug", ["Upper", "a--b", "-a", "a_b", "%C3%A9", "a%00b", "a" * 101])
def test_a_name_is_lower_case_words_with_hyphens(me: Owner, slug: str) -> None:
    query = save(me, "SELECT 1 AS a")
    for method, body in (("PUT", {"query_id": query}), ("DELETE", {})):
        answer = me.request(method, f"/api/v1/endpoints/{slug}", json=body)
        assert answer.status_code == 400, answer.text
    assert me.get(f"/api/v1/endpoints/{me.handle}/{slug}/results").status_code in (400, 404)


@pytest.mark.parametrize("body", [{}, {"query_id": "1"}, {"query_id": None}, {"query_id": 1.5}, []])
def test_a_body_without_a_query_is_refused(me: Owner, body: object) -> None:
    answer = me.request("PUT", "/api/v1/endpoints/one", json=body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
