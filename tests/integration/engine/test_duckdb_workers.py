"""Workers die, grow and hang; the engine goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from qanat.engines import Bound, Limits, Relation, Written
from qanat.engines.duckdb import DuckDbEngine
from qanat.engines.duckdb.scan import literal
from qanat.errors import (
    CancelledError,
    EngineUnavailableError,
    LimitExceededError,
    SourceChangedError,
    SqlRejectedError,
)
from qanat.model.types import Column
from qanat.names import AttemptId
from tests.rows import LIMITS, MIB, answer, fresh, made, relation, rows, written

ENDLESS = "SELECT sum(a.range * b.range) AS s FROM range(10000000) AS a, range(10000000) AS b"


@pytest.fixture
def one(tmp_path: Path) -> Iterator[DuckDbEngine]:
    """An engine with one worker."""
    engine = DuckDbEngine(data_dir=tmp_path, slots=1, cores=2, grace_s=0.5)
    yield engine
    engine.close()


def until(condition: Callable[[], bool], *, within_s: float = 20) -> None:
    """Wait for something outside this process."""
    pause = threading.Event()
    for _ in range(int(within_s / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    pytest.fail("it did not happen in time")


class Running:
    """A statement that runs in a thread until something ends it."""

    def __init__(self, engine: DuckDbEngine, text: str, limits: Limits = LIMITS) -> None:
        self.attempt: AttemptId = fresh()
        self._threads = ThreadPoolExecutor(1)
        self.outcome: Future[Written] = self._threads.submit(
            engine.write, self.attempt, Bound(text=text), limits
        )
        until(lambda: engine.progress(self.attempt) is not None or self.outcome.done())
        assert not self.outcome.done(), self.outcome.exception()

    def error(self) -> BaseException | None:
        found = self.outcome.exception(timeout=30)
        self._threads.shutdown()
        return found


def test_a_killed_worker_fails_its_statement_alone(one: DuckDbEngine) -> None:
    running = Running(one, ENDLESS)
    (worker,) = one.workers()
    os.kill(worker, signal.SIGKILL)

    assert isinstance(running.error(), EngineUnavailableError)
    assert not one.path(running.attempt).exists()
    assert answer(one, "SELECT 1 AS n") == [(1,)]
    assert one.workers() != (worker,)


def test_a_worker_killed_while_idle_is_noticed_by_nobody(one: DuckDbEngine) -> None:
    written(one, "SELECT 1 AS n")
    (worker,) = one.workers()
    os.kill(worker, signal.SIGKILL)
    until(lambda: not one._statements._all[0].is_alive)

    assert answer(one, "SELECT 2 AS n") == [(2,)]


def test_a_worker_killed_near_its_memory_limit_ran_out_of_memory(one: DuckDbEngine) -> None:
    """Nothing else is known of a process that the system's own killer took."""
    small = Limits(threads=1, memory_bytes=48 * MIB, time_s=60, result_bytes=MIB)
    running = Running(one, ENDLESS, small)
    (worker,) = one._statements._all
    until(lambda: worker._seen_peak > small.memory_bytes)  # before the first sample: a crash
    os.kill(worker.pid, signal.SIGKILL)

    error = running.error()
    assert isinstance(error, LimitExceededError)
    assert error.limit == "memory"


def test_a_worker_that_does_not_hear_is_killed_after_the_grace_period(one: DuckDbEngine) -> None:
    running = Running(one, ENDLESS)
    (worker,) = one.workers()
    os.kill(worker, signal.SIGSTOP)  # as deaf as a statement that never looks up
    one.cancel(running.attempt)

    error = running.error()
    assert isinstance(error, CancelledError)
    assert vars(error)["cost"].cpu_seconds > 0
    assert not psutil.pid_exists(worker)
    assert answer(one, "SELECT 1 AS n") == [(1,)]


def test_a_deaf_worker_does_not_outlive_its_time_limit(one: DuckDbEngine) -> None:
    short = Limits(threads=1, memory_bytes=256 * MIB, time_s=5, result_bytes=MIB)
    written(one, "SELECT 1 AS n")  # the worker has started
    running = Running(one, ENDLESS, short)
    os.kill(one.workers()[0], signal.SIGSTOP)

    error = running.error()
    assert isinstance(error, LimitExceededError)
    assert error.limit == "time"


