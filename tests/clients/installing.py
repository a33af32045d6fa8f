"""Clients that are no part of the test environment are installed beside it, once.

A client that cannot be installed fails its tests, with the line to type; it is never left out.
"""

from __future__ import annotations

import fcntl
import hashlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
GO: Final = Path(__file__).parent / "go"
CACHE: Final = ROOT / ".tools" / "clients"
INSTALL_S: Final = 300


def _carry_out(client: str, *command: str | Path, cwd: Path = ROOT) -> None:
    line = shlex.join(str(word) for word in command)
    try:
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            timeout=INSTALL_S,
            check=False,
            cwd=cwd,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.fail(f"{client} cannot be installed: {error}\ntype: {line}", pytrace=False)
    if done.returncode != 0:
        pytest.fail(
            f"{client} cannot be installed:\n{done.stderr[-2000:]}\ntype: {line}", pytrace=False
        )


def _once(folder: Path, install: Callable[[], None]) -> Path:
    """Install into `folder` unless that was done before; several test processes may ask."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / ".installed"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            install()
            done.touch()
    return folder


def node() -> str:
    """Return the path of Node.js, which the machine has or the test fails."""
    found = shutil.which("node")
    if found is None:
        pytest.fail("Node.js is missing\ntype: apt-get install nodejs npm", pytrace=False)
    return found


def node_package(name: str, version: str) -> Path:
    """Return a folder whose node_modules has a package."""
    node()
    folder = CACHE / f"{name.rpartition('/')[2]}-{version}"

    def install() -> None:
        _carry_out(
            name, "npm", "install", "--prefix", folder, "--no-audit", "--no-fund",
            "--ignore-scripts", "--loglevel=error", f"{name}@{version}",
        )  # fmt: skip

    return _once(folder, install)


def python_package(name: str, version: str) -> Path:
    """Return the Python of an environment of its own that has a package."""
    folder = CACHE / f"{name}-{version}"
    python = folder / "bin" / "python"
    uv = shutil.which("uv") or str(ROOT / ".tools" / "uv" / "bin" / "uv")

    def install() -> None:
        _carry_out(name, uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder)
        _carry_out(name, uv, "pip", "install", "--quiet", "--python", python, f"{name}=={version}")

    _once(folder, install)
    return python


def go() -> str:
    """Return the path of Go, which the machine has or the test fails."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if found is None:
        pytest.fail("Go is missing\ntype: apt-get install golang-go", pytrace=False)
    return found


def go_module(name: str, version: str) -> Path:
    """Return the unpacked source of a Go module; its go.sum is tests/clients/go/go.sum."""
    _carry_out(name, go(), "mod", "download", f"{name}@{version}", cwd=GO)
    asked = [go(), "list", "-m", "-f", "{{.Dir}}", name]
    answer = subprocess.run(
        asked, cwd=GO, capture_output=True, text=True, timeout=INSTALL_S, check=True
    )
    return Path(answer.stdout.strip())


def go_tests(name: str, version: str, package: str) -> Path:
    """Return the source of a Go module whose tests of a package can be run without a network."""
    source = go_module(name, version)
    nothing = ("test", "-vet=off", "-count=1", "-run", "^$", package)  # builds what they need
    _carry_out(name, go(), *nothing, cwd=source)
    return source


def go_programs(name: str, version: str, **packages: str) -> Path:
    """Return a folder of programs built of Go packages: a program's name → its import path."""
    source = b"".join(file.read_bytes() for file in sorted(GO.iterdir()))
    folder = (
        CACHE / f"{name.rpartition('/')[2]}-{version}-{hashlib.sha256(source).hexdigest()[:12]}"
    )

    def install() -> None:
        go_module(name, version)
        for program, package in packages.items():
            _carry_out(name, go(), "build", "-o", folder / program, package, cwd=GO)

    return _once(folder, install)
