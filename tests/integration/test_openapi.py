"""The OpenAPI document and the routes that run say the same."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from qanat.api import ROUTES
from qanat.config import Settings
from qanat.wiring import build
from tests.api.conftest import Client
from tests.api.whole.owner import Owner

METHODS: Final = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def me(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """An owner of a whole server."""
    with build(Settings(data_dir=tmp_path_factory.mktemp("document"))) as server:
        yield Owner(server, "me")


@pytest.fixture(scope="module")
def document(me: Owner) -> dict[str, Any]:
    """The document as it is served; nobody needs a key to read it."""
    answer = Client(me.app, None).get("/api/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def _resolved(document: dict[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    return schema


def _nowhere(path: str) -> str:
    """Return a path whose parameters name nothing."""
    return re.sub(r"\{\w+\}", "1", path)


def test_paths_and_methods_are_those_that_run(document: dict[str, Any]) -> None:
    served = {
        (str(method).lower(), re.sub(r":\w+\}", "}", path))
        for route in ROUTES
        for path in route.paths
        for method in route.http_methods
        if method != "OPTIONS"
    }
    assert {(method, path) for method, path, _ in _operations(document)} == served


def test_a_method_that_is_not_in_the_document_is_not_allowed(
    me: Owner, document: dict[str, Any]
) -> None:
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                continue
            answer = me.request(method.upper(), _nowhere(path))
            # A parameter may stand where another path has a word: /uploads/csv, /uploads/{a}/{b}.
            assert answer.status_code in (404, 405), f"{method} {path}: {answer.status_code}"
            assert list(answer.json()) == ["error"]


def test_parameters_of_a_path_are_all_declared(document: dict[str, Any]) -> None:
    for method, path, operation in _operations(document):
        declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path)), f"{method} {path}"


def test_every_refusal_has_one_shape(document: dict[str, Any]) -> None:
    for method, path, operation in _operations(document):
        for status, answer in operation["responses"].items():
            if status == "200":
                continue
            (shape,) = answer["content"].values()
            schema = _resolved(document, shape["schema"])
            assert schema["required"] == ["error"], f"{method} {path} {status}"
            assert list(schema["properties"]) == ["error"]
            assert schema["properties"]["error"]["type"] == "string"


def test_a_body_without_a_required_field_is_refused(me: Owner, document: dict[str, Any]) -> None:
    """The example without one field; whatever the path names is looked at later."""
    asked = 0
    for method, path, operation in _operations(document):
        body = operation.get("requestBody")
        if not body or "application/json" not in body["content"]:
            continue
        shape = body["content"]["application/json"]
        required = _resolved(document, shape["schema"]).get("required", ())
        assert set(required) <= set(shape.get("example", required)), f"{method} {path}"
        for field in required:
            kept = copy.deepcopy(dict(shape.get("example", {})))
            kept.pop(field, None)
            answer = me.request(method.upper(), _nowhere(path), json=kept)
            about = f"{method} {path} without {field}: {answer.status_code} {answer.text}"
            assert answer.status_code == 400, about
            assert list(answer.json()) == ["error"], about
            asked += 1
    assert asked > 10


def test_a_required_body_is_missed_and_another_is_not(me: Owner, document: dict[str, Any]) -> None:
    for method, path, operation in _operations(document):
        body = operation.get("requestBody")
        if not body or "application/json" not in body["content"]:
            continue
        required = _resolved(document, body["content"]["application/json"]["schema"])
        empty = me.request(method.upper(), _nowhere(path), json={})
        none = me.request(method.upper(), _nowhere(path))
        assert empty.status_code == none.status_code, f"{method} {path}: {none.text}"
        if required.get("required"):
            assert none.status_code == 400, f"{method} {path}: {none.text}"


def test_malformed_json_is_refused_wherever_a_body_is_read(
    me: Owner, document: dict[str, Any]
) -> None:
    for method, path, operation in _operations(document):
        body = operation.get("requestBody")
        if not body or "application/json" not in body["content"]:
            continue
        for content in (b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":"\\ud800"}', b"nul\x00l", b"3"):
            answer = me.request(method.upper(), _nowhere(path), content=content)
            about = f"{method} {path} {content[:20]!r}: {answer.status_code} {answer.text[:200]}"
            assert answer.status_code == 400, about
            assert list(answer.json()) == ["error"], about
