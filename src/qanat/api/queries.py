"""Saved queries: create, read, change, archive, hide; their versions and executions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from qanat.api.parameters import Limit, Offset, QueryIdText, Starred, VersionText
from qanat.api.requests import Request
from qanat.api.routing import get, patch, post
from qanat.api.saving import reads_of
from qanat.api.services import Services
from qanat.api.wire import common
from qanat.api.wire import queries as wire
from qanat.api.wire.parameters import parameters_of
from qanat.errors import ConflictError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.model.parameters import Parameter as Declared
from qanat.names import Label
from qanat.sql.parameters import auto_declare
from qanat.store import history, queries, versions, views
from qanat.store.database import Transaction
from qanat.store.queries import Head, Query, Text

TAG: Final = "Queries"
_BODY: Final = {
    "name": "Token flows",
    "query_sql": "SELECT * FROM dune.me.result_base WHERE day > date '{{day}}'",
    "parameters": [{"key": "day", "type": "datetime", "value": "2026-11-01 00:00:00"}],
    "tags": ["dex"],
}
_SHOWN: Final = {
    "query_id": 41,
    "name": "Token flows",
    "description": "",
    "tags": ["dex"],
    "version": 1,
    "parameters": [{"key": "day", "type": "datetime", "value": "2026-11-01 00:00:00"}],
    "query_engine": wire.ENGINE,
    "query_sql": "SELECT * FROM dune.me.result_base WHERE day > date '{{day}}'",
    "is_private": False,
    "is_archived": False,
    "is_unsaved": False,
    "is_temp": False,
    "owner": "me",
    "created_at": "2026-11-24T10:00:00.000000Z",
    "updated_at": "2026-11-24T10:00:00.000000Z",
}
_ID: Final = {"query_id": 41}
ATTEMPTS: Final = 5  #: of an update that others overtake


@post("/query", tag=TAG, summary="Save a query", example=_ID, asks=_BODY, also=(413,))
async def create_query(request: Request, data: JSONBody[wire.CreateQuery]) -> wire.QueryId:
    """Answer with its id. The SQL is not judged here."""
    services, caller = request.services, request.caller
    declared = parameters_of(data.parameters, data.query_parameters) or ()
    text = await _text(services, caller, data.query_sql, declared)
    head = wire.checked_head(
        Head(
            name=data.name,
            description=common.given(data.description) or "",
            tags=tuple(common.given(data.tags) or ()),
            is_private=bool(common.given(data.is_private)),
            is_temp=bool(common.given(data.is_temp)),
        )
    )
    id_ = await services.write(queries.create, caller, head, text, at_us=services.now_us())
    return wire.QueryId(query_id=id_)


@get("/query/{query_id:str}", tag=TAG, summary="A saved query", example=_SHOWN)
async def read_query(request: Request, query_id: QueryIdText) -> wire.QueryShown:
    """Answer with its newest version; archived ones too."""
    id_, caller = common.query_id(query_id), request.caller

    def look(tx: Transaction) -> wire.QueryShown:
        found = queries.read(tx, caller, id_)
        view = None
        if found.view is not None:
            try:
                view = views.read(tx, caller, Label(found.view))
            except NotFoundError:  # it is private to another owner
                view = None
        return wire.shown(found, view)

    return await request.services.read(look)


@patch(
    "/query/{query_id:str}",
    tag=TAG,
    summary="Change a query; every change is a new version",
    example=_ID,
    asks={"name": "Token flows", "base_version": 1},
    also=(409, 413),
)
async def update_query(
    request: Request, query_id: QueryIdText, data: JSONBody[wire.ChangeQuery]
) -> wire.QueryId:
    """Answer once it is saved; what is not sent stays."""
    id_ = common.query_id(query_id)
    services, caller = request.services, request.caller
    for _ in range(ATTEMPTS):
        before = await services.read(queries.owned, caller, id_)
        head = wire.checked_head(_changed(before.head, data))
        text = await _changed_text(services, caller, before.text, data)
        base = common.given(data.base_version)
        if await services.write(_save, caller, before, head, text, base, services.now_us()):
            return wire.QueryId(query_id=id_)
    raise ConflictError(f"query {id_} is being changed by others; try again")


def _save(
    tx: Transaction,
    caller: Caller,
    before: Query,
    head: Head,
    text: Text,
    base_version: int | None,
    at_us: int,
) -> bool:
    """Save what was made of `before`; False if another change came between."""
    now = queries.lock(tx, caller, before.id)
    if base_version is None and now.version != before.version:
        return False
    queries.save(tx, caller, now, head, text, base_version=base_version, at_us=at_us)
    return True


def _changed(head: Head, data: wire.ChangeQuery) -> Head:
    tags = common.given(data.tags)
    changed = {
        "name": common.given(data.name),
        "description": common.given(data.description),
        "tags": None if tags is None else tuple(tags),
        "is_private": common.given(data.is_private),
        "is_archived": common.given(data.is_archived),
    }
    return replace(head, **{name: value for name, value in changed.items() if value is not None})  # type: ignore[arg-type]  # each of its field's type


async def _changed_text(
    services: Services, caller: Caller, before: Text, data: wire.ChangeQuery
) -> Text:
    declared = parameters_of(data.parameters, data.query_parameters, stored=before.parameters)
    sql = common.given(data.query_sql)
    if sql is None and declared is None:
        return before
    return await _text(
        services,
        caller,
        before.sql if sql is None else sql,
        before.parameters if declared is None else declared,
    )


async def _text(
    services: Services, caller: Caller, sql: str, declared: tuple[Declared, ...]
) -> Text:
    """Return the text of a version: placeholders that nobody declared are declared as text."""
    most = services.settings.limits.sql_chars
    if len(sql) > most:
        raise InvalidRequestError(f"query_sql has at most {most} characters")
    parameters = auto_declare(sql, declared)
    reads = await services.call(reads_of, services.database, caller, sql, parameters)
    return Text(sql=sql, parameters=parameters, reads=reads)


async def _mark(request: Request, query_id: str, change: Callable[[Head], Head]) -> wire.QueryId:
    id_ = common.query_id(query_id)
    services, caller = request.services, request.caller

    def work(tx: Transaction) -> None:
        before = queries.lock(tx, caller, id_)
        queries.mark(tx, before, change(before.head), at_us=services.now_us())

    await services.write(work)
    return wire.QueryId(query_id=id_)


@post(
    "/query/{query_id:str}/archive",
    tag=TAG,
    summary="Archive a query: it can be read, not run",
    example=_ID,
    asks={},
    body_required=False,
)
async def archive_query(request: Request, query_id: QueryIdText) -> wire.QueryId:
    """Answer once it is archived."""
    return await _mark(request, query_id, lambda head: replace(head, is_archived=True))


@post(
    "/query/{query_id:str}/unarchive",
    tag=TAG,
    summary="Bring an archived query back",
    example=_ID,
    asks={},
    body_required=False,
)
async def unarchive_query(request: Request, query_id: QueryIdText) -> wire.QueryId:
    """Answer once it is back."""
    return await _mark(request, query_id, lambda head: replace(head, is_archived=False))


@post(
    "/query/{query_id:str}/private",
    tag=TAG,
    summary="Hide a query from other owners",
    example=_ID,
    asks={},
    body_required=False,
)
async def hide_query(request: Request, query_id: QueryIdText) -> wire.QueryId:
    """Answer once it is private."""
    return await _mark(request, query_id, lambda head: replace(head, is_private=True))


@post(
    "/query/{query_id:str}/unprivate",
    tag=TAG,
    summary="Show a query to other owners",
    example=_ID,
    asks={},
    body_required=False,
)
async def show_query(request: Request, query_id: QueryIdText) -> wire.QueryId:
    """Answer once it is public."""
    return await _mark(request, query_id, lambda head: replace(head, is_private=False))


@get(
    "/queries",
    tag=TAG,
    summary="The key's own queries, newest first",
    example={
        "queries": [
            {
                "id": 41,
                "name": "Token flows",
                "description": "",
                "owner": "me",
                "tags": [],
                "created_at": "2026-11-24T10:00:00.000000Z",
                "updated_at": "2026-11-24T10:00:00.000000Z",
                "is_private": False,
                "version": 1,
            }
        ],
        "total": 1,
    },
)
async def list_queries(
    request: Request,
    limit: Limit = None,
    offset: Offset = None,
    q: Annotated[
        str | None, QueryParameter(description="Part of name, description or tag, or the id")
    ] = None,
    archived: Annotated[str | None, QueryParameter(description="true: only archived ones")] = None,
    starred: Starred = None,
) -> wire.QueryList:
    """Answer with a page; of starred ones, also those of other owners."""
    most, after = common.page(limit, offset, default=20, most=1000)
    entries, total = await request.services.read(
        queries.list_of,
        request.caller,
        limit=most,
        offset=after,
        search=q or "",
        is_archived=common.is_true(archived),
        is_starred=common.is_true(starred),
    )
    return wire.listed(entries, total)


@get(
    "/query/{query_id:str}/versions",
    tag=TAG,
    summary="The versions of a query, newest first",
    example={
        "versions": [
            {"version": 1, "name": "Token flows", "created_at": "2026-11-24T10:00:00.000000Z"}
        ],
        "total": 1,
    },
)
async def list_versions(
    request: Request, query_id: QueryIdText, limit: Limit = None, offset: Offset = None
) -> wire.VersionList:
    """Answer with a page."""
    id_, caller = common.query_id(query_id), request.caller
    most, after = common.page(limit, offset, default=50, most=1000)

    def look(tx: Transaction) -> wire.VersionList:
        query = queries.read(tx, caller, id_)
        return wire.versions(query, *versions.list_of(tx, id_, limit=most, offset=after))

    return await request.services.read(look)


@get(
    "/query/{query_id:str}/versions/{version:str}",
    tag=TAG,
    summary="A query as it was saved once",
    example={
        "query_id": 41,
        "version": 1,
        "name": "Token flows",
        "description": "",
        "query_sql": "SELECT 1",
        "parameters": [],
        "created_at": "2026-11-24T10:00:00.000000Z",
    },
)
async def read_version(
    request: Request, query_id: QueryIdText, version: VersionText
) -> wire.VersionShown:
    """Answer with that version's text."""
    id_, caller = common.query_id(query_id), request.caller
    number = common.number(version, "the version")

    def look(tx: Transaction) -> wire.VersionShown:
        query = queries.read(tx, caller, id_)
        return wire.version(query, versions.read(tx, id_, number))

    return await request.services.read(look)


