"""The benchmarks run: their figures are for an idle machine, that they run is for every day."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("script", "row"),
    [
        ("overhead", r"Qanat, first run +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d"),
        ("api", r"Qanat( +\d+\.\d+){5} +500 +0\n"),
    ],
)
def test_a_benchmark_prints_its_figures_beside_their_baseline(script: str, row: str) -> None:
    """It ends by itself, with a verdict on each target, and leaves nothing behind."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "bench" / f"{script}.py"), "--quick"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    printed, _ = process.communicate(timeout=240)
    assert process.returncode == 0, printed
    assert re.search(row, printed), printed
    assert re.search(r"^  (met   |MISSED) ", printed, re.MULTILINE), printed
    assert not list((ROOT / "bench" / "out").glob(f"run-{process.pid}-*"))
