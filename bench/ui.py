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
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from playwright.sync_api import Page, Route

from _browser import Chromium, chromium
from _common import machine, median, table, verdict
from _server import Server, label, place
from _shapes import layered

NODES: Final = 1_000
EDGES: Final = 3_000
ROWS: Final = 10_000_000
POINTS: Final = 100_000
WHEEL_PX: Final = 157_000
PARTS: Final = ("graph", "live", "chart", "grid", "hand")
RANKS: Final = ("pending", "executing", "completed", "failed", "cancelled", "skipped")
GRID: Final = """SELECT a * 1000 + b AS id, 'token_' || CAST(b AS varchar) AS symbol,
  a / 97.0 AS amount, CAST(a * 7 AS decimal(18, 3)) AS price, b % 2 = 0 AS is_buy,
  TIMESTAMP '2024-01-01 00:00:00' AS block_time, a AS block, b AS place
  FROM unnest(sequence(1, {thousands})) AS s (a) CROSS JOIN unnest(sequence(1, 1000)) AS t (b)"""
CHART: Final = """SELECT a * 1000 + b AS x,
  sin((a * 1000 + b) / 3000.0) * 50 + b * 7919 % 101 AS y
  FROM unnest(sequence(1, {thousands})) AS s (a) CROSS JOIN unnest(sequence(1, 1000)) AS t (b)"""

Figures = dict[str, list[float]]
Part = Callable[[Server, Chromium, Figures], None]


def p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


