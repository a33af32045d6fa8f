"""The query page: write, correct, run, look at the rows, chart them, keep them as a view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.clients.served import Served
from tests.clients.served import forgetful as forgetful_server
from tests.server import ServerProcess
from tests.web.pages import BOTH_THEMES, EACH_SCREEN, LARGE, PHONE, Pages, write

#: Ten million rows that cost about a second.
TEN_MILLION = (
    "SELECT (a.x - 1) * 1000 + b.y AS id, 9007199254740993 + b.y AS big "
    "FROM UNNEST(sequence(1, 10000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000)) AS b(y)"
)


def result_of(server: ServerProcess, sql: str, name: str) -> int:
    """Save a query and execute it; the query's id."""
    query = server.save(sql, name)
    server.wait_execution(server.call("POST", f"/query/{query}/execute")["execution_id"])
    return query


@EACH_SCREEN
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
    fee = page.get_by_role("columnheader", name="fee")
    fee.click()
    expect(fee).to_have_attribute("aria-sort", "ascending")
    fee.click()
    expect(fee).to_have_attribute("aria-sort", "descending")
    expect(grid.get_by_role("row").nth(1)).to_contain_text("9999.5")
    page.get_by_label("Filter rows on the server").fill("kind = 3 AND fee > 9990")
    expect(page.get_by_text("3 of 20,000")).to_be_visible()
    assert "filter=" in page.url

    page.get_by_label("Name of the query").fill(f"Written in {pages.theme}")
    page.keyboard.press("Control+s")
    expect(page).to_have_url(re.compile(r"/queries/\d+\?"))
    expect(page.get_by_text("Query saved.")).to_be_visible()
    pages.picture(page, "query-saved")
    assert page.evaluate("document.documentElement.scrollWidth") <= pages.size[0]


@pytest.fixture(scope="module")
def ten_million(server: ServerProcess) -> int:
    """A query whose result has ten million rows."""
    return result_of(server, TEN_MILLION, "Ten million")


@EACH_SCREEN
def test_the_last_of_ten_million_rows_is_a_key_away_and_a_cell_is_copied(
    pages: Pages, ten_million: int
) -> None:
    page = pages.open(f"/queries/{ten_million}")
    grid = page.get_by_role("grid", name="Result")
    expect(grid).to_have_attribute("aria-rowcount", "10000001")
    expect(grid.get_by_role("gridcell").first).to_have_text("1")
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+End")
    last = grid.locator("[data-current]")
    expect(last).to_have_text(re.compile("^90071992547"))
    expect(grid.get_by_role("rowheader").last).to_have_text("10000000")
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == last.inner_text()
    pages.picture(page, "grid-last-row")

    # The thumb of the scroll bar goes to the same row by proportion, and half-way to the middle.
    page.keyboard.press("Control+Home")
    expect(grid.get_by_role("rowheader").first).to_have_text("1")
    grid.evaluate("(one) => { one.scrollTop = one.scrollHeight; }")
    expect(grid.get_by_role("rowheader").last).to_have_text("10000000")
    grid.evaluate("(one) => { one.scrollTop = (one.scrollHeight - one.clientHeight) / 2; }")
    middle = grid.get_by_role("row").filter(has=page.get_by_role("rowheader", name="5000000"))
    expect(middle.get_by_role("gridcell").last).to_have_text(re.compile("^90071992547"))


@BOTH_THEMES
def test_rows_are_downloaded_as_they_are_filtered(
    pages: Pages, ten_million: int, tmp_path: Path
) -> None:
    page = pages.open(f"/queries/{ten_million}")
    page.get_by_label("Filter rows on the server").fill("id > 9999998")
    expect(page.get_by_text("2 of 10,000,000")).to_be_visible()
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").click()
    file = tmp_path / "rows.csv"
    download.value.save_as(file)
    head, *rows = file.read_text().splitlines()
    assert head == "id,big"
    assert sorted(rows) == ["10000000,9007199254741993", "9999999,9007199254741992"]
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("grid", name="Result")).to_be_visible()
    page.wait_for_function(
        "async () => (await navigator.clipboard.readText()).startsWith('id\\tbig\\n')"
    )


