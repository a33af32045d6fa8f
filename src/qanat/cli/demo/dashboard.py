"""The demo's dashboard: three charts over the queries that its pipeline ends in."""

from __future__ import annotations

from typing import Final

import msgspec

from qanat.cli import wire
from qanat.cli.client import Client
from qanat.cli.demo.content import TARGET
from qanat.cli.failure import CommandError
from qanat.cli.follow import follow

NAME: Final = "The sample chain"
_WORDS: Final = (
    "# The sample chain\n"
    "Two weeks of blocks, transfers and trades. All charts show one run: they change together."
)
#: Query → its chart's name, and what the web application draws.
_CHARTS: Final[dict[str, tuple[str, dict[str, object]]]] = {
    "chain_by_day": (
        "Volume by day, in millions of US dollars",
        {"kind": "line", "x": "block_date", "y": ["volume_musd"]},
    ),
    "exchanges_by_day": (
        "Exchanges' shares of the volume, in percent",
        {
            "kind": "area",
            "x": "block_date",
            "y": ["share_percent"],
            "split": "project",
            "isStacked": True,
        },
    ),
    TARGET: ("Top traders by volume", {"kind": "bar", "x": "trader", "y": ["volume_usd"]}),
}


class _Dashboard(msgspec.Struct, frozen=True):
    dashboard_id: int
    name: str
    slug: str
    owner: str


class _Dashboards(msgspec.Struct, frozen=True):
    dashboards: tuple[_Dashboard, ...] = ()


class _Made(msgspec.Struct, frozen=True):
    id: int


def install(client: Client, queries: dict[str, int]) -> str:
    """Return the dashboard's path on the server; make it, and fill it, if it is not there."""
    listed = client.get("/v1/dashboards", _Dashboards, {"q": NAME}).dashboards
    dashboard = next((each for each in listed if each.name == NAME), None)
    if dashboard is None:
        dashboard = _make(client, queries)
        _fill(client, dashboard.dashboard_id)
    return f"/d/{dashboard.owner}/{dashboard.slug}"


def _make(client: Client, queries: dict[str, int]) -> _Dashboard:
    charts = []
    for query, (name, drawn) in _CHARTS.items():
        body = {"name": name, "type": "chart", "options": {"qanat": {"version": 1, **drawn}}}
        path = f"/v1/queries/{queries[query]}/visualizations"
        charts.append(client.post(path, _Made, body).id)
    made = client.post(
        "/v1/dashboards",
        _Dashboard,
        {"name": NAME, "visualization_ids": charts, "text_widgets": [{"text": _WORDS}]},
    )
    inputs = [{"key": key, "query_id": queries[TARGET]} for key in ("project", "min_volume_usd")]
    path = f"/v1/dashboards/{made.dashboard_id}"
    return client.decode(client.raw("PATCH", path, body={"param_widgets": inputs}), _Dashboard)


def _fill(client: Client, dashboard_id: int) -> None:
    """Refresh the dashboard once: it shows the last refresh of its own."""
    path = f"/v1/dashboards/{dashboard_id}/refresh"
    run_id = client.post(path, wire.RunStarted).pipeline_execution_id
    for watched in follow(client, run_id):
        if watched.is_over and watched.run.state != "completed":
            raise CommandError(f"the demo's dashboard could not be filled: run {run_id} failed")
