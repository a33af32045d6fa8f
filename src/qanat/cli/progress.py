"""A run on the screen while it goes on, always on the error stream.

On a terminal it is a list that redraws itself, cut to the terminal's height; elsewhere a line
per change. `Screen.show` may be called as often as something changes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, Self, TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from qanat.cli import output, wire
from qanat.cli.follow import Watched
from qanat.cli.layout import Need, fitted
from qanat.clock import Clock, SystemClock

_MARKS: Final = {
    "pending": ("·", "dim"),
    "executing": ("▸", "cyan"),
    "completed": ("✓", "green"),
    "reused": ("=", "green"),
    "failed": ("✗", "red"),
    "skipped": ("-", "dim"),
    "cancelled": ("-", "yellow"),
}
_PLAIN_MARKS: Final = {"·": ".", "▸": ">", "✓": "+", "✗": "x"}
_BAR_CELLS: Final = 24
_BAR_WORDS: Final = 36  #: cells for what stands behind the bar
_GAP: Final = 2  #: cells between columns
#: What is drawn first when the terminal is too low for all of a run.
_URGENCY: Final = ("failed", "executing", "completed", "reused", "pending", "cancelled", "skipped")


class _Column(NamedTuple):
    justify: Literal["left", "right"]
    least: int  #: cells
    rank: int  #: left out on a narrow terminal, the greatest first; 0: never


_WHOLE: Final = 1_000  #: as wide as what stands there
_COLUMNS: Final = (
    _Column("left", _WHOLE, 0),  # the mark
    _Column("left", 12, 0),  # the title
    _Column("right", _WHOLE, 2),  # how long it took
    _Column("right", _WHOLE, 3),  # its rows
    _Column("left", 12, 1),  # the share of its work, the reason, the error
)


class Screen:
    """Shows one run; used as a context."""

    def __init__(self, stream: TextIO | None = None, *, clock: Clock | None = None) -> None:
        self._console = output.console(stream or sys.stderr)
        self._clock = clock or SystemClock()
        self._is_introduced = False
        self._told: dict[int, str] = {}  # node → state
        self._ended: set[int] = set()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, watched: Watched) -> None:
        """Show a run as it is now."""
        if not self._console.is_terminal:
            self._tell(watched)
            return
        if self._live is None:
            drawing = _Drawing(watched, self._clock, is_plain=_is_plain(self._console))
            self._live = Live(drawing, console=self._console, refresh_per_second=8)
            self._live.start()
        if watched.is_over:
            self._live.refresh()

    def _tell(self, watched: Watched) -> None:
        if not self._is_introduced:
            self._is_introduced = True
            count = len(watched.nodes)
            self._console.print(
                f"run {watched.run.pipeline_execution_id}: {count} node{'' if count == 1 else 's'}"
            )
        for node_id in sorted(watched.changed):
            node = watched.nodes[node_id]
            state, before = state_of(node), self._told.get(node_id, "pending")
            self._told[node_id] = state
            if state == before:
                continue
            if node.state in ("pending", "executing"):
                self._ended.discard(node_id)
            else:
                self._ended.add(node_id)
            ended = f"[{len(self._ended)}/{len(watched.nodes)}]"
            self._console.print(output.one_line(f"{ended} {state:<9} {title(node)}{_facts(node)}"))
        watched.changed.clear()


def state_of(node: wire.Node) -> str:
    """Return a node's state, with completed and reused told apart."""
    return "reused" if node.state == "completed" and node.reused_from else node.state


def title(node: wire.Node) -> str:
    """Return what people call a node."""
    return node.title or node.name or f"query {node.query_id}"


def took(node: wire.Node, now: datetime | None = None) -> float | None:
    """Return for how many seconds a node has run; None before its start."""
    ended = node.ended_at or now
    if node.started_at is None or ended is None:
        return None
    return max(0.0, (ended - node.started_at) / timedelta(seconds=1))


