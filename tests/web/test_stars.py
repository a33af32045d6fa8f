"""Stars: given by pointer and by key, found again, taken off, and taken back when refused."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.web.pages import BOTH_THEMES, Pages


def pressed(star: Locator, is_pressed: bool) -> None:  # as the attribute has it
    expect(star).to_have_attribute("aria-pressed", str(is_pressed).lower())


def head_star(page: Page, kind: str) -> Locator:
    """Return the star of the thing that the page shows, once it can be pressed."""
    star = page.get_by_role("button", name=f"Star this {kind}")
    expect(star).to_be_enabled()
    return star


@BOTH_THEMES
def test_starred_queries_are_found_again_and_let_go(pages: Pages) -> None:
    server = pages.server
    by_hand, by_key = f"By hand {pages.theme}", f"By key {pages.theme}"
    first = server.save("SELECT 1 AS a", by_hand)
    second = server.save("SELECT 2 AS a", by_key)
    page = pages.open("/queries")
    page.get_by_role("button", name=f"Star {by_hand}").click()
    pressed(page.get_by_role("button", name=f"Star {by_hand}"), True)

    page.goto(f"{pages.url}/queries/{second}")
    star = head_star(page, "query")
    pressed(star, False)
    page.keyboard.press("s")
    pressed(star, True)
    pages.picture(page, "query-starred")

    page.keyboard.press("g")
    page.keyboard.press("q")
    page.get_by_role("group", name="Which").get_by_role("button", name="Starred").click()
    expect(page).to_have_url(re.compile("starred=1"))
    page.reload()
    lines = page.get_by_role("table", name="Queries").locator("tbody tr")
    expect(lines).to_contain_text([by_key, by_hand])
    pages.picture(page, "queries-starred")
    assert pages.findings(page) == []

    page.keyboard.press("j")
    expect(lines.first).to_be_focused()
    page.keyboard.press("s")
    expect(lines).to_contain_text([by_hand])
    expect(lines.first).to_be_focused()
    assert server.call("GET", "/stars") == {"queries": [first], "dashboards": []}

    page.keyboard.press("Control+k")
    named = (
        page.get_by_role("dialog").get_by_role("option").filter(has_text=re.compile(r"query \d"))
    )
    expect(named.first).to_contain_text(by_hand)
    expect(named.first.get_by_label("starred")).to_be_visible()
    expect(named.nth(1).get_by_label("starred")).to_have_count(0)
    page.keyboard.press("Escape")

    page.get_by_role("button", name=f"Star {by_hand}").click()
    expect(page.get_by_role("heading", name="No query has your star")).to_be_visible()
    pages.picture(page, "queries-no-star")
    page.get_by_role("link", name="All queries").click()
    expect(lines.filter(has_text=by_hand)).to_be_visible()
    assert server.call("GET", "/stars") == {"queries": [], "dashboards": []}


def test_a_starred_dashboard_is_found_again(pages: Pages) -> None:
    server = pages.server
    ids = [
        server.call("POST", "/dashboards", {"name": name})["dashboard_id"]
        for name in ("Kept in sight", "Left alone")
    ]
    page = pages.open(f"/dashboards/{ids[0]}")
    star = head_star(page, "dashboard")
    page.keyboard.press("s")
    pressed(star, True)
    page.keyboard.press("Control+k")
    first = page.get_by_role("dialog").get_by_role("option").first
    expect(first, "what the page is for comes before its star").to_contain_text("Refresh")
    page.keyboard.press("Escape")
    page.goto(f"{pages.url}/dashboards?starred=1")
    lines = page.get_by_role("table", name="Dashboards").locator("tbody tr")
    expect(lines).to_contain_text(["Kept in sight"])
    page.get_by_role("button", name="Star Kept in sight").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="No dashboard has your star")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="No dashboard has your star")).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()
    expect(lines.filter(has_text="Left alone")).to_be_visible()
    pressed(page.get_by_role("button", name="Star Kept in sight"), False)


def test_a_star_that_is_refused_takes_itself_back_and_says_why(pages: Pages) -> None:
    """It shows before the answer comes; a key that may only read is told no."""
    pages.allowed = ("Failed to load resource",)
    server = pages.server
    query = server.save("SELECT 1 AS a", "Not for readers")
    key = server.call("POST", "/keys", {"name": "reader", "scope": "read"})["key"]
    shown: list[str | None] = []

    def answer(route: Route) -> None:
        shown.append(star.get_attribute("aria-pressed"))
        route.continue_()

    page = pages.open(f"/queries/{query}", key=key)
    page.route(re.compile("/api/v1/stars/"), answer)
    star = head_star(page, "query")
    star.click()
    expect(page.get_by_role("alert")).to_contain_text("may only read")
    pressed(star, False)
    assert shown == ["true"]

    page.goto(f"{pages.url}/queries")
    star = page.get_by_role("button", name="Star Not for readers")
    star.click()
    expect(page.get_by_role("alert")).to_contain_text("may only read")
    pressed(star, False)
    assert shown == ["true", "true"]
    pages.picture(page, "queries-star-refused")
    assert pages.findings(page) == []
