"""Visualizations of saved queries (contract section 12)."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, encode, given, timestamp
from qanat.errors import InvalidRequestError
from qanat.store.visualizations import Chart, Visualization, Visualizations

TYPES: Final = (
    "chart",
    "table",
    "counter",
    "pivot",
    "cohort",
    "funnel",
    "choropleth",
    "sankey",
    "sunburst_sequence",
    "word_cloud",
)
NAME_CHARS: Final = 300
DESCRIPTION_CHARS: Final = 1_000
OPTIONS_BYTES: Final = 200_000


class ChartSent(Wire):
    """How a visualization is called and drawn."""

    name: str
    type: str
    description: str | UnsetType = UNSET
    options: dict[str, Any] | UnsetType = UNSET


class Id(Wire):
    """Which visualization it is."""

    id: int


class Ok(Wire):
    """It was done."""

    ok: bool


class VisualizationEntry(Wire):
    """A visualization in a list."""

    id: int
    name: str
    type: str
    description: str
    options: dict[str, Any]
    created_at: str
    updated_at: str


class VisualizationList(Wire):
    """A page of visualizations of a query."""

    results: list[VisualizationEntry]
    total_count: int


class VisualizationShown(Wire):
    """A visualization."""

    id: int
    query_id: int
    name: str
    description: str
    type: str
    options: dict[str, Any]
    created_at: str
    updated_at: str


def chart(sent: ChartSent) -> Chart:
    """Return how a visualization is called and drawn.

    Raises:
        InvalidRequestError: Something in it is missing, unknown or too long.
    """
    name, about = sent.name.strip(), given(sent.description) or ""
    options = given(sent.options) or {}
    if not name or len(name) > NAME_CHARS:
        raise InvalidRequestError(f"name: 1 to {NAME_CHARS} characters")
    if len(about) > DESCRIPTION_CHARS:
        raise InvalidRequestError(f"description: at most {DESCRIPTION_CHARS} characters")
    if sent.type not in TYPES:
        raise InvalidRequestError(f"type must be one of {', '.join(TYPES)}")
    if len(encode(options)) > OPTIONS_BYTES:
        raise InvalidRequestError(f"options: at most {OPTIONS_BYTES} bytes of JSON")
    return Chart(name=name, type=sent.type, description=about, options=options)


def visualization_list(page: Visualizations) -> VisualizationList:
    """Return a page of visualizations."""
    return VisualizationList(
        results=[
            VisualizationEntry(
                id=one.id,
                name=one.chart.name,
                type=one.chart.type,
                description=one.chart.description,
                options=one.chart.options,
                created_at=timestamp(one.created_at),
                updated_at=timestamp(one.updated_at),
            )
            for one in page.found
        ],
        total_count=page.total,
    )


def shown(one: Visualization) -> VisualizationShown:
    """Return a visualization."""
    return VisualizationShown(
        id=one.id,
        query_id=one.query,
        name=one.chart.name,
        description=one.chart.description,
        type=one.chart.type,
        options=one.chart.options,
        created_at=timestamp(one.created_at),
        updated_at=timestamp(one.updated_at),
    )
