"""What every client's test asks of a server: keys of several owners, and data made by other means.

A client's own calls are what is tested; whatever it has no call for (views, another owner's
things, time that passes) is arranged here, over plain HTTP.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.server import ServerProcess

#: Three pages of a thousand, and one row more.
ROWS: Final = 3_001
PAGE: Final = 1_000
NUMBERS: Final = f"SELECT x AS n, x * 2 AS twice FROM UNNEST(sequence(1, {ROWS})) AS t (x)"
FAILING: Final = "SELECT nothing FROM (VALUES 1) AS t (a)"
#: Runs for minutes unless it is stopped.
SLOW: Final = (
    "SELECT count(*) AS n FROM UNNEST(sequence(1, 10000)) AS a (x)"
    " CROSS JOIN UNNEST(sequence(1, 10000)) AS b (y)"
    " CROSS JOIN UNNEST(sequence(1, 10000)) AS c (z) WHERE (x * y + z) % 7 = 3"
)
#: How long a result lasts on the server that forgets, in seconds; longer than any test's reads.
FORGETS_AFTER_S: Final = 1.0
_numbers: Final = itertools.count(1)


class Served(ServerProcess):
    """A server with owners other than the first, and settings that a client's user would have."""

    def new_key(self, handle: str, scope: str = "write") -> str:
        """Make a key as an operator does, beside the running server."""
        done = subprocess.run(
            [
                sys.executable, "-m", "qanat", "keys", "create", handle,
                "--scope", scope, "--json", "--data-dir", str(self.data_dir),
            ],
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=60,
            check=True,
        )  # fmt: skip
        return str(json.loads(done.stdout)["key"])

    def as_key(self, key: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
        """Return the JSON that `key` reads; it must be 200."""
        return self.call(method, path, body, headers={"X-Dune-Api-Key": key})

    def hidden_query(self, key: str) -> int:
        """Save a private query of another owner; its id."""
        body = {"name": "hidden", "query_sql": "SELECT 1 AS a", "is_private": True}
        return int(self.as_key(key, "POST", "/query", body)["query_id"])

    def fresh_view(self, sql: str) -> str:
        """Make a view of a name that no other test has; its full name."""
        return self.view_of(f"result_made_{next(_numbers)}", self.save(sql))

    def view_of(self, name: str, query: int) -> str:
        """Make a view of a saved query and wait for its first rows; its full name."""
        made = self.call("POST", "/materialized-views", {"name": name, "query_id": query})
        status = self.wait_execution(made["execution_id"])
        assert status["state"] == "QUERY_STATE_COMPLETED", status
        return str(made["name"])

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        self._wait(lambda: {"holds": holds()}, lambda f: "over" if f["holds"] else "pending", 60.0)

    def expired_execution(self) -> str:
        """Return an execution of query 1, whose rows were kept until a moment ago."""
        query = self.save("SELECT 1 AS a", "soon forgotten")
        execution = str(self.call("POST", f"/query/{query}/execute")["execution_id"])
        self.wait_execution(execution)
        path = f"/execution/{execution}/status"
        self.wait_for(lambda: self.call("GET", path)["state"] == "QUERY_STATE_EXPIRED")
        return execution


def forgetful(data_dir: Path) -> Served:
    """Return a server that keeps results for a moment only."""
    days = FORGETS_AFTER_S / 86_400
    return Served(
        data_dir,
        retention__result_days=days,
        retention__adhoc_days=days,
        retention__refresh_days=days,
        retention__grace_s=0,
        retention__collect_every_s=0.2,
    )