def test_a_cancel_reaches_a_statement_that_waits_for_a_worker(one: DuckDbEngine) -> None:
    first = Running(one, ENDLESS)
    attempt = fresh()
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(one.write, attempt, Bound(text="SELECT 1 AS n"), LIMITS)
        until(lambda: one._statements._waiting == 1)
        one.cancel(attempt)
        with pytest.raises(CancelledError):
            waiting.result(timeout=20)
    one.cancel(first.attempt)
    assert isinstance(first.error(), CancelledError)


def test_a_worker_that_stays_large_is_replaced(tmp_path: Path) -> None:
    engine = DuckDbEngine(data_dir=tmp_path, slots=1, cores=1, rss_bytes=1)
    try:
        written(engine, "SELECT 1 AS n")
        first = engine.workers()
        until(lambda: engine.workers() != first)
        assert answer(engine, "SELECT 2 AS n") == [(2,)]
        until(lambda: not any(map(psutil.pid_exists, first)))
    finally:
        engine.close()


def test_threads_are_shared_by_what_runs_beside_each_other(tmp_path: Path) -> None:
    engine = DuckDbEngine(data_dir=tmp_path, slots=2, cores=2)
    try:
        text = "SELECT current_setting('threads')::BIGINT AS n FROM range(1)"
        assert answer(engine, text) == [(2,)]
        beside = Running(engine, ENDLESS)
        assert answer(engine, text) == [(1,)]
        engine.cancel(beside.attempt)
        assert isinstance(beside.error(), CancelledError)
        assert answer(engine, text) == [(2,)]
        one_thread = Limits(threads=1, memory_bytes=256 * MIB, time_s=60, result_bytes=MIB)
        assert answer(engine, text, limits=one_thread) == [(1,)]
    finally:
        engine.close()


def test_the_limits_of_a_statement_are_the_worker_s_while_it_runs(one: DuckDbEngine) -> None:
    text = "SELECT current_setting('memory_limit') AS m"
    for mebibytes in (256, 512, 256):
        limits = Limits(threads=1, memory_bytes=mebibytes * MIB, time_s=60, result_bytes=MIB)
        assert answer(one, text, limits=limits) == [(f"{mebibytes}.0 MiB",)]
        soft, _ = psutil.Process(one.workers()[0]).rlimit(psutil.RLIMIT_AS)
        assert soft == (mebibytes << 20) + (2 << 30)


def test_progress_grows_while_a_statement_runs(one: DuckDbEngine) -> None:
    source = made(one, "SELECT range AS n, hash(range) AS h FROM range(2000000)")
    attempt = fresh()
    text = 'SELECT count(DISTINCT md5(n::VARCHAR || h::VARCHAR)) AS c FROM "$0" AS t'
    seen: set[float] = set()
    with ThreadPoolExecutor(1) as thread:
        outcome = thread.submit(one.write, attempt, Bound(text=text, slots=(source,)), LIMITS)
        while not outcome.done():
            seen |= {one.progress(attempt) or 0.0}
    assert outcome.result().row_count == 1
    assert all(0 <= done <= 1 for done in seen)
    assert len(seen) > 1
    assert one.progress(attempt) is None


def test_bytes_scanned_are_the_compressed_columns_that_were_read(one: DuckDbEngine) -> None:
    made_ = written(
        one, "SELECT range AS a, hash(range) AS b, md5(range::VARCHAR) AS c FROM range(500000)"
    )
    path = literal(str(one.path(made_[0])))
    of_b = f"SELECT * FROM parquet_metadata({path}) WHERE path_in_schema = 'b'"
    ((columns,),) = answer(one, f"SELECT sum(total_compressed_size)::BIGINT AS n FROM ({of_b})")

    _, result = written(
        one, 'SELECT sum(hash(b)::DOUBLE) AS m FROM "$0" AS t', relation(one, made_)
    )

    assert columns <= result.cost.bytes_scanned <= columns * 1.05  # and the footer


