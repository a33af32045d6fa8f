"""A pipeline whose every run marks all of its rows alike, and what must hold of it at rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, text

from qanat.store.migrations import engine_url
from tests.server import ServerProcess

#: Each takes a few tens of milliseconds, so that a kill finds some of them at work.
_WORK: Final = (
    "CROSS JOIN (SELECT sum(s.x * t.y) AS c FROM unnest(sequence(1, 2000)) AS s (x) "
    "CROSS JOIN unnest(sequence(1, 2000)) AS t (y)) w"
)
VIEWS: Final = {
    "result_base": f"SELECT random() AS tag, w.c AS n FROM (VALUES 1) AS v (one) {_WORK}",
    "result_left": f"SELECT b.tag, w.c AS n FROM dune.me.result_base b {_WORK}",
    "result_right": f"SELECT b.tag, w.c AS n FROM dune.me.result_base b {_WORK}",
    "result_low": f"SELECT b.tag, w.c AS n FROM dune.me.result_left b {_WORK}",
    "result_top": (
        "SELECT l.tag, r.tag AS other, w.c AS n FROM dune.me.result_low l "
        f"CROSS JOIN dune.me.result_right r {_WORK}"
    ),
}
ALL_TAGS: Final = (
    "SELECT a.tag AS t1, b.tag AS t2, c.tag AS t3, d.tag AS t4, e.tag AS t5, e.other AS t6 "
    "FROM dune.me.result_base a CROSS JOIN dune.me.result_left b "
    "CROSS JOIN dune.me.result_right c CROSS JOIN dune.me.result_low d "
    "CROSS JOIN dune.me.result_top e"
)


class Marked:
    """The pipeline on one server."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        for table, sql in VIEWS.items():
            server.view(table, sql)
        self.query = server.save("SELECT tag, other FROM dune.me.result_top", "top")
        server.wait_run(server.start_pipeline(self.query))

    def tag(self) -> float:
        """Return the one tag that every view shows; there must be one."""
        (row,) = self.server.sql(ALL_TAGS)
        tags = set(row.values())
        assert len(tags) == 1, f"the views show rows of several runs: {row}"
        return float(tags.pop())


def findings(server: ServerProcess) -> list[str]:
    """Return what `qanat doctor` says about a server's data directory."""
    done = subprocess.run(
        [sys.executable, "-m", "qanat", "doctor", "--data-dir", str(server.data_dir)],
        capture_output=True,
        text=True,
        env=server.environment,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def orphans(data_dir: Path, url: str = "sqlite") -> set[str]:
    """Return the files of rows that the store does not know."""
    lying = {path.stem for path in (data_dir / "rows").glob("*/*.parquet")}
    engine = create_engine(engine_url(url, data_dir))
    with engine.connect() as connection:
        known = {row[0] for row in connection.execute(text("SELECT id FROM file"))}
    engine.dispose()
    return lying - known


def receipts(data_dir: Path, url: str = "sqlite") -> float:
    """Return the sum of all receipts, in credits."""
    engine = create_engine(engine_url(url, data_dir))
    with engine.connect() as connection:
        micro = connection.execute(text("SELECT sum(micro_credits) FROM receipt")).scalar()
    engine.dispose()
    return float(micro or 0) / 1e6


def attempts(detail: dict[str, Any]) -> list[list[str]]:
    """Return the states of each node's attempts."""
    return [[one["state"] for one in node["attempts"]] for node in detail["nodes"]]
