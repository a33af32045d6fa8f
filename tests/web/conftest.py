"""A browser on a real server; whatever a page does that it must not, fails the test that did it."""

from __future__ import annotations

import os
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.server import ServerProcess
from tests.web.pages import LARGE, WITHIN_MS, Pages, Size, Theme

ROOT: Final = Path(__file__).parent.parent.parent
BUILT: Final = ROOT / "src" / "qanat" / "web" / "index.html"
CHROMIUM: Final = "/usr/bin/chromium"  #: Debian's; Playwright's own builds cannot be fetched here
ROWS: Final = 20_000


@pytest.fixture(scope="session")
def built() -> Path:
    """The built application; built now if a source is newer than it."""
    sources = [path for path in (ROOT / "ui" / "src").rglob("*") if path.is_file()]
    newest = max(path.stat().st_mtime for path in [*sources, ROOT / "ui" / "package-lock.json"])
    if not BUILT.exists() or BUILT.stat().st_mtime < newest:
        runpy.run_path(str(ROOT / "hatch_build.py"), run_name="__main__")
    return BUILT.parent


@pytest.fixture(scope="module")
def server(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with one source, three views above it, and a query that reads them."""
    assert built.exists()
    place = tmp_path_factory.mktemp("web")
    data_dir = place / "data"
    data_dir.mkdir()
    rows = "".join(
        f"{number},2026-11-{1 + number % 28:02d},{number % 7},{number * 0.5}\n"
        for number in range(ROWS)
    )
    (place / "blocks.csv").write_text("number,day,kind,fee\n" + rows, encoding="utf-8")
    (data_dir / "qanat.toml").write_text(
        f'[sources."chain.blocks"]\npath = "{place / "blocks.csv"}"\ndescription = "Blocks"\n',
        encoding="utf-8",
    )
    with ServerProcess(data_dir) as running:
        running.view(
            "result_days", "SELECT day, kind, sum(fee) AS fee FROM chain.blocks GROUP BY 1, 2"
        )
        running.view("result_kinds", "SELECT kind, count(*) AS n FROM chain.blocks GROUP BY 1")
        running.view(
            "result_both",
            "SELECT d.day, d.kind, d.fee, k.n FROM dune.me.result_days d "
            "JOIN dune.me.result_kinds k ON k.kind = d.kind",
        )
        running.save(
            "SELECT day, sum(fee) AS fee FROM dune.me.result_both GROUP BY 1", "Fees by day"
        )
        yield running


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers; its event loop must not outlive the pages of one file."""
    expect.set_options(timeout=WITHIN_MS)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    assert Path(CHROMIUM).exists(), "apt-get install -y --no-install-recommends chromium"
    made = playwright.chromium.launch(
        executable_path=CHROMIUM, args=["--disable-dev-shm-usage", "--disable-gpu"]
    )
    yield made
    made.close()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures for people go; QANAT_SHOTS keeps them."""
    place = Path(os.environ.get("QANAT_SHOTS") or tmp_path_factory.mktemp("shots"))
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture
def theme() -> Theme:
    """Light, unless a test is marked to run in both."""
    return "light"


@pytest.fixture
def size() -> Size:
    """A desk's screen, unless a test is marked to run on a phone's too."""
    return LARGE


@pytest.fixture
def pages(
    browser: Browser, server: ServerProcess, shots: Path, theme: Theme, size: Size
) -> Iterator[Pages]:
    """Opens pages as a signed-in person; what any of them did wrong is said at the end."""
    made = Pages(browser, server, shots, theme, size)
    yield made
    made.close()
