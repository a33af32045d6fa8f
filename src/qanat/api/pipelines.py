"""Pipelines: what would run, what is stored for a query, and starting it (contract section 2)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import UNSET

from qanat.api.executions import ParametersText, Performance
from qanat.api.parameters import Limit, Offset, QueryIdText, Search
from qanat.api.planning import Asked, edges_and_reads, look_around, plan_for_people
from qanat.api.requests import Request
from qanat.api.routing import delete, get, post, put
from qanat.api.wire import common, plans
from qanat.api.wire import pipelines as wire
from qanat.api.wire.common import Message
from qanat.api.wire.configured import Configured, configured
from qanat.coordinator.graphs import decode_graph, encode_graph
from qanat.coordinator.planner import Plan
from qanat.errors import InvalidRequestError, RequestError
from qanat.model.access import Caller
from qanat.model.pipeline import tier_of
from qanat.names import QueryId
from qanat.store import pipelines, queries
from qanat.store.database import Transaction

if TYPE_CHECKING:
    from qanat.coordinator import Coordinator

TAG: Final = "Pipelines"
_STARTED: Final = {"pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A"}
_GRAPH: Final = {
    "nodes": [
        {
            "id": 1,
            "dependencies": [],
            "materialized_view_refresh": {"name": "dune.me.result_blocks", "performance": "medium"},
        },
        {
            "id": 2,
            "dependencies": [1],
            "query_execution": {
                "query_id": 41,
                "performance": "medium",
                "query_parameters": {"day": "2026-11-01"},
            },
        },
    ]
}
_SHOWN: Final = {
    "pipeline": {
        "nodes": [
            {**_GRAPH["nodes"][0], "title": "blocks", "query_id": 12},
            {**_GRAPH["nodes"][1], "title": "Token flows", "query_id": 41},
        ]
    },
    "stored": True,
    "revision": 3,
    "target_query_id": 41,
    "edges": [{"from": 1, "to": 2, "kind": "lineage", "line": 3, "column": 6}],
    "reads": [{"node_id": 1, "name": "ethereum.blocks", "kind": "source"}],
}


@get(
    "/query/{query_id:str}/pipeline",
    tag=TAG,
    summary="What a query's pipeline would run",
    example=_SHOWN,
)
async def query_pipeline(
    request: Request,
    query_id: QueryIdText,
    performance: Performance = None,
    query_parameters: ParametersText = None,
) -> wire.PipelineShown:
    """Answer with the stored graph, else with the query's lineage; nothing is run."""
    id_ = common.query_id(query_id)
    tier = None if performance is None else tier_of(performance)
    values = wire.read_parameters(query_parameters) or {}
    services = request.services
    # An archived query stays readable by its id and is not executable (contract section 16.11);
    # this executes nothing, and 403 is not among its errors (section 2.1).
    plan = await services.call(
        services.coordinator.plan_detail, request.caller, id_, values, tier, shown=True
    )
    return await _shown(request, id_, plan)


@put(
    "/query/{query_id:str}/pipeline",
    tag=TAG,
    summary="Store a graph that runs in place of the query's lineage",
    example=_SHOWN,
    asks={"pipeline": _GRAPH, "revision": 3},
    also=(409,),
)
async def put_pipeline(
    request: Request, query_id: QueryIdText, data: JSONBody[wire.PutPipeline]
) -> wire.PipelineShown:
    """Answer with the graph, with the edges that lineage implies."""
    id_ = common.query_id(query_id)
    services, caller = request.services, request.caller
    nodes = wire.nodes_of(data.pipeline, caller, most=services.settings.limits.nodes)
    await services.read(queries.owned, caller, id_)
    plan = await services.call_long(services.coordinator.check_graph_detail, caller, id_, nodes)

    def work(tx: Transaction) -> None:
        queries.lock(tx, caller, id_)
        pipelines.put(
            tx,
            caller,
            id_,
            encode_graph(plan.pipeline.nodes),
            revision=common.given(data.revision),
            at_us=services.now_us(),
        )

    await services.write(work)
    return await _shown(request, id_, plan)


@delete(
    "/query/{query_id:str}/pipeline",
    tag=TAG,
    summary="Forget a stored graph; lineage decides again",
    example={"message": "ok"},
)
async def delete_pipeline(request: Request, query_id: QueryIdText) -> Message:
    """Answer once it is gone."""
    id_ = common.query_id(query_id)

    def work(tx: Transaction) -> None:
        queries.lock(tx, request.caller, id_)
        pipelines.remove(tx, id_)

    await request.services.write(work)
    return Message(message="ok")


@post(
    "/query/{query_id:str}/pipeline/execute",
    tag=TAG,
    summary="Run a query's pipeline",
    example=_STARTED,
    asks={"performance": "medium"},
    also=(402, 409, 422),
    body_required=False,
)
async def execute_query_pipeline(
    request: Request, query_id: QueryIdText, data: JSONBody[wire.ExecutePipeline]
) -> wire.RunStarted:
    """Answer once the run is recorded."""
    id_ = common.query_id(query_id)
    services = request.services
    accepted = await services.call(
        services.coordinator.execute_query_pipeline,
        request.caller,
        id_,
        common.given(data.query_parameters) or {},
        _tier(data),
        await request.idempotency(),
    )
    return wire.run_started(accepted.run)


