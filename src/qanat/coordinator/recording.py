"""What an attempt brought, as the store remembers it: one transaction each, and then memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from qanat.clock import to_us
from qanat.coordinator.context import Context
from qanat.coordinator.failures import lost_too_often, run_failure
from qanat.coordinator.live import LiveRun
from qanat.coordinator.publisher import end_single
from qanat.coordinator.settling import doubt
from qanat.coordinator.templates import Ready
from qanat.engines import Written
from qanat.errors import StaleStepError
from qanat.model.credits import Cost
from qanat.model.records import Attempt
from qanat.model.snapshot import Snapshot
from qanat.model.state import AttemptState, Failure, NodeState, RunState
from qanat.names import AttemptId, NodeId
from qanat.store import attempts, steps
from qanat.store.database import StoreUnavailableError, Transaction

BACKOFF_S: Final = (1.0, 5.0)  #: before the second and the third attempt of one server
PAUSE_S: Final = 0.5  #: before a node that could not be claimed is looked at again


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


class Recorder:
    """Records claims and what became of them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def claim(self, assignment: Assignment) -> None:
        """Record an attempt and its file, before the engine opens it.

        Raises:
            StaleStepError: The run has ended, or the node is not ready any more.
        """
        at = self._context.clock.now()
        self._context.database.write(lambda tx: self._claim_in(tx, assignment, at), durable=False)

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
        attempts.claim(
            tx,
            attempts.Claim(
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

    def _ending(self, assignment: Assignment, cost: Cost, at: datetime) -> attempts.Ending:
        execution = assignment.run.execution(assignment.node)
        return attempts.Ending(
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
        self, assignment: Assignment, state: AttemptState, ending: attempts.Ending, at: datetime
    ) -> Attempt:
        open_ = assignment.run.nodes[assignment.node].attempts[-1]
        return replace(
            open_,
            state=state,
            ended_at=at,
            cost=ending.cost,
            micro_credits=0 if state is AttemptState.LOST else ending.micro_credits,
        )

    def complete(
        self,
        assignment: Assignment,
        written: Written,
        rows: Snapshot,
        following: Assignment | None,
        *,
        single: bool,
    ) -> None:
        """Record the rows; with `single`, publish them and end the run in the same commit.

        `following` takes over the slots, and is claimed in that commit.

        Raises:
            StaleStepError: The run has ended, or the attempt was declared lost.
            SnapshotConflictError: The view of a single run was moved by something else.
            FileLostError: The rows of a single run could not be flushed to disk.
        """
        context, run, node = self._context, assignment.run, assignment.node
        at = context.clock.now()
        ending = self._ending(assignment, written.cost, at)
        definition = run.defined[node]
        expires = context.expiry(run.execution(node), is_view=definition.view is not None, at=at)
        if single:
            context.engine.sync((assignment.attempt,))

        def work(tx: Transaction) -> None:
            if following is not None:
                steps.lock_server(tx, context.server)
            events: list[NodeId | None] = [node]
            if following is not None:
                events.append(following.node)
            counted = len(events) + (1 if single else 0)
            after = steps.step(tx, run.id, events=counted, closed=1)
            attempts.complete(
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

    def fail(self, assignment: Assignment, outcome: Outcome, failure: Failure) -> None:
        """Record that the statement failed: its run fails with it."""
        context, run, node = self._context, assignment.run, assignment.node
        at = context.clock.now()
        ending = self._ending(assignment, outcome.cost, at)
        expires = context.expiry(
            run.execution(node), is_view=run.defined[node].view is not None, at=at
        )

        def work(tx: Transaction) -> None:
            after = steps.step(tx, run.id, events=1, closed=1)
            attempts.fail(tx, ending, failure, due_us=to_us(at), expires_us=to_us(expires))
            steps.add_events(tx, run.id, after, [node], to_us(at))
            closed = replace(
                self._closed(assignment, AttemptState.FAILED, ending, at),
                error=failure.message,
            )
            self._failed(tx, run, node, failure, after, closed, at, expires)

        context.database.write(work, durable=False)

    def fail_pending(self, run: LiveRun, node: NodeId, failure: Failure) -> None:
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
            self.give_back(run, node)

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

    def lose(self, assignment: Assignment, outcome: Outcome) -> None:
        """Record a fault of the platform: the node is tried again, or fails after too many."""
        context, run, node = self._context, assignment.run, assignment.node
        at = context.clock.now()
        ending = self._ending(assignment, outcome.cost, at)
        why = str(outcome.error)

        def work(tx: Transaction) -> int:
            after = steps.step(tx, run.id, events=1, closed=0)
            lost = attempts.lose(tx, ending, why, due_us=to_us(at))
            steps.add_events(tx, run.id, after, [node], to_us(at))
            reason = "its run failed before it could be tried again"
            then, skipped = after, tuple[NodeId, ...]()
            # Of the store: another thread may have failed the run, and memory not know it yet.
            failure = steps.error(tx, run.id)
            if failure is not None:
                then, skipped = steps.skip_rest(tx, run.id, failure, reason, to_us(at))

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
                    if skipped or lost < attempts.LOST_LIMIT:
                        context.dispatch.release(run, node)
                    else:
                        run.take(node)
                    context.dispatch.check_end(run)
                    run.wake()
                    context.changed.notify_all()

            tx.after_commit(committed)
            return 0 if skipped else lost

        if context.database.write(work, durable=False) < attempts.LOST_LIMIT:
            return
        try:
            self.fail_pending(run, node, lost_too_often(why))
        except StoreUnavailableError:
            self.give_back(run, node)
            doubt(context, run)

    def stop(self, assignment: Assignment, outcome: Outcome) -> None:
        """Record what came back after its run had ended: garbage, and a receipt."""
        context, run, node = self._context, assignment.run, assignment.node
        at = context.clock.now()
        ending = self._ending(assignment, outcome.cost, at)

        def work(tx: Transaction) -> None:
            attempts.stop(tx, ending, due_us=to_us(at))

            def committed() -> None:
                with context.lock:
                    if run.nodes[node].attempts[-1].state is AttemptState.STOPPING:
                        closed = self._closed(assignment, AttemptState.STOPPED, ending, at)
                        run.stopped(node, replace(closed, error="cancelled"))
                    context.dispatch.release(run, node)
                    context.changed.notify_all()

            tx.after_commit(committed)

        context.database.write(work)

    def give_back(self, run: LiveRun, node: NodeId) -> None:
        """Free the slots of a node that was not ready any more when it was to be claimed.

        If it is for all that memory knows, memory is wrong.
        """
        context = self._context
        with context.lock:
            context.dispatch.release(run, node)
            if run.state is RunState.EXECUTING and run.nodes[node].state is NodeState.PENDING:
                run.not_before[node] = context.clock.monotonic() + PAUSE_S
                doubt(context, run)
            context.changed.notify_all()
