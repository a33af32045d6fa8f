"""Builds a server from settings; alone in naming an engine or a database.

A restart goes on with unfinished runs before anything of HTTP is imported or built: that takes
longer than all of the recovery.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qanat.clock import Clock, SystemClock, to_us
from qanat.config import Settings
from qanat.coordinator import Coordinator
from qanat.coordinator.context import Context
from qanat.coordinator.dispatch import Dispatch, Tier
from qanat.coordinator.recovering import LEASE_US
from qanat.coordinator.sources import Mounted, Sources
from qanat.coordinator.templates import Templates
from qanat.coordinator.texts import Texts
from qanat.engines.duckdb import DuckDbEngine
from qanat.engines.duckdb.files import RowFiles
from qanat.engines.duckdb.limits import machine_cores, machine_memory_bytes, slots_of, tiers
from qanat.errors import StartupError, StoreLostError
from qanat.model.credits import Prices
from qanat.names import Label, ServerId, new_ulid
from qanat.results.pages import Pages
from qanat.store import recovery
from qanat.store.database import Database, Hold, Transaction
from qanat.store.migrations import upgrade
from qanat.store.sqlite import DirectoryLock, SqliteDatabase

if TYPE_CHECKING:
    from qanat.api.admin import Operation
    from qanat.api.edge import Edge
    from qanat.api.services import Services

MARKER: Final = "marker"  #: in the data directory: the id of the store that its rows belong to
ROWS: Final = "rows"  #: in the data directory: where the engine keeps them
#: Seconds; how long a thread keeps the interpreter while another waits for it.
SWITCH_S: Final = 0.0005
#: Objects made between looks for garbage in cycles. At Python's own 700, looks were a quarter of
#: the time that accepting a run of 500 nodes took.
GARBAGE: Final = (10_000, 20, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A store that this process holds."""

    database: Database
    data_dir: Path
    clock: Clock
    hold: Hold | None = None  #: where it can be lost: the lock on a directory lasts


@contextlib.contextmanager
def open_store(settings: Settings, clock: Clock | None = None) -> Iterator[Opened]:
    """Hold the store of a data directory, brought to the newest schema.

    Raises:
        StartupError: Another server holds the data directory, or the store cannot be opened.
    """
    data_dir, clock = settings.data_dir, clock or SystemClock()
    lock = DirectoryLock(data_dir)
    try:
        database: Database
        hold: Hold | None = None
        if settings.store.url == "sqlite":
            upgrade(settings.store.url, data_dir)
            database = SqliteDatabase(data_dir, note_durable=settings.server.test_notes)
        else:
            # Imported here: its driver would cost every start on SQLite a tenth of a second.
            from qanat.store.postgresql import PostgresDatabase

            # The lock on the directory says nothing of the database. A server that is refused
            # must leave it as it is: it may be newer than the one that holds it.
            database = hold = PostgresDatabase(
                settings.store.url, once_held=lambda: upgrade(settings.store.url, data_dir)
            )
        try:
            _check_place(database, data_dir, clock)
            yield Opened(database=database, data_dir=data_dir, clock=clock, hold=hold)
        finally:
            database.close()
    finally:
        lock.release()


def _check_place(database: Database, data_dir: Path, clock: Clock) -> None:
    """Tie a new store and a new directory together; refuse a pair that does not belong.

    On return a power cut takes back neither the marker nor the directory of rows.
    """
    marker, rows = data_dir / MARKER, data_dir / ROWS
    here = _marked(marker)

    def work(tx: Transaction) -> str:
        known = recovery.place(tx)
        if known is not None:
            # In SQLite, the store is in this very directory, and so are its rows.
            if here is None and database.dialect != "sqlite" and recovery.has_rows(tx):
                raise StartupError(
                    "the store's rows are not in this data directory: is its disk mounted, and is "
                    "--data-dir the one that was used with store.url before?"
                )
            return known
        place = here or new_ulid(clock.now())
        recovery.create_store(tx, place_id=place, boot_id=boot_id())
        return place

    place = database.write(work)
    if here is None:
        fresh = marker.with_suffix(".new")
        fresh.write_text(place, encoding="ascii")
        _sync(fresh)
        fresh.replace(marker)
    elif here != place:
        raise StartupError(
            "the rows in this data directory belong to another store: point store.url and "
            "--data-dir at a pair that was used together"
        )
    rows.mkdir(exist_ok=True)
    # At every start: the one before may have been killed just here.
    _sync(data_dir)


def _marked(marker: Path) -> str | None:
    """Return what a marker says; None if there is none, or only what a power cut left of one."""
    try:
        return marker.read_text(encoding="ascii").strip("\0\n ") or None
    except FileNotFoundError:
        return None


def _sync(path: Path) -> None:
    """Return once a file's content, or a directory's names, are on disk."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def boot_id() -> str:
    """Return what names this start of the machine; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(slots=True, kw_only=True)
class Server:
    """A server's parts, built and recovered, not yet listening."""

    settings: Settings
    opened: Opened
    engine: DuckDbEngine
    coordinator: Coordinator
    services: Services
    app: Edge


