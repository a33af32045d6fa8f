"""Uploaded tables: made, filled, emptied, deleted, listed.

Every route also has the name that older clients know (contract section 9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import JSONBody, PathParameter

from qanat.api.parameters import Limit, Offset
from qanat.api.requests import Request
from qanat.api.routing import delete, get, post, under_both
from qanat.api.spool import fresh, spooled, take_text
from qanat.api.wire import uploads as wire
from qanat.api.wire.common import Message, given, page
from qanat.coordinator.uploads import Described
from qanat.errors import ForbiddenError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.model.snapshot import Format
from qanat.names import Label, NameId, SnapshotId, dune_label, new_ulid
from qanat.store import upload_moves
from qanat.store import uploads as store
from qanat.store.database import Transaction
from qanat.store.uploads import NewUpload, Upload

TAG: Final = "Uploads"
Namespace = Annotated[str, PathParameter(description="Handle of the table's owner")]
Table = Annotated[str, PathParameter(description="Last part of the table's name")]
_TABLE: Final = {
    "full_name": "dune.me.prices",
    "is_private": False,
    "table_size_bytes": "1024",
    "created_at": "2026-11-24T10:40:26.000000Z",
    "updated_at": "2026-11-24T10:41:07.000000Z",
    "owner": {"handle": "me", "type": "user"},
    "columns": [{"name": "d", "type": "timestamp", "nullable": True, "metadata": {}}],
}


async def _tables(request: Request, limit: Limit = None, offset: Offset = None) -> wire.TableList:
    """Return the caller's tables, by name."""
    size, start = page(limit, offset, default=50, most=10_000)
    found = await request.services.read(
        store.owned, request.caller.handle, limit=size + 1, offset=start
    )
    answer = wire.TableList(tables=[wire.entry(one) for one in found[:size]])
    if len(found) > size:
        answer.next_offset = start + size
    return answer


async def _create(request: Request, data: JSONBody[wire.CreateTable]) -> wire.TableCreated:
    """Make a table without rows."""
    caller, services = request.caller, request.services
    wire.require_own(data.namespace, caller)
    new = NewUpload(
        id=NameId(new_ulid(services.clock.now())),
        namespace=caller.handle,
        table=wire.table_name(data.table_name),
        owner=caller.handle,
        is_private=bool(given(data.is_private)),
        description=wire.description(data.description),
        columns=wire.declared(data.schema),
    )
    empty = SnapshotId(new_ulid(services.clock.now()))
    made = await services.write(
        upload_moves.make_empty, new, snapshot=empty, at_us=services.now_us()
    )
    return wire.TableCreated(
        namespace=new.namespace,
        table_name=new.table,
        full_name=made.label,
        example_query=wire.example_query(made.label),
        already_existed=False,
        message="Table created successfully",
    )


async def _upload_csv(request: Request) -> wire.CsvUploaded:
    """Make a table of a CSV text, or replace its rows and columns; all of the text or none."""
    services, caller = request.services, request.caller
    limit = services.settings.limits.csv_bytes
    async with spooled(request, limit) as body, fresh(request) as text:
        others = await take_text(request, body, text, "data")
        asked = _convert(others)
        name = wire.csv_table_name(asked.table_name)
        label = dune_label(caller.handle, name)
        described = Described(
            namespace=caller.handle,
            table=name,
            is_private=bool(given(asked.is_private)),
            description=wire.description(asked.description),
        )
        await services.call_long(
            services.coordinator.uploads.load_upload,
            caller,
            label,
            text,
            "csv",
            mode="replace",
            infer=True,
            described=described,
        )
    return wire.CsvUploaded(
        success=True,
        table_name=name,
        full_name=label,
        example_query=wire.example_query(label),
    )


async def _insert(request: Request, namespace: Namespace, table_name: Table) -> wire.Inserted:
    """Add the rows of a file to a table; all of them, or none."""
    services, caller = request.services, request.caller
    label = wire.label_of(namespace, table_name)
    kind = cast("Format", wire.format_of(request.headers.get("content-type", "")))
    await services.read(_own, caller, label)
    uploads, begun = services.coordinator.uploads, request.idempotency_begun()
    hashed = None if begun is None else begun[1]
    async with spooled(request, services.settings.limits.insert_bytes, hashed) as body:
        idempotency = None if begun is None else (begun[0], begun[1].hexdigest())
        rows = await services.call(uploads.appended, caller, idempotency)
        if rows is None:
            loaded = await services.call_long(
                uploads.load_upload, caller, label, body.path, kind, mode="append",
                idempotency=idempotency,
            )  # fmt: skip
            rows = loaded.row_count
    return wire.Inserted(name=label, rows_written=rows, bytes_written=body.size_bytes)


async def _clear(request: Request, namespace: Namespace, table_name: Table) -> Message:
    """Take every row out of a table."""
    services = request.services
    label = wire.label_of(namespace, table_name)
    await services.call(services.coordinator.uploads.clear_upload, request.caller, label)
    return Message(message=f"Table {label} successfully cleared")


