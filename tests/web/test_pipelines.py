"""Pipelines and runs: draw, refuse a cycle, plan, run, break, mend, compare, cancel."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.server import ServerProcess
from tests.web.pages import BOTH_THEMES, PHONE, Pages, write
from tests.web.work import LONG, chain

RUN_PAGE = re.compile(r"/runs/[0-9A-Z]{26}")


def draw(page: Page, first: str, second: str) -> None:
    """Pull a line from one box of the graph to another."""
    boxes = page.locator("[data-node]")
    start = boxes.filter(has_text=first).locator(".source")
    end = boxes.filter(has_text=second).locator(".target")
    start.hover()
    page.mouse.down()
    end.hover()
    page.mouse.up()


@BOTH_THEMES
def test_a_pipeline_of_five_nodes_is_drawn_refused_a_cycle_planned_and_run(pages: Pages) -> None:
    name = f"Drawn {pages.theme}"
    query = pages.server.save("SELECT count(*) AS n FROM dune.me.result_days", name)
    page = pages.open(f"/pipelines/{query}")
    boxes = page.locator("[data-node]")
    expect(boxes).to_have_count(2)
    pieces = page.get_by_role("complementary", name="Pieces to add")
    for count, piece in enumerate(("kinds", "both", "Fees by day"), start=3):
        pieces.get_by_role("button", name=piece, exact=True).click()
        expect(boxes).to_have_count(count)
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    draw(page, name, "Fees by day")
    boxes.filter(has_text="Fees by day").click()
    settings = page.get_by_role("complementary", name="Settings of Fees by day")
    expect(settings).to_contain_text(name)
    page.keyboard.press("Escape")
    draw(page, "Fees by day", "days")
    problems = page.get_by_role("list", name="Problems")
    refused = problems.get_by_role("alert")
    expect(refused).to_contain_text("would close a cycle")
    expect(refused).to_contain_text(f"Fees by day > days > {name}")
    pages.picture(page, "pipeline-cycle")
    assert pages.findings(page) == []
    problems.get_by_role("button", name="Dismiss").click()

    page.get_by_role("radio", name="Plan").or_(page.get_by_role("button", name="Plan")).click()
    plan = page.get_by_role("table", name="What would run")
    expect(plan.get_by_role("row")).to_have_count(6)
    pages.picture(page, "pipeline-plan")
    # The table took room from the graph, which is fitted to what is left.
    off = page.evaluate(
        """() => {
      const frame = document.querySelector(".react-flow").getBoundingClientRect();
      const boxes = [...document.querySelectorAll("[data-node]")].map(
        (one) => one.getBoundingClientRect());
      const top = Math.min(...boxes.map((box) => box.top));
      const bottom = Math.max(...boxes.map((box) => box.bottom));
      return (top + bottom - frame.top - frame.bottom) / 2;
    }"""
    )
    assert abs(off) < 8
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Pipeline saved.")).to_be_visible()
    page.get_by_role("button", name="Run").first.click()
    expect(page).to_have_url(RUN_PAGE)
    expect(page.get_by_text(re.compile("published .* 3 views moved")).first).to_be_visible()
    expect(page.locator("[data-node][data-state=completed]")).to_have_count(5)
    pages.picture(page, "run-published")


@pytest.fixture
def broken(server: ServerProcess) -> int:
    """A query in the middle of a pipeline of three; its SQL names a column that is not there."""
    return chain(
        server,
        "Step",
        ["SELECT 1 AS a", "SELECT day,\n  amout\nFROM dune.me.result_days", "SELECT 2 AS b"],
    )


@BOTH_THEMES
def test_a_broken_node_publishes_nothing_is_named_and_is_mended(pages: Pages, broken: int) -> None:
    pages.allowed = ("409",)
    server = pages.server
    run = server.start_pipeline(broken)
    server.wait_run(run)
    page = pages.open(f"/runs/{run}")
    expect(page.get_by_text("nothing published").first).to_be_visible()
    expect(page).to_have_title("Failed · Step 3")
    expect(page.get_by_role("alert")).to_contain_text("Column 'amout' cannot be resolved")
    expect(page.locator("[data-node][data-state=skipped]")).to_contain_text("Step 3")
    page.keyboard.press("e")
    panel = page.get_by_role("complementary", name="Node Step 2")
    expect(panel).to_contain_text("2:3")
    expect(panel.locator("[data-bad]")).to_contain_text("amout")
    pages.picture(page, "run-failed")
    assert pages.findings(page) == []
    page.keyboard.press("3")
    skipped = page.get_by_role("row").filter(has_text="Step 3")
    expect(skipped).to_contain_text("skipped")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    page.get_by_role("link", name="Fix query").click()
    expect(page).to_have_url(re.compile(r"/queries/\d+"))
    write(page, "SELECT day, fee FROM dune.me.result_days")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    page.goto(f"{pages.url}/runs/{run}")
    page.get_by_role("button", name="Run again").click()
    expect(page).not_to_have_url(re.compile(run))
    expect(page.locator("[data-node][data-state=completed]")).to_have_count(3)

    page.get_by_role("button", name="Compare").click()
    table = page.get_by_role("table", name="Nodes of both runs")
    expect(table.get_by_role("row").filter(has_text="Step 2")).to_contain_text("was failed")
    expect(table.get_by_role("row").filter(has_text="Step 2")).to_contain_text("v2 was v1")
    expect(table.get_by_role("row").filter(has_text="Step 3")).to_contain_text("was skipped")
    expect(page.get_by_label("Filter nodes")).to_have_count(0)
    expect(page.get_by_label("critical path")).to_have_count(0)
    pages.picture(page, "compare")
    assert pages.findings(page) == []
    page.goto(pages.url + "/")
    expect(page.get_by_role("region", name=re.compile(r"Failed \(\d\)"))).to_contain_text("amout")
    pages.picture(page, "home-failures")


@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_on_a_phone_a_node_comes_into_sight_when_it_is_opened(pages: Pages, broken: int) -> None:
    run = pages.server.start_pipeline(broken)
    pages.server.wait_run(run)
    page = pages.open(f"/runs/{run}")
    page.get_by_role("link", name="Open node").or_(
        page.get_by_role("button", name="Open node")
    ).click()
    panel = page.get_by_role("complementary", name="Node Step 2")
    expect(panel.get_by_role("heading", name="Step 2")).to_be_in_viewport(ratio=1)
    expect(panel.locator("[data-bad]")).to_be_in_viewport()
    expect(panel.locator("[data-bad]")).to_contain_text("amout")
    pages.picture(page, "run-node")
    assert pages.findings(page) == []
    panel.get_by_role("button", name="Close the node").click()
    expect(panel).to_have_count(0)
    page.locator(".react-flow").scroll_into_view_if_needed()
    expect(page.locator("[data-node][data-state=failed]")).to_be_in_viewport()

    page.goto(f"{pages.url}/pipelines/{broken}?mode=plan&node=2")
    settings = page.get_by_role("complementary", name="Settings of Step 2")
    expect(settings.get_by_role("heading", name="Step 2")).to_be_in_viewport(ratio=1)
    pages.picture(page, "pipeline-node")
    settings.get_by_role("button", name="Close").click()
    row = page.get_by_role("table", name="What would run").get_by_role("row")
    row.filter(has_text="Step 3").scroll_into_view_if_needed()
    expect(row.filter(has_text="Step 3")).to_be_in_viewport()
    pages.picture(page, "pipeline-plan")


def test_a_plan_says_what_the_server_refuses_and_what_a_run_took(pages: Pages, broken: int) -> None:
    server = pages.server
    page = pages.open(f"/pipelines/{broken}?mode=plan")
    expect(page.get_by_role("heading", name="Step 3")).to_be_visible()
    verdict = page.get_by_role("status").filter(has_text="3 nodes")
    expect(verdict).to_have_text("1 problem · 3 nodes")
    problem = page.get_by_role("list", name="Problems").get_by_role("listitem")
    expect(problem).to_contain_text("Step 2: line 2:3: Column 'amout' cannot be resolved")
    row = page.get_by_role("table", name="What would run").get_by_role("row")
    expect(row.filter(has_text="Step 2")).to_contain_text("refused")
    expect(page.get_by_text("no estimate: nothing of it has run before")).to_be_visible()
    pages.picture(page, "pipeline-plan-refused")
    assert pages.findings(page) == []

    query = chain(
        server, "Sound", ["SELECT 1 AS a", "SELECT x FROM UNNEST(sequence(1, 7)) AS t(x)"]
    )
    server.wait_run(server.start_pipeline(query))
    page.goto(f"{pages.url}/pipelines/{query}?mode=plan")
    expect(page.get_by_role("status").filter(has_text="2 nodes")).to_have_text(
        re.compile(r"^valid · 2 nodes · est\. .+ cr, ~.*s$")
    )
    expect(row.filter(has_text="Sound 2")).to_have_text(re.compile(r"7.*s.*\d$"))
    expect(page.get_by_text("no estimate")).to_have_count(0)


def test_a_long_error_leaves_the_list_of_runs_its_last_column(pages: Pages) -> None:
    query = pages.server.save(f"SELECT {'a_long_name_' * 20}", "Long error")
    pages.server.wait_run(pages.server.start_pipeline(query))
    page = pages.open("/runs")
    row = page.get_by_role("row").filter(has_text="Long error").first
    expect(row.get_by_role("link", name="Long error")).to_be_in_viewport(ratio=1)
    expect(row.get_by_role("cell").last).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("columnheader", name="Started")).to_be_in_viewport(ratio=1)
    pages.picture(page, "runs-long-error")


@BOTH_THEMES
def test_a_run_is_cancelled_after_it_was_said_what_that_does(pages: Pages) -> None:
    run = pages.server.start_pipeline(chain(pages.server, "Long", ["SELECT 1 AS a", LONG]))
    page = pages.open(f"/runs/{run}")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    expect(page.locator("[data-node][data-state=completed]")).to_have_count(1)
    pages.picture(page, "run-executing", is_running=True)
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="Graph")).to_be_visible()
    pages.picture(page, "timeline-executing", is_running=True)
    page.get_by_role("button", name="Cancel").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Nothing is published")
    expect(dialog.get_by_role("button", name="Keep it running")).to_be_focused()
    pages.picture(page, "run-cancel", is_running=True)
    assert pages.findings(page, "[role=alertdialog]") == []
    dialog.get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_text("cancelled · nothing published").first).to_be_visible()
    assert pages.server.status(run)["status"] == "cancelled"


def test_a_pipeline_that_another_window_saved_is_not_overwritten(pages: Pages) -> None:
    pages.allowed = ("409",)
    query = pages.server.save("SELECT count(*) AS n FROM dune.me.result_days", "Two windows")

    def stored() -> str:
        return str(pages.server.call("GET", f"/query/{query}/pipeline")["pipeline"]["nodes"])

    page = pages.open(f"/pipelines/{query}")
    other = page.context.new_page()
    other.goto(f"{pages.url}/pipelines/{query}")
    for window, piece in ((page, "kinds"), (other, "both")):
        expect(window.locator("[data-node]")).to_have_count(2)
        window.get_by_role("button", name=piece, exact=True).click()
        expect(window.locator("[data-node]")).to_have_count(3)
    other.keyboard.press("Control+s")
    expect(other.get_by_text("Pipeline saved.")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text(
        "Another window saved this pipeline in the meantime, with 3 nodes. Nothing was overwritten."
    )
    pages.picture(page, "pipeline-conflict")
    assert "result_both" in stored()
    assert "result_kinds" not in stored()
    page.get_by_role("button", name="Save mine over it").click()
    expect(page.get_by_text("Pipeline saved.")).to_be_visible()
    assert "result_kinds" in stored()
