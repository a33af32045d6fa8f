"""The page and its files, as a browser gets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, Request, Response
from litestar.testing import TestClient

from qanat.api import web
from qanat.errors import NotFoundError

INDEX = '<meta property="csp-nonce" nonce="QANAT_NONCE"><script nonce="QANAT_NONCE"></script>'


def not_found(_request: Request[Any, Any, Any], error: NotFoundError) -> Response[object]:
    return Response({"error": str(error)}, status_code=404)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(web, "FOLDER", tmp_path)
    web._app.cache_clear()
    yield tmp_path
    web._app.cache_clear()


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient[Litestar]]:
    app = Litestar(
        web.WEB_ROUTES, exception_handlers={NotFoundError: not_found}, openapi_config=None
    )
    with TestClient(app) as client:
        yield client


def build(folder: Path) -> None:
    (folder / "index.html").write_text(INDEX, encoding="utf-8")
    (folder / "assets").mkdir()
    (folder / "assets" / "main-abc.js").write_text("let a = 1;\n" * 100, encoding="utf-8")
    (folder / "assets" / "font-abc.woff2").write_bytes(b"wOF2")
    (folder / ".vite").mkdir()
    (folder / ".vite" / "manifest.json").write_text("{}", encoding="utf-8")


def test_every_address_of_the_application_is_the_page(
    folder: Path, client: TestClient[Litestar]
) -> None:
    build(folder)
    for path in ("/", "/runs", "/runs/01JD8K3N5Q8R7T2V4W6X8Y0Z1A?view=nodes", "/d/me/dex"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"


def test_each_page_has_a_nonce_of_its_own_in_policy_and_markup(
    folder: Path, client: TestClient[Litestar]
) -> None:
    build(folder)
    nonces = set()
    for _ in range(3):
        answer = client.get("/")
        policy = answer.headers["content-security-policy"]
        nonce = policy.split("'nonce-")[1].split("'")[0]
        assert answer.text.count(f'nonce="{nonce}"') == 2
        assert web.NONCE not in answer.text
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        nonces.add(nonce)
    assert len(nonces) == 3


def test_hashed_files_are_kept_for_a_year_and_sent_compressed(
    folder: Path, client: TestClient[Litestar]
) -> None:
    build(folder)
    script = client.get("/assets/main-abc.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-encoding"] == "gzip"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.text.startswith("let a = 1;")
    plain = client.get("/assets/main-abc.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert client.get("/assets/font-abc.woff2").headers["content-type"] == "font/woff2"


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "/api",
        "/assets/gone.js",
        "/assets/../index.html",
        "/assets/%2e%2e/%2e%2e/errors.py",
        "/assets/..%2f..%2ferrors.py",
    ],
)
def test_the_api_and_files_that_are_not_there_are_never_the_page(
    folder: Path, client: TestClient[Litestar], path: str
) -> None:
    build(folder)
    answer = client.get(path)
    assert "csp-nonce" not in answer.text or answer.url.path == "/index.html"
    assert "QanatError" not in answer.text


def test_what_the_build_keeps_for_itself_is_not_served(
    folder: Path, client: TestClient[Litestar]
) -> None:
    build(folder)
    assert "csp-nonce" in client.get("/.vite/manifest.json").text


def test_without_a_build_the_page_says_where_the_api_is(client: TestClient[Litestar]) -> None:
    answer = client.get("/runs")
    assert answer.status_code == 200
    assert "/api/docs" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
