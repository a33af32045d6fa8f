"""Widgets get an id and a place of their own, whatever was sent."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.errors import InvalidRequestError
from qanat.model.dashboard import (
    GRID_COLUMNS,
    WIDGETS,
    ChartWidget,
    ParameterWidget,
    Placed,
    Position,
    TextWidget,
    Widgets,
    lay_out,
    without_charts,
)
from qanat.names import QueryId

HERE = Position(row=0, col=0, size_x=1, size_y=1)


@given(
    charts=st.lists(st.booleans(), max_size=40),
    texts=st.lists(st.booleans(), max_size=20),
    per_row=st.integers(1, 3),
    ids=st.sets(st.integers(1, 500), min_size=60, max_size=60),
)
def test_no_two_widgets_share_an_id_or_a_cell(
    charts: list[bool], texts: list[bool], per_row: int, ids: set[int]
) -> None:
    """Some come with an id, others get one; nothing without a place of its own overlaps."""
    given_ids = iter(sorted(ids))

    def placed(has_id: bool, **what: int | str) -> Placed:
        return Placed(id=next(given_ids) if has_id else None, **what)  # type: ignore[arg-type]  # of its fields

    made = lay_out(
        [placed(has_id, visualization=1) for has_id in charts],
        [placed(has_id, text="t") for has_id in texts],
        per_row=per_row,
    )

    everything: list[ChartWidget | TextWidget] = [*made.charts, *made.texts]
    assert len({widget.id for widget in everything}) == len(charts) + len(texts)
    cells = [
        (row, col)
        for widget in everything
        for row in range(widget.position.row, widget.position.row + widget.position.size_y)
        for col in range(widget.position.col, widget.position.col + widget.position.size_x)
    ]
    assert len(cells) == len(set(cells))
    assert all(0 <= col < GRID_COLUMNS for _, col in cells)
    if made.texts and made.charts:
        assert max(t.position.row for t in made.texts) < min(c.position.row for c in made.charts)


def test_an_id_that_is_used_twice_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="widget_id 7"):
        lay_out([Placed(visualization=1, id=7)], [Placed(text="t", id=7)])


@given(
    before=st.lists(st.tuples(st.booleans(), st.integers(1, 4)), max_size=12),
    after=st.lists(st.tuples(st.booleans(), st.integers(1, 4)), max_size=12),
)
def test_what_is_sent_without_an_id_keeps_that_of_what_shows_the_same(
    before: list[tuple[bool, int]], after: list[tuple[bool, int]]
) -> None:
    """As many as there were of a kind keep theirs; no other widget gets an id that was there."""

    def put(shows: list[tuple[bool, int]], now: Widgets | None) -> Widgets:
        return lay_out(
            [Placed(visualization=what) for is_chart, what in shows if is_chart],
            [Placed(text=f"t{what}") for is_chart, what in shows if not is_chart],
            now=now,
        )

    def shown(widgets: Widgets) -> dict[int, int | str]:
        texts = {each.id: each.text for each in widgets.texts}
        return {each.id: each.visualization for each in widgets.charts} | texts

    was = put(before, None)
    then, now = shown(was), shown(put(after, was))

    assert all(then.get(id_, what) == what for id_, what in now.items())
    kept = Counter(then[id_] for id_ in then.keys() & now.keys())
    assert kept == Counter(then.values()) & Counter(now.values())


def test_an_id_that_is_sent_is_not_kept_by_another() -> None:
    now = lay_out([Placed(visualization=1), Placed(visualization=1)], [])
    first, second = (each.id for each in now.charts)

    made = lay_out([Placed(visualization=1), Placed(visualization=2, id=first)], [], now=now)

    assert [(each.visualization, each.id) for each in made.charts] == [(1, second), (2, first)]


def test_too_many_widgets_are_refused() -> None:
    lay_out([], [Placed(text="t")] * WIDGETS)
    with pytest.raises(InvalidRequestError, match=str(WIDGETS)):
        lay_out([], [Placed(text="t")] * (WIDGETS + 1))


@pytest.mark.parametrize(
    ("row", "col", "size_x", "size_y"),
    [(-1, 0, 1, 1), (0, -1, 1, 1), (0, 6, 1, 1), (0, 3, 4, 1), (0, 0, 1, 0), (10_001, 0, 1, 1)],
)
def test_a_place_off_the_grid_is_refused(row: int, col: int, size_x: int, size_y: int) -> None:
    with pytest.raises(InvalidRequestError, match="position"):
        Position(row=row, col=col, size_x=size_x, size_y=size_y)


def test_an_input_goes_with_the_chart_it_belongs_to() -> None:
    made = lay_out([Placed(visualization=1, id=1), Placed(visualization=2, id=2)], [])
    inputs = tuple(
        ParameterWidget(id=f"p{chart}", key="k", query=QueryId(1), chart=chart, position=HERE)
        for chart in (1, 2, None)
    )
    whole = Widgets(charts=made.charts, parameters=inputs)

    left = without_charts(whole, frozenset({1}))

    assert [widget.visualization for widget in left.charts] == [2]
    assert [widget.id for widget in left.parameters] == ["p2", "pNone"]
