"""What every engine must do: the contract of qanat.engines.Engine, in executable form."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from qanat.engines import Bound, Engine, Limits, Load, Relation
from qanat.engines.duckdb import DuckDbEngine
from qanat.errors import (
    CancelledError,
    EngineUnavailableError,
    FileLostError,
    InvalidRequestError,
    LimitExceededError,
    SqlRejectedError,
)
from qanat.model.types import Column
from tests.rows import LIMITS, MIB, answer, fresh, made, relation, rows, written

#: Runs until it is stopped.
ENDLESS = "SELECT sum(a.range * b.range) AS s FROM range(10000000) AS a, range(10000000) AS b"


@pytest.fixture(scope="module", params=["duckdb"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """Each engine, with two slots on two cores."""
    engine = DuckDbEngine(data_dir=tmp_path_factory.mktemp("data"), slots=2, cores=2)
    yield engine
    engine.close()


def test_the_rows_of_a_statement_lie_under_its_attempt(engine: Engine) -> None:
    attempt, result = written(engine, "SELECT 1 AS n, 'ü' AS t UNION ALL SELECT 2, NULL ORDER BY n")

    assert rows(engine, attempt) == [(1, "ü"), (2, None)]
    assert result.columns == (Column("n", "integer"), Column("t", "varchar"))
    assert result.row_count == 2
    assert result.size_bytes == engine.path(attempt).stat().st_size


def test_a_slot_is_filled_by_its_relation(engine: Engine) -> None:
    left = made(engine, "SELECT range AS id, range * 2 AS v FROM range(100)")
    right = made(engine, "SELECT range AS id FROM range(50, 60)")

    found = answer(
        engine,
        'SELECT sum(a.v) AS s, count(*) AS n FROM "$0" AS a JOIN "$1" AS b ON a.id = b.id',
        left,
        right,
    )

    assert found == [(2 * sum(range(50, 60)), 10)]


def test_a_relation_of_several_files_has_the_rows_of_each_in_order(engine: Engine) -> None:
    first = written(engine, "SELECT range AS n FROM range(3)")
    second = written(engine, "SELECT range AS n FROM range(10, 13)")

    found = answer(engine, 'SELECT n FROM "$0" AS t', relation(engine, first, second))

    assert [n for (n,) in found] == [0, 1, 2, 10, 11, 12]


def test_a_relation_without_files_has_typed_columns_and_no_rows(engine: Engine) -> None:
    empty = Relation(columns=(Column("n", "bigint"), Column("t", "array(varchar)")))
    attempt, result = written(engine, 'SELECT * FROM "$0" AS t', empty)

    assert rows(engine, attempt) == []
    assert result.columns == empty.columns


def test_zero_rows_keep_their_columns(engine: Engine) -> None:
    empty = written(engine, "SELECT 1::BIGINT AS n, DATE '2020-01-01' AS d WHERE false")
    assert empty[1].row_count == 0

    found = answer(
        engine, 'SELECT count(*) AS c, max(d) AS d FROM "$0" AS t', relation(engine, empty)
    )

    assert found == [(0, None)]


def test_the_order_of_a_statement_is_the_order_of_its_rows(engine: Engine) -> None:
    source = made(engine, "SELECT range AS n FROM range(300000)")
    attempt, _ = written(engine, 'SELECT n FROM "$0" AS t ORDER BY hash(n), n', source)
    ordered = answer(
        engine, 'SELECT sum(n) AS s, hash(n) AS h FROM "$0" AS t GROUP BY n ORDER BY h, n', source
    )

    assert [n for (n,) in rows(engine, attempt)] == [s for s, _ in ordered]


def test_the_order_is_kept_where_the_engine_converts_a_column(engine: Engine) -> None:
    source = made(engine, "SELECT range % 50000 AS n, range AS v FROM range(300000)")
    text = 'SELECT n, sum(v) AS s FROM "$0" AS t GROUP BY n ORDER BY s DESC'
    attempt, result = written(engine, text, source, columns=("k", "total"))

    assert result.columns == (Column("k", "bigint"), Column("total", "bigint"))
    totals = [total for _, total in rows(engine, attempt)]
    assert totals == sorted(totals, reverse=True)
    assert len(totals) == 50_000


def test_output_names_may_be_given(engine: Engine) -> None:
    attempt, result = written(engine, "SELECT 1, 1 + 1, 'a' AS x", columns=("_col0", "_col1", "x"))

    assert [column.name for column in result.columns] == ["_col0", "_col1", "x"]
    assert rows(engine, attempt) == [(1, 2, "a")]


def test_names_that_differ_in_case_only_are_made_unique(engine: Engine) -> None:
    _, result = written(engine, "SELECT 1 AS a, 2 AS A, 3 AS a")

    names = [column.name.lower() for column in result.columns]
    assert len(set(names)) == 3


def test_many_columns_and_strange_names_survive(engine: Engine) -> None:
    names = [f'c "{n}" ü🙂' for n in range(400)]
    text = ",".join(
        f'{n} AS "{name.replace(chr(34), chr(34) * 2)}"' for n, name in enumerate(names)
    )
    wide = written(engine, f"SELECT {text}")

    attempt, result = written(engine, 'SELECT * FROM "$0" AS t', relation(engine, wide))

    assert [column.name for column in result.columns] == names
    assert rows(engine, attempt) == [tuple(range(400))]


def test_a_write_that_fails_half_way_leaves_no_file(engine: Engine) -> None:
    attempt = fresh()
    value = "CASE WHEN range = 2999999 THEN CAST('x' || range AS INTEGER) ELSE 1 END"
    bad = f"SELECT {value} AS n FROM range(3000000)"
    with pytest.raises(SqlRejectedError, match="Cannot cast 'x2999999' to integer"):
        engine.write(attempt, Bound(text=bad), LIMITS)

    assert not engine.path(attempt).exists()
    assert attempt not in dict(engine.files())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT nope FROM range(1)", "Column 'nope' cannot be resolved"),
        ("SELECT t.nope FROM (SELECT 1 AS a) AS t", "Column 't.nope' cannot be resolved"),
        ("SELECT 1 FROM nope", "Table 'nope' does not exist"),
        ("SELECT nope(1)", "Function 'nope' not registered"),
        ("SELECT 1 // (range - range) AS x FROM range(3)", "Division by zero"),
        ("SELECT lower(1, 2)", "Unexpected parameters for function lower"),
        ("SELECT a FROM (SELECT 1 AS a) AS t, (SELECT 1 AS a) AS u", "Column 'a' is ambiguous"),
        ("SELECT 9223372036854775807 + range FROM range(1, 2)", "bigint addition overflow"),
        ("SELECT CAST('abc' AS DOUBLE)", "Cannot cast 'abc' to "),
        ("SELECT (SELECT range FROM range(2))", "Scalar sub-query has returned multiple rows"),
        (
            "SELECT sum(range), range FROM range(2)",
            "must be an aggregate expression or appear in GROUP BY",
        ),
        ("SELEC 1", "syntax error"),
    ],
)
def test_a_statement_at_fault_is_rejected_in_words_users_know(
    engine: Engine, text: str, message: str
) -> None:
    with pytest.raises(SqlRejectedError) as caught:
        written(engine, text)

    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert "LINE 1" not in caught.value.message
    assert str(engine.path(fresh()).parents[1]) not in caught.value.message


@pytest.mark.parametrize(
    "value",
    ["INTERVAL '-1 second'", "INTERVAL '-3 months'", "[INTERVAL '-1 day', NULL]",
     "MAP {1: INTERVAL '-1 day'}", "{'a': INTERVAL '-1 day'}"],
)  # fmt: skip
def test_an_interval_may_be_negative(engine: Engine, value: str) -> None:
    kept = made(engine, f"SELECT {value} AS v")
    assert answer(engine, f'SELECT v = {value} AS same FROM "$0" AS t', kept) == [(True,)]


def test_a_statement_over_its_time_fails_and_frees_its_slot(engine: Engine) -> None:
    attempt = fresh()
    short = Limits(threads=2, memory_bytes=256 * MIB, time_s=0.3, result_bytes=MIB)
    with pytest.raises(LimitExceededError) as caught:
        engine.write(attempt, Bound(text=ENDLESS), short)

    assert caught.value.limit == "time"
    assert not engine.path(attempt).exists()
    assert answer(engine, "SELECT 1 AS n") == [(1,)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT list(range || 'x') AS l FROM range(30000000)",
        "SELECT len(range(3000000000)) AS n",
        "SELECT len(list_transform(range(400000000), LAMBDA x : x + 1)) AS n",
    ],
)
def test_a_statement_over_its_memory_fails_alone(engine: Engine, text: str) -> None:
    small = Limits(threads=2, memory_bytes=128 * MIB, time_s=60, result_bytes=1 << 30)
    with pytest.raises(LimitExceededError) as caught:
        written(engine, text, limits=small)

    assert caught.value.limit == "memory"
    assert answer(engine, "SELECT 1 AS n") == [(1,)]


def test_a_large_aggregate_spills_and_succeeds(engine: Engine) -> None:
    small = Limits(threads=2, memory_bytes=128 * MIB, time_s=120, result_bytes=1 << 30)
    text = "SELECT count(*) AS n FROM (SELECT DISTINCT hash(range) AS h FROM range(6000000))"

    assert answer(engine, text, limits=small) == [(6_000_000,)]


def test_a_result_over_its_size_fails_and_leaves_no_file(engine: Engine) -> None:
    attempt = fresh()
    small = Limits(threads=2, memory_bytes=512 * MIB, time_s=60, result_bytes=100_000)
    with pytest.raises(LimitExceededError) as caught:
        engine.write(attempt, Bound(text="SELECT hash(range) AS h FROM range(100000)"), small)

    assert caught.value.limit == "result_bytes"
    assert not engine.path(attempt).exists()


def test_a_result_that_grows_over_its_size_is_stopped_before_its_end(engine: Engine) -> None:
    small = Limits(threads=2, memory_bytes=512 * MIB, time_s=120, result_bytes=MIB)
    with pytest.raises(LimitExceededError) as caught:
        written(engine, "SELECT hash(range) AS h FROM range(100000000000)", limits=small)

    assert caught.value.limit == "result_bytes"


def test_cancel_stops_a_running_statement(engine: Engine) -> None:
    attempt = fresh()
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(engine.write, attempt, Bound(text=ENDLESS), LIMITS)
        deadline = threading.Event()
        while engine.progress(attempt) is None and not running.done():
            deadline.wait(0.01)
        engine.cancel(attempt)
        with pytest.raises(CancelledError):
            running.result(timeout=20)

    assert not engine.path(attempt).exists()
    assert answer(engine, "SELECT 1 AS n") == [(1,)]


def test_cancel_before_the_statement_has_come_stops_it_too(engine: Engine) -> None:
    attempt = fresh()
    engine.cancel(attempt)

    with pytest.raises(CancelledError):
        engine.write(attempt, Bound(text="SELECT 1 AS n"), LIMITS)
    assert not engine.path(attempt).exists()


def test_cancel_of_what_has_ended_changes_nothing(engine: Engine) -> None:
    attempt, _ = written(engine, "SELECT 1 AS n")
    engine.cancel(attempt)

    assert rows(engine, attempt) == [(1,)]


def test_more_statements_than_slots_all_come_to_their_turn(engine: Engine) -> None:
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda n: answer(engine, f"SELECT {n} AS n"), range(48)))

    assert found == [[(n,)] for n in range(48)]


def test_a_receipt_says_what_was_used(engine: Engine) -> None:
    source = made(engine, "SELECT range AS a, hash(range) AS b FROM range(1000000)")
    _, heavy = written(engine, 'SELECT sum(hash(b::VARCHAR)::DOUBLE) AS s FROM "$0" AS t', source)
    _, light = written(engine, "SELECT 1 AS n")

    assert heavy.cost.cpu_seconds > light.cost.cpu_seconds > 0
    assert heavy.cost.bytes_scanned > 4_000_000  # b does not compress, a is not read
    assert light.cost.bytes_scanned < 10_000
    assert heavy.cost.bytes_written == heavy.size_bytes
    assert heavy.cost.peak_memory_bytes > 10 * MIB


def test_a_statement_that_fails_says_what_it_used(engine: Engine) -> None:
    short = Limits(threads=2, memory_bytes=256 * MIB, time_s=1.5, result_bytes=MIB)
    with pytest.raises(LimitExceededError) as stopped:
        written(engine, ENDLESS, limits=short)
    late = (
        "SELECT CASE WHEN range = 4000000 THEN error('x') ELSE hash(range) END FROM range(5000000)"
    )
    with pytest.raises(SqlRejectedError) as failed:
        written(engine, late)

    assert vars(stopped.value)["cost"].cpu_seconds > 0.05
    assert vars(failed.value)["cost"].cpu_seconds > 0.01
    assert vars(failed.value)["cost"].bytes_written == 0


def test_files_are_listed_synced_and_removed(engine: Engine) -> None:
    first, result = written(engine, "SELECT 1 AS n")
    second, _ = written(engine, "SELECT 2 AS n")
    engine.sync((first, second))
    assert dict(engine.files())[first] == result.size_bytes

    engine.remove(first)
    engine.remove(first)

    assert first not in dict(engine.files())
    assert second in dict(engine.files())


def test_a_file_that_is_gone_cannot_be_synced(engine: Engine) -> None:
    kept, _ = written(engine, "SELECT 1 AS n")
    lost, _ = written(engine, "SELECT 2 AS n")
    engine.remove(lost)

    with pytest.raises(FileLostError) as caught:
        engine.sync((kept, lost))
    assert caught.value.files == (lost,)


def test_a_name_that_is_no_attempt_leads_nowhere(engine: Engine) -> None:
    with pytest.raises(ValueError, match="not the id of an attempt"):
        engine.path("../../etc/passwd")  # type: ignore[arg-type]  # what the type forbids


def test_a_closed_engine_runs_nothing(tmp_path: pytest.TempPathFactory) -> None:
    engine = DuckDbEngine(data_dir=tmp_path, slots=1, cores=1)  # type: ignore[arg-type]  # a Path
    with ThreadPoolExecutor(1) as thread:
        attempt = fresh()
        running = thread.submit(engine.write, attempt, Bound(text=ENDLESS), LIMITS)
        pause = threading.Event()
        while engine.progress(attempt) is None and not running.done():
            pause.wait(0.01)
        engine.close()
        with pytest.raises(EngineUnavailableError):
            running.result(timeout=20)
    with pytest.raises(EngineUnavailableError):
        written(engine, "SELECT 1 AS n")


def test_a_load_that_does_not_fit_writes_nothing(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    upload = engine.path(fresh()).parents[2] / "tmp" / "upload.csv"
    upload.write_text("a\n1\nx\n", encoding="utf-8")
    attempt = fresh()

    with pytest.raises(InvalidRequestError, match="line 3: column 'a': 'x' is not a bigint"):
        engine.load(
            attempt,
            Load(path=str(upload), format="csv", columns=(Column("a", "bigint"),)),
            LIMITS,
        )
    assert not engine.path(attempt).exists()
