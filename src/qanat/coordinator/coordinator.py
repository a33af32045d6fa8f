"""The coordinator's front: requests become runs, and runs can be looked at and cancelled.

Work is done by `step()`: it does one thing that is due and says whether there was one. Threads
are a thin loop around it; tests call it by hand.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from qanat.clock import to_us
from qanat.coordinator import publisher
from qanat.coordinator.catalog import Catalog
from qanat.coordinator.collector import Collector
from qanat.coordinator.context import Context
from qanat.coordinator.dispatch import EndRun, RunNode, StartRun
from qanat.coordinator.intake import Intake
from qanat.coordinator.live import LiveRun
from qanat.coordinator.recovering import LEASE_US, take_back, take_up
from qanat.coordinator.runner import Runner
from qanat.coordinator.scheduler import Scheduler
from qanat.coordinator.settling import doubt, next_doubtful, settle
from qanat.coordinator.uploads import Uploads
from qanat.coordinator.watching import Watch
from qanat.model.snapshot import SourceVersion
from qanat.model.state import RunState
from qanat.names import Label, NodeId, RunId
from qanat.store import acceptance, recovery
from qanat.store.acceptance import Started
from qanat.store.database import Hold, StoreUnavailableError, Transaction
from qanat.store.steps import Stepped

log = logging.getLogger(__name__)

CHECKPOINT_S: Final = 10.0  #: at the latest so often, also while statements execute
AGAIN_S: Final = 0.5  #: after so long a run is tried again that could not start
IDLE_S: Final = 0.5  #: how long an idle thread sleeps when nothing wakes it


class Coordinator(Intake, Watch):
    """Accepts, runs, publishes and cancels."""

    def __init__(
        self, context: Context, *, boot_id: str, alone: bool, hold: Hold | None = None
    ) -> None:
        Intake.__init__(self, context)
        Watch.__init__(self, context)
        self._boot_id = boot_id
        self._alone = alone
        self._hold = hold
        self.is_dead = False  #: another server has the store: this one has to stop
        self._runner = Runner(context)
        self._collector = Collector(context)
        self._scheduler = Scheduler(context, self.fire)
        self.catalog = Catalog(context.database, context.sources)
        self.uploads = Uploads(
            context.database,
            context.engine,
            context.clock,
            context.server,
            context.tiers["medium"].limits,
            free_disk_bytes=context.limits.free_disk_bytes,
        )
        self._checkpoint_at = 0.0
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    # Starting and stopping.

    def recover(self) -> None:
        """Take back what dead servers left, and take up every unfinished run."""
        take_back(self.context, boot_id=self._boot_id, alone=self._alone, me=self.context.server)
        take_up(self.context)

    def start_threads(self) -> None:
        """Begin to work: a thread for each slot, and one for what is due by the clock."""
        for k in range(self.context.dispatch.slots):
            self._threads.append(threading.Thread(target=self._work, name=f"slot-{k}"))
        self._threads.append(threading.Thread(target=self._keep_time, name="timekeeper"))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop working; statements that execute are given up, and recovered at the next start."""
        self._closing.set()
        with self.context.changed:
            self.context.changed.notify_all()
        self.context.engine.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _work(self) -> None:
        while not self._closing.is_set():
            try:
                worked = self.step()
            except StoreUnavailableError:
                log.warning("the store does not answer")
                worked = False
            except Exception:
                if self._closing.is_set():
                    return
                log.exception("a step failed")
                worked = False
            if not worked:
                with self.context.changed:
                    self.context.changed.wait(IDLE_S)

    def _keep_time(self) -> None:
        while not self._closing.wait(1.0):
            try:
                self.tick()
            except Exception:
                log.exception("timed work failed")

    def tick(self) -> None:
        """Do what is due by the clock: the heartbeat, schedules, collection."""
        context = self.context
        if not self._beats():
            log.critical("another server has the store: this one stops")
            self.is_dead = True
            self._closing.set()
            return
        self._scheduler.tick()
        self._collector.tick()
        now = context.clock.monotonic()
        if context.dispatch.free == context.dispatch.slots or now >= self._checkpoint_at:
            context.database.checkpoint()
            self._checkpoint_at = now + CHECKPOINT_S

    def _beats(self) -> bool:
        """Prolong this server's life; False if another one has declared it dead."""
        context = self.context

        def prolong(tx: Transaction) -> bool:
            return recovery.beat(tx, context.server, at_us=context.now_us(), lease_us=LEASE_US)

        if self._hold is not None:
            return self._hold.beat(prolong)
        return context.database.write(prolong, durable=False)

    # Work.

    def step(self) -> bool:
        """Do one thing that is due; False if nothing was."""
        context = self.context
        if self._closing.is_set():
            return False
        with context.lock:
            doubtful = next_doubtful(context, context.clock.monotonic())
            work = None if doubtful else context.dispatch.take(context.clock.monotonic())
        if doubtful is not None:
            settle(context, doubtful)
            self._retire(doubtful)
            return True
        match work:
            case None:
                return False
            case EndRun(run):
                try:
                    publisher.end(context, run)
                except StoreUnavailableError:
                    doubt(context, run)
                    raise
                except Exception:
                    with context.lock:
                        context.dispatch.requeue_end(run)
                    raise
                self.retire(run)
            case StartRun(run):
                return self._start(run)
            case RunNode(run, node):
                try:
                    self._runner.run_node(run, node)
                except Exception:
                    with context.lock:
                        context.dispatch.release(run, node)
                    doubt(context, run)
                    raise
                self.retire(run)
        return True

    def _start(self, run: LiveRun) -> bool:
        context = self.context
        at = context.clock.now()

        def work(tx: Transaction) -> Started | None:
            started = acceptance.start(
                tx,
                run.id,
                sources=sources,
                lone_node=next(iter(run.nodes)) if run.is_single else None,
                at_us=to_us(at),
            )
            if started is not None:
                hidden = [] if started.failure else run.read_by(started.private)
                acceptance.hide(tx, (run.execution(node).id for node in hidden))
                tx.after_commit(lambda: self._started(run, started, sources, at, hidden))
            return started

        later = context.clock.monotonic() + AGAIN_S
        try:
            sources = context.sources.pin(run.definitions.sources)
            started = context.database.write(work)
        except StoreUnavailableError:
            doubt(context, run)
            raise
        except Exception:
            with context.lock:
                context.dispatch.postpone(run, later)
            raise
        if started is None and run.state is RunState.PENDING:
            with context.lock:
                context.dispatch.postpone(run, later)
        return True

    def _retire(self, id_: RunId) -> None:
        run = self.context.live.get(id_)
        if run is not None:
            self.retire(run)

    def _started(
        self,
        run: LiveRun,
        started: Started,
        sources: Mapping[Label, tuple[str, SourceVersion]],
        at: datetime,
        hidden: Sequence[NodeId],
    ) -> None:
        context = self.context
        with context.lock:
            if started.failure is not None:
                context.dispatch.remove(run)
                context.forget(run)
                run.wake()
            else:
                run.sources = {label: version for label, (_, version) in sources.items()}
                run.hide(hidden)
                run.started(
                    started.moment,
                    at,
                    started.pins,
                    Stepped(epoch=started.epoch, seq=started.seq, open_nodes=run.open),
                )
                context.dispatch.started(run)
                run.wake()
            context.changed.notify_all()
