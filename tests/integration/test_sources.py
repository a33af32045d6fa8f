"""Mounted files on a real server: pinned, compared again, and never half-read."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server import ServerProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server with a CSV and a folder of NDJSON mounted."""
    home = tmp_path / "q"
    home.mkdir()
    (home / "days").mkdir()
    (home / "rates.csv").write_text("day,rate\n2026-01-01,1.5\n2026-01-02,2.5\n")
    (home / "days" / "a.ndjson").write_text('{"n": 1}\n{"n": 2}\n')
    (home / "qanat.toml").write_text(
        '[sources."market.rates"]\npath = "rates.csv"\n'
        '[sources."market.days"]\npath = "days/*.ndjson"\n'
        '[sources."market.absent"]\npath = "absent.csv"\n'
    )
    with ServerProcess(home) as made:
        yield made


def _reading_slowly(server: ServerProcess, column: str, table: str, factor: int) -> str:
    """Return an execution that is reading a table, each row `factor` squared times."""
    sql = (
        f"SELECT sum(r.{column} * s.x * t.y) AS v FROM {table} r "
        f"CROSS JOIN unnest(sequence(1, {factor})) AS s (x) "
        f"CROSS JOIN unnest(sequence(1, {factor})) AS t (y)"
    )
    execution: str = server.call("POST", "/sql/execute", {"sql": sql})["execution_id"]
    pause = threading.Event()
    for _ in range(500):
        if server.call("GET", f"/execution/{execution}/status")["state"].endswith("EXECUTING"):
            break
        pause.wait(0.01)
    return execution


def test_mounted_tables_are_read_with_their_types_and_shown_in_the_catalog(
    server: ServerProcess,
) -> None:
    assert server.sql("SELECT sum(rate) AS total, min(day) AS first FROM market.rates") == [
        {"total": 4.0, "first": "2026-01-01"}
    ]
    shown = server.call("GET", "/datasets/market.rates")
    assert [(c["name"], c["type"]) for c in shown["columns"]] == [
        ("day", "date"),
        ("rate", "double"),
    ]


def test_a_changed_file_is_a_new_version(server: ServerProcess) -> None:
    assert server.sql("SELECT count(*) AS n FROM market.days") == [{"n": 2}]
    (server.data_dir / "days" / "b.ndjson").write_text('{"n": 3}\n')
    assert server.sql("SELECT sum(n) AS n FROM market.days") == [{"n": 6}]
    (server.data_dir / "days" / "a.ndjson").unlink()
    assert server.sql("SELECT sum(n) AS n FROM market.days") == [{"n": 3}]


def test_a_file_that_changes_while_it_is_read_fails_the_node_clearly(
    server: ServerProcess,
) -> None:
    execution = _reading_slowly(server, "rate", "market.rates", 9_000)
    (server.data_dir / "rates.csv").write_text("day,rate\n2026-01-01,9.5\n")
    status = server.wait_execution(execution)
    assert status["state"] == "QUERY_STATE_FAILED"
    assert "market.rates changed while the run was reading them" in status["error"]["message"]
    assert str(server.data_dir) not in status["error"]["message"]


def test_a_source_without_files_fails_only_who_reads_it(server: ServerProcess) -> None:
    execution = server.call("POST", "/sql/execute", {"sql": "SELECT *\nFROM market.absent"})[
        "execution_id"
    ]
    error = server.wait_execution(execution)["error"]
    assert error["message"].startswith("line 2:6: Table 'market.absent'")
    assert "no files lie" in error["message"]
    assert error["metadata"] == {"line": 2, "column": 6}
    assert str(server.data_dir) not in error["message"]
    assert server.sql("SELECT count(*) AS n FROM market.rates") == [{"n": 2}]


def _loop(folder: Path) -> Path:
    odd = folder / "z.ndjson"
    odd.symlink_to(odd)
    return odd


def _unnamable(folder: Path) -> Path:
    odd = folder / os.fsdecode(b"z\xff.ndjson")
    odd.write_text('{"n": 3}\n')
    return odd


@pytest.mark.parametrize(
    ("put", "said"), [(_loop, "cannot be read"), (_unnamable, "a name that is not UTF-8 text")]
)
def test_a_file_that_cannot_be_read_fails_only_who_reads_it(
    server: ServerProcess, put: Callable[[Path], Path], said: str
) -> None:
    odd = put(server.data_dir / "days")
    execution = server.call("POST", "/sql/execute", {"sql": "SELECT n FROM market.days"})
    error = server.wait_execution(execution["execution_id"])["error"]
    assert said in error["message"]
    assert str(server.data_dir) not in error["message"]
    assert server.sql("SELECT count(*) AS n FROM market.rates") == [{"n": 2}]
    odd.unlink()
    assert server.sql("SELECT count(*) AS n FROM market.days") == [{"n": 2}]


def test_a_file_that_cannot_be_read_any_more_fails_the_node_and_frees_its_slot(
    server: ServerProcess,
) -> None:
    execution = _reading_slowly(server, "n", "market.days", 3_000)
    _loop(server.data_dir / "days")
    assert server.wait_execution(execution)["state"] == "QUERY_STATE_FAILED"
    assert server.sql("SELECT count(*) AS n FROM market.rates") == [{"n": 2}]


def test_a_second_server_on_the_directory_is_refused_in_words(server: ServerProcess) -> None:
    second = ServerProcess(server.data_dir)
    second.log = server.data_dir / "second.log"
    with pytest.raises(AssertionError, match="another Qanat server uses the data directory"):
        second.start()
    second.http.close()
