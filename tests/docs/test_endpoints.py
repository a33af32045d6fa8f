"""docs/api/endpoints.md has every route once, and says the truth about what is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from qanat.api import ROUTES
from qanat.api.wire.words import Trigger
from qanat.config import Settings
from qanat.model.records import Cause
from qanat.wiring import build
from tests.api.whole.owner import Owner
from tests.docs.pages import DOCS, read, sections, table

SECTIONS: Final = sections(read(DOCS / "api" / "endpoints.md"))


def _written(section: str) -> list[str]:
    return [row[0].strip("`") for row in table(SECTIONS[section], "endpoint")]


def _shown(path: str) -> str:
    return re.sub(r":\w+\}", "}", path).removeprefix("/api")


def _nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_every_route_stands_on_the_page_once() -> None:
    served = {
        f"{method} {_shown(path)}"
        for route in ROUTES
        for path in route.paths
        for method in map(str, route.http_methods)
        if method != "OPTIONS"
    } | {"GET /openapi.json"}
    assert sorted(_written("As on Dune") + _written("Extensions")) == sorted(served)


def test_every_extension_is_described() -> None:
    """In docs/api/extensions.md, or by its note."""
    page = read(DOCS / "api" / "extensions.md")
    described = {
        f"{method} {_nameless(path)}"
        for method, path in re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/[^\s`?]*)", page)
    }
    missing = [
        endpoint
        for endpoint, note in table(SECTIONS["Extensions"], "endpoint")
        if not note and _nameless(endpoint.strip("`").replace("/v1/", "/")) not in described
    ]
    assert missing == []


def test_what_starts_a_run_is_listed_as_it_is_told() -> None:
    """A client that waits for a word which is never sent waits for ever."""
    page = read(DOCS / "api" / "extensions.md")
    (row,) = re.findall(r"^\| `trigger` \| always \| (.*) \|$", page, re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", row)) == get_args(Trigger)
    (line,) = re.findall(r"`trigger`: (.*)\.$", page, re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", line)) == get_args(Cause)


def test_what_is_not_served_is_not_found(tmp_path: Path) -> None:
    reasons = {row[0]: row[1] for row in table(SECTIONS["Not served"], "endpoint")}
    assert all(reasons.values())
    with build(Settings(data_dir=tmp_path)) as server:
        me = Owner(server, "me")
        for endpoint in _written("Not served"):
            method, path = endpoint.split()
            answer = me.request(method, "/api" + _nameless(path).replace("{}", "1"))
            assert (answer.status_code, list(answer.json())) == (404, ["error"]), endpoint


@pytest.mark.parametrize("section", ["As on Dune", "Extensions"])
def test_no_row_lacks_its_cells(section: str) -> None:
    assert all(len(row) == 2 for row in table(SECTIONS[section], "endpoint"))
