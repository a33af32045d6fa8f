"""The tables of states, as laws: what must hold whatever is asked of them, in whatever order."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.errors import IllegalTransitionError
from qanat.model.state import (
    ATTEMPT_FOLLOWS,
    EXECUTION_FOLLOWS,
    NODE_FOLLOWS,
    RUN_FOLLOWS,
    AttemptState,
    ExecutionState,
    NodeState,
    RunState,
    advance,
    is_final,
)

Table = Mapping[Any, frozenset[Any]]
TABLES: list[tuple[type[StrEnum], Table, StrEnum]] = [
    (RunState, RUN_FOLLOWS, RunState.PENDING),
    (NodeState, NODE_FOLLOWS, NodeState.PENDING),
    (ExecutionState, EXECUTION_FOLLOWS, ExecutionState.PENDING),
    (AttemptState, ATTEMPT_FOLLOWS, AttemptState.EXECUTING),
]
TABLE_NAMES = [states.__name__ for states, _, _ in TABLES]


@pytest.mark.parametrize(("states", "follows", "first"), TABLES, ids=TABLE_NAMES)
def test_every_state_has_its_line_and_can_be_reached(
    states: type[StrEnum], follows: Table, first: StrEnum
) -> None:
    assert set(follows) == set(states)
    reached, waiting = {first}, [first]
    while waiting:
        fresh = follows[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    assert reached == set(states)


@pytest.mark.parametrize(("states", "follows", "first"), TABLES, ids=TABLE_NAMES)
@given(data=st.data())
def test_a_final_state_is_never_left(
    states: type[StrEnum], follows: Table, first: StrEnum, data: st.DataObject
) -> None:
    """Where nothing may follow, nothing does; elsewhere exactly what the table says."""
    current = first
    for wanted in data.draw(st.lists(st.sampled_from(states), max_size=20)):
        before = current
        with contextlib.suppress(IllegalTransitionError):
            current = advance(follows, current, wanted)
        assert current == (wanted if wanted in follows[before] else before)
        if not follows[before]:
            assert current == before


@given(path=st.lists(st.sampled_from(RunState), max_size=20))
def test_a_run_that_has_ended_never_changes_state(path: list[RunState]) -> None:
    current = RunState.PENDING
    for wanted in path:
        ended = is_final(current)
        before = current
        with contextlib.suppress(IllegalTransitionError):
            current = advance(RUN_FOLLOWS, current, wanted)
        assert not ended or current == before


def test_a_run_publishes_only_after_it_has_pinned() -> None:
    assert [state for state, after in RUN_FOLLOWS.items() if RunState.COMPLETED in after] == [
        RunState.EXECUTING
    ]


def test_only_a_lost_attempt_leads_a_node_back() -> None:
    """`pending` follows `executing` alone; recovery's own way back is not in the table."""
    assert [state for state, after in NODE_FOLLOWS.items() if NodeState.PENDING in after] == [
        NodeState.EXECUTING
    ]


@given(current=st.sampled_from(NodeState), following=st.sampled_from(NodeState))
def test_an_execution_goes_where_its_node_goes(current: NodeState, following: NodeState) -> None:
    """It adds one state of its own: a completed one may expire."""
    allowed = ExecutionState(following) in EXECUTION_FOLLOWS[ExecutionState(current)]

    assert allowed == (following in NODE_FOLLOWS[current])


def test_only_a_completed_execution_expires_and_stays_so() -> None:
    before = [s for s, after in EXECUTION_FOLLOWS.items() if ExecutionState.EXPIRED in after]

    assert before == [ExecutionState.COMPLETED]
    assert EXECUTION_FOLLOWS[ExecutionState.EXPIRED] == frozenset()


def test_an_illegal_step_names_both_states() -> None:
    with pytest.raises(IllegalTransitionError, match="RunState: completed cannot become executing"):
        advance(RUN_FOLLOWS, RunState.COMPLETED, RunState.EXECUTING)


@pytest.mark.parametrize("states", [RunState, NodeState, ExecutionState])
def test_work_is_over_in_all_states_but_the_first_two(states: type[StrEnum]) -> None:
    assert [s.value for s in states if not is_final(s)] == ["pending", "executing"]  # type: ignore[arg-type]  # one of the three
