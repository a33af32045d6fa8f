"""The life of one run: accepted, started, executed, published, failed, cancelled, recovered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest

from qanat.errors import (
    EngineUnavailableError,
    NotFoundError,
    SqlRejectedError,
    UnprocessableError,
)
from qanat.model.records import Run
from qanat.model.state import ExecutionState, NodeState, RunState
from qanat.names import AttemptId, Label, NameId, RunId, new_ulid
from qanat.store import views
from qanat.store.database import Database, Transaction
from tests.protocol.world import ME, YOU, Crash, World

T = TypeVar("T")


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A server on an empty store; in order at the end of every test."""
    made = World(database)
    yield made
    assert made.violations() == []


def chain(world: World, length: int = 3) -> list[Label]:
    """Make views of which each reads the one before."""
    labels = [world.view("result_v1", "SELECT 1 AS n")]
    for k in range(2, length + 1):
        labels.append(world.view(f"result_v{k}", f"SELECT n FROM {labels[-1]}"))
    return labels


def run_over(world: World, labels: list[Label]) -> RunId:
    """Start the pipeline of a query that reads the last view."""
    query = world.save(f"SELECT n FROM {labels[-1]}")
    return world.coordinator.execute_lineage_pipeline(ME, query, {}, None).run


def run_of(world: World, id_: RunId) -> Run:
    """Return a run as its owner sees it."""
    return world.coordinator.run(ME, id_)


def states(run: Run) -> list[str]:
    """Return the states of a run's nodes, by id."""
    return [run.nodes[id_].state.value for id_ in sorted(run.nodes)]


def test_a_run_moves_every_view_it_computed_at_one_moment(world: World) -> None:
    labels = chain(world)
    id_ = run_over(world, labels)
    assert [world.pointer(label) for label in labels] == [None, None, None]

    world.drain()

    run = run_of(world, id_)
    assert run.state is RunState.COMPLETED
    moved = {run.nodes[id_].view: run.nodes[id_].execution.snapshot for id_ in run.nodes}
    for label in labels:
        snapshot = moved[label]
        assert snapshot is not None
        assert world.pointer(label) == snapshot.id
    detail = world.coordinator.detail(ME, id_)
    assert {move.moment for move in detail.moves} == {run.published}


def test_nothing_moves_before_the_last_node_is_done(world: World) -> None:
    labels = chain(world)
    run_over(world, labels)
    seen: list[object] = []
    world.engine.during = lambda _: seen.append(tuple(map(world.pointer, labels)))

    world.drain()

    assert seen == [(None, None, None)] * 4


def test_a_node_reads_the_rows_its_own_run_wrote(world: World) -> None:
    labels = chain(world, 2)
    run_over(world, labels)
    world.drain()
    id_ = run_over(world, labels)
    world.drain()
    nodes = run_of(world, id_).nodes
    attempts = {id_: node.attempts[-1].id for id_, node in nodes.items()}
    by_view = {node.view: attempts[id_] for id_, node in nodes.items()}
    assert world.engine.read[by_view[labels[1]]] == (by_view[labels[0]],)
    assert world.engine.read[by_view[None]] == (by_view[labels[1]],)


def test_a_failure_skips_what_has_not_started_and_publishes_nothing(world: World) -> None:
    labels = chain(world)
    id_ = run_over(world, labels)

    def second_fails(attempt: AttemptId) -> None:
        if len(world.engine.read) == 2:
            raise SqlRejectedError("no")

    world.engine.during = second_fails
    world.drain()

    run = run_of(world, id_)
    assert run.state is RunState.FAILED
    assert states(run) == ["completed", "failed", "skipped", "skipped"]
    assert run.failure is not None
    assert run.failure.message == "node 2 (dune.me.result_v2) failed: no"
    assert [world.pointer(label) for label in labels] == [None, None, None]


