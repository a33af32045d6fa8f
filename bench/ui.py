"""How fast the web application is, each time beside its budget.

    .venv/bin/python bench/ui.py [--rounds 5] [--rows 10000000] [--only graph live chart grid hand]
                                 [--quick]

A real server with default settings, Debian's Chromium without a graphics card, the built
application. What is printed is the median of the rounds; each round is a browser of its own.

graph   The page of a run of 1,000 nodes and 3,000 edges: from the start of the page, with nothing
        cached, to the frame that has every box and line; frames while it is dragged, and while it
        is zoomed from all of it to a few boxes; a thousand state changes that arrive at once, from
        the frame that takes them to the one that shows them. For the last of these the page is
        given the server's answer with every node set back to waiting, and the events are made up.
live    Event to pixels: the page of a run that waits for two others is open before it starts. Each
        event carries the moment at which the server recorded it; the time ends with the paint of
        the frame in which the box shows that state, or a later one. Server and browser share the
        cores. The other line is of a page that is opened while its run already executes, so that
        loading the page is part of it.
chart   100,000 points, as a line and as points: from the answer with the rows to the last stroke.
        The application itself asks for a sample of 10,000; here it is handed all of them. The
        other line is what a person sees: from opening the tab to the drawn sample.
grid    A result of ten million rows: the wheel over 157,000 pixels, then the thumb to twenty
        places; the longest frame, and the most requests for rows at once.
hand    Interaction to next paint: keys and clicks on the pages of a run of 1,000 nodes, of a
        query, and between pages.
"""

from __future__ import annotations

import argparse
from typing import Final

from playwright.sync_api import Page

from _browser import Chromium, Figures, Part, chromium, p95
from _common import machine, median, table, verdict
from _query_page import POINTS, chart, grid
from _run_page import NODES, Pipeline, graph, live
from _server import Server, place

ROWS: Final = 10_000_000
PARTS: Final = ("graph", "live", "chart", "grid", "hand")


def hand(pipeline: Pipeline) -> Part:
    def measured(_: Server, browser: Chromium, found: Figures) -> None:
        taken: list[float] = []
        with browser.page(f"/runs/{pipeline.run}") as page:
            page.evaluate(pipeline.all_drawn())
            page.wait_for_timeout(1_000)

            def press(*keys: str) -> None:
                for key in keys:
                    page.keyboard.press(key)
                    page.wait_for_timeout(120)

            page.mouse.click(600, 450)
            page.wait_for_timeout(200)
            press(
                "2", "3", "j", "j", "k", "1", "/", *"l3_7", "Escape", "e", "0", "Control+k", *"runs"
            )
            press(
                "Escape",
                "Tab",
                "ArrowRight",
                "ArrowRight",
                "ArrowDown",
                "Enter",
                "f",
                "0",
                "Escape",
            )
            press("g", "h", "g", "r", "j", "j", "g", "q", "j", "g", "c", "/", *"l3", "Escape")
            taken += interactions(page)
        with browser.page(f"/queries/{pipeline.query}") as page:
            editor = page.locator(".cm-content")
            editor.click()
            page.wait_for_timeout(1_000)
            press("Control+End", "Enter", *"-- what is typed", "Enter", *"union all select")
            press("Control+Enter", "Escape", "[", "[", "t", "t", "Control+k", *"set", "Escape")
            for name in ("Lineage", "History", "View", "Results"):
                page.get_by_role("tab", name=name).click()
                page.wait_for_timeout(200)
            taken += interactions(page)
        found.setdefault("interaction to next paint, p95", []).append(p95(taken))
        found.setdefault("  the longest", []).append(max(taken))
        found.setdefault("  interactions", []).append(len(taken))

    return measured


def interactions(page: Page) -> list[float]:
    seen = page.evaluate("probe.interactions()")
    rest = max(0, seen["count"] - len(seen["slow"]))
    return [*seen["slow"], *[16.0] * rest]


#: What is measured → budget in ms (requests: how many), and the spike's figure.
BUDGETS: Final[dict[str, tuple[float, str]]] = {
    "page start to painted graph": (2_000, "1,300-1,600"),
    "pan, p95 frame": (33, "17"),
    "zoom, p95 frame": (80, "50-67"),
    "1,000 state changes in a frame": (50, "10-14"),
    "event to pixels, p95": (200, ""),
    f"{POINTS:,} points, line": (400, "213-233"),
    f"{POINTS:,} points, scatter": (400, "182"),
    "10M rows by wheel, longest frame": (50, "17"),
    "10M rows by thumb, longest frame": (50, ""),
    "  requests for rows at once": (3, ""),
    "interaction to next paint, p95": (100, ""),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=ROWS, help="of the grid")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--quick", action="store_true", help="one round, few nodes and rows")
    asked = parser.parse_args()
    nodes, points = NODES, POINTS // 1000
    if asked.quick:
        asked.rounds, asked.rows, nodes, points = 1, 100_000, 100, 20
    print(f"bench/ui.py: {machine()}")
    found: Figures = {}
    with place() as where, Server(where / "data") as server, chromium(server) as browser:
        parts: list[Part] = []
        if {"graph", "live", "hand"} & {*asked.only}:
            pipeline = Pipeline(server, nodes)
            print(f"  a run of {pipeline.nodes:,} nodes and {pipeline.edges:,} edges", flush=True)
            of_run = {"graph": graph, "live": live, "hand": hand}
            parts += [make(pipeline) for name, make in of_run.items() if name in asked.only]
        if "chart" in asked.only:
            parts.append(chart(server, points))
        if "grid" in asked.only:
            parts.append(grid(server, asked.rows))
        for _ in range(asked.rounds):
            for measured in parts:
                measured(server, browser, found)
    lines = []
    for name, values in found.items():
        budget, spike = BUDGETS.get(name, (None, ""))
        shown = "" if budget is None else f"{budget:,g}"
        spread = f"{min(values):,.0f}-{max(values):,.0f}"
        lines.append((name, f"{median(values):,.1f}", spread, shown, spike))
    table(
        f"The web application, ms; median of {asked.rounds} rounds",
        ("", "median", "from-to", "budget", "spike"),
        lines,
    )
    for name, (budget, _) in BUDGETS.items():
        if name in found:
            value = median(found[name])
            verdict(f"{name.strip()}, at most {budget:,g}", f"{value:,.1f}", value <= budget)


if __name__ == "__main__":
    main()
