"""Runs: where one is, lists of them, everything about one, stopping it, two side by side."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from qanat.api.executions import as_json
from qanat.api.looking import look_around
from qanat.api.parameters import Limit, NodeIdText, RunIdText
from qanat.api.requests import Request
from qanat.api.routing import get, post
from qanat.api.wire import common, comparison, nodes
from qanat.api.wire import pipelines as pipeline_wire
from qanat.api.wire import runs as wire
from qanat.api.wire.common import Success, encode
from qanat.api.wire.views import moment_of
from qanat.clock import to_us
from qanat.errors import InvalidRequestError, NotFoundError
from qanat.model.state import RunState
from qanat.names import NodeId
from qanat.sql.parameters import substitute
from qanat.store import history, lookup
from qanat.store.database import Transaction

TAG: Final = "Runs"
KINDS: Final = frozenset({"pipeline", "refresh", "query", "sql", "rollback"})
SHOWN_KINDS: Final = ("pipeline", "refresh", "rollback")
_RUN: Final = "01JD8K3N5Q8R7T2V4W6X8Y0Z1A"
_COUNTS: Final = {
    "pending": 0,
    "executing": 0,
    "completed": 2,
    "reused": 0,
    "failed": 0,
    "skipped": 0,
    "cancelled": 0,
}
_ENTRY: Final = {
    "pipeline_execution_id": _RUN,
    "kind": "pipeline",
    "title": "Token flows",
    "query_id": 41,
    "owner": "me",
    "trigger": "api",
    "state": "completed",
    "submitted_at": "2026-11-24T10:40:26.000000Z",
    "started_at": "2026-11-24T10:40:26.004000Z",
    "ended_at": "2026-11-24T10:41:07.000000Z",
    "published_at": "2026-11-24T10:41:07.000000Z",
    "moved_views": 1,
    "node_counts": _COUNTS,
    "credits": 0.31,
}
_NODE: Final = {
    "id": 2,
    "kind": "query",
    "title": "Token flows",
    "query_id": 41,
    "query_version": 7,
    "tier": "large",
    "dependencies": [1],
    "state": "completed",
    "execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1C",
    "started_at": "2026-11-24T10:40:28.011000Z",
    "ended_at": "2026-11-24T10:41:07.000000Z",
    "row_count": 12000,
    "size_bytes": 90311,
    "credits": 0.08,
    "attempts": [
        {
            "number": 1,
            "state": "done",
            "started_at": "2026-11-24T10:40:28.011000Z",
            "ended_at": "2026-11-24T10:41:07.000000Z",
        }
    ],
}
_STATUS: Final = {
    "status": "executing",
    "node_executions": [
        {
            "id": 1,
            "node_id": 1,
            "status": "completed",
            "query_execution_status": {
                "query_id": 55,
                "status": "completed",
                "execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1B",
            },
            "materialized_view_refresh_status": {
                "name": "dune.me.result_base",
                "status": "completed",
                "execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1B",
            },
        },
        {
            "id": 2,
            "node_id": 2,
            "status": "pending",
            "query_execution_status": {"query_id": 101, "status": "pending"},
        },
    ],
}


@get(
    "/pipelines/executions/{pipeline_execution_id:str}/status",
    tag="Pipelines",
    summary="Where a run and each of its nodes is",
    example=_STATUS,
)
async def run_status(
    request: Request, pipeline_execution_id: RunIdText
) -> Response[pipeline_wire.PipelineStatus]:
    """Answer from memory while the run goes on."""
    id_ = common.run_id(pipeline_execution_id)
    services = request.services
    body = services.statuses.run(request.caller, id_)
    if body is None:
        found = await services.call(services.coordinator.run, request.caller, id_)
        body = encode(pipeline_wire.status(found))
    return as_json(body)


@get(
    "/pipelines/executions",
    tag=TAG,
    summary="Runs of the key's owner, newest first",
    example={"runs": [_ENTRY], "next_before": _RUN},
)
async def list_runs(  # the filters
    request: Request,
    states: Annotated[
        str | None, QueryParameter(name="state", description="Comma list of states")
    ] = None,
    kind: Annotated[
        str | None, QueryParameter(description="Comma list; absent: pipeline,refresh,rollback")
    ] = None,
    q: Annotated[
        str | None, QueryParameter(description="Part of the title, or an id's start")
    ] = None,
    query_id: Annotated[int | None, QueryParameter(description="Runs of this target")] = None,
    since: Annotated[str | None, QueryParameter(description="Submitted at or after")] = None,
    before: Annotated[
        str | None, QueryParameter(description="Runs accepted before this one")
    ] = None,
    limit: Limit = None,
) -> wire.RunList:
    """Answer with a page."""
    most, _ = common.page(limit, None, default=50, most=200)
    wanted = history.RunFilter(
        states=_words(states, frozenset(RunState), "state"),
        kinds=_words(kind, KINDS, "kind") or SHOWN_KINDS,
        search=q or "",
        query=None if query_id is None else min(max(query_id, -1), common.LARGEST_ID),
        since_us=0 if since is None else to_us(moment_of("since", since)),
        before=None if before is None else common.run_id(before),
    )
    lines, more = await request.services.read(history.runs, request.caller, wanted, limit=most)
    return wire.RunList(
        runs=[wire.entry(line) for line in lines],
        next_before=common.maybe(lines[-1].id if more else None),
    )


@get(
    "/pipelines/executions/{pipeline_execution_id:str}",
    tag=TAG,
    summary="A run with everything that was recorded of it",
    example={
        **_ENTRY,
        "at": "2026-11-24T10:42:00.000000Z",
        "last_event_id": "1-7",
        "actions": [],
        "query_parameters": {},
        "moment": 812,
        "critical_path": [1, 2],
        "critical_path_seconds": 41.2,
        "nodes": [_NODE],
        "pins": [{"name": "ethereum.blocks", "kind": "source", "fingerprint": "b3f1"}],
        "moves": [{"name": "dune.me.result_base", "to": "01JD8K3N5Q8R7T2V4W6X8Y0Z1E"}],
    },
)
async def run_detail(request: Request, pipeline_execution_id: RunIdText) -> wire.RunShown:
    """Answer with the run as it is now."""
    id_ = common.run_id(pipeline_execution_id)
    around = await request.services.call(look_around, request.services, request.caller, id_)
    return wire.detail(around)


@get(
    "/pipelines/executions/{pipeline_execution_id:str}/nodes/{node_id:str}",
    tag=TAG,
    summary="A node of a run, with its SQL, inputs, columns and receipts",
    example={
        **_NODE,
        "sql": "SELECT day, volume FROM dune.me.result_base",
        "query_parameters": {},
        "inputs": [{"name": "dune.me.result_base", "kind": "view", "node_id": 1}],
        "columns": [{"name": "day", "type": "date"}],
        "receipts": [],
    },
)
async def run_node(
    request: Request, pipeline_execution_id: RunIdText, node_id: NodeIdText
) -> nodes.NodeDetail:
    """Answer with the node as it is now."""
    id_ = common.run_id(pipeline_execution_id)
    number = NodeId(common.number(node_id, "the node ID"))
    services = request.services
    around = await services.call(look_around, services, request.caller, id_)
    node = around.detail.run.nodes.get(number)
    if node is None:
        raise NotFoundError("Object not found")
    defined = around.defined[number]

    def text(tx: Transaction) -> str:
        found = lookup.query_text(tx, defined.query, defined.version)
        return found[0] if found else ""

    sql = defined.sql if defined.sql is not None else await services.read(text)
    return nodes.node_detail(around, node, substitute(sql, defined.parameters).text)


@post(
    "/pipelines/executions/{pipeline_execution_id:str}/cancel",
    tag=TAG,
    summary="Stop a run",
    example={"success": True},
    asks={},
    body_required=False,
)
async def cancel_run(request: Request, pipeline_execution_id: RunIdText) -> Success:
    """Answer once it is cancelled; `success` is false if it had ended otherwise."""
    id_ = common.run_id(pipeline_execution_id)
    services = request.services
    return Success(
        success=await services.call(services.coordinator.cancel_run, request.caller, id_)
    )


@get(
    "/pipelines/executions/{pipeline_execution_id:str}/compare",
    tag=TAG,
    summary="Two runs side by side, node by node",
    example={"left": _ENTRY, "right": _ENTRY, "nodes": []},
)
async def compare_runs(
    request: Request,
    pipeline_execution_id: RunIdText,
    with_: Annotated[str | None, QueryParameter(name="with", description="The other run")] = None,
) -> comparison.Comparison:
    """Answer with the differences first."""
    if with_ is None:
        raise InvalidRequestError("with: the id of the other run is needed")
    sides = common.run_id(pipeline_execution_id), common.run_id(with_)
    services, caller = request.services, request.caller

    def look() -> comparison.Comparison:
        left, right = (services.coordinator.run(caller, id_) for id_ in sides)

        def read(tx: Transaction) -> tuple[Any, ...]:
            lines = [history.run_line(tx, caller, id_) for id_ in sides]
            titles = {**history.titles(tx, sides[1]), **history.titles(tx, sides[0])}
            return *lines, titles

        one, other, titles = services.database.read(read)
        if one is None or other is None:
            raise NotFoundError("Object not found")
        return comparison.compare(
            one, other, (list(left.nodes.values()), list(right.nodes.values())), titles
        )

    return await services.call(look)


def _words(text: str | None, known: frozenset[Any], what: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in (text or "").split(",") if word.strip())
    for word in words:
        if word not in known:
            raise InvalidRequestError(f"{what}: there is no '{word[:40]}'")
    return words


ROUTES: Final[list[HTTPRouteHandler]] = [
    run_status,
    list_runs,
    run_detail,
    run_node,
    cancel_run,
    compare_runs,
]
