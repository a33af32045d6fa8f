"""Executions: start one, see where it is, stop it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from qanat.api.parameters import ExecutionIdText, QueryIdText
from qanat.api.requests import Request
from qanat.api.routing import get, post
from qanat.api.wire import common
from qanat.api.wire import executions as wire
from qanat.api.wire.common import Success, encode
from qanat.api.wire.pipelines import read_parameters
from qanat.model.pipeline import tier_of

TAG: Final = "Executions"
_ID: Final = "01JD8K3N5Q8R7T2V4W6X8Y0Z1C"
_STARTED: Final = {
    "execution_id": _ID,
    "state": "QUERY_STATE_PENDING",
    "pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
}
_HEAD: Final = {
    "execution_id": _ID,
    "query_id": 101,
    "is_execution_finished": True,
    "state": "QUERY_STATE_COMPLETED",
    "submitted_at": "2026-11-24T10:40:26.000000Z",
    "expires_at": "2027-02-22T10:40:28.010000Z",
    "execution_started_at": "2026-11-24T10:40:26.010000Z",
    "execution_ended_at": "2026-11-24T10:40:28.010000Z",
}
METADATA_EXAMPLE: Final = {
    "column_names": ["day", "volume"],
    "column_types": ["date", "double"],
    "row_count": 1,
    "result_set_bytes": 26,
    "total_row_count": 1,
    "total_result_set_bytes": 26,
    "datapoint_count": 2,
    "pending_time_millis": 10,
    "execution_time_millis": 2000,
}
STATUS_EXAMPLE: Final = {
    **_HEAD,
    "pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
    "execution_cost_credits": 0.02,
    "result_metadata": METADATA_EXAMPLE,
}
RESULT_EXAMPLE: Final = {
    **_HEAD,
    "result": {"rows": [{"day": "2026-11-01", "volume": 12.5}], "metadata": METADATA_EXAMPLE},
}
ParametersText = Annotated[
    str | None, QueryParameter(description="A JSON object; what the body says wins")
]
Performance = Annotated[
    str | None, QueryParameter(description="small, medium or large; what the body says wins")
]


@post(
    "/query/{query_id:str}/execute",
    tag=TAG,
    summary="Run a saved query",
    example=_STARTED,
    asks={"performance": "medium", "query_parameters": {"day": "2026-11-01"}},
    also=(402, 409, 422),
    body_required=False,
)
async def execute_query(
    request: Request,
    query_id: QueryIdText,
    data: JSONBody[wire.Execute],
    performance: Performance = None,
    query_parameters: ParametersText = None,
) -> wire.Started:
    """Answer once the run is recorded."""
    id_ = common.query_id(query_id)
    tier, values = asked(data, performance, query_parameters)
    services = request.services
    accepted = await services.call(
        services.coordinator.execute_query,
        request.caller,
        id_,
        values,
        tier_of(tier),
        await request.idempotency(),
    )
    return wire.started(accepted)


@post(
    "/sql/execute",
    tag=TAG,
    summary="Run a statement that is not saved",
    example=_STARTED,
    asks={"sql": "SELECT 1 AS n", "performance": "medium"},
    also=(402, 413, 422),
)
async def execute_sql(request: Request, data: JSONBody[wire.ExecuteSql]) -> wire.Started:
    """Answer once the run is recorded; what is wrong inside the SQL is the execution's error."""
    services = request.services
    values = common.given(data.query_parameters) or {}
    accepted = await services.call(
        services.coordinator.execute_sql,
        request.caller,
        data.sql,
        values,
        tier_of(common.given(data.performance)),
        await request.idempotency(),
    )
    return wire.started(accepted)


@get(
    "/execution/{execution_id:str}/status",
    tag=TAG,
    summary="Where an execution is",
    example=STATUS_EXAMPLE,
)
async def execution_status(
    request: Request, execution_id: ExecutionIdText
) -> Response[wire.ExecutionStatus]:
    """Answer from memory while the run goes on."""
    id_ = common.execution_id(execution_id)
    services = request.services
    body = services.statuses.execution(request.caller, id_)
    if body is None:
        found = await services.call(services.coordinator.execution, request.caller, id_)
        body = encode(wire.status(found, queue_position=None))
    return as_json(body)


@post(
    "/execution/{execution_id:str}/cancel",
    tag=TAG,
    summary="Stop an execution, and with it its run",
    example={"success": True},
    asks={},
    body_required=False,
)
async def cancel_execution(request: Request, execution_id: ExecutionIdText) -> Success:
    """Answer once it is cancelled; `success` is false if it had ended otherwise."""
    id_ = common.execution_id(execution_id)
    services = request.services
    return Success(
        success=await services.call(services.coordinator.cancel_execution, request.caller, id_)
    )


def asked(
    data: wire.Execute, performance: str | None, query_parameters: str | None
) -> tuple[str | None, dict[str, Any]]:
    """Return the tier and the values of a request: from its body, else from its query string."""
    values = common.given(data.query_parameters)
    if values is None:
        values = read_parameters(query_parameters) or {}
    tier = common.given(data.performance)
    return performance if tier is None else tier, values


def as_json(body: bytes) -> Response[Any]:
    """Return an answer that is encoded already."""
    return Response(body, media_type="application/json")


ROUTES: Final[list[HTTPRouteHandler]] = [
    execute_query,
    execute_sql,
    execution_status,
    cancel_execution,
]
