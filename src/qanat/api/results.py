"""Results: pages as JSON and CSV, whole ones as Parquet and Arrow (contract sections 4 and 6).

The latest result of a query is read under the execution that holds it: links to later pages name
that execution, so that a reader who pages stays on one result.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, Literal

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from qanat.api.executions import RESULT_EXAMPLE, as_json
from qanat.api.parameters import ExecutionIdText, QueryIdText
from qanat.api.requests import Request
from qanat.api.routing import get
from qanat.api.services import Services
from qanat.api.wire import common
from qanat.api.wire import executions as wire
from qanat.api.wire.common import encode
from qanat.errors import InvalidRequestError, NotFoundError
from qanat.model.records import Execution
from qanat.model.snapshot import Snapshot
from qanat.model.state import ExecutionState
from qanat.names import ExecutionId
from qanat.results import csv, downloads
from qanat.results.options import PageOptions, parse_options, parse_plain, to_query
from qanat.sql.parameters import value_text
from qanat.store import endpoints, latest, queries
from qanat.store.queries import Query

TAG: Final = "Results"
Kind = Literal["parquet", "arrow"]
_MEDIA: Final = {
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
_PARAMS: Final = "params."

OPTIONS: Final = {
    "limit": "Rows at most; lowered if one answer cannot hold them",
    "offset": "Rows to pass over",
    "columns": "Comma list of columns, in the order they are wanted",
    "filters": "Such as: volume > 10 AND token = 'ETH'",
    "sort_by": "Such as: volume desc, day",
    "sample_count": "Rows of a uniform random sample; not with limit, offset or filters",
    "allow_partial_results": "true or false",
    "ignore_max_datapoints_per_request": "true or false",
}
DOWNLOAD_OPTIONS: Final = {
    name: OPTIONS[name] for name in ("columns", "filters", "sort_by", "sample_count")
}
LATEST_OPTIONS: Final = {
    **OPTIONS,
    "params.<name>": "Only results of executions that ran with this value of a parameter",
}


@get(
    "/execution/{execution_id:str}/results",
    tag=TAG,
    summary="An execution with a page of its result",
    example=RESULT_EXAMPLE,
    also=(402,),
    options=OPTIONS,
)
async def execution_results(
    request: Request, execution_id: ExecutionIdText
) -> Response[wire.ExecutionResult]:
    """Answer with the state, and with rows once there are some."""
    return await _json(request, await _execution(request, common.execution_id(execution_id)))


@get(
    "/execution/{execution_id:str}/results/csv",
    tag=TAG,
    summary="A page of an execution's result as CSV",
    also=(402,),
    options=OPTIONS,
    media_type="text/csv",
)
async def execution_csv(request: Request, execution_id: ExecutionIdText) -> Stream:
    """Answer with a header line and a line a row."""
    return await _csv(request, await _execution(request, common.execution_id(execution_id)))


@get(
    "/execution/{execution_id:str}/results/parquet",
    tag=TAG,
    summary="An execution's whole result as a Parquet file",
    options=DOWNLOAD_OPTIONS,
    media_type=_MEDIA["parquet"],
)
async def execution_parquet(request: Request, execution_id: ExecutionIdText) -> Stream:
    """Answer with the file; limit and offset do not count."""
    found = await _execution(request, common.execution_id(execution_id))
    return await _download(request, found, "parquet")


@get(
    "/execution/{execution_id:str}/results/arrow",
    tag=TAG,
    summary="An execution's whole result as an Arrow stream",
    options=DOWNLOAD_OPTIONS,
    media_type=_MEDIA["arrow"],
)
async def execution_arrow(request: Request, execution_id: ExecutionIdText) -> Stream:
    """Answer with the stream; limit and offset do not count."""
    found = await _execution(request, common.execution_id(execution_id))
    return await _download(request, found, "arrow")


@get(
    "/query/{query_id:str}/results",
    tag=TAG,
    summary="The latest result of a query",
    example=RESULT_EXAMPLE,
    also=(402,),
    options=LATEST_OPTIONS,
)
async def query_results(request: Request, query_id: QueryIdText) -> Response[wire.ExecutionResult]:
    """Answer with the latest result; nothing is run."""
    return await _json(request, await _latest(request, query_id))


@get(
    "/query/{query_id:str}/results/csv",
    tag=TAG,
    summary="The latest result of a query as CSV",
    also=(402,),
    options=LATEST_OPTIONS,
    media_type="text/csv",
)
async def query_csv(request: Request, query_id: QueryIdText) -> Stream:
    """Answer with a header line and a line a row; nothing is run."""
    return await _csv(request, await _latest(request, query_id))


@get(
    "/query/{query_id:str}/results/parquet",
    tag=TAG,
    summary="The latest result of a query as a Parquet file",
    options=DOWNLOAD_OPTIONS,
    media_type=_MEDIA["parquet"],
)
async def query_parquet(request: Request, query_id: QueryIdText) -> Stream:
    """Answer with the file; nothing is run."""
    return await _download(request, await _latest(request, query_id), "parquet")


@get(
    "/query/{query_id:str}/results/arrow",
    tag=TAG,
    summary="The latest result of a query as an Arrow stream",
    options=DOWNLOAD_OPTIONS,
    media_type=_MEDIA["arrow"],
)
async def query_arrow(request: Request, query_id: QueryIdText) -> Stream:
    """Answer with the stream; nothing is run."""
    return await _download(request, await _latest(request, query_id), "arrow")


@get(
    "/endpoints/{handle:str}/{slug:str}/results",
    tag=TAG,
    summary="The latest result of the query that a custom endpoint names",
    example=RESULT_EXAMPLE,
    also=(402,),
    options=LATEST_OPTIONS,
)
async def custom_endpoint(
    request: Request, handle: FromPath[str], slug: FromPath[str]
) -> Response[wire.ExecutionResult]:
    """Answer with the latest result; nothing is run."""
    query = await request.services.read(endpoints.query_of, request.caller, handle, slug)
    return await _json(request, await _latest_of(request, query))


async def _execution(request: Request, id_: ExecutionId) -> Execution:
    coordinator, caller = request.services.coordinator, request.caller
    found = coordinator.live_execution(id_)
    if found is not None and caller.sees(found.owner, is_private=found.is_private):
        return found
    return await request.services.call(coordinator.execution, caller, id_)


async def _latest(request: Request, query_id: str) -> Execution:
    query = await request.services.read(queries.read, request.caller, common.query_id(query_id))
    return await _latest_of(request, query)


async def _latest_of(request: Request, query: Query) -> Execution:
    declared = {parameter.key: parameter for parameter in query.text.parameters}
    values: dict[str, str] = {}
    for name, given in request.values.items():
        if not name.startswith(_PARAMS):
            continue
        parameter = declared.get(name.removeprefix(_PARAMS))
        if parameter is None:
            raise NotFoundError(latest.NONE_YET)
        try:
            values[parameter.key] = value_text(parameter, given if len(given) > 1 else given[0])
        except InvalidRequestError:
            raise NotFoundError(latest.NONE_YET) from None
    id_ = await request.services.read(latest.latest, request.caller, query, values)
    return await _execution(request, id_)


async def _json(request: Request, execution: Execution) -> Response[Any]:
    services = request.services
    if execution.state is not ExecutionState.COMPLETED or execution.snapshot is None:
        # Whoever polls here for rows hears of a bad option now, not when they are there.
        parse_plain(request.values, services.settings.limits)
        return as_json(encode(wire.without_rows(execution)))
    options = _options(request, execution.snapshot)
    base = request.base_url
    # What is kept is a slice of memory: a hop to a thread and back would cost more than it.
    page = services.pages.kept(execution.snapshot, options)
    if page is None:
        page = await services.call_long(services.pages.page, execution.snapshot, options)
    next_uri = _next_uri(base, execution, options, page.next_offset, "")
    return as_json(wire.with_page(execution, page, next_uri))


async def _csv(request: Request, execution: Execution) -> Stream:
    rows = _rows(execution)
    services = request.services
    options = _options(request, rows)
    base = request.base_url
    null = services.settings.server.csv_null
    page = await services.call_long(csv.csv_page, services.pages, rows, options, null)
    headers = {}
    uri = _next_uri(base, execution, options, page.next_offset, "/csv")
    if uri is not None:
        headers = {"x-dune-next-offset": str(page.next_offset), "x-dune-next-uri": uri}
    return _streamed(services, page.chunks, "text/csv; charset=utf-8", headers)


async def _download(request: Request, execution: Execution, kind: Kind) -> Stream:
    rows = _rows(execution)
    services = request.services
    options = _options(request, rows)
    download = await services.call_long(downloads.parquet, services.pages, rows, options)
    headers = {"Content-Disposition": f'attachment; filename="{execution.id}.{kind}"'}
    if kind == "parquet":
        headers["Content-Length"] = str(download.size_bytes)
        return _streamed(services, downloads.chunks(download), _MEDIA[kind], headers)
    return _streamed(services, downloads.arrow(download), _MEDIA[kind], headers)


def _rows(execution: Execution) -> Snapshot:
    """Return the rows of an execution that must have some."""
    if execution.state is not ExecutionState.COMPLETED or execution.snapshot is None:
        # Clients compare this text byte for byte (contract section 6.6).
        raise InvalidRequestError(
            f"Query state is {wire.STATES[execution.state]}, cannot provide CSV result"
        )
    return execution.snapshot


def _options(request: Request, rows: Snapshot) -> PageOptions:
    return parse_options(request.values, rows.columns, request.services.settings.limits)


def _next_uri(
    base: str, execution: Execution, options: PageOptions, offset: int | None, ending: str
) -> str | None:
    if offset is None:
        return None
    path = f"/api/v1/execution/{execution.id}/results{ending}"
    return f"{base}{path}?{to_query(options, offset)}"


def _streamed(
    services: Services, chunks: Iterator[bytes], media_type: str, headers: dict[str, str]
) -> Stream:
    """Send what a blocking iterator yields; it is closed when the client goes away, too."""

    async def pieces() -> AsyncIterator[bytes]:
        try:
            while (piece := await services.call_long(next, chunks, None)) is not None:
                yield piece
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                services.long.submit(close)

    # As a media type, a text type would get its charset twice.
    return Stream(pieces(), headers={**headers, "Content-Type": media_type})


ROUTES: Final[list[HTTPRouteHandler]] = [
    execution_results,
    execution_csv,
    execution_parquet,
    execution_arrow,
    query_results,
    query_csv,
    query_parquet,
    query_arrow,
    custom_endpoint,
]
