"""Errors of engines as the failures that users read."""

from __future__ import annotations

from qanat.errors import LimitExceededError, QanatError, SqlRejectedError
from qanat.model.state import Failure, FailureKind
from qanat.names import Label, NodeId
from qanat.store.attempts import LOST_LIMIT

INTERNAL = "an internal error stopped this statement; the server's log says more"


def failure_of(error: Exception) -> Failure:
    """Return what a failed statement's user reads. Nothing of an unforeseen error is shown."""
    if isinstance(error, SqlRejectedError):
        at = error.position
        return Failure(
            kind=FailureKind.EXECUTION_FAILED,
            message=str(error),
            line=at.line if at else None,
            column=at.column if at else None,
        )
    if isinstance(error, LimitExceededError):
        kind = FailureKind.TIMEOUT if error.limit == "time" else FailureKind.RESOURCES_EXCEEDED
        return Failure(kind=kind, message=str(error))
    if isinstance(error, QanatError):
        return Failure(kind=FailureKind.EXECUTION_FAILED, message=str(error))
    return Failure(kind=FailureKind.INTERNAL, message=INTERNAL)


def run_failure(view: Label | None, node: NodeId, query: int, failure: Failure) -> Failure:
    """Return a node's failure as its run's: the node is named."""
    what = f"{view}" if view else (f"query {query}" if query else "the statement")
    return Failure(
        kind=failure.kind,
        message=f"node {node} ({what}) failed: {failure.message}",
        line=failure.line,
        column=failure.column,
    )


def lost_too_often(why: str) -> Failure:
    """Return the failure of a node whose attempts the platform lost one after the other."""
    return Failure(
        kind=FailureKind.INTERNAL,
        message=f"the engine was lost {LOST_LIMIT} times while it ran this statement: {why}",
    )
