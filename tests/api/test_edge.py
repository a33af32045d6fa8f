"""What holds for every request, whatever it asks."""

from __future__ import annotations

import pytest

from qanat.api.edge import Edge
from tests.api.conftest import Client


@pytest.mark.parametrize(
    "path",
    ["/api/v1/execution/nonsense/status", "/api/v1/no/such/path", "/api/whoami", "/api", "/api/v1"],
)
def test_the_key_is_checked_before_anything_else(nobody: Client, app: Edge, path: str) -> None:
    """A client with a wrong key must read so, whatever else is wrong (contract section 1)."""
    for client in (
        nobody,
        Client(app, "qk_wrong"),
        Client(app, "%C3%A9"),
        Client(app, "x" * 10_000),
    ):
        answer = client.request("GET", path)
        assert answer.status_code == 401
        assert answer.text == '{"error":"invalid API Key"}'
        assert answer.headers["content-type"] == "application/json"


def test_a_key_is_taken_from_the_header_in_any_case_or_from_the_query(
    nobody: Client, client: Client
) -> None:
    assert client.key is not None
    for options in (
        {"headers": {"x-DUNE-api-KEY": client.key}},
        {"params": {"api_key": client.key}},
    ):
        answer = nobody.get("/api/v1/nothing", **options)
        assert answer.status_code == 404
        assert answer.text == '{"error":"not found"}'


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/v1", "/api/openapi.json/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_that_is_not_there_is_404_as_json(
    client: Client, method: str, path: str
) -> None:
    answer = client.request(method, path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.text) == (404, '{"error":"not found"}')
    assert answer.headers["content-type"] == "application/json"


def test_a_wrong_method_is_405_as_json(client: Client) -> None:
    answer = client.request("DELETE", "/api/health")
    assert (answer.status_code, answer.text) == (405, '{"error":"method not allowed"}')
    assert answer.headers["content-type"] == "application/json"


def test_health_needs_no_key(nobody: Client) -> None:
    answer = nobody.get("/api/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers["x-request-id"]) == 16


def test_the_document_and_its_page_are_served_whole(nobody: Client) -> None:
    document = nobody.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    page = nobody.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in document["paths"]:
        assert path in page.text