@post(
    "/pipelines/execute",
    tag=TAG,
    summary="Run a query with its lineage, or a graph",
    example=_STARTED,
    asks={"pipeline": _GRAPH},
    also=(402, 409, 422),
)
async def execute_pipeline(
    request: Request, data: JSONBody[wire.ExecuteAnyPipeline]
) -> wire.RunStarted:
    """Answer once the run is recorded."""
    services, caller = request.services, request.caller
    graph, query = data.pipeline, data.query_id
    if (graph is UNSET) == (query is UNSET):
        raise InvalidRequestError("the body needs exactly one of query_id and pipeline")
    idempotency = await request.idempotency()
    if isinstance(graph, wire.Graph):
        nodes = wire.nodes_of(graph, caller, most=services.settings.limits.nodes)
        accepted = await services.call_long(
            services.coordinator.execute_graph, caller, nodes, idempotency
        )
    else:
        accepted = await services.call(
            services.coordinator.execute_lineage_pipeline,
            caller,
            common.query_id(str(query)),
            common.given(data.query_parameters) or {},
            _tier(data),
            idempotency,
        )
    return wire.run_started(accepted.run)


@post(
    "/pipelines/plan",
    tag=TAG,
    summary="What would run; nothing does, and a bad graph is an answer",
    example={
        "valid": False,
        "nodes": [
            {
                "id": 1,
                "order": 1,
                "kind": "view",
                "title": "blocks",
                "name": "dune.me.result_blocks",
                "query_id": 12,
                "query_version": 3,
                "tier": "medium",
                "dependencies": [],
                "decision": "refused",
                "inputs": [{"name": "ethereum.blocks", "kind": "source", "row_count": 90000}],
                "estimate": {"seconds": [1.5, 2.5], "credits": [0.01, 0.03], "rows": [88, 89]},
            }
        ],
        "edges": [],
        "problems": [
            {
                "message": "line 3:6: Table 'ethereum.blokcs' does not exist",
                "node_ids": [1],
                "line": 3,
                "column": 6,
                "length": 15,
            }
        ],
    },
    asks={"query_id": 41, "stored": True},
)
async def plan_pipeline(request: Request, data: JSONBody[plans.AskPlan]) -> plans.PlanShown:
    """Answer with each node and what is wrong with it."""
    services, caller = request.services, request.caller
    if (data.pipeline is UNSET) == (data.query_id is UNSET):
        raise InvalidRequestError("the body needs exactly one of query_id and pipeline")
    asked = Asked(
        query=None if data.query_id is UNSET else common.query_id(str(data.query_id)),
        graph=common.given(data.pipeline),
        target=None
        if data.target_query_id is UNSET
        else common.query_id(str(data.target_query_id)),
        values=common.given(data.query_parameters) or {},
        tier=_tier(data),
        stored=common.given(data.stored) is not False,
    )
    return await services.call_long(plan_for_people, services, caller, asked)


@get(
    "/pipelines",
    tag=TAG,
    summary="Queries that have a stored graph, or whose lineage has more than one node",
    example={
        "pipelines": [
            {
                "query_id": 41,
                "name": "Token flows",
                "stored": True,
                "node_count": 5,
                "updated_at": "2026-11-20T09:00:00.000000Z",
                "last_run": {
                    "pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
                    "state": "failed",
                    "submitted_at": "2026-11-24T10:40:26.000000Z",
                    "ended_at": "2026-11-24T10:41:07.000000Z",
                },
            }
        ],
        "total": 1,
    },
)
async def list_pipelines(
    request: Request, q: Search = None, limit: Limit = None, offset: Offset = None
) -> Configured:
    """Answer with a page: last run first, then by name."""
    services, caller = request.services, request.caller
    most, after = common.page(limit, offset, default=50, most=200)
    entries, total = await services.read(
        pipelines.list_of, caller, limit=most, offset=after, search=q or ""
    )
    counts = await services.call(_node_counts, services.coordinator, caller, entries)
    return configured(entries, counts, total)


def _node_counts(
    coordinator: Coordinator, caller: Caller, entries: list[pipelines.PipelineEntry]
) -> dict[QueryId, int]:
    """Return how many nodes each pipeline has; one that cannot run now is its query alone."""
    counts: dict[QueryId, int] = {}
    for entry in entries:
        if entry.nodes is not None:
            counts[entry.query] = len(decode_graph(entry.nodes))
            continue
        counts[entry.query] = 1
        with contextlib.suppress(RequestError):
            plan = coordinator.plan(caller, entry.query, {}, None)
            counts[entry.query] = len(plan.nodes)
    return counts


async def _shown(request: Request, target: QueryId, plan: Plan) -> wire.PipelineShown:
    around = await request.services.read(look_around, target, plan)
    edges, reads = edges_and_reads(plan, around)
    return wire.shown(
        plan.pipeline,
        titles=around.titles,
        target=target,
        revision=around.revision,
        edges=edges,
        reads=reads,
    )


def _tier(data: wire.ExecutePipeline) -> str | None:
    """Return the tier that is asked for; None leaves each node its own."""
    asked = common.given(data.performance)
    return None if asked is None else tier_of(asked)


ROUTES: Final[list[HTTPRouteHandler]] = [
    query_pipeline,
    put_pipeline,
    delete_pipeline,
    execute_query_pipeline,
    execute_pipeline,
    plan_pipeline,
    list_pipelines,
]
