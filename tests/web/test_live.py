"""A run's page while it runs: its stream is cut, its tab hidden, its server dies, seven watch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.server import ServerProcess
from tests.web.line import Line
from tests.web.pages import Pages
from tests.web.work import LONG, chain

#: Remembers every stream that the page opens: its address, and the ids that were heard on it.
_REMEMBER = """
window.heard = [];
window.EventSource = class extends EventSource {
  constructor(url) {
    super(url);
    const own = { after: new URL(url, location).searchParams.get("after"), ids: [] };
    window.heard.push(own);
    for (const type of ["state", "node", "run"])
      this.addEventListener(type, (event) => own.ids.push(event.lastEventId));
  }
};
"""

#: The tab's visibility is the window manager's; without one it is said by hand.
_VISIBILITY = """
window.setHidden = (isHidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
  document.dispatchEvent(new Event("visibilitychange"));
};
"""


@pytest.fixture
def line(server: ServerProcess) -> Iterator[Line]:
    """A line to the server; asked for before `pages`, so that it outlives them."""
    with Line(server.port) as made:
        yield made


def _live(page: Page) -> None:
    expect(page.get_by_text("live", exact=True)).to_be_visible()


def test_a_cut_stream_goes_on_where_it_broke_and_tells_nothing_twice(
    line: Line, pages: Pages
) -> None:
    """Three streams break in the middle of an event; the page ends with the server's own words."""
    pages.url = line.url
    pages.allowed = ("ERR_INCOMPLETE_CHUNKED_ENCODING",)
    steps = [f"SELECT {step} AS step" for step in range(1, 7)]
    query = chain(pages.server, "Cut", [LONG.replace("10000)) AS c", "2)) AS c"), *steps])
    line.cuts = [1, 3, 2]
    page = pages.anonymous()
    page.add_init_script(_REMEMBER)
    page.goto(f"{pages.url}/sign-in#key={pages.server.key}")
    expect(page.get_by_role("navigation", name="Places")).to_be_visible()
    run = pages.server.start_pipeline(query)
    page.goto(f"{pages.url}/runs/{run}?view=nodes")
    expect(page.get_by_text("reconnecting")).to_be_visible()
    pages.picture(page, "run-reconnecting", is_running=True)
    expect(page.get_by_text("completed", exact=True).first).to_be_visible()
    expect(page).to_have_title(re.compile("^Completed"))

    streams = page.evaluate("heard")
    assert len(streams) == len(line.paths) == 4
    for before, after in pairwise(streams):
        # An event that had passed the line may be lost with it: then it is asked for again.
        assert after["after"] == (before["ids"] or [before["after"]])[-1]
    ids = [one for stream in streams for one in stream["ids"]]
    numbers = [int(one.split("-")[1]) for one in ids]
    assert numbers == list(range(numbers[0], numbers[0] + len(ids)))

    nodes = pages.server.status(run)["node_executions"]
    assert len(nodes) == 7
    rows = page.get_by_role("table", name="Nodes").get_by_role("row")
    expect(rows).to_have_count(8)
    for step in range(1, 8):
        expect(rows.nth(step)).to_contain_text(re.compile(rf"completed\s*Cut {step}"))


def test_a_hidden_tab_lets_go_of_its_stream_and_catches_up_when_seen(
    line: Line, pages: Pages
) -> None:
    pages.url = line.url
    query = chain(pages.server, "Hidden", ["SELECT 1 AS a", LONG])
    run = pages.server.start_pipeline(query)
    page = pages.anonymous()
    page.add_init_script(_REMEMBER + _VISIBILITY)
    page.clock.install()
    page.goto(f"{pages.url}/sign-in#key={pages.server.key}")
    expect(page.get_by_role("navigation", name="Places")).to_be_visible()
    page.goto(f"{pages.url}/runs/{run}")
    _live(page)
    expect(page.locator("[data-node][data-state=completed]")).to_have_count(1)
    page.evaluate("setHidden(true)")
    page.clock.fast_forward(11_000)
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    assert len(line.paths) == 1

    pages.server.call("POST", f"/pipelines/executions/{run}/cancel")
    pages.server.wait_run(run)
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    page.evaluate("setHidden(false)")
    expect(page.get_by_text("cancelled · nothing published").first).to_be_visible()
    before, after = page.evaluate("heard")
    assert after["after"] == (before["ids"][-1] if before["ids"] else before["after"])


def test_seven_tabs_of_one_browser_all_see_the_end(pages: Pages) -> None:
    """Six open streams would take every connection that the browser has for a host."""
    run = pages.server.start_pipeline(chain(pages.server, "Watched", ["SELECT 1 AS a", LONG]))
    first = pages.open(f"/runs/{run}")
    tabs = [first, *(first.context.new_page() for _ in range(6))]
    for tab in tabs[1:]:
        tab.goto(f"{pages.url}/runs/{run}")
    for tab in tabs:
        expect(tab.locator("[data-node][data-state=completed]")).to_have_count(1)
        expect(tab.get_by_text(re.compile("^(live|polling every 2 s)$"))).to_be_visible()
    tabs[-1].goto(f"{pages.url}/queries")
    expect(tabs[-1].get_by_role("link", name="Watched 1")).to_be_visible()
    tabs[-1].goto(f"{pages.url}/runs/{run}")
    expect(tabs[-1].get_by_role("button", name="Cancel")).to_be_visible()
    tabs[-1].keyboard.press(".")
    tabs[-1].get_by_role("alertdialog").get_by_role("button", name="Cancel the run").click()
    for tab in tabs:
        expect(tab.get_by_text("cancelled · nothing published").first).to_be_visible()


@pytest.fixture
def own_server(tmp_path: Path, built: Path) -> Iterator[ServerProcess]:
    """A server that the test may kill."""
    assert built.exists()
    with ServerProcess(tmp_path / "data") as running:
        yield running


def test_a_killed_server_is_said_and_the_truth_is_shown_again(
    pages: Pages, own_server: ServerProcess
) -> None:
    pages.allowed = ("Failed to load resource", "ERR_", "preload", "dynamically imported")
    pages.at(own_server)
    run = own_server.start_pipeline(chain(own_server, "Endless", ["SELECT 1 AS a", LONG]))
    page = pages.open(f"/runs/{run}")
    _live(page)
    expect(page.locator("[data-node][data-state=completed]")).to_have_count(1)
    own_server.kill()
    expect(page.get_by_text(re.compile("reconnecting|polling"))).to_be_visible()
    pages.picture(page, "run-server-away", is_running=True)
    own_server.start()
    expect(page.get_by_text("live", exact=True)).to_be_visible(timeout=40_000)
    expect(page.locator("[data-node][data-state=completed]")).to_have_count(1)
    expect(page.locator("[data-node][data-state=executing]")).to_have_count(1)
    own_server.call("POST", f"/pipelines/executions/{run}/cancel")
    expect(page.get_by_text("cancelled · nothing published").first).to_be_visible()
    assert own_server.status(run)["status"] == "cancelled"
