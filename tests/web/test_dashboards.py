"""Dashboards: all charts are of one run, and change together."""

from __future__ import annotations

import itertools
import re
from typing import Any, Final

import pytest
from playwright.sync_api import expect

from tests.server import ServerProcess
from tests.web.pages import BOTH_THEMES, PHONE, Pages

#: Looks at every frame just before it is painted: a probe changes its size in each, and an observer
#: of sizes is told after all drawing and before the paint. The pixels of a canvas are its state.
_EVERY_FRAME: Final = """() => {
  const probe = document.createElement("div");
  probe.style.position = "fixed";
  document.body.append(probe);
  window.painted = [];
  const look = () => JSON.stringify([
    document.querySelector("header a[href^='/runs/']")?.textContent,
    ...[...document.querySelectorAll("main section")].map((one) =>
      one.querySelector("canvas")?.toDataURL() ?? one.querySelector("b")?.textContent),
  ]);
  new ResizeObserver(() => {
    const seen = look();
    if (window.painted.at(-1) !== seen) window.painted.push(seen);
  }).observe(probe);
  let width = 10;
  const tick = () => {
    width = 21 - width;
    probe.style.width = `${width}px`;
    requestAnimationFrame(tick);
  };
  tick();
}"""


def chart(server: ServerProcess, query: int, kind: str, x: str = "x") -> int:
    """Save a chart of a query's `n`; its id."""
    spec: dict[str, Any] = {
        "version": 1, "kind": kind, "x": x, "y": ["n"], "isStacked": False, "isLog": False,
    }  # fmt: skip
    body = {"name": f"As {kind}", "type": "chart", "options": {"qanat": spec}}
    return int(server.call("POST", f"/queries/{query}/visualizations", body)["id"])


@pytest.fixture(scope="module")
def ticks(server: ServerProcess) -> int:
    """A query that a view is made of, which the charts' queries read."""
    server.view("result_ticks", "SELECT x, x * 1 AS n FROM UNNEST(sequence(1, 5)) AS t(x)")
    listed = server.call("GET", "/queries", params={"limit": 100})["queries"]
    return int(next(one["id"] for one in listed if one["name"] == "result_ticks"))


@BOTH_THEMES
def test_a_refresh_changes_all_charts_in_one_frame(pages: Pages, ticks: int) -> None:
    server = pages.server
    read = [
        server.save("SELECT max(n) AS n FROM dune.me.result_ticks", "Most"),
        server.save("SELECT x, n FROM dune.me.result_ticks ORDER BY 1", "As they are"),
        server.save("SELECT x, n * n AS n FROM dune.me.result_ticks ORDER BY 1", "Squares"),
    ]
    charts = [
        chart(server, read[0], "counter", "n"),
        chart(server, read[1], "bar"),
        chart(server, read[2], "line"),
    ]
    made = server.call(
        "POST", "/dashboards", {"name": f"Ticks {pages.theme}", "visualization_ids": charts}
    )
    page = pages.open(f"/dashboards/{made['dashboard_id']}")
    expect(page.get_by_text("never refreshed")).to_be_visible()
    pages.picture(page, "dashboard-never")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("all charts: run")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Line chart of n"))).to_be_visible()
    pages.picture(page, "dashboard")
    assert pages.findings(page) == []

    factor = 2 if pages.theme == "light" else 3
    server.call(
        "PATCH",
        f"/query/{ticks}",
        {"query_sql": f"SELECT x, x * {factor} AS n FROM UNNEST(sequence(1, 5)) AS t(x)"},
    )
    first = page.locator("header a[href^='/runs/']").inner_text()
    page.evaluate(_EVERY_FRAME)
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("header a[href^='/runs/']")).not_to_have_text(first)
    expect(page.locator("main section b")).to_have_text(str(5 * factor))
    page.wait_for_function("painted.length > 1")
    painted = page.evaluate("painted.map((one) => JSON.parse(one))")
    assert len(painted) == 2, [len(set(values)) for values in zip(*painted, strict=True)]
    assert all(before != after for before, after in zip(*painted, strict=True))


@BOTH_THEMES
def test_a_refresh_that_fails_keeps_the_charts_and_says_so(pages: Pages) -> None:
    server = pages.server
    query = server.save("SELECT 41 AS n", f"Answer {pages.theme}")
    made = server.call(
        "POST",
        "/dashboards",
        {"name": f"Answer {pages.theme}", "visualization_ids": [chart(server, query, "counter")]},
    )
    page = pages.open(f"/dashboards/{made['dashboard_id']}")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("main section b")).to_have_text("41")
    server.call("PATCH", f"/query/{query}", {"query_sql": "SELECT nothing AS n"})
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("alert")).to_contain_text("the charts show the rows before it")
    expect(page.locator("main section b")).to_have_text("41")
    pages.picture(page, "dashboard-failed")
    assert pages.findings(page) == []


