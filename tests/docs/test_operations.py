"""A backup made as docs/operations/backup.md says, beside a server at work, restores."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks, read
from tests.server import ServerProcess


def qanat(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as an operator would."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QANAT_")}
    return subprocess.run(
        [sys.executable, "-m", "qanat", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.timeout(240)
def test_a_backup_made_while_the_server_works_restores(tmp_path: Path) -> None:
    """The restored store agrees with the restored files, and shows one run's rows in both views."""
    backup = tmp_path / "backup"
    (script,) = blocks(read(DOCS / "operations" / "backup.md"), "sh")
    with ServerProcess(tmp_path / "data") as server:
        server.view("result_low", "SELECT CAST(random() * 1e9 AS bigint) AS n")
        server.view("result_high", "SELECT n + 1 AS n FROM dune.me.result_low")
        query = server.save("SELECT n FROM dune.me.result_high")
        runs = [server.start_pipeline(query) for _ in range(3)]
        subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={
                **server.environment,
                "QANAT_DATA_DIR": str(server.data_dir),
                "BACKUP": str(backup),
            },
            timeout=60,
            check=True,
        )
        for run in runs:
            server.wait_run(run)
        server.stop()
        shutil.rmtree(server.data_dir)
        backup.rename(server.data_dir)

        checked = qanat("doctor", "--data-dir", str(server.data_dir))
        assert checked.returncode == 0, checked.stdout + checked.stderr
        server.start()
        both = "SELECT high.n - low.n AS d FROM dune.me.result_high high, dune.me.result_low low"
        assert server.sql(both) == [{"d": 1}]
        server.wait_run(server.start_pipeline(query))
        assert server.sql(both) == [{"d": 1}]
