"""Staged uploads: a file is sent once, looked at, and only then lands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from qanat.api.executions import as_json
from qanat.api.requests import Request
from qanat.api.routing import delete, post
from qanat.api.services import Services
from qanat.api.spool import Spooled, spooled
from qanat.api.staging import KEPT, StagedFile
from qanat.api.wire import staged as wire
from qanat.api.wire.common import Message, encode, given, timestamp
from qanat.api.wire.uploads import description, example_query, table_name
from qanat.coordinator.uploads import Described
from qanat.model.access import Caller
from qanat.model.snapshot import Format
from qanat.names import dune_label, new_ulid
from qanat.results.samples import sample

TAG: Final = "Uploads"
ROWS: Final = 20
ROWS_BYTES: Final = 1 << 20
SAMPLE_S: Final = 20.0
StagedIdText = Annotated[str, PathParameter(title="Staged file", description="A ULID")]


@post(
    "/staged-uploads",
    tag=TAG,
    summary="Send a file, to look at it before it lands",
    also=(413,),
    body_limit="insert_bytes",
    example={
        "staged_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
        "format": "csv",
        "suggested_name": "prices",
        "columns": [{"name": "d", "type": "timestamp"}],
        "rows": [{"d": "2026-11-01 00:00:00.000"}],
        "row_count": 812,
        "size_bytes": 9321,
        "expires_at": "2026-11-24T11:40:26.000000Z",
    },
)
async def stage(
    request: Request,
    format_: Annotated[
        str | None, QueryParameter(name="format", description="csv, ndjson or parquet")
    ] = None,
    file_name: Annotated[str | None, QueryParameter(description="As its owner calls it")] = None,
) -> Response[wire.Staged]:
    """Answer with the file's columns and first rows; it is kept an hour."""
    services = request.services
    kind = wire.format_of(format_)
    async with spooled(request, services.settings.limits.insert_bytes) as body:
        answer = await services.call_long(
            _stage, services, request.caller, body, kind, file_name or ""
        )
    return as_json(answer)


@post(
    "/staged-uploads/{staged_id:str}/commit",
    tag=TAG,
    summary="Make a table of a staged file",
    also=(409,),
    asks={
        "table_name": "prices",
        "columns": [{"name": "d", "type": "date"}],
        "description": "",
        "is_private": False,
        "replace": False,
    },
    example={
        "full_name": "dune.me.prices",
        "table_name": "prices",
        "row_count": 812,
        "size_bytes": 4211,
        "example_query": "select * from dune.me.prices limit 10",
    },
)
async def commit(
    request: Request, staged_id: StagedIdText, data: JSONBody[wire.Commit]
) -> wire.Committed:
    """Make the table; the file stays staged if a value does not fit."""
    services, caller = request.services, request.caller
    file = await services.call(services.staging.find, caller.handle, staged_id)
    columns = wire.wanted(data.columns, file.columns)
    described = Described(
        namespace=caller.handle,
        table=table_name(data.table_name),
        is_private=bool(given(data.is_private)),
        description=description(data.description),
    )
    loaded = await services.call_long(
        services.coordinator.uploads.place,
        caller,
        file.path,
        file.format,
        described,
        found=file.columns,
        wanted=columns,
        may_replace=bool(given(data.replace)),
    )
    await services.call_long(services.staging.drop, file)
    label = dune_label(described.namespace, described.table)
    return wire.Committed(
        full_name=label,
        table_name=described.table,
        row_count=loaded.row_count,
        size_bytes=loaded.size_bytes,
        example_query=example_query(label),
    )


@delete(
    "/staged-uploads/{staged_id:str}",
    tag=TAG,
    summary="Throw a staged file away",
    example={"message": "ok"},
)
async def drop(request: Request, staged_id: StagedIdText) -> Message:
    """Remove a staged file."""
    staging = request.services.staging
    file = await request.services.call(staging.find, request.caller.handle, staged_id)
    await request.services.call_long(staging.drop, file)
    return Message(message="ok")


ROUTES: Final[list[HTTPRouteHandler]] = [stage, commit, drop]


def _stage(
    services: Services, caller: Caller, body: Spooled, kind: Format, file_name: str
) -> bytes:
    with services.coordinator.uploads.trial(body.path, kind) as (written, relation):
        rows = sample(
            services.pages.reader, relation, limit=ROWS, most_bytes=ROWS_BYTES, time_s=SAMPLE_S
        )
    now = services.clock.now()
    id_ = new_ulid(now)
    file = StagedFile(
        id=id_,
        owner=caller.handle,
        path=_keep(body.path, services.settings.data_dir, id_),
        format=kind,
        columns=written.columns,
        expires_at=now + KEPT,
    )
    services.staging.add(file)
    shown = wire.Staged(
        staged_id=id_,
        format=kind,
        suggested_name=wire.suggested_name(file_name),
        columns=wire.columns_shown(written.columns),
        rows=[],
        row_count=written.row_count,
        size_bytes=body.size_bytes,
        expires_at=timestamp(file.expires_at),
    )
    # Rows are JSON already.
    return encode(shown).replace(b'"rows":[]', b'"rows":' + rows.rows, 1)


def _keep(spooled_at: Path, data_dir: Path, id_: str) -> Path:
    directory = data_dir / "tmp" / "staged"
    directory.mkdir(exist_ok=True)
    return spooled_at.rename(directory / id_)
