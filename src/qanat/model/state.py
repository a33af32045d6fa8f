"""The lives of a run, a node, an execution and an attempt.

The tables below alone decide which state may follow which; docs/lifecycle.md is printed from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from qanat.errors import IllegalTransitionError


class RunState(StrEnum):
    """Where a run is. A run that has ended never changes state."""

    PENDING = "pending"  # accepted; waits for its views or for a slot
    EXECUTING = "executing"  # its snapshots are pinned
    COMPLETED = "completed"  # published: every pointer moved, in one transaction
    FAILED = "failed"  # nothing published; finished nodes keep their results
    CANCELLED = "cancelled"  # somebody stopped it; nothing published


class NodeState(StrEnum):
    """Where a node is. The first two are waiting or working, the others are final."""

    PENDING = "pending"  # its dependencies are not done, or no slot is free
    EXECUTING = "executing"  # one attempt of it is with an engine
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"  # never started: its run failed first
    CANCELLED = "cancelled"


class ExecutionState(StrEnum):
    """Where an execution is: its node's state, and what becomes of its result later."""

    PENDING = "pending"
    EXECUTING = "executing"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # its result was kept for its time and is no longer stored


class AttemptState(StrEnum):
    """Where an attempt is. Exactly the attempts beyond the first two have a receipt."""

    EXECUTING = "executing"
    STOPPING = "stopping"  # its run was cancelled; the engine has not answered yet
    DONE = "done"
    FAILED = "failed"  # the statement is at fault
    LOST = "lost"  # the platform is at fault: refunded, and the node is tried again
    STOPPED = "stopped"


_N, _E, _A, _R = NodeState, ExecutionState, AttemptState, RunState

RUN_FOLLOWS: Final[Mapping[RunState, frozenset[RunState]]] = {
    # FAILED at once: a permission was lost, or a name it reads is gone.
    _R.PENDING: frozenset({_R.EXECUTING, _R.FAILED, _R.CANCELLED}),
    _R.EXECUTING: frozenset({_R.COMPLETED, _R.FAILED, _R.CANCELLED}),
} | dict.fromkeys((_R.COMPLETED, _R.FAILED, _R.CANCELLED), frozenset[RunState]())

NODE_FOLLOWS: Final[Mapping[NodeState, frozenset[NodeState]]] = {
    # COMPLETED at once: reused, or taken over by a resume. FAILED at once: it does not compile.
    _N.PENDING: frozenset({_N.EXECUTING, _N.COMPLETED, _N.FAILED, _N.SKIPPED, _N.CANCELLED}),
    # Back to PENDING: the attempt was lost, and attempts are left.
    _N.EXECUTING: frozenset({_N.PENDING, _N.COMPLETED, _N.FAILED, _N.CANCELLED}),
} | dict.fromkeys((_N.COMPLETED, _N.FAILED, _N.SKIPPED, _N.CANCELLED), frozenset[NodeState]())

# While its run is unfinished, recovery alone may also set COMPLETED back to PENDING: the machine
# stopped before the rows were on disk.

EXECUTION_FOLLOWS: Final[Mapping[ExecutionState, frozenset[ExecutionState]]] = {
    _E(state): frozenset(_E(after) for after in following)
    for state, following in NODE_FOLLOWS.items()
} | {_E.COMPLETED: frozenset({_E.EXPIRED}), _E.EXPIRED: frozenset[ExecutionState]()}

ATTEMPT_FOLLOWS: Final[Mapping[AttemptState, frozenset[AttemptState]]] = {
    _A.EXECUTING: frozenset({_A.STOPPING, _A.DONE, _A.FAILED, _A.LOST}),
    _A.STOPPING: frozenset({_A.STOPPED, _A.LOST}),
} | dict.fromkeys((_A.DONE, _A.FAILED, _A.LOST, _A.STOPPED), frozenset[AttemptState]())

State = TypeVar("State", bound=StrEnum)


def advance(follows: Mapping[State, frozenset[State]], current: State, following: State) -> State:
    """Return `following`, if it may come after `current`.

    Raises:
        IllegalTransitionError: It may not.
    """
    if following not in follows[current]:
        raise IllegalTransitionError(
            f"{type(current).__name__}: {current} cannot become {following}"
        )
    return following


def is_final(state: RunState | NodeState | ExecutionState) -> bool:
    """Return whether the work is over: nothing will be computed after `state`."""
    return state not in ("pending", "executing")


class FailureKind(StrEnum):
    """Why an execution failed, in the words of the wire's `error.type`."""

    EXECUTION_FAILED = "FAILED_TYPE_EXECUTION_FAILED"
    TIMEOUT = "FAILED_TYPE_TIMEOUT"
    RESOURCES_EXCEEDED = "FAILED_TYPE_RESOURCES_EXCEEDED"
    INTERNAL = "FAILED_TYPE_INTERNAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an execution or a run failed, as people read it."""

    kind: FailureKind
    message: str  #: begins with `line L:C: ` when the place is known
    line: int | None = None  #: from 1, in the user's own text
    column: int | None = None
