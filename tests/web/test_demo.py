"""The demo in the browser, and the two pictures of it in the README.

`QANAT_PICTURES=docs/pictures .venv/bin/pytest tests/web/test_demo.py -n0` takes them anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import expect

from tests.server import ServerProcess
from tests.web.line import Line
from tests.web.pages import Pages

ROOT: Final = Path(__file__).parent.parent.parent
MOST_BYTES: Final = 200_000  #: of a picture in the README


class Demo(ServerProcess):
    """The server of a demo that was made and has ended."""

    made: dict[str, Any]  #: what the demo printed


@pytest.fixture(scope="module")
def demo(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A server on what `qanat demo` makes."""
    assert built.exists()
    place = tmp_path_factory.mktemp("demo") / "data"
    printed = subprocess.run(
        [sys.executable, "-m", "qanat", "demo", "--once", "--json", "--data-dir", str(place)],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    ).stdout
    server = Demo(place)
    server.made = json.loads(printed)
    server.key = server.made["key"]
    server.http.headers["X-Dune-Api-Key"] = server.key
    with server:
        yield server


def keep(pages: Pages, name: str) -> None:
    """Copy a picture to the README's, if that is asked for."""
    taken = pages.shots / f"{name}-light.png"
    assert taken.stat().st_size < MOST_BYTES
    if place := os.environ.get("QANAT_PICTURES"):
        (ROOT / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(taken, ROOT / place / f"{name.removeprefix('demo-')}.png")


def test_a_run_of_the_demo_is_seen_while_it_is_alive(pages: Pages, demo: Demo) -> None:
    """Its stream is held after some events, so that the picture is of the same moment each time."""
    pages.allowed = ("ERR_INCOMPLETE_CHUNKED_ENCODING",)
    pages.at(demo)
    with Line(demo.port) as line:
        pages.url = line.url
        line.cuts = [9]
        line.go.clear()
        page = pages.open(f"/pipelines/{demo.made['query_id']}")
        expect(page.locator("[data-node]")).to_have_count(11)
        page.keyboard.press("Control+Enter")
        expect(page).to_have_url(re.compile(r"/runs/[0-9A-Z]{26}"))
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        expect(page.locator("[data-node][data-state=executing]").first).to_be_visible()
        expect(page.locator("[data-node][data-state=completed]").nth(2)).to_be_visible()
        pages.picture(page, "demo-run", is_running=True)
        line.go.set()
        expect(page.get_by_text(re.compile("published .* 8 views moved")).first).to_be_visible()
        page.context.close()
    keep(pages, "demo-run")


def test_the_dashboard_of_the_demo_shows_one_run(pages: Pages, demo: Demo) -> None:
    pages.at(demo)
    page = pages.open(re.sub(r"^https?://[^/]+", "", demo.made["dashboard_url"]))
    shown = page.locator("header a[href^='/runs/']")
    before = shown.inner_text()
    page.get_by_role("button", name="Refresh").click()
    expect(shown).not_to_have_text(before)
    expect(page.get_by_role("button", name="Refresh")).to_be_enabled()
    expect(page.get_by_text("Refreshing")).to_have_count(0)
    expect(page.locator("main section canvas")).to_have_count(3)
    pages.picture(page, "demo-dashboard")
    assert pages.findings(page) == []
    keep(pages, "demo-dashboard")
