"""Whatever is sent, the server answers what its document says, and goes on.

schemathesis makes requests from the served document, right ones and wrong ones, alone and in
sequences that follow the document's links; all of its checks are on.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients.served import Served
from tests.scale import scaled

HERE: Final = Path(__file__).parent / "fuzz"
ROOT: Final = Path(__file__).parents[2]
#: A part each, with a server of its own: what was found and counted is not lost with the rest.
SEEDS: Final = range(1, scaled(1, 4) + 1)
CASES: Final = scaled(3_000, 25_000)
#: For each operation; the phase before makes some 3,500 cases by itself.
EACH: Final = scaled(5, 260)
BUDGET_S: Final = scaled(240, 3_600)
HANGS_AFTER_S: Final = 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """A server of its own: much is made, and nothing of it is of use to others."""
    with Served(tmp_path / "data") as made:
        yield made


def _run(server: Served, place: Path, seed: int) -> tuple[str, dict[str, Any]]:
    report = place / "report.json"
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{server.url}/api/openapi.json",
        "--header", f"X-Dune-Api-Key: {server.key}",
        "--phases", "examples,coverage,fuzzing,stateful", "--checks", "all",
        "--max-examples", str(EACH), "--seed", str(seed), "--no-shrink", "--continue-on-failure",
        "--request-timeout", str(HANGS_AFTER_S), "--max-response-time", str(HANGS_AFTER_S),
        "--max-redirects", "0", "--generation-database", "none", "--warnings", "off",
        "--report", "json", "--report-json-path", str(report), "--no-color",
    ]  # fmt: skip
    who = server.http.get("/api/whoami").json()
    done = subprocess.run(
        command,
        cwd=place,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
            "QANAT_FUZZ_KEY_ID": who["api_key_id"],
        },
        capture_output=True,
        text=True,
        timeout=BUDGET_S,
        check=False,
    )
    assert report.exists(), done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout, dict(json.loads(report.read_text()))


@pytest.mark.slow
@pytest.mark.timeout(BUDGET_S + 120)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_generated_request_gets_an_answer_that_is_not_in_the_document(
    server: Served, tmp_path: Path, seed: int
) -> None:
    """No 5xx, no status or shape that is not documented, no redirect, no hang."""
    printed, report = _run(server, tmp_path, seed)
    failures = printed[printed.find("= FAILURES") :][-20_000:]
    assert report["failures"] == [], failures
    assert report["errors"] == [], printed[-8000:]
    assert report["complete"] is True
    ran = {name for name, phase in report["phases"].items() if phase["status"] == "success"}
    assert ran == {"examples", "coverage", "fuzzing", "stateful"}
    assert report["operations"]["tested"] == report["operations"]["total"]
    assert report["test_cases"]["generated"] >= CASES
    assert server.http.get("/api/health").status_code == 200
    assert re.findall(r"request \w+ (?:failed|broke off)", server.log.read_text()) == []
    counts, seconds = report["test_cases"], report["running_time"]
    print(f"schemathesis, seed {seed}: {counts['generated']} cases in {seconds:.0f} s, no failure")
