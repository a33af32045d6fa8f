"""A server with something to steal: a file beside it, a variable in its environment, a victim."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.served import Served
from tests.security.attempts import Target

ENVIRONMENT = "canary-of-the-environment"
FILE = "canary-of-the-file"
ROWS = "canary-of-the-rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A server and what must not come out of it."""

    server: Served
    victim: str  #: a key
    target: Target
    home: Path  #: everything that the server might reach lies below
    run: str  #: a run of the victim

    def secrets(self) -> tuple[str, ...]:
        """Return texts that no answer may hold."""
        assert self.server.key is not None
        return (
            ENVIRONMENT, FILE, ROWS, self.server.key, self.victim, "root:x:", "Traceback",
            "site-packages", "duckdb.", "sqlalchemy",
        )  # fmt: skip

    def files(self) -> set[Path]:
        """Return the files that lie about, save those that the server may write."""
        return {
            path
            for path in self.home.rglob("*")
            if path.is_file() and not {"rows", "tmp"} & set(path.relative_to(self.home).parts)
        }


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """One server for all attempts; it starts in a folder of its own."""
    home = tmp_path_factory.mktemp("guarded")
    canary = home / "canary.txt"
    canary.write_text(FILE)
    (home / "work").mkdir()
    served = Served(home / "data")
    served.environment["CANARY"] = ENVIRONMENT
    with contextlib.chdir(home / "work"), served:
        victim = served.new_key("victim")
        schema = [{"name": "word", "type": "varchar"}]
        for key, table in ((victim, "hidden"), (served.key, "t")):
            body = {
                "namespace": "victim" if key == victim else "me",
                "table_name": table,
                "schema": schema if key == victim else [{"name": "a", "type": "bigint"}, *schema],
                "is_private": key == victim,
            }
            served.as_key(str(key), "POST", "/uploads", body)
        filled = served.http.post(
            "/api/v1/uploads/victim/hidden/insert",
            content=f"word\n{ROWS}\n",
            headers={"X-Dune-Api-Key": victim, "Content-Type": "text/csv"},
        )
        assert filled.status_code == 200, filled.text

        def save(sql: str, *, private: bool) -> int:
            body = {"name": "v", "query_sql": sql, "is_private": private}
            return int(served.as_key(victim, "POST", "/query", body)["query_id"])

        hidden = save("SELECT word FROM dune.victim.hidden", private=True)
        made = served.as_key(
            victim,
            "POST",
            "/materialized-views",
            {"name": "result_hidden", "query_id": hidden, "is_private": True},
        )
        started = served.as_key(victim, "POST", f"/query/{hidden}/execute")
        path = f"/execution/{started['execution_id']}/status"
        for polled in (path, f"/execution/{made['execution_id']}/status"):
            served.wait_for(
                lambda polled=polled: served.as_key(victim, "GET", polled)["is_execution_finished"]  # type: ignore[misc]  # the default binds the loop's variable
            )
        rows = served.as_key(victim, "GET", f"/execution/{started['execution_id']}/results")
        assert rows["result"]["rows"] == [{"word": ROWS}]
        target = Target(
            data_dir=str(served.data_dir),
            canary=str(canary),
            private_query=hidden,
            open_query=save("SELECT word FROM dune.victim.hidden", private=False),
            execution=started["execution_id"],
        )
        run = str(started["pipeline_execution_id"])
        yield Guarded(server=served, victim=victim, target=target, home=home, run=run)
