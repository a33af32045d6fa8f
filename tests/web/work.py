"""Statements and pipelines that tests of the application run: slow, endless, or step by step."""

from __future__ import annotations

from typing import Final

from tests.server import ServerProcess

#: Runs until somebody stops it.
LONG: Final = (
    "SELECT count(*) AS n FROM UNNEST(sequence(1, 10000)) AS a(x) "
    "CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y) CROSS JOIN UNNEST(sequence(1, 10000)) AS c(z) "
    "WHERE (x * y + z) % 7 = 3"
)


def chain(server: ServerProcess, name: str, statements: list[str]) -> int:
    """Save a query with a pipeline of `statements`, one after another; the last is the query's."""
    queries = [server.save(sql, f"{name} {step}") for step, sql in enumerate(statements, start=1)]
    nodes = [
        {
            "id": step,
            "dependencies": [step - 1] if step > 1 else [],
            "query_execution": {"query_id": query, "performance": "small"},
        }
        for step, query in enumerate(queries, start=1)
    ]
    server.call("PUT", f"/query/{queries[-1]}/pipeline", {"pipeline": {"nodes": nodes}})
    return queries[-1]
