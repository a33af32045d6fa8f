"""One node of one run: claim, execute, record.

A claim and a finish are each one transaction that begins with a step on the run. Between them the
engine writes; nothing is held then. A lost answer of the store is its own case: the finish is
sent again, and a second one that finds the attempt closed knows that the first arrived.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from qanat.coordinator.context import Context
from qanat.coordinator.failures import failure_of
from qanat.coordinator.live import LiveRun
from qanat.coordinator.recording import Assignment, Outcome, Recorder
from qanat.coordinator.settling import settle
from qanat.coordinator.templates import Ready
from qanat.engines import Written
from qanat.errors import (
    CancelledError,
    EngineUnavailableError,
    FileLostError,
    QanatError,
    SnapshotConflictError,
    SqlRejectedError,
    StaleStepError,
)
from qanat.model.credits import NOTHING
from qanat.model.snapshot import Snapshot, SourceVersion
from qanat.model.state import AttemptState, RunState
from qanat.names import AttemptId, Label, NodeId, SnapshotId, new_ulid
from qanat.sql.blame import blame
from qanat.store.database import StoreUnavailableError

log = logging.getLogger(__name__)

#: A file of less is left to the end, where many are flushed at once: a flush of its own, beside
#: the nodes that run, costs a small node an eighth of its time.
_FLUSHED_EARLY_BYTES: Final = 1 << 20


class Runner:
    """Takes nodes through their attempts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._recorder = Recorder(context)

    def run_node(self, run: LiveRun, node: NodeId) -> None:
        """Carry a node, whose slots are reserved, through one attempt, and what may follow it.

        When no other run waits, the next node of this run is claimed in the transaction that
        finishes the one before.
        """
        try:
            assignment = self.claim(run, node)
        except StoreUnavailableError:
            raise
        except Exception as error:
            log.exception("node %s of run %s could not be claimed", node, run.id)
            self._recorder.fail_pending(run, node, failure_of(error))
            return
        while assignment is not None:
            current = assignment
            try:
                outcome = self._execute(current)
                try:
                    assignment = self._finish(current, outcome)
                except Exception as error:
                    log.exception("node %s of run %s could not be recorded", current.node, run.id)
                    self._recorder.fail(current, outcome, failure_of(error))
                    return
            finally:
                self._carry(None, current)

    def claim(self, run: LiveRun, node: NodeId) -> Assignment | None:
        """Record an attempt of a ready node; None if it could not be compiled or is not due."""
        try:
            assignment = self._prepared(run, node)
        except SqlRejectedError as error:
            self._recorder.fail_pending(run, node, failure_of(error))
            return None
        self._carry(assignment, None)
        try:
            self._recorder.claim(assignment)
        except StaleStepError:
            self._carry(None, assignment)
            self._recorder.give_back(run, node)
            return None
        except BaseException:
            self._carry(None, assignment)
            raise
        return assignment

    def _carry(self, begun: Assignment | None, over: Assignment | None) -> None:
        """Note which attempts are this server's to bring to their end."""
        with self._context.lock:
            if begun is not None:
                self._context.carried.add(begun.attempt)
            if over is not None:
                self._context.carried.discard(over.attempt)

    def _prepared(self, run: LiveRun, node: NodeId) -> Assignment:
        """Return an attempt to be claimed. Compiles; the inputs' rows are known.

        Raises:
            SqlRejectedError: The node's text is at fault.
        """
        return self._assignment(run, node, self._bind(run, node, {}))

    def _assignment(self, run: LiveRun, node: NodeId, ready: Ready) -> Assignment:
        return Assignment(
            run=run,
            node=node,
            attempt=AttemptId(new_ulid(self._context.clock.now())),
            number=len(run.nodes[node].attempts) + 1,
            ready=ready,
        )

    def _bind(self, run: LiveRun, node: NodeId, fresh: Mapping[Label, Snapshot]) -> Ready:
        definition = run.defined[node]
        rows: dict[Label, Snapshot | SourceVersion | None] = {}
        for text in definition.relations:
            label = Label(text)
            if label in run.sources:
                rows[label] = run.sources[label]
            elif label in fresh:
                rows[label] = fresh[label]
            else:
                rows[label] = run.rows(label)
        try:
            return self._context.templates.bind(definition, run.definitions, rows)
        except SqlRejectedError as error:
            raise self._explained(run, node, error) from error

    def _explained(self, run: LiveRun, node: NodeId, error: SqlRejectedError) -> SqlRejectedError:
        """Say why a relation that exists cannot be read, where that is what is wrong."""
        for text in run.defined[node].relations:
            label = Label(text)
            if f"'{label}'" not in error.message:
                continue
            if run.is_empty_name(label):
                return SqlRejectedError(
                    f"Table '{label}' has no rows yet: refresh it first", error.position
                )
            reason = self._context.sources.why_missing(label)
            if reason is not None:
                return SqlRejectedError(f"Table '{label}': {reason}", error.position)
        return error

    def _execute(self, assignment: Assignment) -> Outcome:
        context = self._context
        tier = context.tiers[assignment.run.nodes[assignment.node].tier]
        try:
            written = context.engine.write(
                assignment.attempt, assignment.ready.statement, tier.limits
            )
        except QanatError as error:
            return Outcome(written=None, error=error, cost=getattr(error, "cost", NOTHING))
        except Exception as error:  # a fault of ours must not stop the slot
            log.exception("the engine failed in an unexpected way")
            return Outcome(written=None, error=error, cost=NOTHING)
        try:
            for label in assignment.ready.sources:
                context.sources.check(assignment.run.sources[label])
        except QanatError as error:
            return Outcome(written=None, error=error, cost=written.cost)
        except Exception as error:
            log.exception("what the statement read could not be looked at again")
            return Outcome(written=None, error=error, cost=written.cost)
        return Outcome(written=written, error=None, cost=written.cost)

    def _finish(self, assignment: Assignment, outcome: Outcome) -> Assignment | None:
        context = self._context
        stale = unexplained = False
        while True:
            try:
                if unexplained:
                    settle(context, assignment.run.id)
                    unexplained = False
                    if self._is_recorded(assignment):
                        self._recorder.give_back(assignment.run, assignment.node)
                        return None
                if stale:
                    self._recorder.stop(assignment, outcome)
                    return None
                return self._finish_once(assignment, outcome)
            except StaleStepError:
                # Cancelled, or declared lost, as memory knows; or an answer did not come.
                unexplained = self._is_open(assignment)
                stale = not unexplained
            except StoreUnavailableError:
                log.warning("the store does not answer; the step is tried again")
                with context.changed:
                    context.changed.wait(0.5)

    def _is_open(self, assignment: Assignment) -> bool:
        """Return whether the attempt is with an engine, for all that memory knows."""
        with self._context.lock:
            last = assignment.run.nodes[assignment.node].attempts[-1]
            is_executing = last.state is AttemptState.EXECUTING
            return last.id == assignment.attempt and is_executing

    def _is_recorded(self, assignment: Assignment) -> bool:
        """Return whether what the attempt brought is recorded."""
        ended = (AttemptState.DONE, AttemptState.FAILED)
        with self._context.lock:
            return any(
                one.id == assignment.attempt and one.state in ended
                for one in assignment.run.nodes[assignment.node].attempts
            )

    def _finish_once(self, assignment: Assignment, outcome: Outcome) -> Assignment | None:
        if outcome.written is not None:
            try:
                return self._complete(assignment, outcome.written)
            except FileLostError as error:
                self._recorder.lose(assignment, replace(outcome, error=error))
                return None
        if isinstance(outcome.error, CancelledError):
            raise StaleStepError("cancelled")
        if isinstance(outcome.error, EngineUnavailableError):
            self._recorder.lose(assignment, outcome)
            return None
        fault = outcome.error
        if isinstance(fault, SqlRejectedError):
            fault = blame(fault, assignment.ready.template, assignment.ready.sql)
        assert fault is not None
        self._recorder.fail(assignment, outcome, failure_of(fault))
        return None

    def _complete(self, assignment: Assignment, written: Written) -> Assignment | None:
        """Record the rows; the attempt that takes over the slots, if one does."""
        run, node = assignment.run, assignment.node
        rows = Snapshot(
            id=SnapshotId(assignment.attempt),  # an attempt brings one snapshot at most
            columns=written.columns,
            row_count=written.row_count,
            size_bytes=written.size_bytes,
            files=(assignment.attempt,),
        )
        if run.is_single:
            try:
                self._recorder.complete(assignment, written, rows, None, single=True)
            except SnapshotConflictError:
                # The rows stay readable by their id; the end, by itself, records the conflict.
                self._recorder.complete(assignment, written, rows, None, single=False)
            return None
        if written.size_bytes >= _FLUSHED_EARLY_BYTES:
            self._context.engine.flush(assignment.attempt)
        following = self._following(run, node, rows)
        self._carry(following, None)
        try:
            self._recorder.complete(assignment, written, rows, following, single=False)
        except StoreUnavailableError:
            self._carry(None, following)
            if following is not None and run.waiting[following.node] == 0:
                with self._context.lock:
                    run.offer(following.node)
            raise
        except StaleStepError:
            self._carry(None, following)
            if following is None:
                raise
            # Another node failed meanwhile, which skipped the one that was to follow. This one's
            # rows stand all the same; if the run itself has ended, the second try says so.
            following = None
            self._recorder.complete(assignment, written, rows, None, single=False)
        return following

    def _following(self, run: LiveRun, node: NodeId, rows: Snapshot) -> Assignment | None:
        """Return the attempt that takes over the slots, if it may and compiles."""
        context = self._context
        with context.lock:
            if run.failure is not None or run.state is not RunState.EXECUTING:
                return None
            if not context.dispatch.only(run):
                return None
            found = run.peek(context.clock.monotonic())
            candidates = run.freed_by(node)
            if found is not None:
                candidates.append(found)
            if not candidates:
                return None
            chosen = min(candidates, key=run.priority)
            dispatch = context.dispatch
            if dispatch.slots_of(run, chosen) != dispatch.slots_of(run, node):
                return None
            if found is not None and chosen == found:
                run.take(chosen)
            freed = chosen != found
        view = run.nodes[node].view
        fresh = {view: rows} if view is not None else {}
        try:
            return self._assignment(run, chosen, self._bind(run, chosen, fresh))
        except BaseException as error:
            if not freed:
                with context.lock:
                    run.offer(chosen)
            if isinstance(error, SqlRejectedError):
                return None  # it fails by itself, in a transaction of its own
            raise
