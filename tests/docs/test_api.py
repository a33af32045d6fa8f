"""docs/api.md and the pages below docs/api name every error and every route."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from qanat import errors
from qanat.api import ROUTES
from qanat.api.errors import PASSING, STATUS
from qanat.model.state import FailureKind
from qanat.store.database import StoreUnavailableError
from tests.docs.pages import DOCS, read, table

PAGE = read(DOCS / "api.md")
PAGES = "\n".join(read(path) for path in [*DOCS.glob("api*.md"), *(DOCS / "api").glob("*.md")])

_METHODS = "GET|POST|PUT|PATCH|DELETE"
_WRITTEN = re.compile(rf"(?<![A-Za-z])({_METHODS}) (/[^\s`?)]*)")


def bare(path: str) -> str:
    """Return a path without `/api/v1` and without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path.removeprefix("/api/v1")) or "/"


def served() -> Iterator[tuple[str, str]]:
    """Yield the method and the path of every route."""
    for route in ROUTES:
        for path in route.paths:
            for method in route.http_methods:
                if method != "OPTIONS":
                    yield str(method), bare(path)


def test_every_error_is_documented_with_its_status() -> None:
    """A subclass answers as its nearest ancestor, what is not in the table of statuses as 500."""
    raised = {
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.QanatError)
    } | {StoreUnavailableError}
    rows = {name.strip("`"): status for name, status, _ in table(PAGE, "error")}

    assert set(rows) == {kind.__name__ for kind in raised}
    for kind in raised:
        known = next((STATUS[base] for base in kind.__mro__ if base in STATUS), None)
        status = rows[kind.__name__]
        if known is not None:
            assert status == str(known), kind
        elif issubclass(kind, PASSING):
            assert status == "503", kind
        else:
            assert status in ("–", "500"), kind  # noqa: RUF001  # the page's dash


def test_every_kind_of_failure_is_documented() -> None:
    rows = [row[0].strip("`") for row in table(PAGE, "`error.type` of a failed execution")]

    assert sorted(rows) == sorted(kind.value for kind in FailureKind)


def test_every_route_is_documented() -> None:
    written = {(method, bare(path)) for method, path in _WRITTEN.findall(PAGES)}

    missing = sorted(set(served()) - written)
    assert missing == []


def test_no_page_of_the_api_names_a_route_that_is_not_there() -> None:
    """Routes that are planned are named in prose, or not at all."""
    known = set(served()) | {("GET", "/api/openapi.json")}
    written = {(method, bare(path.rstrip("/,.;:"))) for method, path in _WRITTEN.findall(PAGE)}

    assert sorted(written - known) == []
