"""The catalog: everything that may be read by name, what it is made of, its first rows."""

from __future__ import annotations

import contextlib
from typing import Annotated, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from qanat.api.executions import as_json
from qanat.api.parameters import Limit, Offset, QueryIdText
from qanat.api.requests import Request
from qanat.api.routing import get
from qanat.api.services import Services
from qanat.api.wire import catalog as wire
from qanat.api.wire import lineage as lineage_wire
from qanat.api.wire.common import LARGEST_ID, encode, maybe, page, query_id
from qanat.api.wire.views import schedule_of
from qanat.coordinator.catalog import CatalogTable
from qanat.engines import Relation
from qanat.errors import NotFoundError
from qanat.model.access import Caller
from qanat.model.types import Column
from qanat.names import Label
from qanat.results.samples import sample
from qanat.sql.functions import FUNCTIONS
from qanat.store import catalog, lineage, loading, views
from qanat.store.database import Transaction

TAG: Final = "Catalog"
SAMPLE_ROWS: Final = 500
SAMPLE_BYTES: Final = 8 << 20
SAMPLE_S: Final = 20.0
NAME_CHARS: Final = 300
NameText = Annotated[
    str, PathParameter(title="Relation", description="Full name, such as dune.me.result_blocks")
]
_TABLE: Final = {
    "name": "dune.me.result_blocks",
    "kind": "view",
    "owner": "me",
    "query_id": 12,
    "column_count": 1,
    "row_count": 88211,
    "size_bytes": 1203993,
    "updated_at": "2026-11-24T10:41:07.000000Z",
    "is_private": False,
}


@get(
    "/catalog",
    tag=TAG,
    summary="Every relation that the key may read, by name",
    example={"tables": [_TABLE], "total": 1},
)
async def tables(
    request: Request,
    q: Annotated[
        str | None, QueryParameter(description="Part of a table's or a column's name")
    ] = None,
    kind: Annotated[
        str | None, QueryParameter(description="Comma list of source, upload, view")
    ] = None,
    limit: Limit = None,
    offset: Offset = None,
    columns: Annotated[str | None, QueryParameter(description="true: with columns")] = None,
) -> wire.TableList:
    """Return relations, with the columns that were searched for."""
    size, start = page(limit, offset, default=100, most=1_000)
    text = (q or "")[:NAME_CHARS].lower()
    found = await request.services.call_long(
        request.services.coordinator.catalog.tables,
        request.caller,
        text=text,
        kinds=wire.kinds_of(kind),
    )
    with_columns = (columns or "").lower() == "true"
    return wire.TableList(
        tables=[
            wire.table(one, text=text, columns=with_columns) for one in found[start : start + size]
        ],
        total=len(found),
    )


@get(
    "/catalog/{name:str}",
    tag=TAG,
    summary="A relation with its columns, what it reads and what reads it",
    example={
        **_TABLE,
        "created_at": "2026-11-01T10:00:00.000000Z",
        "columns": [{"name": "number", "type": "bigint"}],
        "reads": [{"name": "ethereum.blocks", "kind": "source", "line": 2, "column": 6}],
        "read_by": [{"kind": "query", "query_id": 41, "title": "Token flows"}],
        "snapshot_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1E",
        "execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1B",
        "pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
    },
)
async def table(request: Request, name: NameText) -> wire.TableDetail:
    """Return one relation."""
    return await request.services.call_long(
        _detail, request.services, request.caller, label_of(name)
    )


@get(
    "/catalog/{name:str}/sample",
    tag=TAG,
    summary="The first rows of a relation",
    example={
        "rows": [{"number": 1}],
        "metadata": {
            "column_names": ["number"],
            "column_types": ["bigint"],
            "row_count": 1,
            "total_row_count": 90000,
        },
    },
)
async def table_sample(
    request: Request, name: NameText, limit: Limit = None
) -> Response[wire.Sample]:
    """Return rows as they are stored, at most 500 of them."""
    size, _ = page(limit, None, default=50, most=SAMPLE_ROWS)
    body = await request.services.call_long(
        _sample, request.services, request.caller, label_of(name), size
    )
    return as_json(body)


@get(
    "/catalog/{name:str}/history",
    tag=TAG,
    summary="How a view or an upload moved, newest first",
    example={
        "moves": [
            {
                "moment": 812,
                "at": "2026-11-24T10:41:07.000000Z",
                "pipeline_execution_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
                "snapshot_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1E",
                "row_count": 88211,
                "size_bytes": 1203993,
            }
        ],
        "next_before": 812,
    },
)
async def table_history(
    request: Request,
    name: NameText,
    limit: Limit = None,
    before: Annotated[int | None, QueryParameter(description="Moves before this moment")] = None,
) -> wire.History:
    """Return moves; none for a source."""
    services = request.services
    size, _ = page(limit, None, default=50, most=500)
    found = await services.call_long(
        services.coordinator.catalog.table, request.caller, label_of(name)
    )
    if found.name is None:
        return wire.History(moves=[])
    until = LARGEST_ID if before is None else max(0, min(before, LARGEST_ID))
    moves = await services.read(catalog.moves, found.name, before=until, limit=size + 1)
    return wire.history(moves, size)


