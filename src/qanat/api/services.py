"""The parts of a server that handlers use, and the threads on which its blocking code runs.

The event loop never blocks: whatever touches the database, the disk or an engine goes through
`read`, `write` or `call`. Short work and long work (pages, downloads, uploads) have threads of
their own, so that a slow download never stands in front of a lookup.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

from qanat.api.auth import Authenticator
from qanat.api.staging import Staging
from qanat.api.statuses import Statuses
from qanat.api.streams import Streams
from qanat.api.tokens import Failures
from qanat.clock import Clock, to_us
from qanat.config import Settings
from qanat.store.database import Database, Transaction

if TYPE_CHECKING:
    from qanat.coordinator import Coordinator
    from qanat.results.pages import Pages

P = ParamSpec("P")
T = TypeVar("T")

SHORT_THREADS: Final = 12
LONG_THREADS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Services:
    """What every handler may reach, as `request.services`."""

    settings: Settings
    clock: Clock
    database: Database
    coordinator: Coordinator
    pages: Pages
    keys: Authenticator
    streams: Streams = field(default_factory=Streams)
    short: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(SHORT_THREADS, "api-short")
    )
    long: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(LONG_THREADS, "api-long")
    )

    @cached_property
    def statuses(self) -> Statuses:
        """Answers about runs in flight."""
        return Statuses(self.coordinator)

    @cached_property
    def failures(self) -> Failures:
        """Failed sign-ins, by address."""
        return Failures(self.clock)

    @cached_property
    def staging(self) -> Staging:
        """Files that were sent and have not landed yet."""
        return Staging(self.clock)

    def now_us(self) -> int:
        """Return the time, as the store keeps it."""
        return to_us(self.clock.now())

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what blocking `work` returns; it takes milliseconds."""
        return await _on(self.short, partial(work, *args, **kwargs))

    async def call_long(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what blocking `work` returns; it may take seconds."""
        return await _on(self.long, partial(work, *args, **kwargs))

    async def read(
        self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `work` reads from one moment of the database."""
        return await _on(
            self.short, lambda: self.database.read(lambda tx: work(tx, *args, **kwargs))
        )

    async def write(
        self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `work` returns, once its changes survive a power cut."""
        return await _on(
            self.short, lambda: self.database.write(lambda tx: work(tx, *args, **kwargs))
        )

    def close(self) -> None:
        """End every stream and give the threads back."""
        self.streams.close()
        self.short.shutdown(wait=False, cancel_futures=True)
        self.long.shutdown(wait=False, cancel_futures=True)


async def _on(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)
