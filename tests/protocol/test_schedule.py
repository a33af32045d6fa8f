"""Schedules: a fire is a run of the view's pipeline, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import select

from qanat.clock import to_us
from qanat.config import LimitSettings
from qanat.coordinator.scheduler import AGAIN_S, Scheduler
from qanat.model.records import Run
from qanat.model.state import RunState
from qanat.names import Label
from qanat.store import tables as t
from qanat.store import views
from qanat.store.database import Database, Prepared, StoreUnavailableError, Transaction
from qanat.store.views import Schedule
from tests.protocol.world import ME, World

T = TypeVar("T")

_RUNS = Prepared(select(t.run.c.id).where(t.run.c.cause == "schedule").order_by(t.run.c.accepted))
_PASSED = Prepared(select(t.view.c.passed_over_us).where(t.view.c.passed_over_us.is_not(None)))


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A server on an empty store, at 10:00."""
    made = World(database)
    yield made
    assert made.violations() == []


def schedule(world: World, label: Label, *, hours: int | None = None) -> None:
    """Refresh a view every hour, until some hours from now if said."""
    now = world.clock.now()
    view = world.database.read(lambda tx: views.read(tx, ME, label))
    until = None if hours is None else now + timedelta(hours=hours)
    definition = views.Definition(
        query=view.definition.query,
        tier="small",
        is_private=False,
        schedule=Schedule(cron="0 * * * *", next_at=now + timedelta(hours=1), until=until),
    )
    world.database.write(
        lambda tx: views.upsert(tx, ME, label, definition, id_=view.id, at_us=to_us(now))
    )


def scheduled(world: World) -> list[Run]:
    """Return the runs that schedules started."""
    ids = world.database.read(lambda tx: [row[0] for row in tx.tuples(_RUNS)])
    return [world.coordinator.run(ME, id_) for id_ in ids]


def hour_passes(world: World, hours: int = 1) -> None:
    world.clock.advance(hours=hours)
    world.coordinator.tick()


def test_a_due_schedule_runs_the_views_whole_pipeline(world: World) -> None:
    a = world.view("result_a", "SELECT 1 AS n")
    b = world.view("result_b", f"SELECT n FROM {a}")
    schedule(world, b)
    world.coordinator.tick()
    assert scheduled(world) == []
    hour_passes(world)
    world.drain()
    (run,) = scheduled(world)
    assert run.state is RunState.COMPLETED
    assert [node.view for node in run.nodes.values()] == [a, b]
    assert world.pointer(a) is not None
    assert world.pointer(b) is not None


def test_missed_fires_become_one(world: World) -> None:
    label = world.view("result_a", "SELECT 1 AS n")
    schedule(world, label)
    hour_passes(world, hours=30)
    world.drain()
    world.coordinator.tick()
    assert len(scheduled(world)) == 1


def test_a_view_whose_last_run_goes_on_is_passed_over_and_that_is_recorded(world: World) -> None:
    label = world.view("result_a", "SELECT 1 AS n")
    schedule(world, label)
    hour_passes(world)
    hour_passes(world)
    assert len(scheduled(world)) == 1
    assert world.database.read(lambda tx: tx.value(_PASSED)) == to_us(world.clock.now())
    world.drain()
    hour_passes(world)
    assert len(scheduled(world)) == 2


def test_a_schedule_stops_at_its_end(world: World) -> None:
    label = world.view("result_a", "SELECT 1 AS n")
    schedule(world, label, hours=2)
    for _ in range(5):
        hour_passes(world)
        world.drain()
    assert len(scheduled(world)) == 2


def test_a_deleted_views_schedule_does_not_fire(world: World) -> None:
    label = world.view("result_a", "SELECT 1 AS n")
    schedule(world, label)
    world.database.write(
        lambda tx: views.delete(tx, views.read(tx, ME, label), at_us=to_us(world.clock.now()))
    )
    hour_passes(world)
    assert scheduled(world) == []


class Away:
    """A database that is away for the next so many writes."""

    def __init__(self, inner: Database, writes: int) -> None:
        self.dialect, self._inner, self.left = inner.dialect, inner, writes

    def write(self, work: Callable[[Transaction], T], *, durable: bool = True) -> T:
        if self.left:
            self.left -= 1
            raise StoreUnavailableError("the store does not answer")
        return self._inner.write(work, durable=durable)

    def read(self, work: Callable[[Transaction], T]) -> T:
        return self._inner.read(work)

    def checkpoint(self) -> None:
        self._inner.checkpoint()

    def close(self) -> None:
        self._inner.close()


def test_a_fire_that_the_store_could_not_take_is_tried_again(world: World) -> None:
    """A store that was away for a moment must not cost a view its rows of the day."""
    label = world.view("result_a", "SELECT 1 AS n")
    schedule(world, label)
    world.clock.advance(hours=1)
    away = Away(world.database, writes=2)
    scheduler = Scheduler(replace(world.context, database=away), world.coordinator.fire)

    assert scheduler.tick() == 0
    world.clock.advance(seconds=AGAIN_S - 1)
    assert scheduler.tick() == 0
    assert away.left == 1, "it was asked again at once"
    world.clock.advance(seconds=1)
    assert scheduler.tick() == 0
    world.clock.advance(hours=3)
    assert scheduler.tick() == 1

    world.drain()
    assert len(scheduled(world)) == 1
    assert world.database.read(lambda tx: tx.value(_PASSED)) is None
    hour_passes(world)
    assert len(scheduled(world)) == 2


def test_a_fire_that_met_a_full_queue_starts_once_there_is_room(database: Database) -> None:
    world = World(database, limits=LimitSettings(queued_runs=1))
    full = [world.view(f"result_{k}", f"SELECT {k} AS n") for k in range(2)]
    for label in full:
        schedule(world, label)
    hour_passes(world)
    assert len(scheduled(world)) == 1
    world.drain()
    world.coordinator.tick()
    assert len(scheduled(world)) == 1
    world.clock.advance(seconds=AGAIN_S)
    world.coordinator.tick()
    world.drain()
    assert all(world.pointer(label) is not None for label in full)
    assert world.database.read(lambda tx: tx.value(_PASSED)) is None


@pytest.mark.parametrize("before", [False, True], ids=["committed", "undone"])
def test_a_fire_whose_answer_is_lost_runs_once(world: World, before: bool) -> None:
    schedule(world, world.view("result_a", "SELECT 1 AS n"))
    world.database.before = before
    world.database.silent_in = 2  # the first commit of a tick is the heartbeat's
    hour_passes(world)
    world.drain()
    world.clock.advance(seconds=AGAIN_S)
    world.coordinator.tick()
    world.drain()
    assert [run.state for run in scheduled(world)] == [RunState.COMPLETED]
