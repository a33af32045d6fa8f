"""Every page, in both themes: no serious finding of axe, and a picture for people to look at."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.server import ServerProcess
from tests.web.pages import BOTH_THEMES, PHONE, Pages

PAGES = {
    "home": "/",
    "queries": "/queries",
    "query": "/queries/4",
    "new-query": "/queries/new",
    "history": "/queries/4?tab=history",
    "lineage": "/queries/4?tab=lineage",
    "view": "/queries/4?tab=view",
    "pipelines": "/pipelines",
    "pipeline": "/pipelines/4",
    "plan": "/pipelines/4?mode=plan&node=1",
    "runs": "/runs",
    "dashboards": "/dashboards",
    "catalog": "/catalog",
    "table": "/catalog/chain.blocks",
    "sample": "/catalog/chain.blocks?tab=sample",
    "keys": "/settings/keys",
    "usage": "/settings/usage",
    "namespaces": "/settings/namespaces",
    "appearance": "/settings/appearance",
    "nowhere": "/nothing/here",
}


@pytest.fixture(scope="module")
def run(server: ServerProcess) -> str:
    """A run that completed."""
    started = server.start_pipeline(4)
    assert server.wait_run(started)["status"] == "completed"
    return started


@BOTH_THEMES
def test_no_page_has_a_serious_finding(pages: Pages, run: str) -> None:
    """One browser for all pages: signing in again for each would be most of the time."""
    page = pages.open()
    found = {}
    for name, path in (PAGES | {f"run-{v}": f"/runs/{run}?view={v}&node=1" for v in VIEWS}).items():
        page.goto(pages.server.url + path)
        expect(page.locator("main h1, main h2").first).to_be_attached()
        pages.picture(page, name)
        if findings := pages.findings(page):
            found[name] = findings
    assert not found, "\n".join(f"{name}: {one}" for name, all_ in found.items() for one in all_)


VIEWS = ("graph", "timeline", "nodes")


@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
@pytest.mark.parametrize("path", ["/", "/queries/4"])
def test_a_phone_shows_the_page_without_scrolling_sideways(pages: Pages, path: str) -> None:
    page = pages.open(path)
    pages.picture(page, f"phone{path.replace('/', '-')}")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE[0]
