"""How fast the page of a query is: charts of many points, and a grid of many rows."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page

from _browser import Chromium, Figures, Part
from _server import Server

POINTS: Final = 100_000
WHEEL_PX: Final = 157_000
GRID: Final = """SELECT a * 1000 + b AS id, 'token_' || CAST(b AS varchar) AS symbol,
  a / 97.0 AS amount, CAST(a * 7 AS decimal(18, 3)) AS price, b % 2 = 0 AS is_buy,
  TIMESTAMP '2024-01-01 00:00:00' AS block_time, a AS block, b AS place
  FROM unnest(sequence(1, {thousands})) AS s (a) CROSS JOIN unnest(sequence(1, 1000)) AS t (b)"""
CHART: Final = """SELECT a * 1000 + b AS x,
  sin((a * 1000 + b) / 3000.0) * 50 + b * 7919 % 101 AS y
  FROM unnest(sequence(1, {thousands})) AS s (a) CROSS JOIN unnest(sequence(1, 1000)) AS t (b)"""


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
            for _step in range(WHEEL_PX // 785):
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
