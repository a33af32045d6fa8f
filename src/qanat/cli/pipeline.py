"""`qanat pipeline`: a query and the views it needs, looked at, run and watched as one unit."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from qanat.cli.invocation import Told
from qanat.cli.sql import Pairs, Tier

if TYPE_CHECKING:
    from qanat.cli import wire
    from qanat.cli.client import Client


def show(query_id: int, /, *, told: Told) -> int:
    """Show the nodes of a query's pipeline, in an order in which they may run.

    Args:
        query_id: The number of the query.
        told: The options of every command.
    """
    from qanat.cli import output, wire

    with told.client() as client:
        content = client.raw("GET", f"/v1/query/{query_id}/pipeline")
        if told.is_json:
            output.to_json(content)
            return 0
        found = client.decode(content, wire.Pipeline)
    output.table(
        [
            output.Field(name="node", kind="integer"),
            output.Field(name="what"),
            output.Field(name="title"),
            output.Field(name="tier"),
            output.Field(name="after"),
        ],
        [_graph_row(node) for node in found.pipeline.nodes],
        wraps=True,
    )
    kind = "configured for this query" if found.stored else "made from the query's lineage"
    count = len(found.pipeline.nodes)
    output.to_stderr(f"{count} node{'' if count == 1 else 's'}, {kind}")
    return 0


def run(
    query_id: int,
    /,
    *,
    param: Pairs = None,
    tier: Tier | None = None,
    detach: bool = False,
    told: Told,
) -> int:
    """Run a query's pipeline: all of its views change together, or none does.

    Ctrl-C asks the server to cancel the run.

    Args:
        query_id: The number of the query.
        param: A parameter of the query, as NAME=VALUE; may be repeated.
        tier: How much of the machine each node may use; unsaid, what the pipeline says.
        detach: Do not wait for its end.
        told: The options of every command.
    """
    from qanat.cli import output, wire
    from qanat.cli.client import parameters

    body: dict[str, object] = {}
    if tier is not None:
        body["performance"] = tier
    if param:
        body["query_parameters"] = parameters(param)
    with told.client() as client:
        started = client.post(
            f"/v1/query/{query_id}/pipeline/execute",
            wire.RunStarted,
            body,
            idempotency_key=uuid.uuid4().hex,
        )
        if detach:
            if told.is_json:
                output.to_json(started)
            else:
                output.to_stdout(started.pipeline_execution_id)
            return 0
        return _watch(client, started.pipeline_execution_id, told, cancels=True)


def watch(query: str, /, *, told: Told) -> int:
    """Watch the newest run of a query's pipeline, or a run by its own id, until it ends.

    Ctrl-C stops watching; the run goes on.

    Args:
        query: The number of a query, or the id of a run.
        told: The options of every command.
    """
    from qanat.cli import wire
    from qanat.cli.failure import CommandError, UsageError
    from qanat.names import is_ulid

    with told.client() as client:
        if is_ulid(query):
            return _watch(client, query, told, cancels=False)
        if not query.isascii() or not query.isdigit():
            raise UsageError(f"'{query}' is neither the number of a query nor the id of a run")
        found = client.get(
            "/v1/pipelines/executions", wire.RunList, {"query_id": query, "limit": 1}
        )
        if not found.runs:
            _check_query(client, query)
            raise CommandError(
                f"query {query} has no run yet", f"start one with `qanat pipeline run {query}`"
            )
        return _watch(client, found.runs[0].pipeline_execution_id, told, cancels=False)


def _check_query(client: Client, query: str) -> None:
    """Raise a CommandError unless there is such a query."""
    from http import HTTPStatus

    from qanat.cli.failure import CommandError, RefusedError

    try:
        client.raw("GET", f"/v1/query/{query}")
    except RefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise CommandError(
            f"there is no query {query}", "or it is a private one, of another owner than the key's"
        ) from error


def follow_on_screen(client: Client, run_id: str) -> wire.Run:
    """Show a run until it ends; return its last state."""
    from qanat.cli.follow import follow
    from qanat.cli.progress import Screen

    with Screen() as screen:
        for watched in follow(client, run_id):
            screen.show(watched)
        return watched.run


def _watch(client: Client, run_id: str, told: Told, *, cancels: bool) -> int:
    from qanat.cli import output
    from qanat.cli.failure import ExitCode, StoppedError
    from qanat.cli.follow import failure_of

    try:
        ended = follow_on_screen(client, run_id)
    except KeyboardInterrupt:
        if not cancels:
            raise StoppedError(
                f"no longer watching run {run_id}; it goes on",
                f"`qanat pipeline watch {run_id}` watches it again",
            ) from None
        output.to_stderr("asking the server to cancel the run")
        client.raw("POST", f"/v1/pipelines/executions/{run_id}/cancel", body={})
        raise StoppedError(f"run {run_id} was cancelled", "nothing was published") from None
    if told.is_json:
        output.to_json(client.raw("GET", f"/v1/pipelines/executions/{run_id}"))
    if ended.state == "failed":
        raise failure_of(ended)
    if ended.state == "cancelled":
        raise StoppedError(f"run {run_id} was cancelled", "nothing was published")
    if not told.is_json:
        show_summary(ended)
    return ExitCode.DONE


def show_summary(run: wire.Run) -> None:
    """Print what each node of a run that completed did, and what came of it."""
    from datetime import timedelta

    from qanat.cli import output
    from qanat.cli.progress import state_of, title, took

    output.table(
        [
            output.Field(name="node", kind="integer"),
            output.Field(name="title"),
            output.Field(name="state"),
            output.Field(name="seconds", kind="double", rank=1),
            output.Field(name="rows", kind="bigint", rank=2),
            output.Field(name="bytes", kind="bigint", rank=4),
            output.Field(name="credits", kind="double", rank=3),
            output.Field(name="execution"),
        ],
        [
            [
                node.id,
                title(node),
                state_of(node),
                None if (seconds := took(node)) is None else f"{seconds:.3f}",
                node.row_count,
                node.size_bytes,
                f"{node.credits:.6f}",
                node.execution_id,
            ]
            for node in run.nodes
        ],
        wraps=True,
        elsewhere=f"`qanat pipeline watch {run.pipeline_execution_id} --json`",
    )
    whole = ""
    if run.ended_at and run.submitted_at:
        whole = f" in {output.seconds((run.ended_at - run.submitted_at) / timedelta(seconds=1))}"
    views = run.moved_views or 0
    output.to_stderr(
        f"completed{whole} · {views} view{'' if views == 1 else 's'} published"
        f" · {run.credits:.6f} credits · run {run.pipeline_execution_id}"
    )


def _graph_row(node: wire.GraphNode) -> list[object]:
    work = node.materialized_view_refresh or node.query_execution or {}
    what = work.get("name") or f"query {work.get('query_id', '?')}"
    after = ", ".join(str(each) for each in node.dependencies)
    return [node.id, what, node.title, work.get("performance", ""), after]
