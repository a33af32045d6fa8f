"""What the demo saves in its server: queries, three layers of views, a configured pipeline.

Everything is found again by its name, so a second start makes nothing twice, and what somebody
changed in between is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

import msgspec

from qanat.cli.client import Client
from qanat.cli.execution import wait_for
from qanat.cli.failure import CommandError

HANDLE: Final = "demo"

#: The views, a layer a line: each reads sources and layers above it.
LAYERS: Final = (
    ("priced_trades", "hourly_gas", "token_flows"),
    ("project_volume", "trader_activity", "token_activity"),
    ("market_share", "daily_overview"),
)
TARGET: Final = "top_traders"
#: What the dashboard shows; the first is the query that the pipeline belongs to.
DASHBOARD: Final = (TARGET, "chain_by_day", "exchanges_by_day")
_NAMES: Final = {
    "priced_trades": "Trades in US dollars",
    "hourly_gas": "Blockspace by hour",
    "token_flows": "Token flows by day",
    "project_volume": "Exchange volume by day",
    "trader_activity": "Trader activity",
    "token_activity": "Token activity by day",
    "market_share": "Market share of exchanges",
    "daily_overview": "Daily overview",
    "top_traders": "Top traders",
    "chain_by_day": "The chain by day",
    "exchanges_by_day": "Exchanges by day",
}
_PARAMETERS: Final[dict[str, list[dict[str, Any]]]] = {
    TARGET: [
        {
            "key": "project",
            "type": "enum",
            "value": "uniswap",
            "enumOptions": ["uniswap", "curve", "sushiswap", "balancer", "pancakeswap"],
        },
        {"key": "min_volume_usd", "type": "number", "value": "10000"},
    ]
}


class _Listed(msgspec.Struct, frozen=True):
    id: int
    name: str


class _Queries(msgspec.Struct, frozen=True):
    queries: tuple[_Listed, ...] = ()


class _Created(msgspec.Struct, frozen=True):
    query_id: int


class _View(msgspec.Struct, frozen=True):
    sql_id: str


class _Views(msgspec.Struct, frozen=True):
    materialized_views: tuple[_View, ...] = ()


class _ViewMade(msgspec.Struct, frozen=True):
    execution_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the server holds for the demo."""

    queries: dict[str, int] = field(default_factory=dict)  #: file name → query id
    made: int = 0  #: queries and views that were not there before

    @property
    def target(self) -> int:
        """The query with parameters, whose pipeline is run."""
        return self.queries[TARGET]


def install(client: Client, told: Callable[[str], None]) -> Content:
    """Make what is missing; `told` hears of each step."""
    queries, made = _make_queries(client)
    listed = client.get("/v1/materialized-views", _Views).materialized_views
    there = {view.sql_id for view in listed}
    for layer in LAYERS:
        missing = [name for name in layer if view_name(name) not in there]
        # A view is computed when it is made, so a layer waits for the one that it reads.
        for execution_id in [_make_view(client, name, queries[name]) for name in missing]:
            _check(client, execution_id)
        made += len(missing)
        if missing:
            told(f"views {', '.join(missing)}")
    if made:
        client.raw("PUT", f"/v1/query/{queries[TARGET]}/pipeline", body=_pipeline(queries))
    return Content(queries=queries, made=made)


def view_name(name: str) -> str:
    """Return the full name of a view of the demo."""
    return f"dune.{HANDLE}.result_{name}"


def statement(name: str) -> str:
    """Return the bundled SQL of a query."""
    return (files("qanat.cli.demo") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def _make_queries(client: Client) -> tuple[dict[str, int], int]:
    listed = client.get("/v1/queries", _Queries, {"limit": 1000}).queries
    by_name = {query.name: query.id for query in listed}
    found, made = {}, 0
    for name, shown in _NAMES.items():
        if shown not in by_name:
            body = {
                "name": shown,
                "query_sql": statement(name),
                "tags": ["demo"],
                "parameters": _PARAMETERS.get(name, []),
            }
            by_name[shown] = client.post("/v1/query", _Created, body).query_id
            made += 1
        found[name] = by_name[shown]
    return found, made


def _make_view(client: Client, name: str, query_id: int) -> str:
    body = {"name": f"result_{name}", "query_id": query_id, "performance": "medium"}
    return client.post("/v1/materialized-views", _ViewMade, body).execution_id


def _check(client: Client, execution_id: str) -> None:
    execution = wait_for(client, execution_id)
    if execution.state != "QUERY_STATE_COMPLETED":
        message = execution.error.message if execution.error else execution.state
        raise CommandError(f"a view of the demo could not be made: {message}")


def _pipeline(queries: dict[str, int]) -> dict[str, object]:
    """Return the graph of every view and every query of the dashboard.

    It draws no edge: the server adds those that the SQL implies.
    """
    views: list[dict[str, object]] = [
        {"materialized_view_refresh": {"name": view_name(name), "performance": "medium"}}
        for layer in LAYERS
        for name in layer
    ]
    ends: list[dict[str, object]] = [
        {"query_execution": {"query_id": queries[name], "performance": "medium"}}
        for name in reversed(DASHBOARD)
    ]
    nodes = [
        {"id": number, "dependencies": [], **node}
        for number, node in enumerate([*views, *ends], start=1)
    ]
    return {"pipeline": {"nodes": nodes}}
