"""The description of the API: valid, complete, and true of what is served."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import validate

from qanat.api import ROUTES
from qanat.api.auth import READ_SCOPE_CHANGES
from qanat.api.edge import OPEN
from qanat.wiring import Server
from tests.api.whole.owner import Owner

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document(server: Server) -> Document:
    return dict(Owner(server, "reader").get("/api/openapi.json").json())


def operations(document: Document) -> list[tuple[str, str, Any]]:
    return [
        (method.upper(), path, operation)
        for path, found in document["paths"].items()
        for method, operation in found.items()
    ]


def test_the_document_is_valid(document: Document) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_route_is_in_it_with_its_errors(document: Document) -> None:
    described = {(method, path) for method, path, _ in operations(document)}
    for route in ROUTES:
        if not route.include_in_schema:
            continue
        served = {(str(method), path) for method in route.http_methods for path in route.paths}
        assert {(method, path.replace(":str", "")) for method, path in served} <= described
    for method, path, operation in operations(document):
        assert operation.get("summary"), path
        answers = operation["responses"]
        assert "200" in answers, path
        for status in ("400", "401", "404"):
            schema = answers[status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}, (method, path)


def test_every_json_answer_and_body_has_an_example(document: Document) -> None:
    for method, path, operation in operations(document):
        content = operation["responses"]["200"].get("content", {})
        if "application/json" in content and path != "/api/openapi.json":
            if "schema" not in content["application/json"]:
                continue
            missing = "example" not in content["application/json"]
            assert not missing or path.endswith("/endpoints/{handle}/{slug}/results"), (
                method,
                path,
            )
        body = operation.get("requestBody", {}).get("content", {})
        for kind, shape in body.items():
            assert "example" in shape, (method, path, kind)


def test_what_is_said_of_scopes_and_open_paths_is_about_real_routes(document: Document) -> None:
    """A table entry that names no route would protect, or open, nothing."""
    described = {(method, path) for method, path, _ in operations(document)}
    later = {
        ("POST", "/api/v1/pipelines/plan"),
        ("POST", "/api/v1/pipelines/executions/{pipeline_execution_id}/resume"),
    }
    assert READ_SCOPE_CHANGES - described <= later
    assert OPEN - described == {("GET", "/api/openapi.json")}
