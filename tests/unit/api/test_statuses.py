"""The status of a run is encoded node by node, and reads as if it had been encoded whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from qanat.api.wire.common import encode
from qanat.api.wire.pipelines import StatusText, status
from qanat.model.pipeline import NodeKind
from qanat.model.records import Execution, NodeExecution, Run
from qanat.model.state import ExecutionState, Failure, FailureKind, NodeState, RunState
from qanat.names import ExecutionId, Handle, Label, NodeId, QueryId, RunId

AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
RUN: Final = RunId("01JD8K3N5Q8R7T2V4W6X8Y0Z1C")
FAILURE: Final = Failure(kind=FailureKind.EXECUTION_FAILED, message='line 1:1: "é" is no column')


def _node(id_: int, state: NodeState, *, is_view: bool, has_started: bool) -> NodeExecution:
    has_failed = state is NodeState.FAILED
    execution = Execution(
        id=ExecutionId(f"01JD8K3N5Q8R7T2V4W6X8Y{id_:04d}"),
        run=RUN,
        node=NodeId(id_),
        owner=Handle("me"),
        is_private=False,
        query=QueryId(id_),
        query_version=1,
        parameters={},
        tier="medium",
        state=ExecutionState.FAILED if has_failed else ExecutionState.PENDING,
        submitted_at=AT,
        started_at=AT if has_started else None,
        failure=FAILURE if has_failed else None,
    )
    return NodeExecution(
        id=NodeId(id_),
        kind=NodeKind.VIEW if is_view else NodeKind.QUERY,
        query=QueryId(id_),
        view=Label(f"dune.me.result_{id_}") if is_view else None,
        tier="medium",
        dependencies=frozenset(),
        state=state,
        reason=None,
        execution=execution,
    )


nodes = st.builds(
    lambda id_, state, *, is_view, has_started: _node(
        id_, state, is_view=is_view, has_started=has_started
    ),
    st.integers(1, 4),
    st.sampled_from(NodeState),
    is_view=st.booleans(),
    has_started=st.booleans(),
)


@given(
    changes=st.lists(nodes, max_size=12),
    states=st.lists(st.sampled_from(RunState), min_size=13, max_size=13),
)
def test_after_each_change_the_text_is_that_of_the_whole(
    changes: list[NodeExecution], states: list[RunState]
) -> None:
    text = StatusText()
    known = {
        NodeId(k): _node(k, NodeState.PENDING, is_view=k % 2 == 0, has_started=False)
        for k in range(1, 5)
    }
    run = Run(
        id=RUN,
        accepted=1,
        owner=Handle("me"),
        kind="pipeline",
        cause="api",
        query=QueryId(1),
        state=RunState.PENDING,
        failure=None,
        epoch=1,
        seq=1,
        moment=None,
        published=None,
        accepted_at=AT,
        started_at=None,
        ended_at=None,
        nodes=dict(known),
    )
    for change, state in zip([None, *changes], states, strict=False):
        if change is not None:
            known[change.id] = change
        failure = FAILURE if state is RunState.FAILED else None
        run = replace(run, nodes=dict(known), state=state, failure=failure)
        has_started = any(
            node.state is not NodeState.PENDING or node.execution.started_at is not None
            for node in run.nodes.values()
        )
        assert (status(run).status is RunState.EXECUTING) == (
            has_started and run.state is RunState.EXECUTING
        )
        assert text.of(run) == encode(status(run))
