"""Dashboards: charts, texts and parameters on a grid of six columns."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from qanat.errors import InvalidRequestError
from qanat.names import QueryId

GRID_COLUMNS: Final = 6
CHARTS_PER_ROW: Final = 2
CHART_ROWS: Final = 8  #: grid rows that a chart takes unless told
TEXT_ROWS: Final = 2
LAST_ROW: Final = 10_000
WIDGETS: Final = 200  #: of a dashboard, of all kinds together


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place on the grid, in its rows and columns, from 0."""

    row: int
    col: int
    size_x: int
    size_y: int

    def __post_init__(self) -> None:
        if not (
            0 <= self.row <= LAST_ROW
            and 0 <= self.col < GRID_COLUMNS
            and 1 <= self.size_x <= GRID_COLUMNS - self.col
            and 1 <= self.size_y <= LAST_ROW
        ):
            raise InvalidRequestError(
                f"position: row {self.row}, col {self.col}, size {self.size_x} x {self.size_y} "
                f"does not fit a grid of {GRID_COLUMNS} columns and {LAST_ROW} rows"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartWidget:
    """A visualization on a dashboard."""

    id: int
    visualization: int
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWidget:
    """Words on a dashboard."""

    id: int
    text: str  #: Markdown
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterWidget:
    """An input on a dashboard, for a parameter of a query."""

    id: str
    key: str
    query: QueryId
    chart: int | None  #: the widget it belongs to
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Widgets:
    """Everything on a dashboard."""

    charts: tuple[ChartWidget, ...] = ()
    texts: tuple[TextWidget, ...] = ()
    parameters: tuple[ParameterWidget, ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.charts) + len(self.texts) + len(self.parameters)

    def __post_init__(self) -> None:
        if self.count > WIDGETS:
            raise InvalidRequestError(f"a dashboard has at most {WIDGETS} widgets")
        _require_distinct([*(each.id for each in self.charts), *(each.id for each in self.texts)])
        _require_distinct([each.id for each in self.parameters])


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A chart or a text about to be put on a dashboard; what is None is decided by `lay_out`."""

    visualization: int | None = None  #: a chart's
    text: str | None = None  #: a text's
    id: int | None = None
    position: Position | None = None


def lay_out(
    charts: Sequence[Placed],
    texts: Sequence[Placed],
    *,
    per_row: int = CHARTS_PER_ROW,
    now: Widgets | None = None,
) -> Widgets:
    """Return the widgets in place of those that are there `now`, each with an id and a place.

    What has no id keeps that of a widget that shows the same now, so that a parameter still finds
    its chart. What has no place: texts span the width, on top; charts follow, `per_row` of them
    in a row. Parameters stay.

    Raises:
        InvalidRequestError: An id is used twice, there are too many, or `per_row` is not 1 to 3.
    """
    if not 1 <= per_row <= 3:
        raise InvalidRequestError("columns_per_row must be 1, 2 or 3")
    if len(charts) + len(texts) > WIDGETS:
        raise InvalidRequestError(f"a dashboard has at most {WIDGETS} widgets")
    now = now or Widgets()
    ids = _Ids((*charts, *texts), now)
    row = 0
    put_texts = []
    for placed in texts:
        position = placed.position
        if position is None:
            position = Position(row=row, col=0, size_x=GRID_COLUMNS, size_y=TEXT_ROWS)
            row += TEXT_ROWS
        put_texts.append(
            TextWidget(
                id=ids.of(placed),
                text=placed.text or "",
                position=position,
            )
        )
    put_charts = []
    width, flowing = GRID_COLUMNS // per_row, 0
    for placed in charts:
        position = placed.position
        if position is None:
            position = Position(
                row=row + flowing // per_row * CHART_ROWS,
                col=flowing % per_row * width,
                size_x=width,
                size_y=CHART_ROWS,
            )
            flowing += 1
        put_charts.append(
            ChartWidget(
                id=ids.of(placed),
                visualization=placed.visualization or 0,
                position=position,
            )
        )
    return Widgets(charts=tuple(put_charts), texts=tuple(put_texts), parameters=now.parameters)


class _Ids:
    """The ids of widgets that take the place of others."""

    def __init__(self, asked: Iterable[Placed], now: Widgets) -> None:
        sent = {placed.id for placed in asked if placed.id is not None}
        there: list[tuple[int, tuple[int | None, str | None]]] = [
            *((chart.id, (chart.visualization, None)) for chart in now.charts),
            *((text.id, (None, text.text)) for text in now.texts),
        ]
        self._shown: defaultdict[tuple[int | None, str | None], deque[int]] = defaultdict(deque)
        for id_, what in there:
            if id_ not in sent:
                self._shown[what].append(id_)
        taken = sent | {id_ for id_, _ in there}
        self._free = (number for number in count(1) if number not in taken)

    def of(self, placed: Placed) -> int:
        if placed.id is not None:
            return placed.id
        same = self._shown[placed.visualization, placed.text]
        return same.popleft() if same else next(self._free)


def without_charts(widgets: Widgets, gone: frozenset[int]) -> Widgets:
    """Return the widgets without charts of the visualizations `gone`, and what belongs to them."""
    charts = tuple(widget for widget in widgets.charts if widget.visualization not in gone)
    left = {widget.id for widget in charts}
    return replace(
        widgets,
        charts=charts,
        parameters=tuple(
            widget for widget in widgets.parameters if widget.chart is None or widget.chart in left
        ),
    )


def _require_distinct(ids: Iterable[int | str]) -> None:
    seen = set()
    for id_ in ids:
        if id_ in seen:
            raise InvalidRequestError(f"widget_id {id_} is used twice")
        seen.add(id_)
