"""What docs/operations tells operators to type can be typed, and a backup made so restores."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qanat.cli import build
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


LINES = [
    (page.name, line)
    for page in sorted((DOCS / "operations").glob("*.md"))
    for block in blocks(read(page), "sh")
    for line in block.replace("\\\n", " ").splitlines()
]
#: What a machine has that meets what install.md asks for.
AT_HAND = {"python3", "make", "mkdir", "cp", "export", "source", "qanat", "pip"}


@pytest.mark.parametrize(("page", "line"), LINES)
def test_every_line_needs_only_what_is_at_hand(page: str, line: str) -> None:
    """A tool that only this project's own folder holds is none that an operator has."""
    assert Path(shlex.split(line)[0]).name in AT_HAND, page


@pytest.mark.parametrize(("page", "line"), [each for each in LINES if "qanat " in each[1]])
def test_every_qanat_line_is_one_that_the_command_takes(page: str, line: str) -> None:
    (words,) = re.findall(r"\bqanat ((?:[a-z]+ )+.*?|[a-z]+)(?:[)>]|$)", line)
    app = build()
    command, _, _ = app.parse_args(
        shlex.split(words, comments=True), exit_on_error=False, print_error=False
    )
    assert command.__module__.startswith("qanat.cli."), page


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
