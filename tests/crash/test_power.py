"""A machine loses power while runs go on: what an answer acknowledged is still there."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.crash.pipeline import Marked, findings, orphans
from tests.crash.power import cut_power
from tests.scale import scaled
from tests.server import ServerProcess

SEED = 8


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_power_cut_takes_back_nothing_that_was_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(SEED)
    waiting = threading.Event()
    counts: Counter[str] = Counter()
    with ServerProcess(
        tmp_path / "q",
        server__test_notes="true",
        retention__collect_every_s=1,
        retention__grace_s=1,
    ) as server:
        marked = Marked(server)
        last = marked.tag()
        for _ in range(scaled(5, 30)):
            runs = [server.start_pipeline(marked.query)]
            saved = server.save("SELECT 1 AS kept")
            waiting.wait(dice.uniform(0.05, 1.0))
            seen = {run: server.status(run)["status"] for run in runs}
            server.kill()
            cut = cut_power(server.data_dir, dice)
            counts["frames lost"] += cut.frames
            counts["files lost"] += cut.files
            server.start()

            assert server.call("GET", f"/query/{saved}")["query_sql"] == "SELECT 1 AS kept"
            for run in runs:
                status = server.wait_run(run)["status"]
                counts[f"run {status}"] += 1
                if seen[run] == "completed":
                    counts["ends acknowledged before"] += 1
                assert status == "completed"
            tag = marked.tag()
            assert tag != last
            last = tag
        assert findings(server) == []
        waiting.wait(3)
        assert orphans(server.data_dir) == set()
    with capsys.disabled():
        print(f"\n  power: {dict(counts)}")