async def _delete(request: Request, namespace: Namespace, table_name: Table) -> Message:
    """Delete a table; runs in flight go on with the rows that they pinned."""
    services = request.services
    label = wire.label_of(namespace, table_name)
    at_us = services.now_us()

    def work(tx: Transaction) -> None:
        store.delete(tx, _own(tx, request.caller, label).id, at_us=at_us)

    await services.write(work)
    return Message(message=f"Table {label.removeprefix('dune.')} successfully deleted")


def _own(tx: Transaction, caller: Caller, label: Label) -> Upload:
    found = store.find(tx, label)
    if found is None or not caller.sees(found.owner, is_private=found.is_private):
        raise NotFoundError(f"Table {label} not found")
    if found.owner != caller.handle:
        raise ForbiddenError(f"Table {label} belongs to {found.owner}")
    return found


def _convert(others: dict[str, Any]) -> wire.UploadCsv:
    if "data" in others:
        raise InvalidRequestError("data must be a text")
    try:
        return msgspec.convert(others, wire.UploadCsv)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(str(error).replace("`", "'")) from None


def _document_body(content: dict[str, OpenAPIMediaType]) -> type[Operation]:
    """Return how the document describes a body that a handler reads by itself."""

    @dataclass
    class WithBody(Operation):
        def __post_init__(self) -> None:
            self.request_body = RequestBody(content=content, required=True)

    return WithBody


_TEXT: Final = Schema(type=OpenAPIType.STRING)
_CSV_BODY: Final = _document_body(
    {
        "application/json": OpenAPIMediaType(
            schema=Schema(
                type=OpenAPIType.OBJECT,
                required=["table_name", "data"],
                properties={
                    "table_name": _TEXT,
                    "data": Schema(type=OpenAPIType.STRING, description="CSV with a header line"),
                    "description": _TEXT,
                    "is_private": Schema(type=OpenAPIType.BOOLEAN),
                },
            ),
            example={"table_name": "rates", "data": "day,rate\n2026-01-01,1.5\n"},
        )
    }
)
_ROWS_BODY: Final = _document_body(
    {
        "text/csv": OpenAPIMediaType(schema=_TEXT, example="day,price\n2026-01-01,1.5\n"),
        "application/x-ndjson": OpenAPIMediaType(
            schema=_TEXT, example='{"day":"2026-01-01","price":1.5}\n'
        ),
    }
)
ROUTES: Final[list[HTTPRouteHandler]] = [
    *under_both(
        get,
        _tables,
        "/uploads",
        "/tables",
        tag=TAG,
        summary="The caller's uploaded tables",
        example={"tables": [_TABLE]},
    ),
    *under_both(
        post,
        _create,
        "/uploads",
        "/table/create",
        tag=TAG,
        summary="Make a table",
        also=(409,),
        asks={
            "namespace": "me",
            "table_name": "prices",
            "schema": [{"name": "d", "type": "timestamp", "nullable": True}],
            "description": "",
            "is_private": False,
        },
        example={
            "namespace": "me",
            "table_name": "prices",
            "full_name": "dune.me.prices",
            "example_query": "select * from dune.me.prices limit 10",
            "already_existed": False,
            "message": "Table created successfully",
        },
    ),
    *under_both(
        post,
        _upload_csv,
        "/uploads/csv",
        "/table/upload/csv",
        tag=TAG,
        summary="Make a table of a CSV text, or replace it",
        also=(409, 413),
        body_limit="csv_bytes",
        operation_class=_CSV_BODY,
        example={
            "success": True,
            "table_name": "dataset_rates",
            "full_name": "dune.me.dataset_rates",
            "example_query": "select * from dune.me.dataset_rates limit 10",
        },
    ),
    *under_both(
        post,
        _insert,
        "/uploads/{namespace:str}/{table_name:str}/insert",
        "/table/{namespace:str}/{table_name:str}/insert",
        tag=TAG,
        summary="Add the rows of a CSV or NDJSON file to a table",
        also=(409, 413, 422),
        body_limit="insert_bytes",
        operation_class=_ROWS_BODY,
        example={"name": "dune.me.prices", "rows_written": 2, "bytes_written": 33},
    ),
    *under_both(
        post,
        _clear,
        "/uploads/{namespace:str}/{table_name:str}/clear",
        "/table/{namespace:str}/{table_name:str}/clear",
        tag=TAG,
        summary="Take every row out of a table",
        also=(409,),
        example={"message": "Table dune.me.prices successfully cleared"},
    ),
    *under_both(
        delete,
        _delete,
        "/uploads/{namespace:str}/{table_name:str}",
        "/table/{namespace:str}/{table_name:str}",
        tag=TAG,
        summary="Delete a table",
        example={"message": "Table me.prices successfully deleted"},
    ),
]