@contextlib.contextmanager
def build(
    settings: Settings, clock: Clock | None = None, *, at_work: bool = False
) -> Iterator[Server]:
    """Build everything on one data directory, and take it down again.

    With `at_work`, runs go on as soon as they are recovered.

    Raises:
        StartupError: The store cannot be opened.
    """
    with open_store(settings, clock) as opened:
        cores, memory = machine_cores(), machine_memory_bytes()
        slots = slots_of(settings, cores)
        engine = DuckDbEngine(
            data_dir=opened.data_dir,
            sources=tuple(_directory(source.path) for source in settings.sources.values()),
            slots=slots,
            cores=cores,
        )
        try:
            context = _context(settings, opened, engine, slots, cores, memory)
            # The store is tied to this directory, and the directory's lock is ours: whatever
            # server the store still calls live is dead.
            coordinator = Coordinator(context, boot_id=boot_id(), alone=True, hold=opened.hold)
            coordinator.recover()
            try:
                if at_work:
                    coordinator.start_threads()
                from qanat.api import create_app

                services = _services(settings, opened, engine, coordinator)
                try:
                    yield Server(
                        settings=settings,
                        opened=opened,
                        engine=engine,
                        coordinator=coordinator,
                        services=services,
                        app=create_app(services),
                    )
                finally:
                    services.close()
            finally:
                coordinator.close()
        finally:
            engine.close()


def _directory(path: str) -> Path:
    """Return the deepest directory that a path or glob surely lies in."""
    plain = []
    for part in Path(path).parts[:-1]:
        if any(character in part for character in "*?["):
            break
        plain.append(part)
    return Path(*plain)


def _context(
    settings: Settings,
    opened: Opened,
    engine: DuckDbEngine,
    slots: int,
    cores: int,
    memory: int,
) -> Context:
    database, clock = opened.database, opened.clock
    made: dict[str, Tier] = {
        name: Tier(limits=tier.limits, slots=tier.slots, factor=tier.factor)
        for name, tier in tiers(settings, cores=cores, memory_bytes=memory).items()
    }
    server = ServerId(new_ulid(clock.now()))
    database.write(
        lambda tx: recovery.enter(tx, server, at_us=to_us(clock.now()), lease_us=LEASE_US)
    )
    texts = Texts()
    mounted = [
        Mounted(
            label=Label(label),
            path=source.path,
            format=source.format or "parquet",
            description=source.description,
        )
        for label, source in settings.sources.items()
    ]
    return Context(
        database=database,
        clock=clock,
        engine=engine,
        texts=texts,
        templates=Templates(database, texts, engine),
        sources=Sources(mounted, engine, most_files=settings.limits.sources_files),
        tiers=made,
        prices=Prices(
            cpu_seconds_per_credit=settings.credits.cpu_seconds,
            gib_scanned_per_credit=settings.credits.gib_scanned,
            gib_written_per_credit=settings.credits.gib_written,
        ),
        limits=settings.limits,
        retention=settings.retention,
        dispatch=Dispatch(slots, made),
        server=server,
        rows_dir=opened.data_dir,
    )


def _services(
    settings: Settings, opened: Opened, engine: DuckDbEngine, coordinator: Coordinator
) -> Services:
    from qanat.api.auth import Authenticator
    from qanat.api.services import Services
    from qanat.api.spool import empty_spool
    from qanat.api.tokens import SessionTokens

    empty_spool(opened.data_dir)
    return Services(
        settings=settings,
        clock=opened.clock,
        database=opened.database,
        coordinator=coordinator,
        pages=Pages(
            reader=engine.reader,
            path_of=engine.path,
            cache_dir=opened.data_dir / "tmp" / "results",
            limits=settings.limits,
        ),
        keys=Authenticator(
            opened.database,
            opened.clock,
            sessions=SessionTokens(opened.database, opened.clock),
        ),
    )


def serve(
    settings: Settings,
    *,
    on_ready: Callable[[str, str | None], None] = lambda _, __: None,
) -> None:
    """Serve until asked to stop by SIGINT or SIGTERM.

    Once requests are answered, `on_ready` is told the URL, and the key that is made for a store
    that has none.

    Raises:
        StartupError: The server cannot start.
        StoreLostError: Another server has the store.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*GARBAGE)
    with build(settings, at_work=True) as server:
        from qanat.api.admin import AdminSocket
        from qanat.api.listening import listen
        from qanat.api.operations import first_key, operations_on

        opened = server.opened

        def ready(url: str) -> None:
            gc.freeze()  # what was imported stays for good, and need not be looked through
            on_ready(url, first_key(opened.database, opened.clock))

        admin = AdminSocket(
            opened.data_dir,
            operations_on(
                opened.database, opened.clock, server.engine.files, server.services.keys.forget
            ),
        )
        admin.open()
        try:
            # Open event streams would hold up the stop for as long as it is allowed to take.
            listen(
                server.app,
                settings.server,
                on_ready=ready,
                on_stop=server.services.streams.close,
                is_over=lambda: server.coordinator.is_dead,
            )
        finally:
            admin.close()
        if server.coordinator.is_dead:
            raise StoreLostError(
                "another Qanat server took this store over while the hold on it was lost; this one "
                "stopped and writes no more"
            )


@contextlib.contextmanager
def operations(settings: Settings) -> Iterator[Mapping[str, Operation]]:
    """Hold a store that no server holds, and offer what its admin socket would.

    Raises:
        StartupError: A server holds it, or it cannot be opened.
    """
    from qanat.api.operations import operations_on

    with open_store(settings) as opened:
        rows = RowFiles(opened.data_dir / ROWS)
        yield operations_on(opened.database, opened.clock, rows.all, lambda _: None)


@contextlib.contextmanager
def engine_in(directory: Path) -> Iterator[DuckDbEngine]:
    """Start an engine of its own on a directory that is no store's, for writing files of rows."""
    engine = DuckDbEngine(data_dir=directory, slots=1)
    try:
        yield engine
    finally:
        engine.close()