@BOTH_THEMES
def test_a_chart_is_set_up_and_saved(pages: Pages) -> None:
    query = result_of(
        pages.server,
        "SELECT day, kind, sum(fee) AS fee FROM chain.blocks GROUP BY 1, 2 ORDER BY 1, 2",
        f"Fees in {pages.theme}",
    )
    page = pages.open(f"/queries/{query}")
    page.get_by_role("tab", name="New chart").click()
    form = page.get_by_role("form", name="Chart settings")
    form.get_by_label("Name").fill("Fees by kind")
    form.get_by_label("Kind").select_option("bar")
    form.get_by_label("Horizontal").select_option("day")
    form.get_by_label("Values").select_option("fee")
    form.get_by_label("Series by").select_option("kind")
    form.get_by_label("Stacked").check()
    form.get_by_role("button", name="Add chart").click()
    expect(page.get_by_text("Chart saved.")).to_be_visible()
    expect(page.get_by_role("tab", name="Fees by kind")).to_have_attribute("aria-selected", "true")
    assert "viz=" in page.url
    page.reload()
    chart = page.get_by_role("img", name=re.compile("Bar chart of fee by kind"))
    expect(chart).to_be_visible()
    pages.picture(page, "chart")
    saved = pages.server.call("GET", f"/queries/{query}/visualizations")["results"]
    assert [one["name"] for one in saved] == ["Fees by kind"]


@BOTH_THEMES
def test_a_query_becomes_a_view_and_a_name_that_is_taken_is_said(pages: Pages) -> None:
    pages.allowed = ("409", "400")
    query = pages.server.save("SELECT kind, max(fee) AS most FROM chain.blocks GROUP BY 1", "Most")
    page = pages.open(f"/queries/{query}?tab=view")
    name = page.get_by_role("textbox", name="Name", exact=True)
    name.fill("days")
    expect(page.get_by_role("tabpanel")).to_contain_text("read as dune.me.result_days")
    page.get_by_label("Schedule").select_option("custom")
    cron = page.get_by_label("Cron, in UTC")
    cron.fill("")
    page.get_by_role("button", name="Make view").click()
    expect(cron).to_have_attribute("aria-invalid", "true")
    cron.fill("0 * * * *")
    expect(cron).to_have_value("0 * * * *")
    page.get_by_role("button", name="Make view").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("is defined by query 1")
    pages.picture(page, "view-name-taken")
    name.fill(f"most_{pages.theme}")
    page.get_by_role("button", name="Make view").click()
    expect(page.get_by_role("grid", name="Result")).to_have_attribute("aria-rowcount", "8")
    page.goto(f"{pages.url}/catalog/dune.me.result_most_{pages.theme}")
    expect(page.get_by_text("next refresh")).to_be_visible()


@BOTH_THEMES
def test_two_people_do_not_overwrite_each_other(pages: Pages) -> None:
    """Both in the browser: the one who saves second is told, and chooses."""
    pages.allowed = ("409",)
    query = pages.server.save("SELECT 1 AS a", "Shared")
    page = pages.open(f"/queries/{query}")
    other = page.context.new_page()
    other.goto(f"{pages.url}/queries/{query}")
    write(page, "SELECT 2 AS a")
    write(other, "SELECT 3 AS a")
    other.keyboard.press("Control+s")
    expect(other.get_by_text("Saved as version 2.")).to_be_visible()
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Version 2 was saved in the meantime")
    pages.picture(page, "query-conflict")
    assert pages.findings(page, "[role=dialog]") == []
    assert pages.server.call("GET", f"/query/{query}")["query_sql"] == "SELECT 3 AS a"
    dialog.get_by_role("button", name="Save mine as v3").click()
    expect(page.get_by_text("Saved as version 3.")).to_be_visible()
    assert pages.server.call("GET", f"/query/{query}")["query_sql"] == "SELECT 2 AS a"


def test_text_of_rows_is_never_markup(pages: Pages) -> None:
    hostile = "<img src=x onerror=document.title=1><b>bold</b>"
    query = result_of(pages.server, f"SELECT '{hostile}' AS \"<i>a</i>\"", hostile)
    page = pages.open(f"/queries/{query}")
    grid = page.get_by_role("grid", name="Result")
    expect(grid.get_by_role("gridcell").first).to_have_text(hostile)
    expect(page.get_by_role("columnheader", name="<i>a</i>")).to_be_visible()
    assert page.locator("main img, main b:has-text('bold')").count() == 0


