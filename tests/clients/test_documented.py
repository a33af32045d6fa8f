"""docs/clients.md is what people type first, so each of its blocks runs as it stands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.documented import blocks
from tests.clients.installing import GO, go, node, node_package, python_package
from tests.clients.served import Served
from tests.clients.test_client_sdk import PACKAGE, VERSIONS


def _output(server: Served, place: Path, *command: str | Path) -> str:
    key = str(server.key)
    environment = {**os.environ, "QANAT_URL": server.url, "QANAT_KEY": key}
    environment |= {"DUNE_API_HOST": server.url, "DUNE_API_KEY": key}
    environment["PATH"] += f"{os.pathsep}{Path(go()).parent}"
    done = subprocess.run(
        [str(word) for word in command],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose query number 1 is there."""
    with Served(tmp_path_factory.mktemp("documented") / "data") as made:
        assert made.save("SELECT 42 AS answer") == 1
        yield made


def test_every_block_has_its_test() -> None:
    assert set(blocks()) == {
        "curl", "dune-client", "dune-client-async", "typescript-shim", "typescript", "spice-shim",
        "spice", "go", "dunecli",
    }  # fmt: skip


def test_the_lines_for_curl_start_a_pipeline(first: Served, tmp_path: Path) -> None:
    assert "pipeline_execution_id" in _output(first, tmp_path, "bash", "-euc", blocks()["curl"])


def test_the_lines_for_python_print_a_frame_and_a_status(first: Served, tmp_path: Path) -> None:
    printed = _output(first, tmp_path, sys.executable, "-c", blocks()["dune-client"])
    assert "42" in printed
    assert printed.strip().splitlines()[-1] in ("pending", "executing", "completed")
    printed = _output(first, tmp_path, sys.executable, "-c", blocks()["dune-client-async"])
    assert "pipeline_execution_id" in printed


@pytest.mark.parametrize("version", VERSIONS)
def test_the_lines_for_typescript_print_rows(first: Served, tmp_path: Path, version: str) -> None:
    (tmp_path / "node_modules").symlink_to(node_package(PACKAGE, version) / "node_modules")
    (tmp_path / "qanat.mjs").write_text(blocks()["typescript-shim"])
    (tmp_path / "main.mjs").write_text(blocks()["typescript"])
    assert "answer: 42" in _output(first, tmp_path, node(), "main.mjs")


def test_the_lines_for_spice_print_a_frame(first: Served, tmp_path: Path) -> None:
    (tmp_path / "qanat_spice.py").write_text(blocks()["spice-shim"])
    (tmp_path / "main.py").write_text(blocks()["spice"])
    python = python_package("dune-spice", "0.2.7")
    assert "shape: (1, 1)" in _output(first, tmp_path, python, "main.py")


def test_the_lines_for_go_print_rows_and_a_run(first: Served, tmp_path: Path) -> None:
    for name in ("go.mod", "go.sum"):
        shutil.copy(GO / name, tmp_path)
    (tmp_path / "main.go").write_text(blocks()["go"])
    rows, run = _output(first, tmp_path, go(), "run", ".").splitlines()
    assert (rows, run[:2]) == ("[map[answer:42]]", "01")
    assert '"answer":42' in _output(first, tmp_path, "bash", "-euc", blocks()["dunecli"])
