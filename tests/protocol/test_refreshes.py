"""A dashboard's refresh is the dashboard's from the moment it is accepted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qanat.coordinator.dashboards import refresh
from qanat.model.dashboard import Placed, lay_out
from qanat.model.state import RunState
from qanat.store import dashboards, refreshes, visualizations
from qanat.store.database import Database
from qanat.store.refreshes import Shown
from qanat.store.visualizations import Chart
from tests.protocol.world import ME, Crash, World


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A server on an empty store."""
    made = World(database)
    yield made
    assert made.violations() == []


def dashboard_of(world: World, sql: str) -> int:
    """Make a dashboard with one chart."""
    query = world.save(sql)
    chart = Chart(name="c", type="chart", description="", options={})
    return world.database.write(
        lambda tx: (
            dashboards.create(
                tx,
                ME,
                "d",
                lay_out(
                    [Placed(visualization=visualizations.create(tx, ME, query, chart, at_us=1))], []
                ),
                is_private=False,
                at_us=1,
            ).id
        )
    )


def shown(world: World, dashboard: int) -> Shown:
    return world.database.read(lambda tx: refreshes.shown(tx, ME, dashboard, {}))


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_crash_while_a_refresh_is_accepted_leaves_none_or_one_that_is_shown(
    world: World, *, is_lost: bool
) -> None:
    """A run that moves the views while the dashboard shows the old one would be shown by nobody."""
    view = world.view("result_v", "SELECT 1 AS n")
    dashboard = dashboard_of(world, f"SELECT n FROM {view}")
    first = refresh(world.coordinator, ME, dashboard, {}, None).run
    world.drain()
    before = world.pointer(view)

    world.database.dies_in, world.database.before = 1, is_lost
    with pytest.raises(Crash):
        refresh(world.coordinator, ME, dashboard, {}, None)
    world.crash()
    world.drain()

    found = shown(world, dashboard)
    assert found.published is not None
    assert found.latest is not None
    assert found.latest.state is RunState.COMPLETED
    assert found.published.run == found.latest.run
    assert (found.latest.run == first) == is_lost
    assert (world.pointer(view) == before) == is_lost
