"""All views of a run change together, for everyone who reads."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import pytest

from tests.scale import scaled
from tests.server import ServerProcess

TABLES = [f"result_v{k}" for k in range(1, 5)]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_readers_never_see_rows_of_two_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two readers poll one statement over every view while runs publish."""
    with ServerProcess(tmp_path / "q") as server:
        server.view(TABLES[0], "SELECT random() AS tag")
        for before, table in itertools.pairwise(TABLES):
            server.view(table, f"SELECT tag FROM dune.me.{before}")
        query = server.save(f"SELECT tag FROM dune.me.{TABLES[-1]}")
        server.wait_run(server.start_pipeline(query))
        every = "SELECT " + ", ".join(f"{t}.tag AS {t}" for t in TABLES) + " FROM "
        every += " CROSS JOIN ".join(f"dune.me.{t} {t}" for t in TABLES)
        over = threading.Event()
        seen: list[dict[str, float]] = []
        failures: list[BaseException] = []

        def poll() -> None:
            try:
                while not over.is_set():
                    seen.extend(server.sql(every))
            except BaseException as error:  # noqa: BLE001  # told to the test below
                failures.append(error)

        readers = [threading.Thread(target=poll) for _ in range(2)]
        for reader in readers:
            reader.start()
        runs = scaled(200, 200)
        for _ in range(runs):
            assert server.wait_run(server.start_pipeline(query))["status"] == "completed"
        over.set()
        for reader in readers:
            reader.join()

    assert failures == []
    torn = [row for row in seen if len(set(row.values())) != 1]
    assert torn == []
    distinct = {row[TABLES[0]] for row in seen}
    assert len(distinct) > 20
    with capsys.disabled():
        print(f"\n  readers: {len(seen)} reads saw {len(distinct)} of {runs + 1} runs, none torn")
