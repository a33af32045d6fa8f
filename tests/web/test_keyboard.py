"""The whole way from sign-in to a cancelled run without a mouse."""

from __future__ import annotations

import re
from typing import Final

from playwright.sync_api import Page, expect

from tests.web.pages import BOTH_THEMES, Pages
from tests.web.work import LONG

#: Whatever moves or presses a pointer is told to the console, and fails the test.
_NO_MOUSE: Final = """
for (const type of ["pointerdown", "pointermove", "mousedown", "touchstart"])
  addEventListener(type, () => console.error("a pointer was used: " + type), true);
"""

#: What a screen reader would call the element that has the focus.
_FOCUSED: Final = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return "";
  return one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent || "";
}"""

MOST_TABS: Final = 80


class Hands:
    """Presses keys on a page, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        """Press one key after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type `text` where the focus is."""
        self.page.keyboard.type(text)

    def tab_to(self, name: str, *, back: bool = False) -> None:
        """Press Tab until the focus is on what is called `name`."""
        passed = []
        for _ in range(MOST_TABS):
            self.press("Shift+Tab" if back else "Tab")
            passed.append(self.page.evaluate(_FOCUSED))
            if re.search(name, passed[-1]):
                return
        raise AssertionError(f"no way by Tab to {name}, only to {passed}")

    def choose(self, command: str) -> None:
        """Take a command, or go to a thing, by the palette."""
        self.press("Control+k")
        box = self.page.get_by_role("combobox", name="Search pages, names and actions")
        expect(box).to_be_focused()
        self.type(command)
        option = self.page.get_by_role("dialog").get_by_role("option", selected=True)
        expect(option).to_contain_text(command)
        self.press("Enter")
        expect(box).to_be_hidden()

    def write_sql(self, sql: str) -> None:
        """Replace the text of the editor."""
        self.page.wait_for_selector(".cm-content")
        self.press("Control+j")
        expect(self.page.locator(".cm-content")).to_be_focused()
        self.press("Control+a")
        self.type(sql)


@BOTH_THEMES
def test_everything_is_done_by_keys_alone(pages: Pages) -> None:
    """Sign in, write a query, run it, make it a view, build a pipeline, run it, cancel another."""
    name = f"Typed {pages.theme}"
    page = pages.anonymous()
    page.add_init_script(_NO_MOUSE)
    hands = Hands(page)
    page.goto(pages.url + "/sign-in")
    expect(page.get_by_label("API key")).to_be_focused()
    hands.type(str(pages.server.key))
    hands.press("Enter")
    expect(page.get_by_role("navigation", name="Places")).to_be_visible()

    hands.choose("New query")
    expect(page).to_have_url(re.compile("/queries/new"))
    hands.write_sql("SELECT day, max(fee) AS most FROM dune.me.result_days GROUP BY 1")
    hands.press("Control+Enter")
    grid = page.get_by_role("grid", name="Result")
    expect(grid).to_have_attribute("aria-rowcount", "29")
    hands.press("Control+j")
    expect(grid).to_be_focused()
    hands.press("ArrowDown", "Control+End")
    expect(grid.get_by_role("row", name=re.compile("^28 ")).first).to_be_visible()
    hands.press("Control+j", "Escape")
    hands.tab_to("Name of the query", back=True)
    hands.type(name)
    hands.press("Control+s")
    expect(page).to_have_url(re.compile(r"/queries/\d+"))
    expect(page.get_by_text("Query saved.")).to_be_visible()
    query = int(re.findall(r"/queries/(\d+)", page.url)[0])

    hands.choose("Make it a view")
    field = page.get_by_role("textbox", name="Name", exact=True)
    expect(field).to_be_visible()
    expect(page.get_by_role("tab", name="View")).to_be_focused()
    hands.tab_to("^Name$")
    hands.press("Control+a")
    hands.type(f"typed_{pages.theme}")
    hands.press("Enter")
    expect(page.get_by_text("View made")).to_be_visible()
    expect(grid).to_have_attribute("aria-rowcount", "29")

    hands.choose("See its pipeline")
    expect(page).to_have_url(f"{pages.url}/pipelines/{query}")
    nodes = page.locator("[data-node]")
    expect(nodes).to_have_count(2)
    for count, piece in enumerate(("kinds", "both", "Fees by day"), start=3):
        hands.press("/")
        expect(page.get_by_label("Search names")).to_be_focused()
        hands.press("Control+a")
        hands.type(piece)
        hands.tab_to(f"^{piece}$")
        hands.press("Enter")
        expect(nodes).to_have_count(count)
        expect(page.get_by_role("complementary", name=f"Settings of {piece}")).to_be_visible()
    hands.tab_to("Also wait for")
    hands.type(name)
    expect(page.get_by_role("button", name=f"Do not wait for {name}")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="5 nodes")).to_contain_text("valid")
    pages.picture(page, "keyboard-pipeline")
    hands.press("Control+s")
    expect(page.get_by_text("Pipeline saved.")).to_be_visible()
    hands.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/runs/[0-9A-Z]{26}"))
    expect(page.get_by_text(re.compile("published .* moved")).first).to_be_visible()
    assert len(pages.server.status(page.url[-26:])["node_executions"]) == 5

    hands.choose(name)
    expect(page).to_have_url(re.compile(f"/queries/{query}"))
    hands.write_sql(LONG)
    hands.press("Control+s")
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    hands.choose("See its pipeline")
    expect(nodes).to_have_count(5)
    hands.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/runs/[0-9A-Z]{26}"))
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    hands.press(".")
    expect(page.get_by_role("button", name="Keep it running")).to_be_focused()
    hands.press("Tab", "Enter")
    expect(page.get_by_text("cancelled · nothing published").first).to_be_visible()
    assert pages.server.status(page.url[-26:])["status"] == "cancelled"


def test_each_heading_of_the_palette_stands_once(pages: Pages) -> None:
    """A query's page has actions of its own, and every page has some more."""
    page = pages.open("/queries/1")
    expect(page.get_by_role("button", name="More actions")).to_be_visible()
    page.keyboard.press("Control+k")
    found = page.get_by_role("dialog").get_by_role("listbox", name="Found")
    expect(found.get_by_role("option", name="Fees by day")).to_be_visible()
    headings = found.locator("[role=presentation]").all_text_contents()
    assert {"Actions", "Go to", "Queries"} <= set(headings)
    assert len(headings) == len(set(headings))
