"""One node of one run: claim, execute, record.

A claim and a finish are each one transaction that begins with a step on the run. Between them the
engine writes; nothing is held then. A lost answer of the store is its own case: the finish is
sent again, and a second one that finds the attempt closed knows that the first arrived.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from qanat.clock import to_us
from qanat.coordinator.context import Context
from qanat.coordinator.failures import failure_of, run_failure
from qanat.coordinator.live import LiveRun
from qanat.coordinator.publisher import end_single
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
from qanat.model.credits import NOTHING, Cost
from qanat.model.records import Attempt
from qanat.model.snapshot import Snapshot, SourceVersion
from qanat.model.state import AttemptState, Failure, FailureKind, RunState
from qanat.names import AttemptId, Label, NodeId, SnapshotId, new_ulid
from qanat.sql.blame import blame
from qanat.store import steps
from qanat.store.database import StoreUnavailableError, Transaction

log = logging.getLogger(__name__)

BACKOFF_S: Final = (1.0, 5.0)  #: before the second and the third attempt of one server


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An attempt that has been claimed and is about to be given to the engine."""

    run: LiveRun
    node: NodeId
    attempt: AttemptId
    number: int
    ready: Ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an engine gave back."""

    written: Written | None
    error: Exception | None
    cost: Cost


class Runner:
    """Takes nodes through their attempts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def run_node(self, run: LiveRun, node: NodeId) -> None:
        """Carry a node, whose slots are reserved, through one attempt, and what may follow it.

        When no other run waits, the next node of this run is claimed in the transaction that
        finishes the one before.
        """
        assignment = self.claim(run, node)
        while assignment is not None:
            outcome = self._execute(assignment)
            assignment = self._finish(assignment, outcome)

    def claim(self, run: LiveRun, node: NodeId) -> Assignment | None:
        """Record an attempt of a ready node; None if it could not be compiled or is not due."""
        context = self._context
        try:
            assignment = self._prepared(run, node)
        except SqlRejectedError as error:
            self._fail_uncompiled(run, node, error)
            return None
        at = context.clock.now()
        try:
            context.database.write(lambda tx: self._claim_in(tx, assignment, at), durable=False)
        except StaleStepError:
            self._give_back(run, node)
            return None
        return assignment

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

    def _claim_in(self, tx: Transaction, assignment: Assignment, at: datetime) -> None:
        steps.lock_server(tx, self._context.server)
        run, node = assignment.run, assignment.node
        after = steps.step(tx, run.id, events=1, closed=0)
        self._record_claim(tx, assignment, at)
        steps.add_events(tx, run.id, after, [node], to_us(at))

        def committed() -> None:
            with self._context.lock:
                run.claimed(node, assignment.attempt, assignment.number, at)
                run.stepped(after, [node], at)
                run.wake()

        tx.after_commit(committed)

    def _record_claim(self, tx: Transaction, assignment: Assignment, at: datetime) -> None:
        steps.claim(
            tx,
            steps.Claim(
                run=assignment.run.id,
                node=assignment.node,
                execution=assignment.run.execution(assignment.node).id,
                attempt=assignment.attempt,
                number=assignment.number,
                server=self._context.server,
                fingerprint=assignment.ready.fingerprint,
            ),
            to_us(at),
        )

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
        return Outcome(written=written, error=None, cost=written.cost)

    def _finish(self, assignment: Assignment, outcome: Outcome) -> Assignment | None:
        context = self._context
        stale = False
        while True:
            try:
                if stale:
                    self._stop(assignment, outcome)
                    return None
                return self._finish_once(assignment, outcome)
            except StaleStepError:
                stale = True
            except StoreUnavailableError:
                log.warning("the store does not answer; the step is tried again")
                with context.changed:
                    context.changed.wait(0.5)

    def _finish_once(self, assignment: Assignment, outcome: Outcome) -> Assignment | None:
        if outcome.written is not None:
            try:
                return self._complete(assignment, outcome.written, single=assignment.run.is_single)
            except SnapshotConflictError:
                # The rows stay readable by their id; the end, by itself, records the conflict.
                return self._complete(assignment, outcome.written, single=False)
            except FileLostError as error:
                self._lose(assignment, replace(outcome, error=error))
                return None
        if isinstance(outcome.error, CancelledError):
            raise StaleStepError("cancelled")
        if isinstance(outcome.error, EngineUnavailableError):
            self._lose(assignment, outcome)
            return None
        fault = outcome.error
        if isinstance(fault, SqlRejectedError):
            fault = blame(fault, assignment.ready.template, assignment.ready.sql)
        assert fault is not None
        self._fail(assignment, outcome, failure_of(fault))
        return None

    def _ending(self, assignment: Assignment, cost: Cost, at: datetime) -> steps.Ending:
        execution = assignment.run.execution(assignment.node)
        return steps.Ending(
            run=assignment.run.id,
            node=assignment.node,
            execution=execution.id,
            attempt=assignment.attempt,
            number=assignment.number,
            owner=execution.owner,
            tier=execution.tier,
            cost=cost,
            micro_credits=self._context.price(cost, execution.tier),
            at_us=to_us(at),
        )

    def _closed(
        self, assignment: Assignment, state: AttemptState, ending: steps.Ending, at: datetime
    ) -> Attempt:
        open_ = assignment.run.nodes[assignment.node].attempts[-1]
        return replace(
            open_,
            state=state,
            ended_at=at,
            cost=ending.cost,
            micro_credits=0 if state is AttemptState.LOST else ending.micro_credits,
        )

    def _complete(
        self, assignment: Assignment, written: Written, *, single: bool
    ) -> Assignment | None:
        """Record the rows; with `single`, publish them and end the run in the same commit."""
        context, run, node = self._context, assignment.run, assignment.node
        at = context.clock.now()
        rows = Snapshot(
            id=SnapshotId(new_ulid(at)),
            columns=written.columns,
            row_count=written.row_count,
            size_bytes=written.size_bytes,
            files=(assignment.attempt,),
        )
        ending = self._ending(assignment, written.cost, at)
        definition = run.defined[node]
        expires = context.expiry(run.execution(node), is_view=definition.view is not None, at=at)
        if single:
            context.engine.sync((assignment.attempt,))
        following = None if run.is_single else self._following(run, node, rows)

        def work(tx: Transaction) -> None:
            if following is not None:
                steps.lock_server(tx, context.server)
            events: list[NodeId | None] = [node]
            if following is not None:
                events.append(following.node)
            counted = len(events) + (1 if single else 0)
            after = steps.step(tx, run.id, events=counted, closed=1)
            steps.complete(
                tx,
                ending,
                rows,
                fingerprint=assignment.ready.fingerprint,
                inputs=dict(assignment.ready.inputs),
                dependents=run.dependents[node],
                expires_us=to_us(expires),
                synced=single,
            )
            before = replace(after, seq=after.seq - (1 if single else 0))
            steps.add_events(tx, run.id, before, events, to_us(at))

            def committed() -> None:
                with context.lock:
                    closed = self._closed(assignment, AttemptState.DONE, ending, at)
                    run.completed(node, rows, closed, expires)
                    if following is None:
                        context.dispatch.release(run, node)
                    else:
                        # The slots pass on; what else became free is for the other threads.
                        run.claimed(following.node, following.attempt, following.number, at)
                    run.stepped(before, events, at)
                    if not single:
                        context.dispatch.check_end(run)
                    run.wake()
                    context.changed.notify_all()

            tx.after_commit(committed)
            if following is not None:
                self._record_claim(tx, following, at)
            if single:
                end_single(tx, context, run, after, at, rows)

        context.database.write(work, durable=single)
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
        except SqlRejectedError:
            # It fails by itself, in a transaction of its own.
            if not freed:
                with context.lock:
                    run.offer(chosen)
            return None

    def _fail(self, assignment: Assignment, outcome: Outcome, failure: Failure) -> None:
        context, run, node = self._context, assignment.run, assignment.node
        at = context.clock.now()
        ending = self._ending(assignment, outcome.cost, at)
        expires = context.expiry(
            run.execution(node), is_view=run.defined[node].view is not None, at=at
        )

        def work(tx: Transaction) -> None:
            after = steps.step(tx, run.id, events=1, closed=1)
            steps.fail(tx, ending, failure, due_us=to_us(at), expires_us=to_us(expires))
            steps.add_events(tx, run.id, after, [node], to_us(at))
            closed = replace(
                self._closed(assignment, AttemptState.FAILED, ending, at),
                error=failure.message,
            )
            self._failed(tx, run, node, failure, after, closed, at, expires)

        context.database.write(work, durable=False)

    def _fail_uncompiled(self, run: LiveRun, node: NodeId, error: SqlRejectedError) -> None:
        self._fail_pending(run, node, failure_of(error))

    def _fail_pending(self, run: LiveRun, node: NodeId, failure: Failure) -> None:
        """Fail a node whose slots are reserved and that has no attempt with an engine."""
        context = self._context
        at = context.clock.now()
        execution = run.execution(node)
        expires = context.expiry(execution, is_view=run.defined[node].view is not None, at=at)

        def work(tx: Transaction) -> None:
            after = steps.step(tx, run.id, events=1, closed=1)
            steps.fail_node(
                tx,
                run.id,
                node,
                execution.id,
                failure,
                was="pending",
                at_us=to_us(at),
                expires_us=to_us(expires),
            )
            steps.add_events(tx, run.id, after, [node], to_us(at))
            self._failed(tx, run, node, failure, after, None, at, expires)

        try:
            context.database.write(work, durable=False)
        except StaleStepError:
            self._give_back(run, node)

    def _failed(  # the facts of one failure, from two callers
        self,
        tx: Transaction,
        run: LiveRun,
        node: NodeId,
        failure: Failure,
        after: steps.Stepped,
        closed: Attempt | None,
        at: datetime,
        expires: datetime,
    ) -> None:
        """Give the run its error and skip the rest, in the transaction that failed a node."""
        context = self._context
        error = run_failure(run.nodes[node].view, node, run.defined[node].query, failure)
        reason = f"node {node} failed before this one started"
        then, skipped = steps.skip_rest(tx, run.id, error, reason, to_us(at))

        def committed() -> None:
            with context.lock:
                run.failed(node, failure, closed, at=at, expires=expires, error=error)
                run.stepped(after, [node], at)
                run.skipped(skipped, reason, at)
                if skipped:
                    run.stepped(then, list(skipped), at)
                context.dispatch.release(run, node)
                context.dispatch.check_end(run)
                run.wake()
                context.changed.notify_all()

        tx.after_commit(committed)

    def _lose(self, assignment: Assignment, outcome: Outcome) -> None:
        context, run, node = self._context, assignment.run, assignment.node
        at = context.clock.now()
        ending = self._ending(assignment, outcome.cost, at)
        why = str(outcome.error)

        def work(tx: Transaction) -> int:
            after = steps.step(tx, run.id, events=1, closed=0)
            lost = steps.lose(tx, ending, why, due_us=to_us(at))
            steps.add_events(tx, run.id, after, [node], to_us(at))
            reason = "its run failed before it could be tried again"
            then, skipped = after, tuple[NodeId, ...]()
            if run.failure is not None:
                then, skipped = steps.skip_rest(tx, run.id, run.failure, reason, to_us(at))

            def committed() -> None:
                with context.lock:
                    closed = replace(
                        self._closed(assignment, AttemptState.LOST, ending, at), error=why
                    )
                    wait = BACKOFF_S[min(lost, len(BACKOFF_S)) - 1]
                    run.lost(node, closed, context.clock.monotonic() + wait)
                    run.stepped(after, [node], at)
                    if skipped:
                        run.skipped(skipped, reason, at)
                        run.stepped(then, list(skipped), at)
                    if skipped or lost < steps.LOST_LIMIT:
                        context.dispatch.release(run, node)
                    else:
                        run.take(node)
                    context.dispatch.check_end(run)
                    run.wake()
                    context.changed.notify_all()

            tx.after_commit(committed)
            return 0 if skipped else lost

        if context.database.write(work, durable=False) >= steps.LOST_LIMIT:
            self._fail_pending(run, node, lost_too_often(why))

    def _stop(self, assignment: Assignment, outcome: Outcome) -> None:
        """Record what came back after its run had ended: garbage, and a receipt."""
        context, run, node = self._context, assignment.run, assignment.node
        at = context.clock.now()
        ending = self._ending(assignment, outcome.cost, at)

        def work(tx: Transaction) -> None:
            steps.stop(tx, ending, due_us=to_us(at))

            def committed() -> None:
                with context.lock:
                    if run.nodes[node].attempts[-1].state is AttemptState.STOPPING:
                        closed = self._closed(assignment, AttemptState.STOPPED, ending, at)
                        run.stopped(node, replace(closed, error="cancelled"))
                    context.dispatch.release(run, node)
                    context.changed.notify_all()

            tx.after_commit(committed)

        context.database.write(work)

    def _give_back(self, run: LiveRun, node: NodeId) -> None:
        """A claim came too late: the run had ended. Free its slots."""
        with self._context.lock:
            self._context.dispatch.release(run, node)
            self._context.changed.notify_all()


def lost_too_often(why: str) -> Failure:
    """Return the failure of a node whose attempts the platform lost one after the other."""
    return Failure(
        kind=FailureKind.INTERNAL,
        message=f"the engine was lost {steps.LOST_LIMIT} times while it ran this statement: {why}",
    )
