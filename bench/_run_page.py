"""How fast the page of a run is: its graph, and events on their way to the screen."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from playwright.sync_api import Page, Route

from _browser import Chromium, Figures, Part, p95
from _common import median
from _server import Server, label
from _shapes import layered

NODES: Final = 1_000
EDGES: Final = 3_000
RANKS: Final = ("pending", "executing", "completed", "failed", "cancelled", "skipped")


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
