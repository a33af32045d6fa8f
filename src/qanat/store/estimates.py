"""What runs and nodes took before: what the next one is expected to take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, func, select

from qanat.model.access import Caller
from qanat.names import QueryId
from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction

SAMPLE_RUNS: Final = 5  #: completed runs whose median is what the next one is expected to take


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a node took once."""

    seconds: float
    micro_credits: int
    row_count: int


_TIMES: Final = Prepared(
    select(t.run.c.ended_us - t.run.c.accepted_us)
    .where(
        t.run.c.owner == bindparam("owner_handle"),
        t.run.c.query == bindparam("query_id"),
        t.run.c.kind == bindparam("kind"),
        t.run.c.state == "completed",
        t.run.c.accepted < bindparam("before"),
    )
    .order_by(t.run.c.accepted.desc())
    .limit(SAMPLE_RUNS)
)
_SPANS: Final = Prepared(
    select(
        t.execution.c.ended_us - t.execution.c.started_us,
        select(func.coalesce(func.sum(t.receipt.c.micro_credits), 0))
        .where(t.receipt.c.execution == t.execution.c.id)
        .correlate(t.execution)
        .scalar_subquery(),
        t.snapshot.c.row_count,
    )
    .join(t.node, t.node.c.execution == t.execution.c.id)
    .join(t.snapshot, t.snapshot.c.id == t.execution.c.snapshot)
    .where(
        t.execution.c.query == bindparam("query_id"),
        t.execution.c.owner == bindparam("owner_handle"),
        t.execution.c.state == "completed",
        t.execution.c.started_us.is_not(None),
        func.coalesce(t.node.c.label, "") == bindparam("view_label"),
    )
    .order_by(t.execution.c.submitted_us.desc())
    .limit(SAMPLE_RUNS)
)


def expected_seconds(
    tx: Transaction, caller: Caller, kind: str, query: int, *, before: int
) -> float | None:
    """Return the median time of the last completed runs of a target; None without one."""
    if not query:
        return None
    times: list[int] = sorted(
        us
        for (us,) in tx.tuples(
            _TIMES, owner_handle=caller.handle, query_id=query, kind=kind, before=before
        )
    )
    if not times:
        return None
    middle = len(times) // 2
    median = times[middle] if len(times) % 2 else (times[middle - 1] + times[middle]) / 2
    return round(median / 1e6, 3)


def spans(tx: Transaction, caller: Caller, query: QueryId, view: str | None) -> list[Span]:
    """Return what the last completed executions of a node took, newest first."""
    return [
        Span(seconds=round(us / 1e6, 6), micro_credits=int(micro), row_count=rows)
        for us, micro, rows in tx.tuples(
            _SPANS, query_id=query, owner_handle=caller.handle, view_label=view or ""
        )
    ]
