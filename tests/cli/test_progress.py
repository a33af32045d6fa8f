"""Progress on terminals of any width."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len

from qanat.cli import wire
from qanat.cli.follow import Watched
from qanat.cli.progress import Screen

from .double import RUN
from .test_layout import NODES


@pytest.mark.parametrize("columns", [120, 80, 60, 40, 24])
def test_every_terminal_shows_the_marks_of_the_nodes(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """What became of a node is the one thing that is looked for there."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "30")
    monkeypatch.setenv("TERM", "xterm")
    failed = wire.Node(
        id=3,
        state="failed",
        title="Prices by the hour",
        row_count=1,
        error=wire.Failure(message="line 3:6: Column 'amout' cannot be resolved"),
    )
    run = wire.Run(pipeline_execution_id=RUN, state="failed", nodes=(*NODES, failed))
    screen = Terminal()
    with Screen(screen) as shown:
        shown.show(Watched(run=run, nodes={node.id: node for node in run.nodes}))
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue()).replace("\r", "")
    lines = [line for line in text.splitlines() if line[:1] in ("✓", "✗")]
    assert [line[0] for line in lines[:3]] == ["✓", "✓", "✗"]
    assert all(cell_len(line.rstrip()) <= columns for line in lines)
    assert lines[2].startswith("✗  Prices by t")
    if columns >= 40:
        assert "line 3:6: C" in lines[2]
    if columns >= 60:
        assert "1,234,567 rows" in lines[0]
        assert " 1 row " in lines[2]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True
