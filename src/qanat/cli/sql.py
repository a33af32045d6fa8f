"""`qanat sql`: one statement, its rows."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from qanat.cli.invocation import Told

Tier = Literal["small", "medium", "large"]
Pairs = Annotated[list[str] | None, Parameter(name="--param", negative=())]


def sql(
    text: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    param: Pairs = None,
    tier: Tier = "medium",
    limit: int | None = None,
    told: Told,
) -> int:
    """Run one statement and print its rows.

    Args:
        text: The statement; `-` reads it from standard input.
        param: A value for {{name}}, as NAME=VALUE; may be repeated.
        tier: How much of the machine it may use.
        limit: Rows to print: 40 in a table and all in JSON unless said.
        told: The options of every command.
    """
    from qanat.cli import wire
    from qanat.cli.client import parameters
    from qanat.cli.execution import finish

    rows = checked(limit)
    body: dict[str, object] = {
        "sql": _from_stdin() if text == "-" else text,
        "performance": tier,
    }
    if param:
        body["query_parameters"] = parameters(param)
    with told.client() as client:
        started = client.post("/v1/sql/execute", wire.Started, body)
        return finish(client, started.execution_id, is_json=told.is_json, limit=rows)


def checked(limit: int | None) -> int | None:
    """Return `limit`.

    Raises:
        UsageError: It is negative.
    """
    from qanat.cli.failure import UsageError

    if limit is not None and limit < 0:
        raise UsageError("--limit: not below 0")
    return limit


def _from_stdin() -> str:
    from qanat.cli.failure import UsageError

    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise UsageError("what came on standard input is not UTF-8 text") from error
