"""Names are changed in their lists: by key and by pointer, and back when somebody came first."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.web.pages import Pages


def test_a_query_is_renamed_in_its_list_by_keys(pages: Pages) -> None:
    server = pages.server
    query = server.save("SELECT 1 AS a", "Befour")
    page = pages.open("/queries")
    lines = page.get_by_role("table", name="Queries").locator("tbody tr")
    expect(lines.first).to_contain_text("Befour")
    page.keyboard.press("j")
    page.keyboard.press("F2")
    field = page.get_by_role("textbox", name="Rename Befour")
    expect(field).to_be_focused()
    page.keyboard.type("Just a jest")
    page.keyboard.press("Escape")
    expect(lines.first).to_contain_text("Befour")
    expect(lines.first).to_be_focused()

    page.keyboard.press("F2")
    page.keyboard.type("Before")
    pages.picture(page, "queries-renaming")
    assert pages.findings(page) == []
    page.keyboard.press("Enter")
    expect(lines.first).to_contain_text("Before")
    expect(lines.first).to_be_focused()
    page.reload()
    expect(lines.first).to_contain_text("Before")
    found = server.call("GET", f"/query/{query}")
    assert (found["name"], found["version"], found["query_sql"]) == ("Before", 2, "SELECT 1 AS a")


def test_a_new_name_is_taken_back_when_somebody_came_first(pages: Pages) -> None:
    """The name shows at once; the refusal says why, and the list is loaded anew."""
    pages.allowed = ("Failed to load resource",)
    server = pages.server
    query = server.save("SELECT 1 AS a", "Mine")
    page = pages.open("/queries")
    lines = page.get_by_role("table", name="Queries").locator("tbody tr")
    shown: list[str] = []

    def answer(route: Route) -> None:
        shown.append(lines.first.inner_text())
        server.call("PATCH", f"/query/{query}", {"name": "Theirs"})
        route.continue_()

    page.route(re.compile(f"/api/v1/query/{query}$"), answer)
    lines.first.hover()
    page.get_by_role("button", name="Rename Mine").click()
    page.get_by_role("textbox", name="Rename Mine").fill("Still mine")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is at version 2, not 1")
    expect(lines.first).to_contain_text("Theirs")
    assert "Still mine" in shown[0]
    page.unroute_all()

    page.get_by_role("button", name="Rename Theirs").click()
    page.get_by_role("textbox", name="Rename Theirs").fill("Ours")
    page.get_by_role("heading", name="Queries").click()
    expect(lines.first).to_contain_text("Ours")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.goto(f"{pages.url}/queries/{query}")
    expect(page.get_by_label("Name of the query")).to_have_value("Ours")


def test_a_dashboard_is_renamed_in_its_list(pages: Pages) -> None:
    server = pages.server
    id_ = server.call("POST", "/dashboards", {"name": "First name"})["dashboard_id"]
    page = pages.open("/dashboards")
    lines = page.get_by_role("table", name="Dashboards").locator("tbody tr")
    lines.first.focus()
    page.keyboard.press("F2")
    page.keyboard.type("Second name")
    page.keyboard.press("Enter")
    expect(lines.first).to_contain_text("Second name")
    page.reload()
    expect(lines.first).to_contain_text("Second name")
    assert server.call("GET", f"/dashboards/{id_}")["revision"] == 2
