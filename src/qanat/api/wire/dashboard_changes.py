"""Dashboards as clients want them to be (contract section 13)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import LARGEST_ID, Wire, bounded, given, slug
from qanat.api.wire.dashboards import Place
from qanat.errors import InvalidRequestError
from qanat.model.dashboard import (
    CHARTS_PER_ROW,
    WIDGETS,
    ChartWidget,
    ParameterWidget,
    Placed,
    Position,
    Widgets,
    lay_out,
)
from qanat.names import QueryId
from qanat.store.dashboards import Change, Dashboard

NAME_CHARS: Final = 300
TEXT_CHARS: Final = 20_000
KEY_CHARS: Final = 200
TAGS: Final = 50
TAG_CHARS: Final = 100
WIDGET_ID: Final = re.compile(r"[\x21-\x7e]{1,100}")
_INPUT: Final = Position(row=0, col=0, size_x=2, size_y=1)


class TextSent(Wire):
    """Words to be put on a dashboard."""

    text: str
    widget_id: int | UnsetType | None = UNSET
    position: Place | UnsetType | None = UNSET


class ChartSent(Wire):
    """A visualization to be put on a dashboard."""

    visualization_id: int
    widget_id: int | UnsetType | None = UNSET
    position: Place | UnsetType | None = UNSET


class ParameterSent(Wire):
    """An input to be put on a dashboard."""

    key: str
    query_id: int
    widget_id: str | UnsetType | None = UNSET
    visualization_widget_id: int | UnsetType | None = UNSET
    position: Place | UnsetType | None = UNSET


class CreateDashboard(Wire):
    """A dashboard about to be made."""

    name: str
    is_private: bool | UnsetType = UNSET
    visualization_ids: list[int] | UnsetType = UNSET
    text_widgets: list[TextSent] | UnsetType = UNSET
    columns_per_row: int | UnsetType = UNSET


class ChangeDashboard(Wire):
    """What is to be changed of a dashboard."""

    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    is_private: bool | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    visualization_widgets: list[ChartSent] | UnsetType = UNSET
    text_widgets: list[TextSent] | UnsetType = UNSET
    param_widgets: list[ParameterSent] | UnsetType = UNSET
    columns_per_row: int | UnsetType = UNSET
    revision: int | UnsetType = UNSET


class AskRefresh(Wire):
    """What to refresh a dashboard with."""

    query_parameters: dict[str, Any] | UnsetType = UNSET
    performance: str | UnsetType = UNSET


def name_of(text: str) -> str:
    """Return a dashboard's name.

    Raises:
        InvalidRequestError: It is empty or too long.
    """
    if not text.strip() or len(text) > NAME_CHARS:
        raise InvalidRequestError(f"name: 1 to {NAME_CHARS} characters")
    return text.strip()


def first_widgets(asked: CreateDashboard) -> Widgets:
    """Return the widgets of a new dashboard.

    Raises:
        InvalidRequestError: One of them does not fit.
    """
    _few(asked.visualization_ids, asked.text_widgets)
    return lay_out(
        [Placed(visualization=_visualization(id_)) for id_ in given(asked.visualization_ids) or ()],
        _texts(given(asked.text_widgets) or ()),
        per_row=_per_row(asked.columns_per_row),
    )


def change(asked: ChangeDashboard, now: Dashboard) -> Change:
    """Return what is to be changed of the dashboard that is `now` stored.

    A list of charts or of texts replaces both; inputs stay unless they are sent.

    Raises:
        InvalidRequestError: Something in it does not fit.
    """
    tags = given(asked.tags)
    if tags is not None:
        if len(tags) > TAGS:
            raise InvalidRequestError(f"at most {TAGS} tags")
        for tag in tags:
            bounded("a tag", tag, TAG_CHARS)
    return Change(
        name=None if asked.name is UNSET else name_of(asked.name),
        slug=None if asked.slug is UNSET else slug(asked.slug),
        is_private=given(asked.is_private),
        tags=None if tags is None else tuple(tags),
        widgets=_changed(asked, now.widgets),
    )


def _changed(asked: ChangeDashboard, now: Widgets) -> Widgets | None:
    _few(asked.visualization_widgets, asked.text_widgets, asked.param_widgets)
    charts, texts = given(asked.visualization_widgets), given(asked.text_widgets)
    inputs = given(asked.param_widgets)
    per_row = _per_row(asked.columns_per_row)
    made = now
    if charts is not None or texts is not None:
        made = lay_out(
            [
                Placed(
                    visualization=_visualization(one.visualization_id),
                    id=_widget_id(one.widget_id),
                    position=_position(one.position),
                )
                for one in charts or ()
            ],
            _texts(texts or ()),
            per_row=per_row,
            now=now,
        )
    elif asked.columns_per_row is not UNSET:
        made = lay_out(
            [Placed(id=one.id, visualization=one.visualization) for one in now.charts],
            [Placed(id=one.id, text=one.text) for one in now.texts],
            per_row=per_row,
            now=now,
        )
    if inputs is not None:
        made = replace(made, parameters=_inputs(inputs, made.charts))
    if made is now:
        return None
    left = {one.id for one in made.charts}
    return replace(
        made,
        parameters=tuple(
            one if one.chart is None or one.chart in left else replace(one, chart=None)
            for one in made.parameters
        ),
    )


def _inputs(
    sent: Sequence[ParameterSent], charts: Sequence[ChartWidget]
) -> tuple[ParameterWidget, ...]:
    known = {one.id for one in charts}
    made = []
    for number, one in enumerate(sent, start=1):
        id_, chart = given(one.widget_id) or f"p{number}", given(one.visualization_widget_id)
        if not WIDGET_ID.fullmatch(id_):
            raise InvalidRequestError("param_widgets: widget_id has 1 to 100 visible characters")
        if chart is not None and chart not in known:
            raise InvalidRequestError(f"param_widgets: there is no visualization widget {chart}")
        if not 0 < one.query_id <= LARGEST_ID:
            raise InvalidRequestError(f"query {one.query_id} of a parameter widget not found")
        bounded("the key of a parameter widget", one.key, KEY_CHARS)
        made.append(
            ParameterWidget(
                id=id_,
                key=one.key,
                query=QueryId(one.query_id),
                chart=chart,
                position=_position(one.position) or _INPUT,
            )
        )
    return tuple(made)


def _texts(sent: Sequence[TextSent]) -> list[Placed]:
    for one in sent:
        bounded("a text widget", one.text, TEXT_CHARS)
    return [
        Placed(text=one.text, id=_widget_id(one.widget_id), position=_position(one.position))
        for one in sent
    ]


def _few(*lists: Sequence[object] | UnsetType) -> None:
    """Refuse too many before looking at each."""
    if sum(len(given(each) or ()) for each in lists) > WIDGETS:
        raise InvalidRequestError(f"a dashboard has at most {WIDGETS} widgets")


def _visualization(id_: int) -> int:
    if not 0 < id_ <= LARGEST_ID:
        raise InvalidRequestError(f"visualization {id_} not found")
    return id_


def _widget_id(id_: int | UnsetType | None) -> int | None:
    if id_ is UNSET or id_ is None:
        return None
    if not 0 < id_ <= LARGEST_ID:
        raise InvalidRequestError(f"widget_id {id_} is not a positive number")
    return id_


def _position(place: Place | UnsetType | None) -> Position | None:
    if place is UNSET or place is None:
        return None
    return Position(row=place.row, col=place.col, size_x=place.size_x, size_y=place.size_y)


def _per_row(count: int | UnsetType) -> int:
    return CHARTS_PER_ROW if count is UNSET else count
