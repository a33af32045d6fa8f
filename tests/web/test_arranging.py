"""What a person arranges: columns of a result, the right panel, the parameters of a dashboard."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.web.pages import Pages


def width(column: Locator) -> float:
    box = column.bounding_box()
    assert box is not None
    return float(box["width"])


def test_a_column_keeps_the_width_that_was_set_for_its_query(pages: Pages) -> None:
    """By the pointer and by keys; another query is not touched."""
    server = pages.server
    query = server.save("SELECT 1 AS first, 2 AS second", "Two columns")
    server.wait_execution(server.call("POST", f"/query/{query}/execute")["execution_id"])
    page = pages.open(f"/queries/{query}")
    grid = page.get_by_role("grid", name="Result")
    column = grid.get_by_role("columnheader", name="first")
    expect(column).to_be_visible()
    before = width(column)

    grip = grid.locator("[data-grip=first]")
    grip.hover()
    box = grip.bounding_box()
    assert box is not None
    page.mouse.down()
    page.mouse.move(box["x"] + 84, box["y"] + 5, steps=4)
    page.mouse.up()
    dragged = width(column)
    assert 70 <= dragged - before <= 90
    assert column.get_attribute("aria-sort") is None, "dragging does not sort"

    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press(">")
    assert width(column) == dragged + 16
    page.reload()
    expect(column).to_be_visible()
    assert width(column) == dragged + 16
    grip.dblclick()
    assert width(column) == before


def test_a_key_hides_the_right_panel_and_brings_it_back(pages: Pages) -> None:
    page = pages.open("/queries/new")
    handle = page.get_by_role("separator", name="Width of the catalog")
    expect(handle).to_be_visible()
    handle.focus()
    page.keyboard.press("]")
    expect(handle).to_be_hidden()
    page.keyboard.press("]")
    expect(handle).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Hide or show the right panel")


def test_a_dashboard_is_renamed_and_asks_for_a_parameter_of_its_charts(pages: Pages) -> None:
    server = pages.server
    declared = [{"key": "least", "type": "number", "value": "2"}]
    asked = {
        "name": "Above",
        "query_sql": "SELECT x FROM UNNEST(sequence(1, 5)) AS t(x) WHERE x > {{least}}",
        "parameters": declared,
    }
    query = server.call("POST", "/query", asked)["query_id"]
    spec = {
        "version": 1,
        "kind": "counter",
        "x": "x",
        "y": ["x"],
        "isStacked": False,
        "isLog": False,
    }
    chart = server.call(
        "POST",
        f"/queries/{query}/visualizations",
        {"name": "Most", "type": "counter", "options": {"qanat": spec}},
    )["id"]
    made = server.call("POST", "/dashboards", {"name": "Before", "visualization_ids": [chart]})
    page = pages.open(f"/dashboards/{made['dashboard_id']}?edit=1")
    page.get_by_label("Name", exact=True).fill("After")
    page.get_by_role("group", name="Parameters to ask for").get_by_label("least").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="After")).to_be_visible()
    expect(page).not_to_have_url(re.compile("edit"))
    expect(page.get_by_label("least")).to_have_value("2")
    shown = server.call("GET", f"/dashboards/{made['dashboard_id']}")
    assert [(one["key"], one["query_id"]) for one in shown["param_widgets"]] == [("least", query)]
