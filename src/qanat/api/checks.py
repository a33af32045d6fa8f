"""Checking SQL without running it."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import UNSET

from qanat.api import checking
from qanat.api.requests import Request
from qanat.api.routing import post
from qanat.api.wire import checks as wire
from qanat.api.wire import common
from qanat.api.wire.parameters import parameters_of
from qanat.errors import InvalidRequestError
from qanat.store import queries


@post(
    "/sql/check",
    tag="Executions",
    summary="Check a statement without running it",
    example={
        "ok": False,
        "errors": [
            {
                "message": "Table 'ethereum.transactionz' does not exist",
                "line": 3,
                "column": 6,
                "length": 21,
                "suggestion": "ethereum.transactions",
            }
        ],
        "columns": [],
        "parameters": ["day"],
        "reads": [{"name": "ethereum.blocks", "kind": "source", "line": 4, "column": 8}],
    },
    asks={"sql": "SELECT 1 AS n", "query_parameters": {"day": "2026-11-01"}},
)
async def check_sql(request: Request, data: JSONBody[wire.CheckSql]) -> wire.CheckedSql:
    """Answer with what is wrong, or with the columns; 200 also for text that is no SQL."""
    services, caller = request.services, request.caller
    most = services.settings.limits.sql_chars
    if len(data.sql) > most:
        raise InvalidRequestError(f"the SQL has at most {most} characters")
    declared = parameters_of(data.parameters, UNSET, is_draft=True)
    if declared is None and data.query_id is not UNSET and data.query_id:
        id_ = common.query_id(str(data.query_id))
        declared = (await services.read(queries.read, caller, id_)).text.parameters
    return await services.call_long(
        checking.check,
        services,
        caller,
        data.sql,
        declared or (),
        common.given(data.query_parameters) or {},
    )


ROUTES: Final[list[HTTPRouteHandler]] = [check_sql]
