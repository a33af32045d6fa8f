"""What the parts of the coordinator share: the store, the engine, and memory under one lock."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Condition, RLock

from qanat.clock import Clock, to_us
from qanat.config import LimitSettings, RetentionSettings
from qanat.coordinator.dispatch import Dispatch, Tier
from qanat.coordinator.live import LiveRun
from qanat.coordinator.sources import Sources
from qanat.coordinator.templates import Templates
from qanat.coordinator.texts import Texts
from qanat.engines import Engine
from qanat.errors import TooManyRequestsError
from qanat.model.credits import Cost, Prices, micro_credits
from qanat.model.records import Execution
from qanat.names import AttemptId, ExecutionId, NodeId, RunId, ServerId
from qanat.store.database import Database


@dataclass(slots=True, kw_only=True)
class Context:
    """One server's coordinator. Memory (`dispatch`, `live`) is read and changed under `lock`."""

    database: Database
    clock: Clock
    engine: Engine
    texts: Texts
    templates: Templates
    sources: Sources
    tiers: Mapping[str, Tier]
    prices: Prices
    limits: LimitSettings
    retention: RetentionSettings
    dispatch: Dispatch
    server: ServerId
    rows_dir: Path
    lock: RLock = field(default_factory=RLock)
    live: dict[RunId, LiveRun] = field(default_factory=dict)  #: unfinished, and some just ended
    executions: dict[ExecutionId, tuple[LiveRun, NodeId]] = field(default_factory=dict)
    carried: set[AttemptId] = field(default_factory=set)  #: attempts that a thread is at
    doubtful: dict[RunId, float] = field(default_factory=dict)  #: runs to settle, from when on
    changed: Condition = field(init=False)

    def __post_init__(self) -> None:
        """Tie the condition to the lock."""
        self.changed = Condition(self.lock)

    def check_disk(self) -> None:
        """Return if there is room for more rows.

        Raises:
            TooManyRequestsError: The disk is almost full.
        """
        if shutil.disk_usage(self.rows_dir).free < self.limits.free_disk_bytes:
            raise TooManyRequestsError(
                "the server's disk is almost full; free some space, or lower "
                "limits.free_disk_bytes",
                retry_after_s=60,
            )

    def now_us(self) -> int:
        """Return the wall clock's time in microseconds."""
        return to_us(self.clock.now())

    def price(self, cost: Cost, tier: str) -> int:
        """Return what `cost` comes to in a tier, in micro-credits."""
        return micro_credits(cost, factor=self.tiers[tier].factor, prices=self.prices)

    def expiry(self, execution: Execution, *, is_view: bool, at: datetime) -> datetime:
        """Return until when an execution's result is kept."""
        if is_view:
            days = self.retention.refresh_days
        elif execution.query == 0:
            days = self.retention.adhoc_days
        else:
            days = self.retention.result_days
        return at + timedelta(days=days)

    def remember(self, run: LiveRun) -> None:
        """Keep an unfinished run in memory. Under the lock."""
        self.live[run.id] = run
        for id_, node in run.nodes.items():
            self.executions[node.execution.id] = (run, id_)

    def forget(self, run: LiveRun) -> None:
        """Let go of a run; what is asked of it from now on is read from the store."""
        self.live.pop(run.id, None)
        for node in run.nodes.values():
            self.executions.pop(node.execution.id, None)
