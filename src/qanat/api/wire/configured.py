"""Configured pipelines in a list (docs/api/extensions.md section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe_timestamp, timestamp
from qanat.api.wire.views import LastRun
from qanat.model.state import RunState
from qanat.names import QueryId
from qanat.store.pipelines import PipelineEntry


class ConfiguredEntry(Wire):
    """A query that runs as more than itself."""

    query_id: int
    name: str
    stored: bool
    node_count: int
    updated_at: str
    last_run: LastRun | UnsetType = UNSET


class Configured(Wire):
    """A page of pipelines."""

    pipelines: list[ConfiguredEntry]
    total: int


def configured(
    entries: Sequence[PipelineEntry], counts: Mapping[QueryId, int], total: int
) -> Configured:
    """Return a page of pipelines; `counts`: query → nodes."""
    return Configured(pipelines=[_entry(one, counts[one.query]) for one in entries], total=total)


def _entry(one: PipelineEntry, node_count: int) -> ConfiguredEntry:
    last: LastRun | UnsetType = UNSET
    if one.last_run is not None and one.last_state is not None:
        last = LastRun(
            pipeline_execution_id=one.last_run,
            state=RunState(one.last_state),
            submitted_at=maybe_timestamp(one.last_submitted_at),
            ended_at=maybe_timestamp(one.last_ended_at),
        )
    return ConfiguredEntry(
        query_id=one.query,
        name=one.name,
        stored=one.nodes is not None,
        node_count=node_count,
        updated_at=timestamp(one.updated_at),
        last_run=last,
    )
