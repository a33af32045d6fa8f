"""Rows read back for people."""

from __future__ import annotations

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import psutil
import pytest

from qanat.engines.duckdb import DuckDbEngine
from qanat.errors import EngineUnavailableError, LimitExceededError, SqlRejectedError

BIG = "SELECT range AS n, md5(range::VARCHAR) AS h FROM range(20000000)"


def test_one_row_comes_as_text(engine: DuckDbEngine) -> None:
    row = engine.reader.text("SELECT 1, 'ü', NULL, true, 1.50::DECIMAL(9,2), ''", 10)

    assert row == (b"1", "ü".encode(), None, b"true", b"1.50", b"")


def test_a_page_of_many_megabytes_comes_whole(engine: DuckDbEngine) -> None:
    (page,) = engine.reader.text(
        "SELECT string_agg(md5(range::VARCHAR), ',') FROM range(500000)", 60
    )

    assert page is not None
    assert len(page) == 500_000 * 33 - 1


def test_a_page_over_its_time_fails_and_the_next_one_comes(engine: DuckDbEngine) -> None:
    with pytest.raises(LimitExceededError) as caught:
        engine.reader.text(f"SELECT max(h) FROM ({BIG}) a, range(1000)", 0.3)

    assert caught.value.limit == "time"
    assert engine.reader.text("SELECT 1", 10) == (b"1",)


def test_an_error_says_what_is_wrong(engine: DuckDbEngine) -> None:
    with pytest.raises(SqlRejectedError, match="Column 'nope' cannot be resolved"):
        engine.reader.text("SELECT nope FROM range(1)", 10)


def test_a_copy_appears_once_it_is_complete(
    engine: DuckDbEngine, tmp_path: Path, home: Path
) -> None:
    to = tmp_path / "sorted.parquet"
    engine.reader.write("SELECT range AS n FROM range(100000) ORDER BY n DESC", to, 30)

    with duckdb.connect() as other:
        assert other.execute(f"SELECT n FROM '{to}' LIMIT 2").fetchall() == [(99999,), (99998,)]

    failed = tmp_path / "failed.parquet"
    with pytest.raises(SqlRejectedError):
        engine.reader.write("SELECT error('x' || range) AS n FROM range(10)", failed, 30)
    assert not failed.exists()
    assert not list((home / "data" / "tmp").glob("copy-*"))


def test_csv_is_rfc_4180_with_a_header(engine: DuckDbEngine) -> None:
    text = """
    SELECT 1 AS a, 'x' AS "b ""c" UNION ALL SELECT NULL, 'comma, "quote"'
    UNION ALL SELECT 3, E'line\\nline' UNION ALL SELECT 4, '<nil>' UNION ALL SELECT 5, '' """
    body = b"".join(engine.reader.csv(text, "<nil>", 10)).decode()

    assert body.startswith('a,"b ""c"\n1,x\n<nil>,')
    assert list(csv.reader(io.StringIO(body)))[1:] == [
        ["1", "x"], ["<nil>", 'comma, "quote"'], ["3", "line\nline"], ["4", "<nil>"], ["5", ""],
    ]  # fmt: skip


def test_csv_without_rows_is_its_header(engine: DuckDbEngine) -> None:
    assert b"".join(engine.reader.csv("SELECT 1 AS a, 2 AS b WHERE false", "", 10)) == b"a,b\n"


def test_a_large_csv_comes_in_chunks_and_whole(engine: DuckDbEngine) -> None:
    lines = largest = 0
    for chunk in engine.reader.csv("SELECT range AS n FROM range(3000000)", "", 60):
        lines += chunk.count(b"\n")
        largest = max(largest, len(chunk))

    assert lines == 3_000_001
    assert largest <= 1 << 20


def test_a_reader_who_leaves_stops_the_statement(engine: DuckDbEngine, home: Path) -> None:
    stream = engine.reader.csv(BIG, "", 60)
    assert next(stream).startswith(b"n,h\n")
    stream.close()  # type: ignore[attr-defined]  # it is a generator

    assert not list((home / "data" / "tmp").glob("pipe-*"))
    assert engine.reader._downloads._tickets == {}
    assert b"".join(engine.reader.csv("SELECT 1 AS a", "", 10)) == b"a\n1\n"


def test_a_reader_who_pauses_holds_up_no_page_and_no_memory(engine: DuckDbEngine) -> None:
    streams = [engine.reader.csv(BIG, "", 60) for _ in range(3)]
    for stream in streams:
        next(stream)
    pause = threading.Event()
    pause.wait(0.3)

    assert engine.reader.text("SELECT 1", 10) == (b"1",)
    for worker in engine.reader._downloads.workers():
        assert psutil.Process(worker).memory_info().rss < 400 << 20
    for stream in streams:
        stream.close()  # type: ignore[attr-defined]  # it is a generator


def test_a_csv_that_fails_on_its_way_ends_in_an_error(engine: DuckDbEngine) -> None:
    text = (
        "SELECT CASE WHEN range = 2000000 THEN error('boom') ELSE 'x' END AS a FROM range(3000000)"
    )
    with pytest.raises(SqlRejectedError, match="boom"):
        for _ in engine.reader.csv(text, "", 60):
            pass


def test_a_csv_over_its_time_ends_in_an_error(engine: DuckDbEngine) -> None:
    with pytest.raises(LimitExceededError):
        for _ in engine.reader.csv(f"SELECT a.* FROM ({BIG}) a, range(100)", "", 0.5):
            pass


def test_a_killed_reader_fails_its_stream_alone(engine: DuckDbEngine) -> None:
    stream = engine.reader.csv(BIG, "", 60)
    next(stream)
    busy = max(
        engine.reader._downloads.workers(), key=lambda w: sum(psutil.Process(w).cpu_times()[:2])
    )
    psutil.Process(busy).kill()

    with pytest.raises(EngineUnavailableError):
        for _ in stream:
            pass
    assert b"".join(engine.reader.csv("SELECT 1 AS a", "", 10)) == b"a\n1\n"


def test_many_pages_at_once_all_come(engine: DuckDbEngine) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: engine.reader.text(f"SELECT {n}", 30), range(40)))

    assert found == [(str(n).encode(),) for n in range(40)]
