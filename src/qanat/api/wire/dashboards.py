"""Dashboards as they are shown (contract section 13), and what their charts show."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe, maybe_timestamp, timestamp
from qanat.api.wire.nodes import RunError, error_of
from qanat.model.dashboard import Position
from qanat.model.state import RunState
from qanat.store.dashboards import Dashboard, Dashboards
from qanat.store.refreshes import Refresh, Shown


class Place(Wire):
    """A place on the grid."""

    row: int
    col: int
    size_x: int
    size_y: int


class ChartShown(Wire):
    """A visualization on a dashboard."""

    widget_id: int
    visualization_id: int
    position: Place


class TextShown(Wire):
    """Words on a dashboard."""

    widget_id: int
    text: str
    position: Place


class ParameterShown(Wire):
    """An input on a dashboard."""

    widget_id: str
    key: str
    query_id: int
    position: Place
    visualization_widget_id: int | UnsetType = UNSET


class DashboardShown(Wire):
    """A dashboard."""

    dashboard_id: int
    name: str
    slug: str
    is_private: bool
    tags: list[str]
    dashboard_url: str
    visualization_widgets: list[ChartShown]
    text_widgets: list[TextShown]
    param_widgets: list[ParameterShown]
    owner: str
    updated_at: str
    revision: int


class DashboardEntry(Wire):
    """A dashboard in a list."""

    dashboard_id: int
    name: str
    slug: str
    owner: str
    is_private: bool
    tags: list[str]
    widget_count: int
    updated_at: str
    revision: int
    published_at: str | UnsetType = UNSET


class DashboardList(Wire):
    """A page of dashboards."""

    dashboards: list[DashboardEntry]
    total: int


class Archived(Wire):
    """A dashboard is archived."""

    ok: bool
    dashboard_id: int


class ResultShown(Wire):
    """What a chart shows."""

    visualization_id: int
    query_id: int
    query_version: int
    execution_id: str
    row_count: int


class RefreshShown(Wire):
    """A run that refreshes a dashboard."""

    pipeline_execution_id: str
    state: RunState
    submitted_at: str
    error: RunError | UnsetType = UNSET


class DashboardResults(Wire):
    """What a dashboard shows: all of one run."""

    results: list[ResultShown]
    query_parameters: dict[str, Any]
    pipeline_execution_id: str | UnsetType = UNSET
    published_at: str | UnsetType = UNSET
    latest_refresh: RefreshShown | UnsetType = UNSET


def _place(position: Position) -> Place:
    return Place(row=position.row, col=position.col, size_x=position.size_x, size_y=position.size_y)


def shown(one: Dashboard, base_url: str) -> DashboardShown:
    """Return a dashboard; `base_url` is how the client reaches the server."""
    return DashboardShown(
        dashboard_id=one.id,
        name=one.name,
        slug=one.slug,
        is_private=one.is_private,
        tags=list(one.tags),
        dashboard_url=f"{base_url}/d/{one.owner}/{one.slug}",
        visualization_widgets=[
            ChartShown(
                widget_id=each.id,
                visualization_id=each.visualization,
                position=_place(each.position),
            )
            for each in one.widgets.charts
        ],
        text_widgets=[
            TextShown(widget_id=each.id, text=each.text, position=_place(each.position))
            for each in one.widgets.texts
        ],
        param_widgets=[
            ParameterShown(
                widget_id=each.id,
                key=each.key,
                query_id=each.query,
                position=_place(each.position),
                visualization_widget_id=maybe(each.chart),
            )
            for each in one.widgets.parameters
        ],
        owner=one.owner,
        updated_at=timestamp(one.updated_at),
        revision=one.revision,
    )


def dashboard_list(page: Dashboards) -> DashboardList:
    """Return a page of dashboards."""
    return DashboardList(
        dashboards=[
            DashboardEntry(
                dashboard_id=one.id,
                name=one.name,
                slug=one.slug,
                owner=one.owner,
                is_private=one.is_private,
                tags=list(one.tags),
                widget_count=one.widgets.count,
                updated_at=timestamp(one.updated_at),
                revision=one.revision,
                published_at=maybe_timestamp(one.published_at),
            )
            for one in page.found
        ],
        total=page.total,
    )


def results(one: Dashboard, found: Shown) -> DashboardResults:
    """Return what a dashboard shows."""
    answer = DashboardResults(results=[], query_parameters={})
    if found.published is not None:
        answer.pipeline_execution_id = found.published.run
        answer.published_at = maybe_timestamp(found.published.ended_at)
        answer.query_parameters = dict(found.published.parameters)
        answer.results = [
            ResultShown(
                visualization_id=visualization,
                query_id=query,
                query_version=found.results[query].query_version,
                execution_id=found.results[query].execution,
                row_count=found.results[query].row_count,
            )
            for visualization, query in sorted(one.queries.items())
            if query in found.results
        ]
    if found.latest is not None:
        answer.latest_refresh = _refresh(found.latest)
    return answer


def _refresh(refresh: Refresh) -> RefreshShown:
    return RefreshShown(
        pipeline_execution_id=refresh.run,
        state=refresh.state,
        submitted_at=timestamp(refresh.submitted_at),
        error=UNSET if refresh.failure is None else error_of(refresh.failure),
    )
