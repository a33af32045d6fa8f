"""Tokens of sessions: made at sign-in, looked up at each request, slowed down where they fail.

A token is 32 random bytes that only the cookie holds; the store has its hash. Guessing keys
through the sign-in page is bounded by address: after ten failures within a minute, an address
waits until the first of them is a minute old.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections import OrderedDict, deque
from typing import Final

from qanat.clock import Clock, to_us
from qanat.errors import TooManyRequestsError
from qanat.model.access import Caller
from qanat.store import sessions
from qanat.store.database import Database, Transaction

TOKEN_BYTES: Final = 32
USE_NOTED_US: Final = 60 * 1_000_000  #: a session's use is written down at most once a minute
FAILURES: Final = 10  #: of one address, within `WINDOW_S`
WINDOW_S: Final = 60.0
ADDRESSES: Final = 10_000  #: remembered; the one that failed longest ago is forgotten


def new_token() -> str:
    """Return a cookie that nobody has seen."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class SessionTokens:
    """Finds who signed in."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def caller(self, token: str) -> Caller | None:
        """Return who signed in and was given `token`; None if nobody, or too long ago. Blocks."""
        hashed = sessions.hash_of(token)
        now_us = to_us(self._clock.now())
        found = self._database.read(lambda tx: sessions.find(tx, hashed, now_us=now_us))
        if found is None:
            return None
        if now_us - found.used_us >= USE_NOTED_US:

            def note(tx: Transaction) -> None:
                sessions.note_use(tx, hashed, at_us=now_us)

            self._database.write(note, durable=False)
        return found.caller


class Failures:
    """Counts failed sign-ins by address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def enter(self, address: str) -> None:
        """Count an attempt from `address`; it counts as failed until `forgive` is called.

        Raises:
            TooManyRequestsError: It failed too often within the last minute.
        """
        now = self._clock.monotonic()
        with self._lock:
            failed = self._failed.setdefault(address, deque())
            self._failed.move_to_end(address)
            while failed and now - failed[0] >= WINDOW_S:
                failed.popleft()
            if len(failed) >= FAILURES:
                raise TooManyRequestsError(
                    "too many failed sign-ins from this address",
                    retry_after_s=math.ceil(failed[0] + WINDOW_S - now),
                )
            failed.append(now)
            while len(self._failed) > ADDRESSES:
                self._failed.popitem(last=False)

    def forgive(self, address: str) -> None:
        """Take back the last attempt: it did not fail."""
        with self._lock:
            failed = self._failed.get(address)
            if failed:
                failed.pop()
            if not failed:
                self._failed.pop(address, None)
