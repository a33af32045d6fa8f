"""A coordinator on a real store, with a scripted engine; it can crash between any two writes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from qanat.clock import to_us
from qanat.config import LimitSettings, RetentionSettings
from qanat.coordinator import Coordinator
from qanat.coordinator.context import Context
from qanat.coordinator.dispatch import Dispatch, Tier
from qanat.coordinator.recovering import LEASE_US
from qanat.coordinator.sources import Sources
from qanat.coordinator.templates import Templates
from qanat.coordinator.texts import Texts
from qanat.coordinator.uploads import Uploads
from qanat.engines import Limits
from qanat.model.access import Caller, Scope
from qanat.model.credits import Prices
from qanat.names import (
    Handle,
    KeyId,
    Label,
    NameId,
    QueryId,
    ServerId,
    SnapshotId,
    dune_label,
    new_ulid,
)
from qanat.store import invariants, keys, lookup, queries, recovery, views
from qanat.store.database import Database, StoreUnavailableError, Transaction
from qanat.store.queries import Head, Text
from qanat.store.views import Definition
from tests.clock import FakeClock
from tests.protocol.engine import ScriptedEngine

T = TypeVar("T")

LIMITS = Limits(threads=1, memory_bytes=1 << 28, time_s=60, result_bytes=1 << 30)
ME = Caller(handle=Handle("me"), scope=Scope.WRITE, key=KeyId("test"), number=1)

YOU = Caller(handle=Handle("you"), scope=Scope.WRITE, key=KeyId("other"), number=2)


class Crash(BaseException):  # what happened, not an error of the program
    """The process died here."""


class _UndoneError(Exception):
    """The commit whose answer is lost did not take place."""


class Fragile:
    """A database with a fault at the n-th commit from now.

    Its process dies before or after that commit, or the commit's answer does not come.
    """

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.dialect = inner.dialect
        self.dies_in: int | None = None  #: commits until the crash
        self.silent_in: int | None = None  #: commits until one whose answer is lost
        self.before = False  #: whether that commit is undone

    def write(self, work: Callable[[Transaction], T], *, durable: bool = True) -> T:
        if self.silent_in is not None:
            self.silent_in -= 1
            if self.silent_in == 0:
                self.silent_in = None
                self._lose(work, durable=durable)
        if self.dies_in is None:
            return self._inner.write(work, durable=durable)
        self.dies_in -= 1
        if self.dies_in > 0:
            return self._inner.write(work, durable=durable)
        self.dies_in = None

        def doomed(tx: Transaction) -> T:
            result = work(tx)
            if self.before:
                raise Crash
            tx.hooks.clear()  # memory dies with the process
            return result

        self._inner.write(doomed, durable=durable)
        raise Crash

    def _lose(self, work: Callable[[Transaction], T], *, durable: bool) -> NoReturn:
        doubts: list[Callable[[], None]] = []

        def unheard(tx: Transaction) -> None:
            work(tx)
            doubts.extend(tx.doubts)
            tx.hooks.clear()
            if self.before:
                raise _UndoneError

        with contextlib.suppress(_UndoneError):
            self._inner.write(unheard, durable=durable)
        for doubt in doubts:
            doubt()
        raise StoreUnavailableError("the answer was lost")

    def read(self, work: Callable[[Transaction], T]) -> T:
        return self._inner.read(work)

    def checkpoint(self) -> None:
        self._inner.checkpoint()

    def close(self) -> None:
        self._inner.close()


class World:
    """Everything a run needs, in one process, driven by hand."""

    def __init__(
        self,
        database: Database,
        clock: FakeClock | None = None,
        *,
        slots: int = 2,
        limits: LimitSettings | None = None,
        rows_dir: Path = Path("/"),
    ) -> None:
        self.database = Fragile(database)
        self.clock = clock or FakeClock()
        self.engine = ScriptedEngine()
        self.slots = slots
        self.limits = limits or LimitSettings()
        self.rows_dir = rows_dir
        self.boot_id = "boot-1"
        now_us = to_us(self.clock.now())

        def first(tx: Transaction) -> None:
            if recovery.place(tx) is None:
                recovery.create_store(tx, place_id="place", boot_id=self.boot_id)
            keys.ensure_owner(tx, "me", now_us)
            keys.ensure_owner(tx, "you", now_us)

        database.write(first)
        self.start()

    def start(self) -> None:
        """Start a server on the store as it lies, and let it recover."""
        self.server = ServerId(new_ulid(self.clock.now()))
        self.database.write(
            lambda tx: recovery.enter(
                tx, self.server, at_us=to_us(self.clock.now()), lease_us=LEASE_US
            )
        )
        texts = Texts()
        tiers = {
            "small": Tier(limits=LIMITS, slots=1, factor=0.8),
            "medium": Tier(limits=LIMITS, slots=1, factor=1.0),
            "large": Tier(limits=LIMITS, slots=self.slots, factor=2.0),
        }
        self.context = Context(
            database=self.database,
            clock=self.clock,
            engine=self.engine,
            texts=texts,
            templates=Templates(self.database, texts, self.engine),
            sources=Sources((), self.engine, most_files=10),
            tiers=tiers,
            prices=Prices(),
            limits=self.limits,
            retention=RetentionSettings(),
            dispatch=Dispatch(self.slots, tiers),
            server=self.server,
            rows_dir=self.rows_dir,
        )
        self.coordinator = Coordinator(self.context, boot_id=self.boot_id, alone=True)
        self.coordinator.recover()
        self.uploads = Uploads(
            self.database, self.engine, self.clock, self.server, LIMITS, free_disk_bytes=0
        )

    def crash(self, *, power: bool = False) -> None:
        """Die and start again; with `power`, what was not flushed is gone."""
        self.database.dies_in = None
        self.engine.executing.clear()
        self.engine.during = lambda _: None
        if power:
            self.engine.power_cut()
            self.boot_id = f"{self.boot_id}+"
        self.start()

    def save(self, sql: str, *, owner: Caller = ME, is_private: bool = False) -> QueryId:
        """Save a query."""
        return self.database.write(
            lambda tx: queries.create(
                tx,
                owner,
                Head(name="q", description="", tags=(), is_private=is_private),
                Text(sql=sql, parameters=(), reads=()),
                at_us=to_us(self.clock.now()),
            )
        )

    def view(self, table: str, sql: str, *, owner: Caller = ME, tier: str = "medium") -> Label:
        """Make a materialized view of a new query."""
        query = self.save(sql, owner=owner)
        label = dune_label(owner.handle, table)
        self.database.write(
            lambda tx: views.upsert(
                tx,
                owner,
                label,
                Definition(query=query, tier=tier, is_private=False),
                id_=NameId(new_ulid(self.clock.now())),
                at_us=to_us(self.clock.now()),
            )
        )
        return label

    def drain(self, most: int = 10_000) -> int:
        """Take steps until nothing is due; how many."""
        for taken in range(most):
            if not self.coordinator.step():
                return taken
        raise AssertionError(f"still not at rest after {most} steps")

    def pointer(self, label: Label) -> SnapshotId | None:
        """Return what a name points at now."""
        found = self.database.read(lambda tx: lookup.name(tx, label))
        return None if found is None else found["snapshot"]

    def violations(self) -> list[str]:
        """Return what contradicts the invariants, files included."""
        lying = {str(file): size for file, size in self.engine.files()}
        # What a bad disk lost is found missing, and computed again, at the end of its run.
        lying |= {str(file): 100 for file in self.engine.lose_on_sync}
        return self.database.read(
            lambda tx: [*invariants.violations(tx), *invariants.missing_files(tx, lying)]
        )
