"""kill -9 of the server and of workers at random moments, on both stores.

Every run reaches an end, no view ever shows rows of two runs, completed nodes are not computed
again, nothing is left behind.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BOTH
from tests.crash.pipeline import Marked, attempts, findings, orphans, receipts
from tests.postgres import Postgres
from tests.scale import scaled
from tests.server import ServerProcess

SEED = 20261124


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str:
    """Where state is kept."""
    if request.param == "sqlite":
        return "sqlite"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.fresh(empty=True)


@pytest.fixture
def server(url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that collects every second and keeps garbage for one."""
    with ServerProcess(
        tmp_path / "q", store__url=url, retention__collect_every_s=1, retention__grace_s=1
    ) as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_killed_server_or_worker_leaves_all_of_a_run_or_none(
    server: ServerProcess, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    marked = Marked(server)
    dice = random.Random(SEED)
    waiting = threading.Event()
    counts: Counter[str] = Counter()
    slowest = 0.0
    last = marked.tag()
    rounds = scaled(15, 100)
    for _ in range(rounds):
        run = server.start_pipeline(marked.query)
        waiting.wait(dice.uniform(0, 0.8))
        if dice.random() < 0.5:
            done = {
                node["id"]
                for node in server.status(run)["node_executions"]
                if node["query_execution_status"]["status"] == "completed"
            }
            server.kill()
            slowest = max(slowest, server.start())
            counts["server killed"] += 1
        else:
            done = set()
            os.kill(dice.choice(server.workers()), signal.SIGKILL)
            counts["worker killed"] += 1
        status = server.wait_run(run)
        counts[f"run {status['status']}"] += 1
        detail = server.call("GET", f"/pipelines/executions/{run}")
        for node in detail["nodes"]:
            if node["id"] in done:
                assert [one["state"] for one in node["attempts"]].count("done") == 1
        counts["attempts lost"] += sum(tries.count("lost") for tries in attempts(detail))
        tag = marked.tag()
        assert (tag != last) == (status["status"] == "completed")
        last = tag

    assert findings(server) == []
    usage = server.call("POST", "/usage")["billing_periods"][-1]["credits_used"]
    assert usage == pytest.approx(receipts(server.data_dir, url))
    waiting.wait(3)
    assert orphans(server.data_dir, url) == set()
    assert counts["server killed"] + counts["worker killed"] == rounds
    assert counts["run completed"] > rounds // 2
    with capsys.disabled():
        print(f"\n  {url.partition(':')[0]}: {dict(counts)}, slowest start {slowest:.2f} s")
