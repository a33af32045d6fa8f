"""Pages of one test, watched: console errors, crashes, policy violations and requests elsewhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.server import ServerProcess

AXE: Final = Path(__file__).parent.parent.parent / "ui/node_modules/axe-core/axe.min.js"
Theme = Literal["light", "dark"]
Size = tuple[int, int]

LARGE: Final[Size] = (1280, 800)
PHONE: Final[Size] = (390, 844)
WITHIN_MS: Final = 15_000

#: A journey in both themes, and on both screens.
BOTH_THEMES: Final = pytest.mark.parametrize("theme", ["light", "dark"])
EACH_SCREEN: Final = pytest.mark.parametrize(
    ("theme", "size"),
    [("light", LARGE), ("dark", LARGE), ("light", PHONE)],
    ids=["light", "dark", "phone"],
)

#: Told by every page to the console, where the listener below sees it.
_WATCH: Final = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI));
"""


#: How old a picture makes what it shows, by the browser's clock: `2 h ago` is said of two hours and
#: a half however long the tests took to come there.
AGE: Final = timedelta(hours=2, minutes=30)

#: The page ticks four times a second, and did so last before this timer began. `Date.now` alone
#: stands: Playwright's own clock would replace timers and frames too, for as long as the page is
#: open, and tests look at those.
_STOP_CLOCK: Final = """(age) => {
  window.goingClock = Date.now;
  const at = Date.now() + age;
  Date.now = () => at;
  return new Promise((ticked) => setTimeout(ticked, 250));
}"""
_START_CLOCK: Final = "() => { Date.now = window.goingClock; }"


def settled(page: Page) -> None:
    """Wait until nothing on the page is a grey line, and what was drawn last is on the screen."""
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    page.evaluate(
        "() => document.fonts.ready.then(() => new Promise((drawn) =>"
        " requestAnimationFrame(() => requestAnimationFrame(() => drawn()))))"
    )


def write(page: Page, sql: str) -> None:
    """Put `sql` into the editor, as if pasted."""
    page.wait_for_selector(".cm-content")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(sql)


class Pages:
    """Opens pages on a server and remembers what they did that no page may do."""

    def __init__(
        self, browser: Browser, server: ServerProcess, shots: Path, theme: Theme, size: Size
    ) -> None:
        self.server = server
        self.url = server.url  #: what pages are asked for; a test may put a line in between
        self.shots = shots
        self.theme, self.size = theme, size
        self.faults: list[str] = []
        self.allowed: tuple[str, ...] = ()  #: parts of messages that a test brings about itself
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def at(self, server: ServerProcess) -> None:
        """Open pages of another server from now on."""
        self.server, self.url = server, server.url

    def open(self, path: str = "/", *, key: str | None = None) -> Page:
        """Open a page in a browser of its own, signed in."""
        page = self.anonymous()
        page.goto(f"{self.url}/sign-in#key={key or self.server.key}")
        expect(page.get_by_role("navigation", name="Places")).to_be_visible()
        if path != "/":
            page.goto(self.url + path)
            expect(page.get_by_role("navigation", name="Places")).to_be_visible()
        return page

    def anonymous(self) -> Page:
        """Return a page of somebody who has not signed in."""
        context = self._browser.new_context(
            viewport={"width": self.size[0], "height": self.size[1]},
            color_scheme=self.theme,
            reduced_motion="reduce",
        )
        context.set_default_timeout(WITHIN_MS)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(_WATCH)
        context.on("page", self._opened)
        self._contexts.append(context)
        return context.new_page()

    def _opened(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"crash: {error}"))
        page.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console {message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.faults.append(f"asked elsewhere: {request.url}")

    def picture(self, page: Page, name: str, *, is_running: bool = False) -> None:
        """Keep a picture of the page for people to look at, once what it waits for is there.

        The browser's clock stands in it, so that ages are the same each time. It does not with
        `is_running`, where the page counts how long something has been going on. Moments, such
        as `published 10:41:07`, are the server's, whose clock cannot be set from here.
        """
        settled(page)
        phone = "-phone" if self.size == PHONE else ""
        path = self.shots / f"{name}-{self.theme}{phone}.png"
        if is_running:
            page.screenshot(path=path)
            return
        page.evaluate(_STOP_CLOCK, AGE / timedelta(milliseconds=1))
        try:
            settled(page)
            page.screenshot(path=path)
        finally:
            page.evaluate(_START_CLOCK)

    def findings(self, page: Page, within: str | None = None) -> list[str]:
        """Return what axe calls serious or critical, below `within` or on the whole page."""
        page.evaluate(AXE.read_text(encoding="utf-8"))
        result: dict[str, Any] = page.evaluate(
            "(within) => axe.run(within ?? document, {resultTypes: ['violations']})", within
        )
        return [
            f"{one['id']}: {node['html'][:160]}"
            for one in result["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    def close(self) -> None:
        """Close every page.

        Raises:
            AssertionError: A page did what no page may do.
        """
        for context in self._contexts:
            context.close()
        left = [fault for fault in self.faults if not any(part in fault for part in self.allowed)]
        if left:
            raise AssertionError("\n".join(left))
