"""Which node goes first, and what waits for what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import bindparam, update

from qanat.coordinator.dispatch import RunNode, StartRun
from qanat.model.state import RunState
from qanat.names import AttemptId, RunId
from qanat.store import tables as t
from qanat.store.database import Database, Prepared, Transaction
from tests.protocol.world import ME, World

RENUMBER = Prepared(
    update(t.run).where(t.run.c.id == bindparam("run_id")).values(accepted=bindparam("number"))
)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A server of two slots on an empty store."""
    made = World(database, slots=2)
    yield made
    assert made.violations() == []


def test_the_longest_path_goes_first(world: World) -> None:
    short = world.view("result_a_short", "SELECT 1 AS n")
    first = world.view("result_b1", "SELECT 1 AS n")
    second = world.view("result_b2", f"SELECT n FROM {first}")
    query = world.save(f"SELECT s.n FROM {short} s JOIN {second} b ON s.n = b.n")
    id_ = world.coordinator.execute_lineage_pipeline(ME, query, {}, None).run
    order: list[str] = []

    def note(attempt: AttemptId) -> None:
        run = world.coordinator.run(ME, id_)
        order.extend(
            node.view or "query"
            for node in run.nodes.values()
            for one in node.attempts
            if one.id == attempt
        )

    world.engine.during = note
    world.drain()
    assert order == [first, short, second, "query"]


def test_a_new_run_is_not_kept_waiting_by_a_long_one(world: World) -> None:
    """Slots are shared between runs: one that has none comes before one that has some."""
    labels = [world.view(f"result_v{k}", "SELECT 1 AS n") for k in range(4)]
    many = world.save(" UNION ALL ".join(f"SELECT n FROM {label}" for label in labels))
    world.coordinator.execute_lineage_pipeline(ME, many, {}, None)
    dispatch, now = world.context.dispatch, world.clock.monotonic()
    assert isinstance(world.coordinator.context.dispatch.take(now), StartRun)
    world.coordinator._start(next(iter(world.context.live.values())))
    held = dispatch.take(now)
    assert isinstance(held, RunNode)
    held.run.executing += 1
    single = world.coordinator.execute_query(ME, world.save("SELECT 1 AS n"), {}, "medium")
    offered = dispatch.take(now)
    assert isinstance(offered, StartRun)
    assert offered.run.id == single.run
    held.run.executing -= 1
    dispatch.postpone(offered.run, now)
    dispatch.release(held.run, held.node)
    held.run.offer(held.node)
    world.drain()


def test_nothing_overtakes_a_large_statement_that_waits_for_every_slot(world: World) -> None:
    small = world.save("SELECT 1 AS n")
    world.coordinator.execute_query(ME, small, {}, "small")
    dispatch, now = world.context.dispatch, world.clock.monotonic()
    assert world.coordinator.step()
    held = dispatch.take(now)
    assert isinstance(held, RunNode)
    large = world.coordinator.execute_query(ME, small, {}, "large")
    world.coordinator.execute_query(ME, small, {}, "small")
    assert world.coordinator.step()
    assert dispatch.take(now) is None, "one slot is free, and the large statement needs two"
    held.run.offer(held.node)
    dispatch.release(held.run, held.node)
    order: list[str] = []

    def note(attempt: AttemptId) -> None:
        order.append(f"{dispatch.free}")

    world.engine.during = note
    world.drain()
    assert "0" in order
    assert world.coordinator.execution(ME, large.execution).state.value == "completed"


def test_a_pending_run_knows_its_place_in_the_queue(world: World) -> None:
    label = world.view("result_a", "SELECT 1 AS n")
    answers = [world.coordinator.refresh_view(ME, label, None) for _ in range(3)]
    world.coordinator.step()
    assert [world.coordinator.queue_position(a.execution) for a in answers] == [None, 1, 2]
    world.drain()
    assert [world.coordinator.queue_position(a.execution) for a in answers] == [None] * 3


@pytest.mark.parametrize("is_started", [False, True])
def test_runs_that_are_heard_of_out_of_order_do_not_wait_for_each_other(
    world: World, is_started: bool
) -> None:
    """Two are accepted at once, and the later number is the first to be known."""
    label = world.view("result_v1", "SELECT 1 AS n")
    first, second = (world.coordinator.refresh_view(ME, label, None).run for _ in range(2))
    dispatch, live = world.context.dispatch, world.context.live
    for id_ in (first, second):
        dispatch.remove(live[id_])
    if is_started:  # the store did not know the first one yet, either
        world.database.write(lambda tx: accepted_as(tx, first, live[second].accepted + 1))
        dispatch.add(live[second])
        assert world.coordinator.step()
        world.database.write(lambda tx: accepted_as(tx, first, live[first].accepted))
    else:
        dispatch.add(live[second])
    dispatch.add(live[first])
    other = world.coordinator.execute_query(ME, world.save("SELECT 1 AS n"), {}, "medium").run
    for _ in range(3):
        world.drain()
        world.clock.advance(seconds=1)
    ended = [world.coordinator.run(ME, id_) for id_ in (first, second, other)]
    assert {run.state for run in ended} == {RunState.COMPLETED}


def accepted_as(tx: Transaction, run: RunId, number: int) -> None:
    tx.run(RENUMBER, run_id=run, number=number)