def test_rows_of_other_values_than_the_form_says_are_dimmed_and_said_to_be(pages: Pages) -> None:
    server = pages.server
    body = {
        "name": "Powers",
        "query_sql": "SELECT x, x * {{factor}} AS n FROM UNNEST(sequence(1, 5)) AS t(x) "
        "WHERE {{factor}} > 0",
        "parameters": [{"key": "factor", "type": "number", "value": "2"}],
    }
    query = int(server.call("POST", "/query", body)["query_id"])
    charts = [chart(server, query, "counter", "n"), chart(server, query, "bar")]
    made = server.call("POST", "/dashboards", {"name": "Powers", "visualization_ids": charts})
    place = f"/dashboards/{made['dashboard_id']}"
    asked = {"key": "factor", "query_id": query}
    server.call("PATCH", place, {"param_widgets": [asked], "revision": made["revision"]})
    started = server.call("POST", f"{place}/refresh", {"query_parameters": {"factor": "3"}})
    server.wait_run(started["pipeline_execution_id"])

    page = pages.open(place)
    expect(page.get_by_label("factor")).to_have_value("2")
    header = page.locator("main header").first
    expect(header).to_contain_text("not refreshed with these values; dimmed: run")
    expect(header).to_contain_text("with factor 3, published")
    expect(page.locator("[data-old] b")).to_have_text("3")
    pages.picture(page, "dashboard-other-values")
    assert pages.findings(page) == []
    page.get_by_role("button", name="Refresh").click()
    expect(header).to_contain_text("all charts: run")
    expect(page.locator("main section b")).to_have_text("2")
    expect(page.locator("[data-old]")).to_have_count(0)
    page.get_by_label("factor").fill("3")
    expect(page.locator("main section b")).to_have_text("3")
    expect(page.locator("[data-old]")).to_have_count(0)
    page.get_by_label("factor").fill("-1")
    expect(header).to_contain_text("not refreshed with these values")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("The result has no rows.")).to_have_count(2)


def test_an_edit_of_what_another_window_saved_is_kept_until_one_is_chosen(pages: Pages) -> None:
    pages.allowed = ("409",)
    server = pages.server
    made = server.call(
        "POST", "/dashboards", {"name": "Two", "text_widgets": [{"text": "a"}, {"text": "b"}]}
    )
    place = f"/dashboards/{made['dashboard_id']}"

    def theirs(name: str, *texts: str) -> None:
        revision = server.call("GET", place)["revision"]
        sent = [{"text": text} for text in texts]
        server.call("PATCH", place, {"name": name, "text_widgets": sent, "revision": revision})

    def kept() -> tuple[str, list[str]]:
        now = server.call("GET", place)
        return now["name"], [one["text"] for one in now["text_widgets"]]

    page = pages.open(f"{place}?edit=1")
    boxes = page.get_by_role("textbox", name=re.compile("^Text"))
    expect(boxes).to_have_count(2)
    boxes.first.fill("mine")
    theirs("Theirs", "c")
    page.keyboard.press("Control+s")
    said = page.get_by_role("alert")
    expect(said).to_contain_text(
        "Somebody saved this dashboard in the meantime as Theirs, with 1 widget. "
        "Nothing was overwritten."
    )
    expect(boxes.first).to_have_value("mine")
    assert kept() == ("Theirs", ["c"])
    pages.picture(page, "dashboard-conflict")
    assert pages.findings(page) == []
    said.get_by_role("button", name="Save mine over it").click()
    expect(page.get_by_text("Dashboard saved.")).to_be_visible()
    assert kept() == ("Two", ["mine", "b"])

    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Remove Text").first.click()
    theirs("Again", "d", "e")
    page.keyboard.press("Control+s")
    said.get_by_role("button", name="Take theirs, drop mine").click()
    expect(boxes).to_have_count(2)
    expect(boxes.last).to_have_value("e")
    # What was removed from the draft that is gone cannot be put into this one.
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert kept() == ("Again", ["d", "e"])


