"""Tables on terminals of any width: ids stay whole, and nothing vanishes unsaid."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from qanat.cli import output, wire
from qanat.cli.layout import Need, fitted
from qanat.cli.output import Field
from qanat.cli.pipeline import show_summary

from .double import RUN

Captured = pytest.CaptureFixture[str]
Wide = Callable[[int], None]

needs = st.lists(
    st.builds(
        lambda least, more, rank: Need(least=least, full=least + more, rank=rank),
        st.integers(1, 40),
        st.integers(0, 40),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=8,
)


@given(needs=needs, room=st.integers(1, 200))
def test_columns_fit_and_none_is_narrower_than_it_may_be(needs: list[Need], room: int) -> None:
    widths = fitted(needs, room, 2)
    if widths is None:
        must = [need.least for need in needs if need.rank == 0]
        assert sum(must) + 2 * (len(must) - 1) > room
        return
    shown = [(need, width) for need, width in zip(needs, widths, strict=True) if width]
    assert sum(width for _, width in shown) + 2 * (len(shown) - 1) <= room
    assert all(need.least <= width <= need.full for need, width in shown)
    left_out = [need.rank for need, width in zip(needs, widths, strict=True) if not width]
    assert all(need.rank <= min(left_out, default=9) for need, _ in shown)
    if sum(need.full for need in needs) + 2 * (len(needs) - 1) <= room:
        assert widths == [need.full for need in needs]


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Wide:
    """Return what makes standard output a terminal of so many columns."""
    return lambda columns: monkeypatch.setattr(output, "terminal_width", lambda: columns)


def lines_of(shown: str, columns: int) -> list[str]:
    """Return the lines that are not empty, none of them wider than the terminal."""
    lines = [line.rstrip() for line in shown.splitlines() if line.strip()]
    assert all(cell_len(line) <= columns for line in lines)
    return lines


NODES = tuple(
    wire.Node(
        id=at,
        state="completed",
        title="Volume by token and by day",
        row_count=1_234_567,
        size_bytes=123_456_789,
        credits=0.25,
        execution_id=f"01JD8K3N5Q8R7T2V4W6X8Y0Z{at}B",
    )
    for at in (1, 2)
)


@pytest.mark.parametrize("columns", [200, 100, 80, 60, 40])
def test_the_execution_ids_of_a_run_are_whole_on_every_terminal(
    wide: Wide, capsys: Captured, columns: int
) -> None:
    wide(columns)
    show_summary(wire.Run(pipeline_execution_id=RUN, state="completed", nodes=NODES))
    told = capsys.readouterr()
    lines = lines_of(told.out, columns)
    for node in NODES:
        assert any(str(node.execution_id) in line for line in lines)
    if columns == 40:  # each row a block, with everything
        assert "bytes:     123456789" in lines
        assert f"execution: {NODES[0].execution_id}" in lines
        assert len(lines) == 2 * 8
        assert "no room" not in told.err
    elif columns >= 100:  # the title is wrapped before a column is left out
        assert told.out.count("Volume by token and by day") == (2 if columns == 200 else 0)
        assert "bytes" in lines[0]
        assert "no room" not in told.err
    else:
        assert "bytes" not in lines[0]
        assert re.search(
            rf"no room for .*bytes.*: see `qanat pipeline watch {RUN} --json`", told.err
        )


def test_the_columns_that_do_not_fit_are_those_that_matter_least(
    wide: Wide, capsys: Captured
) -> None:
    wide(80)
    show_summary(wire.Run(pipeline_execution_id=RUN, state="completed", nodes=NODES))
    told = capsys.readouterr()
    assert told.out.split()[:5] == ["node", "title", "state", "seconds", "rows"]
    assert "no room for bytes, credits: " in told.err


RESULT = (
    [
        Field(name="the_moment_of_the_trade", kind="timestamp(3) with time zone"),
        Field(name="n", kind="decimal(38,0)"),
        Field(name="run", kind="varchar"),
        Field(name="note", kind="varchar"),
    ],
    [["2026-11-24 10:40:26.000 UTC", 12345678901234, RUN, "a long note on what it was for"]],
)


def test_of_a_result_texts_are_cut_and_moments_numbers_and_ids_are_not(
    wide: Wide, capsys: Captured
) -> None:
    wide(86)
    output.table(*RESULT, wraps=False)
    lines = lines_of(capsys.readouterr().out, 86)
    assert lines[-1] == f"2026-11-24 10:40:26.000 UTC  12345678901234  {RUN}  a long note …"


def test_a_result_that_does_not_fit_is_told_in_lines_with_nothing_cut(
    wide: Wide, capsys: Captured
) -> None:
    wide(60)
    columns, rows = RESULT
    output.table(columns, rows * 2, wraps=False)
    block = [
        "the_moment_of_the_trade: 2026-11-24 10:40:26.000 UTC",
        "n:                       12345678901234",
        f"run:                     {RUN}",
        "note:                    a long note on what it was for",
    ]
    assert capsys.readouterr().out.splitlines() == [*block, "", *block]


def test_a_result_without_rows_still_names_its_columns(wide: Wide, capsys: Captured) -> None:
    wide(40)
    output.table([Field(name=f"column_{at}") for at in range(5)], [], wraps=False)
    assert capsys.readouterr().out == "column_0, column_1, column_2, column_3, column_4\n"


def test_a_name_longer_than_its_values_is_wrapped_before_they_are_cut(
    wide: Wide, capsys: Captured
) -> None:
    wide(26)
    output.table(
        [Field(name="usd_volume_of_day", kind="double"), Field(name="id")],
        [[1.5, "x" * 12]],
        wraps=False,
    )
    lines = lines_of(capsys.readouterr().out, 26)
    assert "".join(line[:12].strip() for line in lines[:2]) == "usd_volume_of_day"
    assert lines[-1].split() == ["1.5", "x" * 12]


def test_a_table_that_goes_to_no_terminal_is_as_wide_as_it_must_be(capsys: Captured) -> None:
    output.table([Field(name="a"), Field(name="b")], [["x" * 6_000, "y" * 50]], wraps=False)
    assert f"{'x' * 6_000}  {'y' * 50}" in capsys.readouterr().out
