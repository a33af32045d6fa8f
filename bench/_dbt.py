"""dbt-core with dbt-duckdb in an environment of its own, on the same statements.

The environment is made once, of the newest versions, below bench/out/. Without dbt's experimental
parser: its package fetches a binary from outside the package index while it is built, and nothing
here uses it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from _server import OUT

ENVIRONMENT: Final = OUT / "dbt"
_LOCAL_UV: Final = OUT.parent.parent / ".tools" / "uv" / "bin" / "uv"
_TIMEOUT_S: Final = 1800

#: For uv: a requirement that no machine has.
WITHOUT: Final = "dbt-core-experimental-parser ; sys_platform == 'none'"

PROJECT: Final = """\
name: bench
profile: bench
model-paths: [models]
models:
  bench: {+materialized: table}
flags: {send_anonymous_usage_stats: false}
"""
PROFILES: Final = """\
bench:
  target: here
  outputs:
    here: {type: duckdb, path: dbt.duckdb, schema: me, threads: 2}
"""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What one `dbt run` took, in seconds."""

    run_s: float  #: by dbt's own count: without its start and without parsing
    whole_s: float  #: of the process
    version: str


def _call(command: list[str], cwd: Path) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        env={
            **os.environ,
            "UV_CACHE_DIR": str(OUT / "uv-cache"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def installed() -> str:
    """Make the environment if it is not there; return the versions in it."""
    uv = shutil.which("uv") or str(_LOCAL_UV)
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "bin" / "dbt").exists():
        OUT.mkdir(exist_ok=True)
        _call([uv, "venv", "--clear", "--python", sys.executable, str(ENVIRONMENT)], OUT)
        overrides = ENVIRONMENT / "overrides.txt"
        overrides.write_text(WITHOUT, encoding="utf-8")
        _call(
            [
                uv, "pip", "install", "--python", str(python), "--overrides", str(overrides),
                "dbt-core", "dbt-duckdb",
            ],
            OUT,
        )  # fmt: skip
    found = _call([uv, "pip", "freeze", "--python", str(python)], OUT)
    return ", ".join(re.findall(r"^((?:dbt-core|dbt-duckdb|duckdb)==\S+)$", found, re.MULTILINE))


def run(place: Path, statements: Mapping[str, str]) -> Taken:
    """Build every statement as a table, with two threads, in a project made in `place`."""
    version = installed()
    models = place / "models"
    models.mkdir(parents=True)
    for name, sql in statements.items():
        model = re.sub(r"dune\.me\.(\w+)", r"{{ ref('\1') }}", sql)
        (models / f"{name}.sql").write_text(model, encoding="utf-8")
    (place / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    (place / "profiles.yml").write_text(PROFILES, encoding="utf-8")
    dbt = [str(ENVIRONMENT / "bin" / "dbt"), "--quiet"]
    _call([*dbt, "parse"], place)
    started = time.perf_counter()
    _call([*dbt, "run", "--threads", "2"], place)
    whole = time.perf_counter() - started
    results = json.loads((place / "target" / "run_results.json").read_text(encoding="utf-8"))
    built = sum(result["status"] == "success" for result in results["results"])
    if built != len(statements):
        sys.exit(f"dbt built {built} of {len(statements)} tables")
    return Taken(run_s=results["elapsed_time"], whole_s=whole, version=version)