def _facts(node: wire.Node) -> str:
    parts = []
    seconds = took(node)
    if seconds is not None:
        parts.append(output.seconds(seconds))
    if node.row_count is not None:
        parts.append(_rows(node.row_count))
    if node.error is not None:
        parts.append(node.error.message)
    elif node.reason:
        parts.append(node.reason)
    return "  " + " · ".join(parts) if parts else ""


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _is_plain(console: Console) -> bool:
    return not console.encoding.lower().startswith("utf")


class _Drawing:
    """A run as lines of a terminal; drawn anew several times a second."""

    def __init__(self, watched: Watched, clock: Clock, *, is_plain: bool) -> None:
        self._watched, self._clock, self._is_plain = watched, clock, is_plain

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now = self._clock.now() + self._watched.ahead
        nodes = list(self._watched.nodes.values())
        room = max(3, (options.height or console.size.height) - 3)
        shown = {node.id for node in sorted(nodes, key=_urgency)[:room]}
        yield _lines([self._cells(node, now) for node in nodes if node.id in shown], options)
        if len(shown) < len(nodes):
            yield Text(f"  and {len(nodes) - len(shown):,} more", style="dim")
        yield self._bar(nodes, now, options.max_width)

    def _cells(self, node: wire.Node, now: datetime) -> tuple[Text, ...]:
        state = state_of(node)
        mark, style = _MARKS.get(state, ("?", ""))
        seconds = took(node, now if node.state == "executing" else None)
        share = self._watched.shares.get(node.id)
        if node.error is not None:
            note = node.error.message
        elif node.state == "executing" and share is not None:
            note = f"{100 * share:.0f} %"
        else:
            note = node.reason
        return (
            Text(self._plain(mark), style=style),
            Text(output.one_line(title(node)), style="dim" if state == "pending" else ""),
            Text(output.seconds(seconds) if seconds is not None else ""),
            Text(_rows(node.row_count) if node.row_count is not None else "", style="dim"),
            Text(output.one_line(note), style=style),
        )

    def _bar(self, nodes: list[wire.Node], now: datetime, width: int) -> Text:
        run = self._watched.run
        ended = sum(1 for node in nodes if node.state not in ("pending", "executing"))
        cells = max(4, min(_BAR_CELLS, width - _BAR_WORDS))
        began = run.started_at or run.submitted_at
        elapsed = ((run.ended_at or now) - began) / timedelta(seconds=1) if began else 0.0
        bar = self._plain_bar(cells * ended // max(1, len(nodes)), cells)
        return Text(
            f"{bar} {ended}/{len(nodes)} · {run.state} · {output.seconds(max(0.0, elapsed))}",
            style={"completed": "green", "failed": "red", "cancelled": "yellow"}.get(run.state, ""),
        )

    def _plain(self, mark: str) -> str:
        return _PLAIN_MARKS.get(mark, mark) if self._is_plain else mark

    def _plain_bar(self, full: int, cells: int) -> str:
        done, left = ("#", ".") if self._is_plain else ("█", "░")
        return done * full + left * (cells - full)


def _lines(rows: Sequence[tuple[Text, ...]], options: ConsoleOptions) -> Table:
    """Return the rows as lines: mark and title always, the rest where there is room."""
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    full = [max((row[at].cell_len for row in rows), default=0) for at in range(len(_COLUMNS))]
    used = [at for at, width in enumerate(full) if width]
    needs = [
        Need(least=min(full[at], _COLUMNS[at].least), full=full[at], rank=_COLUMNS[at].rank)
        for at in used
    ]
    widths = fitted(needs, options.max_width, _GAP) or [need.least for need in needs]
    drawn = [(at, width) for at, width in zip(used, widths, strict=True) if width]
    for at, width in drawn:
        grid.add_column(
            justify=_COLUMNS[at].justify, width=width, no_wrap=True, overflow="ellipsis"
        )
    for row in rows:
        grid.add_row(*(row[at] for at, _ in drawn))
    return grid


def _urgency(node: wire.Node) -> int:
    state = state_of(node)
    return _URGENCY.index(state) if state in _URGENCY else len(_URGENCY)