@get(
    "/functions",
    tag=TAG,
    summary="Every function that a statement may call",
    example={
        "functions": [
            {
                "name": "date_trunc",
                "signature": "date_trunc(unit, x)",
                "description": "x cut down to the unit",
            }
        ]
    },
)
async def functions() -> wire.Functions:
    """Return functions by name, for completion."""
    return wire.Functions(
        functions=[
            wire.FunctionShown(name=one.name, signature=signature, description=one.description)
            for one in sorted(FUNCTIONS.values(), key=lambda one: one.name)
            for signature in one.signatures
        ]
    )


@get(
    "/query/{query_id:str}/lineage",
    tag="Queries",
    summary="What a query reads, and what reads it",
    example={
        "reads": [
            {
                "name": "dune.me.result_blocks",
                "kind": "view",
                "query_id": 12,
                "line": 3,
                "column": 6,
            }
        ],
        "read_by": [{"kind": "query", "query_id": 55, "title": "Top pairs"}],
    },
)
async def query_lineage(request: Request, query_id: QueryIdText) -> lineage_wire.LineageShown:
    """Return both sides of a query, as its newest text names them."""
    id_, sources = _query_id(query_id), request.services.coordinator.context.sources.labels

    def work(tx: Transaction) -> lineage_wire.LineageShown:
        return lineage_wire.LineageShown(
            reads=lineage_wire.reads(lineage.reads(tx, request.caller, id_, sources)),
            read_by=lineage_wire.readers(lineage.readers_of_query(tx, request.caller, id_)),
        )

    return await request.services.read(work)


ROUTES: Final[list[HTTPRouteHandler]] = [
    tables,
    table,
    table_sample,
    table_history,
    functions,
    query_lineage,
]

_query_id: Final = query_id


def label_of(text: str) -> Label:
    """Return the folded full name that a path means.

    Raises:
        NotFoundError: Nothing can be called that.
    """
    if len(text) > NAME_CHARS:
        raise NotFoundError("Object not found")
    return Label(text.replace('"', "").lower())


def _detail(services: Services, caller: Caller, label: Label) -> wire.TableDetail:
    found = services.coordinator.catalog.table(caller, label)
    sources = services.coordinator.context.sources.labels

    def work(tx: Transaction) -> wire.TableDetail:
        made = wire.detail(found)
        made.read_by = lineage_wire.readers(lineage.readers(tx, caller, label))
        made.reads = []
        if found.name is not None:
            moves = catalog.moves(tx, found.name, before=LARGEST_ID, limit=1)
            shown = wire.history(moves, 1).moves
            if shown:
                made.pipeline_execution_id = shown[0].pipeline_execution_id
                made.execution_id = shown[0].execution_id
        if found.query is not None:
            view = views.read(tx, caller, label)
            made.schedule = schedule_of(view.definition.schedule, view.definition.tier)
            # Of a public view of a private query, what it reads is not told.
            with contextlib.suppress(NotFoundError):
                made.reads = lineage_wire.reads(lineage.reads(tx, caller, found.query, sources))
        return made

    return services.database.read(work)


def _sample(services: Services, caller: Caller, label: Label, limit: int) -> bytes:
    found = services.coordinator.catalog.table(caller, label)
    rows = sample(
        services.pages.reader,
        _relation(services, found),
        limit=limit,
        most_bytes=SAMPLE_BYTES,
        time_s=SAMPLE_S,
    )
    metadata = wire.SampleMetadata(
        column_names=[column.name for column in found.columns],
        column_types=[column.type for column in found.columns],
        row_count=rows.row_count,
        total_row_count=maybe(found.row_count),
    )
    return b'{"rows":' + rows.rows + b',"metadata":' + encode(metadata) + b"}"


def _relation(services: Services, found: CatalogTable) -> Relation:
    context = services.coordinator.context
    if found.kind == "source":
        if found.error is not None:
            raise NotFoundError(found.error)
        version = context.sources.now(found.label).version
        return Relation(
            columns=version.columns,
            files=tuple(file.path for file in version.files),
            format=version.format,
            ours=False,
        )
    snapshot = services.database.read(lambda tx: loading.snapshot(tx, found.snapshot))
    if snapshot is None:
        return Relation(columns=tuple(Column(c.name, c.type) for c in found.columns))
    return Relation(
        columns=snapshot.columns,
        files=tuple(str(context.engine.path(file)) for file in snapshot.files),
    )
