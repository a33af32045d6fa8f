"""The answer of a commit is lost: whether it took place or not, the run ends as the store says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from qanat.errors import EngineUnavailableError
from qanat.model.state import ExecutionState, NodeState, RunState
from qanat.names import AttemptId, RunId
from qanat.store.database import Database, StoreUnavailableError
from tests.protocol.world import ME, Crash, World

#: More than any run below commits.
COMMITS = range(1, 13)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A server on an empty store; in order, and with every slot free, at the end of every test."""
    made = World(database)
    yield made
    assert made.violations() == []
    assert made.context.dispatch.free == made.slots
    assert made.context.carried == set()
    assert made.context.doubtful == {}


def drain(world: World) -> None:
    """Take steps until nothing is due; a step that met no answer is taken up again later."""
    for _ in range(1_000):
        try:
            if not world.coordinator.step():
                return
        except StoreUnavailableError:
            world.clock.advance(seconds=2)
    raise AssertionError("still not at rest")


def rest(world: World) -> None:
    """Take steps until nothing is due, nor will be."""
    for _ in range(6):
        drain(world)
        world.clock.advance(seconds=10)


def settled(world: World, id_: RunId) -> RunState:
    """Return where a run is once nothing is due any more; no other run waits behind it then."""
    rest(world)
    state = world.coordinator.run(ME, id_).state
    other = world.coordinator.execute_query(ME, world.save("SELECT 1 AS n"), {}, "medium")
    drain(world)
    assert world.coordinator.run(ME, other.run).state is RunState.COMPLETED, "others wait behind it"
    world.coordinator.context.live.clear()
    world.coordinator.context.executions.clear()
    assert world.coordinator.run(ME, id_).state is state, "memory says what the store does not"
    return state


def pipeline(world: World) -> Callable[[], RunId]:
    first = world.view("result_v1", "SELECT 1 AS n")
    second = world.view("result_v2", f"SELECT n FROM {first}")
    query = world.save(f"SELECT n FROM {second}")
    return lambda: world.coordinator.execute_lineage_pipeline(ME, query, {}, None).run


def single(world: World) -> Callable[[], RunId]:
    query = world.save("SELECT 1 AS n")
    return lambda: world.coordinator.execute_query(ME, query, {}, "medium").run


def refresh(world: World) -> Callable[[], RunId]:
    label = world.view("result_v1", "SELECT 1 AS n")
    return lambda: world.coordinator.refresh_view(ME, label, None).run


@pytest.mark.parametrize("before", [False, True], ids=["committed", "undone"])
@pytest.mark.parametrize("make", [pipeline, single, refresh])
def test_a_run_completes_whichever_of_its_commits_is_not_answered(
    world: World, make: Callable[[World], Callable[[], RunId]], before: bool
) -> None:
    begin = make(world)
    for commit in COMMITS:
        id_ = begin()
        world.database.before = before
        world.database.silent_in = commit
        rest(world)
        was_lost, world.database.silent_in = world.database.silent_in is None, None
        assert settled(world, id_) is RunState.COMPLETED, f"commit {commit}"
        if not was_lost:
            return
    raise AssertionError("more commits than were tried")


@pytest.mark.parametrize("before", [False, True], ids=["committed", "undone"])
def test_a_request_that_was_not_answered_runs_once_or_not_at_all(
    world: World, before: bool
) -> None:
    query = world.save("SELECT 1 AS n")
    again = ("key", "hash")
    world.database.before = before
    world.database.silent_in = 1
    with pytest.raises(StoreUnavailableError):
        world.coordinator.execute_query(ME, query, {}, "medium", again)
    drain(world)
    accepted = world.coordinator.execute_query(ME, query, {}, "medium", again)
    assert settled(world, accepted.run) is RunState.COMPLETED
    assert world.coordinator.execution(ME, accepted.execution).state is ExecutionState.COMPLETED


def test_a_run_that_was_cancelled_without_an_answer_is_cancelled(world: World) -> None:
    id_ = pipeline(world)()

    def cancel(_: AttemptId) -> None:
        world.engine.during = lambda _: None
        world.database.silent_in = 1
        with pytest.raises(StoreUnavailableError):
            world.coordinator.cancel_run(ME, id_)

    world.engine.during = cancel
    assert settled(world, id_) is RunState.CANCELLED
    assert world.coordinator.cancel_run(ME, id_)


@pytest.mark.parametrize("before", [False, True], ids=["committed", "undone"])
@pytest.mark.parametrize("commit", range(1, 6))
def test_a_node_fails_after_three_losses_also_where_an_answer_is_lost(
    world: World, commit: int, before: bool
) -> None:
    id_ = pipeline(world)()
    losses = []

    def lose(attempt: AttemptId) -> None:
        losses.append(attempt)
        if len(losses) == 3:
            world.database.before = before
            world.database.silent_in = commit
        raise EngineUnavailableError("the engine went away")

    world.engine.during = lose
    rest(world)
    world.engine.during = lambda _: None
    world.database.silent_in = None
    assert settled(world, id_) is RunState.FAILED
    assert len(losses) == 3


def test_a_node_whose_server_dies_with_it_three_times_is_not_tried_again(world: World) -> None:
    """A statement that brings the machine down would otherwise do so at every start."""
    id_ = pipeline(world)()

    def kill(_: AttemptId) -> None:
        raise Crash

    for _ in range(3):
        world.engine.during = kill
        with pytest.raises(Crash):
            drain(world)
        world.crash()
    assert settled(world, id_) is RunState.FAILED
    run = world.coordinator.run(ME, id_)
    assert "lost 3 times" in str(run.failure)
    assert [node.state for node in run.nodes.values()] == [
        NodeState.FAILED,
        NodeState.SKIPPED,
        NodeState.SKIPPED,
    ]