class Pipeline:
    """A query above many small views."""

    def __init__(self, server: Server, nodes: int) -> None:
        # One less than asked, for the query itself; its reads of the last layer are edges too.
        shape = layered(nodes)
        last = shape.layers[-1]
        dropped = next(reversed(last))
        del last[dropped]
        server.views(shape.layers)
        every = [label(name) for layer in shape.layers for name in layer]
        few = max(0, EDGES * nodes // NODES - 3 * (nodes - nodes // 10 - 1))
        read = [label(name) for name in last] + every[: max(0, few - len(last))]
        top = " UNION ALL ".join(f"SELECT sum(v) AS v FROM {name}" for name in read)
        self.query = server.query("top", top)
        self.run = server.execute(self.query)
        server.wait(self.run)
        self.detail = server.get(f"/pipelines/executions/{self.run}")
        self.nodes = len(self.detail["nodes"])
        self.edges = sum(len(node["dependencies"]) for node in self.detail["nodes"])

    def all_drawn(self) -> str:
        return (
            f"() => probe.painted(() => probe.count('[data-node]') === {self.nodes}"
            f" && probe.count('[data-edge]') === {self.edges}"
            " && document.querySelector('[data-far]'))"
        )


def graph(pipeline: Pipeline) -> Part:
    def measured(_: Server, browser: Chromium, found: Figures) -> None:
        path = f"/runs/{pipeline.run}"
        with browser.context() as context:
            for name in ("page start to painted graph", "  again, scripts cached"):
                page = context.new_page()
                page.goto(browser.url + path, wait_until="commit")
                found.setdefault(name, []).append(page.evaluate(pipeline.all_drawn()))
            moved(page, found)
        found.setdefault("1,000 state changes in a frame", []).append(changed(pipeline, browser))

    return measured


def moved(page: Page, found: Figures) -> None:
    """Drag all of the graph about, then zoom in on a part of it and out again."""
    page.wait_for_timeout(500)
    page.mouse.move(600, 450)
    page.mouse.down()
    page.evaluate("probe.startFrames()")
    for step in range(90):
        page.mouse.move(600 + (step % 30) * 8 - 120, 450 + (step % 20) * 6 - 60)
        page.wait_for_timeout(8)
    found.setdefault("pan, p95 frame", []).append(p95(page.evaluate("probe.stopFrames()")))
    page.mouse.up()
    page.evaluate("probe.startFrames()")
    for step in range(80):
        page.mouse.wheel(0, -90 if step < 40 else 90)
        page.wait_for_timeout(8)
    found.setdefault("zoom, p95 frame", []).append(p95(page.evaluate("probe.stopFrames()")))


def changed(pipeline: Pipeline, browser: Chromium) -> float:
    """Return the ms from the frame that takes an event of each node to the one that shows them."""
    run = json.loads(json.dumps(pipeline.detail))
    run |= {"state": "executing", "actions": ["cancel"]}
    for key in ("ended_at", "published_at", "moved_views", "moves"):
        run.pop(key, None)
    gone = ("started_at", "ended_at", "row_count", "size_bytes", "execution_id")
    for node in run["nodes"]:
        node.update(state="pending", attempts=[], credits=0)
        for key in gone:
            node.pop(key, None)

    def answer(route: Route) -> None:
        if route.request.url.endswith(f"/executions/{pipeline.run}"):
            route.fulfill(json=run)
        else:
            route.fallback()

    def before(page: Page) -> None:
        page.route("**/api/v1/pipelines/executions/**", answer)
        page.add_init_script(
            """window.EventSource = class {
              listeners = new Map();
              constructor() { window.stream = this; }
              addEventListener(type, tell) { this.listeners.set(type, tell); }
              close() {}
            }"""
        )

    with browser.page(f"/runs/{pipeline.run}", before) as page:
        page.evaluate(pipeline.all_drawn())
        page.wait_for_timeout(1_500)
        epoch, seq = map(int, run["last_event_id"].split("-"))
        at = run["at"]
        texts = [
            {
                "id": f"{epoch}-{seq + 1 + k}",
                "data": json.dumps(
                    {
                        "at": at,
                        "node": {
                            "id": node["id"],
                            "state": "executing",
                            "credits": 0,
                            "attempts": [{"number": 1, "state": "executing", "started_at": at}],
                            "started_at": at,
                        },
                    }
                ),
            }
            for k, node in enumerate(run["nodes"])
        ]
        taken: float = page.evaluate(
            """(texts) => new Promise((done) => {
              const tell = window.stream.listeners.get("node");
              let from;
              new MutationObserver((_, observer) => {
                const boxes = document.querySelectorAll('[data-node][data-state="executing"]');
                if (boxes.length < texts.length) return;
                observer.disconnect();
                probe.afterPaint((at) => done(at - from));
              }).observe(document, {
                subtree: true, attributes: true, attributeFilter: ["data-state"],
              });
              // Asked for before the application asks, so it runs at the start of the same frame.
              requestAnimationFrame((at) => { from = performance.now(); });
              for (const {id, data} of texts) tell({data, lastEventId: id});
            })""",
            texts,
        )
    return taken


def live(pipeline: Pipeline) -> Part:
    def measured(server: Server, browser: Chromium, found: Figures) -> None:
        standing = watched(pipeline, server, browser, before=2)
        if len(standing) < pipeline.nodes:
            raise SystemExit(f"only {len(standing)} events were seen on the screen")
        found.setdefault("event to pixels, p95", []).append(p95(standing))
        found.setdefault("  median", []).append(median(standing))
        found.setdefault("  events", []).append(len(standing))
        opened = watched(pipeline, server, browser, before=0)
        found.setdefault("  on a page opened as the run starts, p95", []).append(p95(opened))
        found.setdefault("    median", []).append(median(opened))

    return measured


def watched(pipeline: Pipeline, server: Server, browser: Chromium, before: int) -> list[float]:
    """Return the ms of each event of a run that waits for as many others of the same views."""
    with browser.page("/runs") as page:
        page.get_by_role("navigation", name="Places").wait_for()
        run = [server.execute(pipeline.query) for _ in range(before + 1)][-1]
        page.goto(f"{browser.url}/runs/{run}", wait_until="commit")
        page.evaluate("probe.watchBoxes()")
        page.locator(".react-flow").wait_for()
        server.wait(run)
        page.wait_for_timeout(1_500)
        told, shown = page.evaluate("[probe.told, probe.shown]")
    return waited(told, shown)


def recorded(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def waited(told: list[list[Any]], shown: list[list[Any]]) -> list[float]:
    """Return the ms of each event that changed a box, from its record to the paint."""
    by_node: dict[int, list[tuple[float, int]]] = {}
    for at, node, state in shown:
        by_node.setdefault(node, []).append((at, RANKS.index(state)))
    times = []
    for heard, text in told:
        event = json.loads(text)
        rank = RANKS.index(event["node"]["state"])
        seen = by_node.get(event["node"]["id"], [])
        if any(at < heard and before >= rank for at, before in seen):
            continue  # an earlier event had brought the same
        later = [at for at, now in seen if at >= heard and now >= rank]
        if later:
            times.append(later[0] - recorded(event["at"]))
    return times


def chart(server: Server, thousands: int) -> Part:
    query = server.query("wave", CHART.format(thousands=thousands))
    execution = executed(server, query)
    whole = server.raw("GET", f"/execution/{execution}/results?limit={thousands * 1000}").decode()
    shown = [(kind, visualization(server, query, kind)) for kind in ("line", "scatter")]
    asked = "performance.getEntriesByType('resource').find(({name}) => name.includes('sample_c'))"

    def before(page: Page) -> None:
        page.route(
            "**/results?sample_count=*",
            lambda route: route.fulfill(body=whole, content_type="application/json"),
        )

    def measured(_: Server, browser: Chromium, found: Figures) -> None:
        for kind, viz in shown:
            path = f"/queries/{query}?exec={execution}&viz={viz}&tab=chart"
            with browser.page(path, before) as page:
                page.evaluate(f"() => probe.painted(() => {asked})")
                still = page.evaluate("probe.drawnStill(10)")
                heard = page.evaluate(f"{asked}.responseEnd")
            found.setdefault(f"{POINTS:,} points, {kind}", []).append(still - heard)
        with browser.page(f"/queries/{query}?exec={execution}") as page:
            tab = page.get_by_role("tab", name="line", exact=True)
            tab.wait_for()
            page.wait_for_timeout(1_000)
            page.evaluate(
                "addEventListener('pointerdown', () => { window.began = performance.now(); },"
                " {capture: true, once: true})"
            )
            tab.click()
            still = page.evaluate("probe.drawnStill(10)")
            found.setdefault("  opening the tab, server's sample", []).append(
                still - page.evaluate("window.began")
            )

    return measured


def executed(server: Server, query: int) -> str:
    """Run a saved query by itself; return its execution."""
    execution: str = server.post(f"/query/{query}/execute")["execution_id"]
    server.idle()
    return execution


def visualization(server: Server, query: int, kind: str) -> int:
    spec = {"version": 1, "kind": kind, "x": "x", "y": ["y"], "isStacked": False, "isLog": False}
    body = {"name": kind, "type": "chart", "options": {"qanat": spec}}
    made: int = server.post(f"/queries/{query}/visualizations", body)["id"]
    return made


def grid(server: Server, rows: int) -> Part:
    query = server.query("many", GRID.format(thousands=rows // 1000))
    run = executed(server, query)

    def measured(_: Server, browser: Chromium, found: Figures) -> None:
        with browser.page(f"/queries/{query}?exec={run}") as page:
            cell = page.locator("[role=gridcell]:not([data-waiting])").first
            cell.wait_for()
            page.wait_for_timeout(1_500)
            box = page.locator("[role=grid]").bounding_box()
            assert box is not None
            page.mouse.move(box["x"] + 200, box["y"] + 120)
            page.evaluate("probe.startFrames()")
            for _ in range(WHEEL_PX // 785):
                page.mouse.wheel(0, 785)
                page.wait_for_timeout(8)
            wheel = page.evaluate("probe.stopFrames()")
            page.evaluate("probe.startFrames()")
            for step in range(20):
                page.evaluate(
                    "(share) => { const one = document.querySelector('[role=grid]');"
                    " one.scrollTop = share * (one.scrollHeight - one.clientHeight); }",
                    (step * 7 % 20) / 19,
                )
                page.wait_for_timeout(150)
            thumb = page.evaluate("probe.stopFrames()")
            found.setdefault("10M rows by wheel, longest frame", []).append(max(wheel))
            found.setdefault("10M rows by thumb, longest frame", []).append(max(thumb))
            found.setdefault("  requests for rows at once", []).append(
                page.evaluate("probe.mostAsked()")
            )

    return measured


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