def test_an_address_of_no_dashboard_says_so_and_leads_to_the_list(pages: Pages) -> None:
    pages.allowed = ("404",)
    page = pages.open("/dashboards/abc")
    for path in ("/dashboards/abc", "/dashboards/987654", "/d/me/nothing"):
        page.goto(pages.url + path)
        expect(page.get_by_role("heading", name="There is no such dashboard")).to_be_visible()
        expect(page.get_by_text("NaN")).to_have_count(0)
    assert pages.findings(page) == []
    page.get_by_role("link", name="All dashboards").click()
    expect(page).to_have_url(f"{pages.url}/dashboards")


def test_a_text_keeps_its_lines_and_has_room_to_be_written_in(pages: Pages) -> None:
    made = pages.server.call(
        "POST", "/dashboards", {"name": "Words", "text_widgets": [{"text": "# Old"}]}
    )
    page = pages.open(f"/dashboards/{made['dashboard_id']}?edit=1")
    box = page.get_by_role("textbox", name="Text, in Markdown")
    lines = ["# Fees", "in **ETH**", "by [day](/runs)", "- one", "- two", "<b>not bold</b>"]
    box.fill("\n".join(lines))
    # All of it is seen: the field is no longer cut off by its widget.
    assert box.evaluate("(one) => one.scrollHeight <= one.clientHeight")
    expect(box).to_be_in_viewport(ratio=1)
    pages.picture(page, "dashboard-text-edit")
    page.keyboard.press("Control+s")
    words = page.get_by_role("region", name="Text", exact=True)
    expect(words.locator("h2")).to_have_text("Fees")
    expect(words.locator("p").first.locator("br")).to_have_count(1)
    expect(words.locator("strong")).to_have_text("ETH")
    expect(words.get_by_role("link", name="day")).to_have_attribute("href", "/runs")
    expect(words.locator("li")).to_have_text(["one", "two"])
    expect(words).to_contain_text("<b>not bold</b>")
    pages.picture(page, "dashboard-text")
    assert pages.findings(page) == []


@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_on_a_phone_widgets_stand_one_below_another_in_reading_order(pages: Pages) -> None:
    server = pages.server
    query = server.save("SELECT x, x * x AS n FROM UNNEST(sequence(1, 5)) AS t(x)", "Phone")
    kinds = ["bar", "line", "counter"]
    charts = [chart(server, query, kind, "n" if kind == "counter" else "x") for kind in kinds]
    made = server.call("POST", "/dashboards", {"name": "Phone", "visualization_ids": charts})
    place = f"/dashboards/{made['dashboard_id']}"
    at = [(8, 0, 6, 8), (0, 3, 3, 8), (0, 0, 3, 4)]
    widgets = [
        {"visualization_id": id_, "position": {"row": row, "col": col, "size_x": x, "size_y": y}}
        for id_, (row, col, x, y) in zip(charts, at, strict=True)
    ]
    server.call("PATCH", place, {"visualization_widgets": widgets, "revision": made["revision"]})
    started = server.call("POST", f"{place}/refresh")
    server.wait_run(started["pipeline_execution_id"])

    page = pages.open(place)
    sections = page.locator("main section")
    expect(sections.locator("canvas")).to_have_count(2)
    expect(sections.locator("h2")).to_have_text(["As counter", "As line", "As bar"])
    boxes = [box for one in sections.all() if (box := one.bounding_box())]
    for above, below in itertools.pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"]
    assert [round(box["height"]) for box in boxes] == [196, 404, 404]
    pages.picture(page, "dashboard")
    assert pages.findings(page) == []
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_text("open this in a wider window")).to_be_visible()
    pages.picture(page, "dashboard-edit")


def test_a_dashboard_is_put_together_by_keys_and_a_name_is_kept(pages: Pages) -> None:
    server = pages.server
    query = server.save("SELECT 7 AS n", "Seven")
    chart(server, query, "counter")
    page = pages.open("/dashboards")
    page.get_by_role("button", name="New dashboard").first.click()
    page.get_by_role("dialog").get_by_label("Name").fill("Put together")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Put together")).to_be_visible()
    page.get_by_role("button", name="Chart", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Of the query").select_option(label="Seven")
    dialog.get_by_role("button", name="As counter").click()
    widget = page.get_by_role("region", name=re.compile("As counter. Arrows move it"))
    expect(widget).to_be_visible()
    before = widget.bounding_box()
    widget.focus()
    page.keyboard.press("ArrowRight")
    assert widget.bounding_box() != before
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Dashboard saved.")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("main section b")).to_have_text("7")
    pages.picture(page, "dashboard-made")