def test_rows_are_kept_when_the_node_that_was_to_follow_is_skipped_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slot ends one node and claims the next in one commit; just before, another slot fails."""
    labels = chain(world)
    broken = world.view("result_broken", "SELECT n FROM dune.me.nothing")
    query = world.save(f"SELECT a.n FROM {labels[-1]} a JOIN {broken} b ON a.n = b.n")
    id_ = world.coordinator.execute_lineage_pipeline(ME, query, {}, None).run
    write = world.database.write
    has_rows: list[AttemptId] = []
    world.engine.during = has_rows.append

    def after_another_slot(work: Callable[[Transaction], T], *, durable: bool = True) -> T:
        if len(has_rows) == 1:
            has_rows.append(AttemptId("seen"))
            assert world.coordinator.step()
        return write(work, durable=durable)

    monkeypatch.setattr(world.database, "write", after_another_slot)
    world.drain()

    run = run_of(world, id_)
    assert run.state is RunState.FAILED
    by_view = {node.view: node.state.value for node in run.nodes.values()}
    assert [by_view[label] for label in (*labels, broken, None)] == [
        "completed", "skipped", "skipped", "failed", "skipped",
    ]  # fmt: skip


def test_text_that_does_not_compile_fails_its_node_without_an_attempt(world: World) -> None:
    query = world.save("SELECT n FROM dune.me.nothing")
    answer = world.coordinator.execute_query(ME, query, {}, "medium")
    world.drain()
    run = run_of(world, answer.run)
    assert run.state is RunState.FAILED
    assert run.nodes[next(iter(run.nodes))].attempts == ()
    failure = world.coordinator.execution(ME, answer.execution).failure
    assert failure is not None
    assert "dune.me.nothing" in failure.message


def test_empty_text_fails_as_text_that_cannot_be_read(world: World) -> None:
    answer = world.coordinator.execute_sql(ME, "", {}, "medium")
    world.drain()
    failure = world.coordinator.execution(ME, answer.execution).failure
    assert failure is not None
    assert failure.message == "line 1:1: syntax error: the statement is empty"


def test_a_cancelled_run_ends_at_once_and_its_late_rows_are_garbage(world: World) -> None:
    labels = chain(world)
    id_ = run_over(world, labels)

    def cancel(_: AttemptId) -> None:
        assert world.coordinator.cancel_run(ME, id_)
        assert run_of(world, id_).state is RunState.CANCELLED

    world.engine.during = cancel
    world.drain()

    run = run_of(world, id_)
    assert states(run) == ["cancelled"] * 4
    assert [attempt.state.value for node in run.nodes.values() for attempt in node.attempts] == [
        "stopped"
    ]
    world.clock.advance(hours=2)
    world.coordinator.tick()
    assert world.engine.lying == {}


def test_cancelling_what_has_completed_answers_false(world: World) -> None:
    id_ = run_over(world, chain(world))
    world.drain()
    assert not world.coordinator.cancel_run(ME, id_)
    assert run_of(world, id_).state is RunState.COMPLETED


def test_a_lost_engine_costs_nothing_and_the_node_is_tried_again(world: World) -> None:
    id_ = run_over(world, chain(world, 1))
    lost: list[AttemptId] = []

    def lose_once(attempt: AttemptId) -> None:
        if not lost:
            lost.append(attempt)
            raise EngineUnavailableError("the worker died")

    world.engine.during = lose_once
    world.drain()
    world.clock.advance(seconds=1)
    world.drain()

    run = run_of(world, id_)
    assert run.state is RunState.COMPLETED
    tries = run.nodes[next(iter(run.nodes))].attempts
    assert [(one.state.value, one.micro_credits > 0) for one in tries] == [
        ("lost", False),
        ("done", True),
    ]


def test_an_engine_lost_three_times_fails_the_node(world: World) -> None:
    id_ = run_over(world, chain(world, 1))

    def lose(_: AttemptId) -> None:
        raise EngineUnavailableError("the worker died")

    world.engine.during = lose
    for _ in range(4):
        world.drain()
        world.clock.advance(seconds=6)
    run = run_of(world, id_)
    assert run.state is RunState.FAILED
    assert states(run) == ["failed", "skipped"]


def test_runs_that_want_one_view_go_one_after_the_other_as_they_were_accepted(
    world: World,
) -> None:
    labels = chain(world, 1)
    first, second = run_over(world, labels), run_over(world, labels)

    def look(_: AttemptId) -> None:
        now = [run_of(world, first).state, run_of(world, second).state]
        assert now in (
            [RunState.EXECUTING, RunState.PENDING],
            [RunState.COMPLETED, RunState.EXECUTING],
        )

    world.engine.during = look
    world.drain()
    assert run_of(world, second).state is RunState.COMPLETED


def test_the_same_idempotency_key_gives_the_same_run(world: World) -> None:
    query = world.save("SELECT 1 AS n")
    answers = [
        world.coordinator.execute_query(ME, query, {}, "medium", ("key", "body")) for _ in range(2)
    ]
    assert answers[0] == answers[1]
    with pytest.raises(UnprocessableError):
        world.coordinator.execute_query(ME, query, {}, "medium", ("key", "another body"))


@pytest.mark.parametrize("before", [True, False], ids=["undone", "kept"])
@pytest.mark.parametrize("commit", range(1, 13))
def test_a_crash_at_any_commit_leaves_all_of_a_run_or_none(
    world: World, commit: int, before: bool
) -> None:
    """Whatever commit the process dies at, after the next start the run ends, once."""
    labels = chain(world)
    run_over(world, labels)
    world.drain()
    old = [world.pointer(label) for label in labels]
    world.database.before, world.database.dies_in = before, commit
    id_ = None
    try:
        id_ = run_over(world, labels)
        world.drain()
    except Crash:
        pass
    assert world.violations() == []
    now = [world.pointer(label) for label in labels]
    assert now == old or not set(now) & set(old)

    world.crash()
    assert world.violations() == []
    world.drain()

    now = [world.pointer(label) for label in labels]
    assert now == old or not set(now) & set(old)
    if id_ is not None:
        run = run_of(world, id_)
        assert run.state is RunState.COMPLETED
        assert {node.state for node in run.nodes.values()} == {NodeState.COMPLETED}
        assert not set(now) & set(old)


@pytest.mark.parametrize("commit", range(1, 8))
def test_completed_nodes_are_not_computed_again_after_a_crash(world: World, commit: int) -> None:
    labels = chain(world)
    id_ = run_over(world, labels)
    world.database.dies_in = commit
    with pytest.raises(Crash):
        world.drain()
    before = {
        node.execution.id
        for node in world.database.read(lambda tx: _load(tx, id_)).nodes.values()
        if node.state is NodeState.COMPLETED
    }
    world.crash()
    world.drain()
    after = run_of(world, id_)
    assert after.state is RunState.COMPLETED
    for node in after.nodes.values():
        if node.execution.id in before:
            assert len([one for one in node.attempts if one.state.value == "done"]) == 1


def _load(tx: object, id_: RunId) -> Run:
    from qanat.store import loading

    run = loading.run(tx, id_)  # type: ignore[arg-type]  # a transaction
    assert run is not None
    return run


def test_rows_that_were_not_flushed_are_computed_again_with_all_that_read_them(
    world: World,
) -> None:
    labels = chain(world)
    id_ = run_over(world, labels)
    for _ in range(3):
        world.coordinator.step()
    world.crash(power=True)
    assert world.violations() == []
    world.drain()
    run = run_of(world, id_)
    assert run.state is RunState.COMPLETED
    assert all(file in world.engine.synced for file in world.engine.lying)


def test_a_file_that_cannot_be_flushed_is_computed_again(world: World) -> None:
    labels = chain(world, 2)
    id_ = run_over(world, labels)
    first: list[AttemptId] = []

    def bad_disk(attempt: AttemptId) -> None:
        if not first:
            first.append(attempt)
            world.engine.lose_on_sync.add(attempt)

    world.engine.during = bad_disk
    world.drain()
    run = run_of(world, id_)
    assert run.state is RunState.COMPLETED
    assert all(len(node.attempts) == 2 for node in run.nodes.values())


def test_a_result_past_its_time_is_expired_also_for_who_polls_it(world: World) -> None:
    query = world.save("SELECT 1 AS n")
    answer = world.coordinator.execute_query(ME, query, {}, "medium")
    world.drain()
    assert world.coordinator.live_execution(answer.execution) is not None
    world.clock.advance(days=91)
    world.coordinator.tick()
    found = world.coordinator.execution(ME, answer.execution)
    assert found.state is ExecutionState.EXPIRED
    assert found.snapshot is None


def test_a_refresh_does_not_expire_while_its_view_points_at_it(world: World) -> None:
    label = world.view("result_a", "SELECT 1 AS n")
    first = world.coordinator.refresh_view(ME, label, None)
    world.drain()
    world.clock.advance(days=30)
    world.coordinator.tick()
    assert world.coordinator.execution(ME, first.execution).state is ExecutionState.COMPLETED
    world.coordinator.refresh_view(ME, label, None)
    world.drain()
    world.coordinator.tick()
    world.clock.advance(hours=1)
    world.coordinator.tick()
    assert world.coordinator.execution(ME, first.execution).state is ExecutionState.EXPIRED


def make_private(world: World, label: Label) -> None:
    """Have a view of `me` be private from now on."""

    def work(tx: Transaction) -> None:
        view = views.read(tx, ME, label)
        views.upsert(
            tx,
            ME,
            label,
            replace(view.definition, is_private=True),
            id_=NameId(new_ulid(world.clock.now())),
            at_us=1,
        )

    world.database.write(work)


def test_rows_of_a_view_that_became_private_before_the_start_are_its_owners(world: World) -> None:
    """Nodes that do not read it stay public."""
    label, other = world.view("result_v", "SELECT 1 AS n"), world.view("result_w", "SELECT 1 AS n")
    for view in (label, other):
        world.coordinator.refresh_view(ME, view, None)
    world.drain()
    reading = world.coordinator.execute_query(
        ME, world.save(f"SELECT n FROM {label}"), {}, "medium"
    )
    public = world.coordinator.execute_query(ME, world.save(f"SELECT n FROM {other}"), {}, "medium")
    make_private(world, label)
    world.drain()
    for stored in (False, True):
        if stored:
            world.context.live.clear()
            world.context.executions.clear()
        assert world.coordinator.execution(ME, reading.execution).is_private
        with pytest.raises(NotFoundError):
            world.coordinator.execution(YOU, reading.execution)
        assert not world.coordinator.execution(YOU, public.execution).is_private
