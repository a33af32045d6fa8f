"""`qanat query run`: a saved query, its rows."""

from __future__ import annotations

from qanat.cli.invocation import Told
from qanat.cli.sql import Pairs, Tier, checked


def run_query(
    query_id: int,
    /,
    *,
    param: Pairs = None,
    tier: Tier = "medium",
    limit: int | None = None,
    told: Told,
) -> int:
    """Run a saved query alone and print its rows; the views that it reads are not refreshed.

    Args:
        query_id: The number of the query.
        param: A parameter's value, as NAME=VALUE; may be repeated.
        tier: How much of the machine it may use.
        limit: Rows to print: 40 in a table and all in JSON unless said.
        told: The options of every command.
    """
    from qanat.cli import wire
    from qanat.cli.client import parameters
    from qanat.cli.execution import finish

    rows = checked(limit)
    body: dict[str, object] = {"performance": tier}
    if param:
        body["query_parameters"] = parameters(param)
    with told.client() as client:
        started = client.post(f"/v1/query/{query_id}/execute", wire.Started, body)
        return finish(client, started.execution_id, is_json=told.is_json, limit=rows)
