"""The tables of TPC-H as Parquet files, and the statements over them."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from _server import OUT, label

TABLES: Final = (
    "customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier",
)  # fmt: skip
SCHEMA: Final = "tpch"
_STATEMENTS: Final = Path(__file__).resolve().parent / "tpch"


@dataclass(frozen=True, kw_only=True)
class Statements:
    """A pipeline: views, each after those that it reads, and the query on top."""

    views: dict[str, str]
    query: str


def statements(name: str) -> Statements:
    """Read a file of statements."""
    text = (_STATEMENTS / f"{name}.sql").read_text(encoding="utf-8")
    text = re.sub(r"\bv\.(\w+)", label(r"result_\1"), text)
    found = dict(re.findall(r"^-- (view \w+|query)\n(.*?);\n", text, re.MULTILINE | re.DOTALL))
    query = found.pop("query")
    views = {head.replace("view ", "result_"): sql for head, sql in found.items()}
    return Statements(views=views, query=query)


def data(scale: float) -> Path:
    """Return the directory of the tables at a scale; they are made the first time."""
    made = OUT / f"tpch-{scale:g}"
    if all((made / f"{table}.parquet").exists() for table in TABLES):
        return made
    generator = Path(sys.executable).parent / "tpchgen-cli"
    if not generator.exists():
        sys.exit("tpchgen-cli is missing: it is in the dependency group `bench`")
    made.mkdir(parents=True, exist_ok=True)
    command = [
        str(generator), "parquet", "--scale-factor", f"{scale:g}", "--output-dir", str(made),
        "--row-group-bytes", "64MiB", "--overwrite", "--quiet",
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=1800)
    return made


def mounts(files: Path) -> str:
    """Return the settings that mount the tables."""
    return "\n".join(
        f'[sources."{SCHEMA}.{table}"]\npath = "{files / table}.parquet"' for table in TABLES
    )
