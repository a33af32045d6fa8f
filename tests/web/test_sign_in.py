"""Who may come in, and what is said to those whose key or session ended."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.web.pages import EACH_SCREEN, Pages


@EACH_SCREEN
def test_a_key_in_the_address_signs_in_and_leaves_no_trace(pages: Pages) -> None:
    pages.allowed = ("401",)
    page = pages.open()
    assert "#" not in page.url
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="me", exact=True).click()
    expect(page.get_by_role("menuitem", name="Sign out")).to_be_visible()
    pages.picture(page, "account-menu")
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Qanat")).to_be_visible()


@EACH_SCREEN
def test_a_wrong_key_gets_one_plain_sentence(pages: Pages) -> None:
    pages.allowed = ("401",)
    page = pages.anonymous()
    page.goto(pages.url + "/runs")
    page.get_by_label("API key").fill("qk_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This key is unknown or revoked.")).to_be_visible()
    pages.picture(page, "sign-in-refused")
    assert pages.findings(page) == []
    page.get_by_label("API key").fill(str(pages.server.key))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(pages.url + "/runs")
    assert page.evaluate("document.documentElement.scrollWidth") <= pages.size[0]


def test_an_expired_session_leads_to_sign_in_and_back_to_the_same_page(pages: Pages) -> None:
    pages.allowed = ("401",)
    page = pages.open("/catalog/chain.blocks?tab=sample")
    expect(page.get_by_role("grid")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in to Qanat")).to_be_visible()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    pages.picture(page, "session-ended")
    page.get_by_label("API key").fill(str(pages.server.key))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/runs"))
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()


def test_a_key_revoked_in_another_window_ends_this_one_in_a_sentence(pages: Pages) -> None:
    pages.allowed = ("401",)
    admin = pages.open("/settings/keys")
    admin.get_by_role("button", name="New key").click()
    dialog = admin.get_by_role("dialog")
    dialog.get_by_label("Name").fill("short-lived")
    dialog.get_by_role("button", name="Make key").click()
    key = dialog.locator("code").inner_text()
    pages.picture(admin, "key-made")
    dialog.get_by_role("button", name="Done").click()

    page = pages.open("/runs", key=key)
    row = admin.get_by_role("row").filter(has_text="short-lived")
    row.get_by_role("button", name="Revoke").click()
    asked = admin.get_by_role("alertdialog")
    expect(asked).to_contain_text("This cannot be taken back")
    pages.picture(admin, "key-revoke")
    asked.get_by_role("button", name="Revoke key").click()
    expect(row).to_have_count(0)

    page.get_by_role("link", name="Queries", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in to Qanat")).to_be_visible()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    assert "next=" in page.url
    page.get_by_label("API key").fill(key)
    page.keyboard.press("Enter")
    expect(page.get_by_text("This key is unknown or revoked.")).to_be_visible()
