"""Any order of everything that can happen, beside a model of what readers may see.

After every step the invariants of protocol.md must hold and every view must point at the rows of
the last run that was published over it. Steps can be cut short by a crash at any commit, by a
lost engine, by a power cut that loses what was not flushed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from qanat.errors import EngineUnavailableError, SqlRejectedError
from qanat.model.records import Move, Run
from qanat.model.state import ExecutionState, RunState
from qanat.names import AttemptId, Label, QueryId, RunId, SnapshotId
from qanat.store import loading
from qanat.store import tables as t
from qanat.store.database import Database, Prepared
from qanat.store.migrations import upgrade
from qanat.store.postgresql import PostgresDatabase
from qanat.store.sqlite import FILE, SqliteDatabase
from tests.postgres import Postgres
from tests.protocol.world import ME, Crash, World
from tests.scale import scaled

EVERY_RUN = Prepared(select(t.run.c.id).order_by(t.run.c.accepted))
TABLES = ("result_a", "result_b", "result_c", "result_d")
#: view → what its query reads; a diamond, so that one run has parallel branches.
READS = {
    "result_a": "SELECT 1 AS n",
    "result_b": "SELECT n FROM dune.me.result_a",
    "result_c": "SELECT n FROM dune.me.result_a",
    "result_d": "SELECT b.n FROM dune.me.result_b b JOIN dune.me.result_c c ON b.n = c.n",
}


class Machine(RuleBasedStateMachine):
    """A server, its users, and what goes wrong."""

    open_database: Callable[[], tuple[Database, Callable[[], None]]]

    def __init__(self) -> None:
        super().__init__()
        database, self._remove = type(self).open_database()
        self.world = World(database)
        self.labels: dict[str, Label] = {
            table: self.world.view(table, READS[table]) for table in TABLES
        }
        self.queries: list[QueryId] = [
            self.world.save(f"SELECT n FROM {label}") for label in self.labels.values()
        ]
        self.runs: list[RunId] = []
        self.published: dict[Label, SnapshotId] = {}  #: the model: what readers must see
        self.ended: dict[RunId, RunState] = {}

    def teardown(self) -> None:
        self.world.database.dies_in = None
        self.world.crash()
        self.finish_everything()
        self.agree()
        self._remove()

    def finish_everything(self) -> None:
        """Let every run come to its end: none may be stuck."""
        self.world.engine.during = lambda _: None
        for _ in range(6):
            self.world.drain()
            self.world.clock.advance(seconds=10)
        self.observe()
        assert set(self.ended) == set(self.runs)

    def survive(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401  # what the work returns
        """Do something during which the process may die; start again if it did."""
        try:
            return work()
        except Crash:
            self.world.crash()
            self.note_unseen()
            return None

    def note_unseen(self) -> None:
        """Learn of runs that were accepted though the answer was lost."""
        self.runs = self.world.database.read(
            lambda tx: [RunId(row[0]) for row in tx.tuples(EVERY_RUN)]
        )

    @rule(query=st.integers(0, 3))
    def run_pipeline(self, query: int) -> None:
        def start() -> None:
            self.runs.append(
                self.world.coordinator.execute_lineage_pipeline(
                    ME, self.queries[query], {}, None
                ).run
            )

        self.survive(start)

    @rule(table=st.sampled_from(TABLES), tier=st.sampled_from(["small", "large"]))
    def refresh(self, table: str, tier: str) -> None:
        def start() -> None:
            self.runs.append(self.world.coordinator.refresh_view(ME, self.labels[table], tier).run)

        self.survive(start)

    @rule(steps=st.integers(1, 4))
    def work(self, steps: int) -> None:
        def take() -> None:
            for _ in range(steps):
                self.world.coordinator.step()

        self.survive(take)

    @rule(
        fault=st.sampled_from(
            [EngineUnavailableError("lost"), SqlRejectedError("no"), ValueError("unforeseen")]
        )
    )
    def work_with_a_fault(self, fault: Exception) -> None:
        def raise_it(_: AttemptId) -> None:
            raise fault

        self.world.engine.during = raise_it
        self.survive(self.world.coordinator.step)
        self.world.engine.during = lambda _: None

    @rule()
    def work_with_a_bad_disk(self) -> None:
        def mark(attempt: AttemptId) -> None:
            self.world.engine.lose_on_sync.add(attempt)

        self.world.engine.during = mark
        self.survive(self.world.coordinator.step)
        self.world.engine.during = lambda _: None

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.runs))
        self.survive(lambda: self.world.coordinator.cancel_run(ME, run))

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def cancel_while_a_statement_executes(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.runs))

        def stop(_: AttemptId) -> None:
            self.world.coordinator.cancel_run(ME, run)

        self.world.engine.during = stop
        self.survive(self.world.coordinator.step)
        self.world.engine.during = lambda _: None

    @rule()
    def crash_while_a_statement_executes(self) -> None:
        def die(_: AttemptId) -> None:
            raise Crash

        self.world.engine.during = die
        self.survive(self.world.coordinator.step)
        self.world.engine.during = lambda _: None

    @rule(commits=st.integers(1, 6), before=st.booleans())
    def die_soon(self, commits: int, before: bool) -> None:
        self.world.database.before, self.world.database.dies_in = before, commits

    @rule(power=st.booleans())
    def restart(self, power: bool) -> None:
        self.world.crash(power=power)
        self.note_unseen()

    @rule(seconds=st.sampled_from([1, 7, 3600, 3600 * 24 * 8]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)
        self.survive(self.world.coordinator.tick)

    def stored(self, id_: RunId) -> Run:
        """Return a run as the store has it."""
        run = self.world.database.read(lambda tx: loading.run(tx, id_))
        assert run is not None
        return run

    def moved(self, id_: RunId) -> tuple[Move, ...]:
        """Return what a run moved."""
        return self.world.database.read(lambda tx: loading.moves(tx, id_))

    def observe(self) -> None:
        """Learn which runs have ended, and let the model publish what they published."""
        for id_ in self.runs:
            run = self.stored(id_)
            if id_ in self.ended:
                assert run.state is self.ended[id_], "an ended run changed its state"
            elif run.state not in (RunState.PENDING, RunState.EXECUTING):
                self.ended[id_] = run.state
                if run.state is RunState.COMPLETED:
                    moves = self.moved(id_)
                    for move in moves:
                        assert move.after is not None
                        self.published[move.label] = move.after

    @invariant()
    def agree(self) -> None:
        """The store is in order, and readers see the rows of the last run published."""
        assert self.world.violations() == []
        self.observe()
        for label in self.labels.values():
            assert self.world.pointer(label) == self.published.get(label)
        self.memory_is_the_store()

    def memory_is_the_store(self) -> None:
        for id_, live in list(self.world.context.live.items()):
            kept = self.stored(id_)
            seen = live.record()
            assert (seen.state, seen.epoch, seen.seq) == (kept.state, kept.epoch, kept.seq)
            assert {n: node.state for n, node in seen.nodes.items()} == {
                n: node.state for n, node in kept.nodes.items()
            }
            for number, node in seen.nodes.items():
                stored = kept.nodes[number]
                assert node.attempts == stored.attempts
                if stored.execution.state is not ExecutionState.EXPIRED:
                    assert node.execution.snapshot == stored.execution.snapshot


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate] + [Phase.shrink] * (scaled(0, 1)),
        print_blob=True,
    )


def test_any_order_of_anything_on_sqlite(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    upgrade("sqlite", template)

    def fresh() -> tuple[Database, Callable[[], None]]:
        place = Path(tempfile.mkdtemp(dir=tmp_path))
        shutil.copy(template / FILE, place / FILE)
        database = SqliteDatabase(place)

        def remove() -> None:
            database.close()
            shutil.rmtree(place)

        return database, remove

    _run(fresh, scaled(25, 400))


@pytest.mark.postgres
def test_any_order_of_anything_on_postgresql(postgres: Postgres) -> None:
    def fresh() -> tuple[Database, Callable[[], None]]:
        database = PostgresDatabase(postgres.fresh(), connections=2)
        return database, database.close

    _run(fresh, scaled(6, 100))


def _run(fresh: Callable[[], tuple[Database, Callable[[], None]]], examples: int) -> None:
    class Opened(Machine):
        open_database = staticmethod(fresh)

    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(Opened, settings=_settings(examples))