@pytest.fixture
def forgetful(tmp_path: Path, built: Path) -> Iterator[Served]:
    """A server that keeps results for a moment only."""
    assert built.exists()
    with forgetful_server(tmp_path / "data") as running:
        yield running


def test_a_result_that_expired_is_said_and_is_one_press_away(
    pages: Pages, forgetful: Served
) -> None:
    pages.at(forgetful)
    execution = forgetful.expired_execution()
    page = pages.open(f"/queries/1?exec={execution}")
    expect(page.get_by_role("heading", name="This result is no longer stored")).to_be_visible()
    pages.picture(page, "result-expired")
    assert pages.findings(page) == []
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(re.compile(execution))
    expect(page.get_by_role("status").filter(has_text="1 row")).to_be_visible()


def test_the_rows_on_screen_are_of_the_values_and_the_version_that_are_shown(pages: Pages) -> None:
    """Without values in the address the defaults count, as the form says."""
    server = pages.server
    text = "SELECT {{n}} AS n, 'first' AS said"
    number = {"key": "n", "type": "number", "value": "5"}
    query = int(
        server.call("POST", "/query", {"name": "N", "query_sql": text, "parameters": [number]})[
            "query_id"
        ]
    )

    def run(**values: str) -> None:
        asked = server.call("POST", f"/query/{query}/execute", {"query_parameters": values})
        server.wait_execution(asked["execution_id"])

    run(n="5")
    run(n="7")
    page = pages.open(f"/queries/{query}")
    cell = page.get_by_role("gridcell").first
    expect(cell).to_have_text("5")
    page.get_by_label("n", exact=True).fill("7")
    expect(cell).to_have_text("7")
    page.get_by_label("n", exact=True).fill("8")
    expect(
        page.get_by_role("heading", name="No result of this version with these values")
    ).to_be_visible()

    server.call("PATCH", f"/query/{query}", {"query_sql": text.replace("first", "second")})
    run(n="5")
    page.goto(f"{pages.url}/queries/{query}")
    said = page.get_by_role("gridcell").nth(1)
    expect(said).to_have_text("second")
    page.goto(f"{pages.url}/queries/{query}?v=1")
    expect(said).to_have_text("first")
    page.goto(f"{pages.url}/queries/{query}?v=1&p.n=9")
    expect(
        page.get_by_role("heading", name="No result of version 1 with these values")
    ).to_be_visible()


