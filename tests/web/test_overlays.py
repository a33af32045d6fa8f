"""Everything that opens over a page: no serious finding of axe in it, and a picture of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.web.pages import BOTH_THEMES, Pages, write
from tests.web.work import LONG

DIALOG: Final = "[role=dialog]"
MENU: Final = "[role=menu]"


def _palette(page: Page) -> None:
    page.keyboard.press("Control+k")


def _key_map(page: Page) -> None:
    page.keyboard.press("?")


def _more(page: Page) -> None:
    page.get_by_role("button", name="More actions").click()


def _account(page: Page) -> None:
    page.get_by_role("button", name="me", exact=True).click()


def _parameters(page: Page) -> None:
    write(page, "SELECT '{{token}}' AS token, {{most}} AS most")
    _more(page)
    page.get_by_role("menuitem", name="Parameters…").click()


def _older(page: Page) -> None:
    page.get_by_role("button", name="Diff").first.click()


def _completion(page: Page) -> None:
    write(page, "SELECT number FROM chain.")
    page.keyboard.press("Control+Space")


def _find(page: Page) -> None:
    page.wait_for_selector(".cm-content")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+f")


def _new_key(page: Page) -> None:
    page.get_by_role("button", name="New key").click()


def _revoke(page: Page) -> None:
    page.get_by_role("button", name="Revoke").first.click()


def _new_dashboard(page: Page) -> None:
    page.get_by_role("button", name="New dashboard").first.click()


def _delete_view(page: Page) -> None:
    page.get_by_role("button", name="Delete view").click()


#: Name → page, what opens it, and where it is.
OVERLAYS: Final[dict[str, tuple[str, Callable[[Page], None], str]]] = {
    "palette": ("/queries", _palette, DIALOG),
    "key-map": ("/queries", _key_map, DIALOG),
    "account": ("/queries", _account, MENU),
    "query-menu": ("/queries/4", _more, MENU),
    "parameters": ("/queries/4", _parameters, DIALOG),
    "version-diff": ("/queries/5?tab=history", _older, DIALOG),
    "completion": ("/queries/4", _completion, "[role=listbox]"),
    "find": ("/queries/4", _find, ".cm-search"),
    "view-delete": ("/queries/1?tab=view", _delete_view, "[role=alertdialog]"),
    "pipeline-menu": ("/pipelines/4", _more, MENU),
    "dashboard-new": ("/dashboards", _new_dashboard, DIALOG),
    "key-new": ("/settings/keys", _new_key, DIALOG),
    "key-revoke": ("/settings/keys", _revoke, "[role=alertdialog]"),
}


@pytest.fixture(scope="module")
def query(request: pytest.FixtureRequest) -> int:
    """A query of two versions."""
    server = request.getfixturevalue("server")
    made = int(server.save("SELECT 1 AS a", "Two versions"))
    server.call("PATCH", f"/query/{made}", {"query_sql": "SELECT 2 AS a"})
    return made


@BOTH_THEMES
def test_no_overlay_has_a_serious_finding(pages: Pages, query: int) -> None:
    assert query == 5
    page = pages.open()
    found = {}
    for name, (path, open_it, within) in OVERLAYS.items():
        page.evaluate("localStorage.clear()")  # drafts of the overlay before
        page.goto(pages.url + path)
        expect(page.locator("main h1").first).to_be_attached()
        open_it(page)
        expect(page.locator(within).first).to_be_visible()
        pages.picture(page, f"overlay-{name}")
        if findings := pages.findings(page, within):
            found[name] = findings
    assert not found, "\n".join(f"{name}: {one}" for name, all_ in found.items() for one in all_)


@BOTH_THEMES
def test_runs_in_flight_are_listed_and_toasts_are_sound(pages: Pages) -> None:
    run = pages.server.start_pipeline(pages.server.save(LONG, "Endless"))
    page = pages.open("/queries/1")
    page.get_by_role("button", name=re.compile("in flight")).click()
    expect(page.get_by_role("menuitem", name=re.compile("Endless"))).to_be_visible()
    pages.picture(page, "overlay-in-flight", is_running=True)
    assert pages.findings(page, MENU) == []
    pages.server.call("POST", f"/pipelines/executions/{run}/cancel")
    page.keyboard.press("Escape")
    page.get_by_label("Name of the query").fill(f"result_days {pages.theme}")
    page.keyboard.press("Control+s")
    toast = page.locator("[data-toast]").first
    expect(toast).to_be_visible()
    assert pages.findings(page) == []
