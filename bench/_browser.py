"""Debian's Chromium on a server, and what its pages tell of themselves.

Times are taken inside the page. What is on the screen is known by a message sent from an animation
frame: it arrives once that frame has been painted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from _server import Server

CHROMIUM: Final = "/usr/bin/chromium"
SIZE: Final[ViewportSize] = {"width": 1280, "height": 800}

#: Runs before anything of the page. `probe` is what the benchmark asks.
PROBE: Final = """
(() => {
  const now = () => performance.now();
  const afterPaint = (tell) => requestAnimationFrame(() => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => tell(now());
    port2.postMessage(0);
  });
  // Resolves with the time at which what `test` looks for had been painted.
  const painted = (test) => new Promise((done) => {
    const look = () => test() ? afterPaint(done) : requestAnimationFrame(look);
    look();
  });
  const count = (of) => document.querySelectorAll(of).length;

  // Length of each frame between start and stop.
  let frames = [], running = false;
  const frame = (before) => requestAnimationFrame((at) => {
    if (!running) return;
    if (before !== undefined) frames.push(at - before);
    frame(at);
  });

  // Requests for rows that are under way, and the most there were.
  let asked = 0, most = 0;
  const fetched = window.fetch;
  window.fetch = async (...words) => {
    if (!String(words[0]).includes("/results?")) return fetched(...words);
    most = Math.max(most, ++asked);
    try { return await fetched(...words); } finally { asked -= 1; }
  };

  // Calls that draw on a canvas, and the paint after the last of them.
  let drawn = 0;
  for (const word of ["fill", "stroke", "fillRect", "fillText"]) {
    const own = CanvasRenderingContext2D.prototype[word];
    CanvasRenderingContext2D.prototype[word] = function (...words) {
      drawn += 1;
      return own.apply(this, words);
    };
  }
  const drawnStill = (beyond) => new Promise((done) => {
    let last = -1, at = 0, quiet = 0;
    const look = () => afterPaint((time) => {
      if (drawn !== last) [last, at, quiet] = [drawn, time, 0];
      else quiet += 1;
      if (drawn > beyond && quiet > 5) done(at);
      else look();
    });
    look();
  });

  // What the stream told, and when boxes showed it; wall clock, as the server's times are.
  const told = [], shown = [];
  const Source = window.EventSource;
  window.EventSource = class extends Source {
    constructor(...words) {
      super(...words);
      this.addEventListener("node", ({data}) => told.push([Date.now(), data]));
    }
  };
  const watchBoxes = () => new MutationObserver((changes) => {
    const seen = changes.filter(({target}) => target.dataset.node !== undefined)
      .map(({target}) => [Number(target.dataset.node), target.dataset.state]);
    if (seen.length > 0) afterPaint(() => {
      const at = Date.now();
      for (const one of seen) shown.push([at, ...one]);
    });
  }).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-state"]});

  // Interactions longer than two frames; the others are counted as two frames.
  const slow = new Map();
  new PerformanceObserver((list) => {
    for (const {interactionId, duration} of list.getEntries())
      if (interactionId) slow.set(interactionId, Math.max(duration, slow.get(interactionId) ?? 0));
  }).observe({type: "event", durationThreshold: 16, buffered: true});

  window.probe = {
    painted, afterPaint, count, told, shown, watchBoxes, drawnStill,
    drawn: () => drawn,
    startFrames: () => { frames = []; running = true; frame(); },
    stopFrames: () => { running = false; return frames; },
    mostAsked: () => most,
    interactions: () => ({slow: [...slow.values()], count: performance.interactionCount}),
  };
})();
"""


class Chromium:
    """A browser whose every page is of somebody signed in."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self._browser = browser
        self.url = f"http://127.0.0.1:{server.port}"
        context = self._context()
        page = context.new_page()
        page.goto(f"{self.url}/sign-in#key={server.key}")
        page.get_by_role("navigation", name="Places").wait_for()
        self._state: Any = context.storage_state()
        context.close()

    def _context(self, state: Any = None) -> BrowserContext:
        made = self._browser.new_context(viewport=SIZE, storage_state=state)
        made.set_default_timeout(120_000)
        made.add_init_script(PROBE)
        return made

    @contextlib.contextmanager
    def context(self) -> Iterator[BrowserContext]:
        """Yield a browser of its own, with nothing in its cache."""
        made = self._context(self._state)
        try:
            yield made
        finally:
            made.close()

    @contextlib.contextmanager
    def page(self, path: str, before: Callable[[Page], None] | None = None) -> Iterator[Page]:
        """Yield a page at `path`, in a browser of its own."""
        with self.context() as context:
            page = context.new_page()
            if before is not None:
                before(page)
            page.goto(self.url + path, wait_until="commit")
            yield page


@contextlib.contextmanager
def chromium(server: Server) -> Iterator[Chromium]:
    """Yield a browser without a window or a graphics card."""
    if not Path(CHROMIUM).exists():
        raise SystemExit("apt-get install -y --no-install-recommends chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--disable-dev-shm-usage", "--disable-gpu"]
        )
        try:
            yield Chromium(browser, server)
        finally:
            browser.close()


Figures = dict[str, list[float]]
Part = Callable[[Server, Chromium, Figures], None]


def p95(values: Sequence[float]) -> float:
    """Return the smallest that nineteen of twenty do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]
