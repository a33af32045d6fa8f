"""Pages of one test, watched: console errors, crashes, policy violations and requests elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.server import ServerProcess

AXE: Final = Path(__file__).parent.parent.parent / "ui/node_modules/axe-core/axe.min.js"
LARGE: Final = (1280, 800)
PHONE: Final = (390, 844)
WITHIN_MS: Final = 15_000

#: Told by every page to the console, where the listener below sees it.
_WATCH: Final = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI));
"""


class Pages:
    """Opens pages on a server and remembers what they did that no page may do."""

    def __init__(self, browser: Browser, server: ServerProcess, shots: Path) -> None:
        self.server = server
        self.shots = shots
        self.faults: list[str] = []
        self.allowed: tuple[str, ...] = ()  #: parts of messages that a test brings about itself
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def open(
        self,
        path: str = "/",
        *,
        theme: Literal["light", "dark"] = "light",
        size: tuple[int, int] = LARGE,
        key: str | None = None,
    ) -> Page:
        """Open a page in a browser of its own, signed in."""
        page = self.anonymous(theme=theme, size=size)
        page.goto(f"{self.server.url}/sign-in#key={key or self.server.key}")
        expect(page.get_by_role("navigation", name="Places")).to_be_visible()
        if path != "/":
            page.goto(self.server.url + path)
            expect(page.get_by_role("navigation", name="Places")).to_be_visible()
        return page

    def anonymous(
        self, *, theme: Literal["light", "dark"] = "light", size: tuple[int, int] = LARGE
    ) -> Page:
        """Return a page of somebody who has not signed in."""
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            reduced_motion="reduce",
        )
        context.set_default_timeout(WITHIN_MS)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        self._contexts.append(context)
        page = context.new_page()
        page.add_init_script(_WATCH)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"crash: {error}"))
        page.on("request", self._asked)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console {message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.faults.append(f"asked elsewhere: {request.url}")

    def picture(self, page: Page, name: str) -> None:
        """Keep a picture of the page for people to look at."""
        page.screenshot(path=self.shots / f"{name}.png")

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
