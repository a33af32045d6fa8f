"""Executions and their results, as Dune spells them (contract sections 3, 4 and 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, encode, maybe, maybe_timestamp, timestamp
from qanat.api.wire.words import QueryState
from qanat.model.credits import as_credits
from qanat.model.records import Accepted, Execution
from qanat.model.snapshot import Snapshot
from qanat.model.state import ExecutionState, Failure, FailureKind
from qanat.model.types import Columns
from qanat.results.pages import Page

STATES: Final[Mapping[ExecutionState, QueryState]] = {
    ExecutionState.PENDING: "QUERY_STATE_PENDING",
    ExecutionState.EXECUTING: "QUERY_STATE_EXECUTING",
    ExecutionState.COMPLETED: "QUERY_STATE_COMPLETED",
    ExecutionState.FAILED: "QUERY_STATE_FAILED",
    # Never started because its run failed: to clients of this endpoint it was called off.
    ExecutionState.SKIPPED: "QUERY_STATE_CANCELLED",
    ExecutionState.CANCELLED: "QUERY_STATE_CANCELLED",
    ExecutionState.EXPIRED: "QUERY_STATE_EXPIRED",
}
_CANCELLED: Final = frozenset({ExecutionState.SKIPPED, ExecutionState.CANCELLED})
_UNFINISHED: Final = frozenset({ExecutionState.PENDING, ExecutionState.EXECUTING})


class Execute(Wire):
    """What to run a saved query with."""

    performance: str | UnsetType = UNSET
    query_parameters: dict[str, Any] | UnsetType = UNSET


class ExecuteSql(Wire):
    """A statement to run."""

    sql: str
    performance: str | UnsetType = UNSET
    query_parameters: dict[str, Any] | UnsetType = UNSET


class Started(Wire):
    """An execution was recorded."""

    execution_id: str
    state: QueryState
    pipeline_execution_id: str


class Place(Wire):
    """Where in the SQL; both from 1."""

    line: int
    column: int


class ExecutionError(Wire):
    """Why an execution failed."""

    type: FailureKind
    message: str
    metadata: Place | UnsetType = UNSET


class ResultMetadata(Wire):
    """What a result, or a page of it, holds."""

    column_names: list[str]
    column_types: list[str]
    row_count: int
    result_set_bytes: int
    total_row_count: int
    total_result_set_bytes: int
    datapoint_count: int
    pending_time_millis: int
    execution_time_millis: int
    filtered_row_count: int | UnsetType = UNSET


class ExecutionHead(Wire):
    """Where an execution is; every answer about it begins so."""

    execution_id: str
    query_id: int
    is_execution_finished: bool
    state: QueryState
    submitted_at: str
    expires_at: str | UnsetType = UNSET
    execution_started_at: str | UnsetType = UNSET
    execution_ended_at: str | UnsetType = UNSET
    cancelled_at: str | UnsetType = UNSET
    error: ExecutionError | UnsetType = UNSET


class ExecutionStatus(ExecutionHead, kw_only=True):
    """Where an execution is."""

    pipeline_execution_id: str
    execution_cost_credits: float | UnsetType = UNSET
    queue_position: int | UnsetType = UNSET
    result_metadata: ResultMetadata | UnsetType = UNSET


class Result(Wire):
    """Rows: an object for each, keyed by column name."""

    rows: list[dict[str, Any]]
    metadata: ResultMetadata


class ExecutionResult(ExecutionHead, kw_only=True):
    """An execution with a page of its result, once it has one."""

    result: Result | UnsetType = UNSET
    next_offset: int | UnsetType = UNSET
    next_uri: str | UnsetType = UNSET


def started(accepted: Accepted) -> Started:
    """Return the answer to a request that started an execution."""
    return Started(
        execution_id=accepted.execution,
        state=STATES[accepted.state],
        pipeline_execution_id=accepted.run,
    )


def status(execution: Execution, *, queue_position: int | None) -> ExecutionStatus:
    """Return where an execution is."""
    head = _head(execution)
    finished = execution.state not in _UNFINISHED
    rows = execution.snapshot if execution.state is ExecutionState.COMPLETED else None
    return ExecutionStatus(
        **head,
        pipeline_execution_id=execution.run,
        execution_cost_credits=as_credits(execution.micro_credits) if finished else UNSET,
        queue_position=UNSET if finished or queue_position is None else queue_position,
        result_metadata=UNSET if rows is None else _whole(execution, rows),
    )


def without_rows(execution: Execution) -> ExecutionResult:
    """Return an execution that has no rows to show."""
    return ExecutionResult(**_head(execution))


def with_page(execution: Execution, page: Page, next_uri: str | None) -> bytes:
    """Return an execution with a page of rows, which are JSON already and are not read again.

    The totals are those of the whole stored result.
    """
    metadata = _metadata(
        execution,
        page.columns,
        row_count=page.row_count,
        size_bytes=page.result_set_bytes,
        total_row_count=page.total_row_count,
        total_bytes=page.total_result_set_bytes,
        filtered_row_count=page.filtered_row_count,
    )
    pieces = [
        encode(ExecutionResult(**_head(execution)))[:-1],
        b',"result":{"rows":',
        page.rows,
        b',"metadata":',
        encode(metadata),
        b"}",
    ]
    if page.next_offset is not None and next_uri is not None:
        pieces += [b',"next_offset":%d' % page.next_offset, b',"next_uri":', encode(next_uri)]
    return b"".join([*pieces, b"}"])


def _metadata(
    execution: Execution,
    columns: Columns,
    *,
    row_count: int,
    size_bytes: int,
    total_row_count: int,
    total_bytes: int,
    filtered_row_count: int | None = None,
) -> ResultMetadata:
    started_at = execution.started_at or execution.submitted_at
    ended_at = execution.ended_at or started_at
    return ResultMetadata(
        column_names=[column.name for column in columns],
        column_types=[column.type for column in columns],
        row_count=row_count,
        result_set_bytes=size_bytes,
        total_row_count=total_row_count,
        total_result_set_bytes=total_bytes,
        datapoint_count=row_count * len(columns),
        pending_time_millis=_millis(started_at - execution.submitted_at),
        execution_time_millis=_millis(ended_at - started_at),
        filtered_row_count=maybe(filtered_row_count),
    )


def _whole(execution: Execution, rows: Snapshot) -> ResultMetadata:
    # Of a whole result only its stored size is known without reading it.
    return _metadata(
        execution,
        rows.columns,
        row_count=rows.row_count,
        size_bytes=rows.size_bytes,
        total_row_count=rows.row_count,
        total_bytes=rows.size_bytes,
    )


def error_of(failure: Failure) -> ExecutionError:
    """Return a failure as the wire has it."""
    place: Place | UnsetType = UNSET
    if failure.line is not None and failure.column is not None:
        place = Place(line=failure.line, column=failure.column)
    return ExecutionError(type=failure.kind, message=failure.message, metadata=place)


def _head(execution: Execution) -> dict[str, Any]:
    state = execution.state
    cancelled_at = execution.ended_at if state in _CANCELLED else None
    # A client computes with the start of whatever is finished; what was cancelled before it
    # started has no end, since it never ran.
    never_ran = cancelled_at is not None and execution.started_at is None
    failure = execution.failure if state is ExecutionState.FAILED else None
    return {
        "execution_id": execution.id,
        "query_id": execution.query,
        "is_execution_finished": state not in _UNFINISHED,
        "state": STATES[state],
        "submitted_at": timestamp(execution.submitted_at),
        "expires_at": UNSET if state in _UNFINISHED else maybe_timestamp(execution.expires_at),
        "execution_started_at": maybe_timestamp(execution.started_at or cancelled_at),
        "execution_ended_at": UNSET if never_ran else maybe_timestamp(execution.ended_at),
        "cancelled_at": maybe_timestamp(cancelled_at),
        "error": UNSET if failure is None else error_of(failure),
    }


def _millis(span: Any) -> int:  # noqa: ANN401  # a timedelta
    return max(0, int(span.total_seconds() * 1000))
