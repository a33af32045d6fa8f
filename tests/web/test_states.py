"""What pages say when there is nothing, not yet, nothing any more, or very much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.server import ServerProcess
from tests.web.pages import BOTH_THEMES, Pages

LISTS: Final = (
    "/",
    "/queries",
    "/pipelines",
    "/runs",
    "/dashboards",
    "/catalog",
    "/settings/usage",
)


def name_of(path: str) -> str:
    """Return how pictures of a page are called."""
    return path.strip("/").replace("/", "-") or "home"


@pytest.fixture(scope="module")
def empty(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server on which nobody has done anything."""
    assert built.exists()
    with ServerProcess(tmp_path_factory.mktemp("empty") / "data") as running:
        yield running


@BOTH_THEMES
def test_an_empty_page_teaches_with_a_sentence_and_an_action(
    pages: Pages, empty: ServerProcess
) -> None:
    pages.at(empty)
    page = pages.open()
    found = {}
    for path in (*LISTS, "/queries/new"):
        page.goto(pages.url + path)
        expect(page.locator("main h1").first).to_be_attached()
        pages.picture(page, f"empty-{name_of(path)}")
        if path not in ("/settings/usage", "/queries/new"):
            action = page.locator("main").get_by_role("link").or_(page.locator("main button"))
            expect(action.first).to_be_visible()
            expect(page.locator("main")).to_contain_text(re.compile("No |empty"))
        if findings := pages.findings(page):
            found[path] = findings
    assert not found, found


@BOTH_THEMES
def test_a_page_that_waits_shows_where_its_rows_will_be(pages: Pages) -> None:
    """Answers are held back; the frame is there, and lets go of nothing but grey lines."""
    held: list[Route] = []
    page = pages.open()

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("/api/(?!v1/session)"), hold)
    for path in (*LISTS, "/queries/4", "/pipelines/4", "/dashboards/1"):
        page.goto(pages.url + path, wait_until="commit")
        expect(page.get_by_role("navigation", name="Places")).to_be_visible()
        expect(page.get_by_role("status", name="Loading").first).to_be_visible()
        expect(page.locator("main")).not_to_contain_text(re.compile("Nothing is|No run|No .* yet"))
        page.screenshot(path=pages.shots / f"loading-{name_of(path)}-{pages.theme}.png")
    assert held
    for route in held:
        route.abort()
    pages.allowed = ("Failed to load resource", "ERR_")


@BOTH_THEMES
def test_a_page_without_an_answer_says_so_and_offers_to_ask_again(pages: Pages) -> None:
    pages.allowed = ("Failed to load resource",)
    page = pages.open()
    page.route(
        re.compile("/api/v1/(?!session)"),
        lambda route: route.fulfill(
            status=403,
            headers={"X-Request-Id": "01JDEMO"},
            json={"error": "This key may not read that."},
        ),
    )
    found = {}
    for path in (*LISTS, "/queries/4", "/pipelines/4", "/dashboards/1"):
        page.goto(pages.url + path)
        again = page.locator("main").get_by_role("button", name="Try again").first
        expect(again).to_be_visible()
        expect(page.locator("main")).to_contain_text("This key may not read that")
        pages.picture(page, f"failed-{name_of(path)}")
        if findings := pages.findings(page):
            found[path] = findings
    assert not found, found
    page.unroute_all()
    again.click()
    expect(page.locator("main")).not_to_contain_text("This key may not read that")


@pytest.fixture(scope="module")
def thousand(server: ServerProcess) -> str:
    """A run of a thousand nodes in twenty layers; one in its middle is broken."""
    fine = server.save("SELECT 1 AS a", "Cell")
    broken = server.save("SELECT nothing AS a", "Broken cell")
    nodes: list[dict[str, Any]] = []
    for number in range(1, 1001):
        layer, place = divmod(number - 1, 50)
        above = [(layer - 1) * 50 + (place + step) % 50 + 1 for step in (0, 1, 7)]
        nodes.append(
            {
                "id": number,
                "dependencies": above if layer else [],
                "query_execution": {
                    "query_id": broken if number == 525 else fine,
                    "performance": "small",
                },
            }
        )
    run = str(
        server.call("POST", "/pipelines/execute", {"pipeline": {"nodes": nodes}})[
            "pipeline_execution_id"
        ]
    )
    assert server.wait_run(run)["status"] == "failed"
    return run


@BOTH_THEMES
def test_a_run_of_a_thousand_nodes_is_seen_whole(pages: Pages, thousand: str) -> None:
    page = pages.open(f"/runs/{thousand}")
    expect(page.get_by_text("nothing published").first).to_be_visible()
    expect(page.locator("[data-node][data-state=failed]")).to_have_count(1)
    pages.picture(page, "thousand-graph")
    page.keyboard.press("e")
    expect(page.get_by_role("complementary", name="Node Broken cell")).to_be_visible()
    page.keyboard.press("f")
    _still(page)
    pages.picture(page, "thousand-focus")
    page.keyboard.press("Escape")
    for key, view in (("2", "timeline"), ("3", "nodes")):
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(f"view={view}"))
        pages.picture(page, f"thousand-{view}")


def _still(page: Page) -> None:
    """Wait until the graph has stopped moving."""
    page.wait_for_function(
        """() => new Promise((still) => {
          const place = () => document.querySelector(".react-flow__viewport")?.style.transform;
          const before = place();
          requestAnimationFrame(() => requestAnimationFrame(() => still(place() === before)));
        })"""
    )
