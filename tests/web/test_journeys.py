"""What people do from beginning to end, in a browser, on a real server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.server import ServerProcess
from tests.web.pages import Pages

#: Runs until somebody stops it.
LONG = (
    "SELECT count(*) AS n FROM UNNEST(sequence(1, 10000)) AS a(x) "
    "CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y) CROSS JOIN UNNEST(sequence(1, 10000)) AS c(z) "
    "WHERE (x * y + z) % 7 = 3"
)


def write(page: Page, sql: str) -> None:
    """Put `sql` into the editor, as if pasted."""
    page.wait_for_selector(".cm-content")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(sql)


def test_a_key_in_the_address_signs_in_and_leaves_no_trace(pages: Pages) -> None:
    pages.allowed = ("401",)
    page = pages.open()
    assert "#" not in page.url
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="me", exact=True).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Qanat")).to_be_visible()


def test_a_wrong_key_gets_one_plain_sentence(pages: Pages) -> None:
    pages.allowed = ("401",)
    page = pages.anonymous()
    page.goto(pages.server.url + "/runs")
    page.get_by_label("API key").fill("qk_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This key is unknown or revoked.")).to_be_visible()
    page.get_by_label("API key").fill(str(pages.server.key))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(pages.server.url + "/runs")


def test_a_query_is_written_corrected_run_sorted_filtered_and_saved(pages: Pages) -> None:
    page = pages.open("/queries/new")
    write(page, "SELECT number, kind, fee\nFROM chain.blokcs")
    strip = page.get_by_role("alert")
    expect(strip).to_contain_text("2:6")
    expect(page.locator(".cm-lintRange-error")).to_have_text("chain.blokcs")
    pages.picture(page, "query-marker")
    page.get_by_role("button", name="Replace").click()
    expect(strip).to_be_hidden()

    page.keyboard.press("Control+Enter")
    grid = page.get_by_role("grid", name="Result")
    expect(grid).to_have_attribute("aria-rowcount", "20001")
    page.get_by_role("columnheader", name="fee").click()
    page.get_by_role("columnheader", name="fee").click()
    expect(page.get_by_role("columnheader", name="fee")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(grid.get_by_role("row").nth(1)).to_contain_text("9999.5")
    page.get_by_label("Filter rows on the server").fill("kind = 3 AND fee > 9990")
    expect(page.get_by_text("3 of 20,000")).to_be_visible()
    assert "filter=" in page.url

    page.get_by_label("Name of the query").fill("Written in a browser")
    page.keyboard.press("Control+s")
    expect(page).to_have_url(re.compile(r"/queries/\d+\?"))
    expect(page.get_by_text("Query saved.")).to_be_visible()


def test_the_last_of_many_rows_is_a_key_away_and_a_cell_is_copied(pages: Pages) -> None:
    server = pages.server
    query = server.save(
        "SELECT a.number * 100 + n AS id, 9007199254740993 + n AS big "
        "FROM chain.blocks a CROSS JOIN UNNEST(sequence(1, 100)) AS t(n) ORDER BY 1",
        "Two million",
    )
    server.wait_execution(server.call("POST", f"/query/{query}/execute")["execution_id"])
    page = pages.open(f"/queries/{query}")
    grid = page.get_by_role("grid", name="Result")
    expect(grid).to_have_attribute("aria-rowcount", "2000001")
    expect(grid.get_by_role("gridcell").first).to_have_text("1")
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+End")
    expect(grid.locator("[data-current]")).to_have_text("9007199254741093")
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "9007199254741093"
    pages.picture(page, "grid-last-row")


def test_a_query_becomes_a_view(pages: Pages) -> None:
    query = pages.server.save("SELECT kind, max(fee) AS most FROM chain.blocks GROUP BY 1", "Most")
    page = pages.open(f"/queries/{query}?tab=view")
    page.get_by_role("textbox", name="Name", exact=True).fill("most")
    page.get_by_label("Schedule").select_option("0 * * * *")
    page.get_by_role("button", name="Make view").click()
    expect(page.get_by_role("grid", name="Result")).to_have_attribute("aria-rowcount", "8")
    page.goto(pages.server.url + "/catalog/dune.me.result_most")
    expect(page.get_by_text("next refresh")).to_be_visible()


def test_a_pipeline_is_drawn_checked_saved_and_run_by_keys(pages: Pages) -> None:
    """Nothing but the keyboard after the page is open."""
    page = pages.open("/pipelines/4")
    expect(page.locator("[data-node]")).to_have_count(4)
    page.keyboard.press("/")
    page.keyboard.insert_text("Fees by day")
    pages.server.save("SELECT count(*) AS n FROM dune.me.result_days", "Days counted")
    page.reload()
    expect(page.locator("[data-node]")).to_have_count(4)
    page.get_by_role("button", name="Days counted").press("Enter")
    expect(page.locator("[data-node]")).to_have_count(5)
    expect(page.get_by_role("complementary", name="Settings of Days counted")).to_contain_text(
        "lineage at 1:27"
    )
    page.get_by_label("Also wait for").select_option(label="Fees by day")
    page.keyboard.press("Escape")
    page.goto(page.url.split("?")[0] + "?node=1")
    page.get_by_role("button", name="Restore draft").press("Enter")
    page.get_by_label("Also wait for").select_option(label="Fees by day")
    expect(page.get_by_role("alert")).to_contain_text("would close a cycle")
    pages.picture(page, "pipeline-cycle")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Pipeline saved.")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/runs/[0-9A-Z]{26}"))
    expect(page.get_by_text(re.compile("published .* 3 views moved")).first).to_be_visible()


def test_a_failed_run_says_where_and_publishes_nothing(pages: Pages) -> None:
    server = pages.server
    query = server.save("SELECT day,\n  amout\nFROM dune.me.result_days", "Broken")
    run = server.start_pipeline(query)
    server.wait_run(run)
    page = pages.open(f"/runs/{run}")
    expect(page.get_by_text("nothing published").first).to_be_visible()
    expect(page).to_have_title("Failed · Broken")
    expect(page.get_by_role("alert")).to_contain_text("Column 'amout' cannot be resolved")
    page.keyboard.press("e")
    panel = page.get_by_role("complementary", name="Node Broken")
    expect(panel).to_contain_text("2:3")
    expect(panel.locator("[data-bad]")).to_contain_text("amout")
    pages.picture(page, "run-failed")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.goto(server.url + "/")
    expect(page.get_by_role("region", name="Failed (1)")).to_contain_text("amout")


def test_a_run_is_cancelled_by_keys(pages: Pages) -> None:
    run = pages.server.start_pipeline(pages.server.save(LONG, "Endless"))
    page = pages.open(f"/runs/{run}")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    pages.picture(page, "run-executing")
    page.keyboard.press(".")
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Nothing is published")
    expect(dialog.get_by_role("button", name="Keep it running")).to_be_focused()
    assert pages.findings(page, "[role=alertdialog]") == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("cancelled · nothing published").first).to_be_visible()
    assert pages.server.status(run)["status"] == "cancelled"


def test_two_people_do_not_overwrite_each_other(pages: Pages) -> None:
    pages.allowed = ("409",)
    query = pages.server.save("SELECT 1 AS a", "Shared")
    page = pages.open(f"/queries/{query}")
    write(page, "SELECT 2 AS a")
    pages.server.call("PATCH", f"/query/{query}", {"query_sql": "SELECT 3 AS a"})
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Version 2 was saved in the meantime")
    pages.picture(page, "query-conflict")
    assert pages.server.call("GET", f"/query/{query}")["query_sql"] == "SELECT 3 AS a"
    dialog.get_by_role("button", name="Save mine as v3").click()
    expect(page.get_by_text("Saved as version 3.")).to_be_visible()


def test_all_charts_of_a_dashboard_are_of_one_run(pages: Pages) -> None:
    server = pages.server
    spec = {
        "version": 1,
        "kind": "line",
        "x": "day",
        "y": ["fee"],
        "isStacked": False,
        "isLog": False,
    }
    chart = server.call(
        "POST",
        "/queries/4/visualizations",
        {"name": "Fees", "type": "chart", "options": {"qanat": spec}},
    )["id"]
    made = server.call("POST", "/dashboards", {"name": "Overview", "visualization_ids": [chart]})
    page = pages.open(f"/dashboards/{made['dashboard_id']}")
    expect(page.get_by_text("never refreshed")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("all charts: run")).to_be_visible()
    expect(
        page.get_by_role("img", name=re.compile("Line chart of fee from 2026-11-01"))
    ).to_be_visible()
    pages.picture(page, "dashboard")


def test_a_file_is_looked_at_before_it_lands(pages: Pages, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("day,rate\n2026-11-01,1.5\n2026-11-02,1.6\n", encoding="utf-8")
    page = pages.open("/catalog")
    page.get_by_label("File to upload").set_input_files(file)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 rows")
    dialog.get_by_label("Type of column 2").select_option("varchar")
    pages.picture(page, "upload")
    dialog.get_by_role("button", name="Make the table").click()
    expect(page).to_have_url(re.compile(r"/catalog/dune\.me\.rates"))
    expect(page.get_by_role("gridcell", name="1.6")).to_be_visible()


def test_a_file_of_another_format_is_refused_in_a_sentence(pages: Pages, tmp_path: Path) -> None:
    pages.allowed = ("400",)
    file = tmp_path / "rates.parquet"
    file.write_bytes(b"not a parquet file" * 1000)
    page = pages.open("/catalog")
    page.get_by_label("File to upload").set_input_files(file)
    expect(page.get_by_role("dialog")).to_contain_text("The file was not taken")


def test_a_revoked_key_leads_to_sign_in(pages: Pages) -> None:
    pages.allowed = ("401",)
    made = pages.server.call("POST", "/keys", {"name": "short", "scope": "read"})
    page = pages.open("/runs", key=made["key"])
    pages.server.call("DELETE", f"/keys/{made['id']}")
    page.goto(pages.server.url + "/queries")
    expect(page.get_by_role("heading", name="Sign in to Qanat")).to_be_visible()
    assert "next=" in page.url


@pytest.fixture
def own_server(tmp_path: Path) -> ServerProcess:
    """A server that the test may kill."""
    return ServerProcess(tmp_path / "data")


def test_a_killed_server_is_said_and_the_truth_is_shown_again(
    pages: Pages, own_server: ServerProcess, built: Path
) -> None:
    assert built.exists()
    pages.allowed = ("Failed to load resource", "ERR_", "preload", "dynamically imported")
    with own_server as server:
        pages.server = server
        run = server.start_pipeline(server.save(LONG, "Endless"))
        page = pages.open(f"/runs/{run}")
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        server.kill()
        expect(page.get_by_text(re.compile("reconnecting|polling"))).to_be_visible()
        pages.picture(page, "run-server-away")
        server.start()
        expect(page.get_by_text("live", exact=True)).to_be_visible(timeout=40_000)
        server.call("POST", f"/pipelines/executions/{run}/cancel")
        expect(page.get_by_text("cancelled · nothing published").first).to_be_visible()