def test_what_is_spilled_is_neither_kept_nor_paid_for(one: DuckDbEngine, tmp_path: Path) -> None:
    source = written(one, "SELECT hash(range) AS h FROM range(5000000)")
    small = Limits(threads=2, memory_bytes=128 * MIB, time_s=120, result_bytes=1 << 30)
    text = 'SELECT h, count(*) AS n FROM "$0" AS t GROUP BY h ORDER BY h'
    _, result = written(one, text, relation(one, source), limits=small)

    assert result.row_count == 5_000_000
    assert result.cost.bytes_scanned <= source[1].size_bytes * 1.1
    assert result.cost.bytes_written == result.size_bytes
    assert sum(p.stat().st_size for p in (tmp_path / "tmp").rglob("*") if p.is_file()) < 64_000


def test_a_mounted_file_that_is_gone_is_said_to_have_changed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    engine = DuckDbEngine(data_dir=tmp_path / "data", sources=(tmp_path / "in",), slots=1, cores=1)
    try:
        gone = Relation(
            columns=(Column("n", "bigint"),),
            files=(str(tmp_path / "in" / "x.parquet"),),
            ours=False,
        )
        with pytest.raises(SourceChangedError):
            written(engine, 'SELECT * FROM "$0" AS t', gone)
        lost = Relation(columns=gone.columns, files=(str(engine.path(fresh())),))
        with pytest.raises(EngineUnavailableError, match="rows are missing"):
            written(engine, 'SELECT * FROM "$0" AS t', lost)
    finally:
        engine.close()


def test_a_statement_s_columns_are_worked_out_once(one: DuckDbEngine) -> None:
    source = made(one, "SELECT range AS n FROM range(10)")
    statement = Bound(text='SELECT sum(n) AS s FROM "$0" AS t', slots=(source,))
    assert one.describe(statement, LIMITS) == (Column("s", "bigint"),)
    (worker,) = one.workers()
    os.kill(worker, signal.SIGKILL)
    until(lambda: not one._statements._all[0].is_alive)

    attempt = fresh()
    result = one.write(attempt, statement, LIMITS)
    assert result.columns == one.describe(statement, LIMITS)
    assert rows(one, attempt) == [(45,)]


def test_text_that_is_no_unicode_is_the_statement_s_fault(one: DuckDbEngine) -> None:
    with pytest.raises(SqlRejectedError, match="no Unicode"):
        written(one, "SELECT '\ud800' AS s")
    assert answer(one, "SELECT 'a\0b' AS s") == [("a\0b",)]
    assert answer(one, "SELECT 1 AS n") == [(1,)]


def test_workers_leave_nothing_behind(tmp_path: Path) -> None:
    engine = DuckDbEngine(data_dir=tmp_path, slots=2, cores=2)
    written(engine, "SELECT 1 AS n")
    workers = engine.workers()
    left = tmp_path / "tmp" / "spill-1-1"
    left.mkdir()
    (left / "x.tmp").write_bytes(b"x")
    engine.close()
    assert not any(map(psutil.pid_exists, workers))

    again = DuckDbEngine(data_dir=tmp_path, slots=1, cores=1)
    assert not left.exists()
    again.close()
    assert [p for p in (tmp_path / "tmp").rglob("*") if p.is_file()] == []


def test_workers_end_with_a_server_that_is_killed(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    workers = [int(word) for word in server.stdout.readline().split()]
    assert len(workers) == 2
    assert all(map(psutil.pid_exists, workers))
    server.kill()
    server.wait()
    server.stdout.close()

    until(lambda: not any(_lives(worker) for worker in workers))


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


_SERVER = """
import sys, threading
from pathlib import Path
from qanat.engines import Bound
from qanat.engines.duckdb import DuckDbEngine
from tests.rows import LIMITS, fresh

engine = DuckDbEngine(data_dir=Path(sys.argv[1]), slots=2, cores=2)
text = "SELECT sum(a.range * b.range) AS s FROM range(10000000) AS a, range(10000000) AS b"
attempt = fresh()
running = threading.Thread(target=engine.write, args=(attempt, Bound(text=text), LIMITS))
running.start()
while engine.progress(attempt) is None:
    threading.Event().wait(0.01)
print(*engine.workers(), flush=True)
running.join()
"""