@get(
    "/query/{query_id:str}/executions",
    tag=TAG,
    summary="The executions of a query, newest first",
    example={
        "executions": [
            {
                "execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1C",
                "pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
                "kind": "pipeline",
                "trigger": "api",
                "state": "completed",
                "query_version": 7,
                "tier": "medium",
                "query_parameters": {"day": "2026-11-01"},
                "submitted_at": "2026-11-24T10:40:26.000000Z",
                "started_at": "2026-11-24T10:40:26.010000Z",
                "ended_at": "2026-11-24T10:40:28.010000Z",
                "row_count": 1200,
                "size_bytes": 9311,
                "credits": 0.02,
                "published": True,
            }
        ]
    },
)
async def list_executions(
    request: Request,
    query_id: QueryIdText,
    before: Annotated[str | None, QueryParameter(description="Executions before this one")] = None,
    limit: Limit = None,
) -> wire.ExecutionList:
    """Answer with a page."""
    id_, caller = common.query_id(query_id), request.caller
    start = None if before is None else common.execution_id(before)
    most, _ = common.page(limit, None, default=50, most=200)

    def look(tx: Transaction) -> wire.ExecutionList:
        queries.read(tx, caller, id_)
        lines, more = history.executions(tx, caller, id_, before=start, limit=most)
        return wire.executions(lines, more=more)

    return await request.services.read(look)


ROUTES: Final[list[HTTPRouteHandler]] = [
    create_query,
    read_query,
    update_query,
    archive_query,
    unarchive_query,
    hide_query,
    show_query,
    list_queries,
    list_versions,
    read_version,
    list_executions,
]