def test_an_address_of_nothing_is_said_with_a_way_on(pages: Pages) -> None:
    """An execution that is not there is asked for once, not for ever."""
    pages.allowed = ("404", "400")
    query = result_of(pages.server, "SELECT 1 AS one", "One")
    page = pages.open("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    unknown = ("zzz", "01J9ZZZZZZZZZZZZZZZZZZZZZZ")
    for execution in unknown:
        page.goto(f"{pages.url}/queries/{query}?exec={execution}")
        expect(page.get_by_role("heading", name="The result could not be loaded")).to_be_visible()
    page.get_by_role("button", name="Show the latest result").click()
    expect(page.get_by_role("grid", name="Result")).to_have_attribute("aria-rowcount", "2")
    for execution in unknown:
        assert len([url for url in asked if f"/api/v1/execution/{execution}" in url]) == 1

    page.goto(f"{pages.url}/queries/{query}?v=99")
    expect(page.get_by_role("heading", name="Version 99 could not be loaded")).to_be_visible()
    page.get_by_role("link", name="Show the newest version").click()
    expect(page.get_by_role("grid", name="Result")).to_have_attribute("aria-rowcount", "2")

    for number in ("abc", "999999"):
        page.goto(f"{pages.url}/queries/{number}")
        expect(page.get_by_role("heading", name=f"There is no query {number}")).to_be_visible()
    page.get_by_role("link", name="All queries").click()
    expect(page).to_have_url(f"{pages.url}/queries")


@pytest.mark.parametrize("size", [LARGE, PHONE], ids=["desk", "phone"])
def test_a_parameter_without_a_value_is_said_and_nothing_is_sent(pages: Pages) -> None:
    page = pages.open("/queries/new")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    write(page, "SELECT number FROM chain.blocks LIMIT {{n}}")
    strip = page.get_by_role("alert")
    expect(strip).to_contain_text("1:39 The parameter n has no value")
    pages.picture(page, "query-no-value")
    expect(strip).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("n", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Run", exact=False)).to_be_disabled()
    page.keyboard.press("Control+Enter")
    expect(strip).to_contain_text("has no value")
    assert [url for url in sent if "/sql/" in url] == []
    page.get_by_label("n", exact=True).fill("3")
    expect(strip).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("grid", name="Result")).to_have_attribute("aria-rowcount", "4")
    pages.picture(page, "query-parameter")


def test_an_archived_query_says_so_and_is_brought_back(pages: Pages) -> None:
    query = pages.server.save("SELECT 1 AS one", "Put away")
    page = pages.open(f"/queries/{query}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Archive").click()
    expect(page).to_have_url(f"{pages.url}/queries")
    page.goto(f"{pages.url}/queries/{query}")
    banner = page.get_by_role("status").filter(has_text="This query is archived")
    expect(banner).to_be_visible()
    expect(page.get_by_role("button", name="Run")).to_be_disabled()
    page.get_by_role("button", name="More actions").click()
    expect(page.get_by_role("menuitem", name="Bring back")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Archive")).to_have_count(0)
    page.keyboard.press("Escape")
    banner.get_by_role("button", name="Bring back").click()
    expect(banner).to_be_hidden()
    expect(page.get_by_role("button", name="Run")).to_be_enabled()
    assert pages.server.call("GET", f"/query/{query}")["is_archived"] is False


def test_what_is_typed_above_the_rows_finds_what_is_seen_in_them(pages: Pages) -> None:
    query = result_of(
        pages.server,
        "SELECT * FROM (VALUES (DATE '2026-11-03', TIMESTAMP '2026-11-03 10:41:07', "
        "0x048d13ec21003990, 'WETH', 12.345E0, 1), "
        "(DATE '2025-01-06', TIMESTAMP '2025-01-06 23:00:00', 0xff00, '100% sure', 7E0, NULL)) "
        'AS t (day, "at", hash, "na""me", fee, n)',
        "Two rows",
    )
    page = pages.open(f"/queries/{query}")
    typed = page.get_by_label("Filter rows on the server")
    grid = page.get_by_role("grid", name="Result")
    found = {
        "eth": "WETH", "2026-11": "WETH", "2026-11-03 10:41": "WETH", "0x048d13": "WETH",
        "0x048d13ec…003990": "WETH", "12.3": "WETH", "ff00": "100% sure", "100%": "100% sure",
        "null": "100% sure", "fee between 7 and 8": "100% sure",
    }  # fmt: skip
    for text, name in found.items():
        typed.fill(text)
        expect(page.get_by_text("1 of 2")).to_be_visible()
        expect(grid.get_by_role("gridcell").nth(3)).to_have_text(name)
        typed.fill("")
        expect(grid).to_have_attribute("aria-rowcount", "3")

    typed.fill("11-03")
    expect(page.get_by_role("heading", name="No row has “11-03” in a text column")).to_be_visible()
    expect(page.get_by_text("Dates are found from the year on")).to_be_visible()
    pages.picture(page, "query-nothing-found")
    assert pages.findings(page, "[role=tabpanel]") == []
    page.get_by_role("button", name="Show all rows").click()
    expect(grid).to_have_attribute("aria-rowcount", "3")
    page.get_by_role("columnheader", name='na"me').click()
    expect(grid.get_by_role("gridcell").nth(3)).to_have_text("100% sure")


def test_the_text_is_set_out_in_lines_by_a_key(pages: Pages) -> None:
    page = pages.open("/queries/new")
    write(page, "select x'00ff' as b, kind from chain.blocks")
    page.keyboard.press("Control+Shift+f")
    expect(page.locator(".cm-line").first).to_have_text("SELECT x'00ff' AS b,")
    assert page.locator(".cm-line").all_inner_texts()[:3] == [
        "SELECT x'00ff' AS b,", "  kind", "FROM chain.blocks",
    ]  # fmt: skip
