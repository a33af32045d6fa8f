"""The event streams that are open: bounded, and ended by us when the server stops.

An open stream would hold up a graceful shutdown for ever, so whoever stops the server calls
`close` first; from then on every stream ends by itself.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from qanat.errors import TooManyRequestsError
from qanat.names import KeyId

A_KEY: Final = 32  #: streams that one key may hold open
ALTOGETHER: Final = 500


class Streams:
    """Counts streams and wakes them at the end. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: Counter[KeyId] = Counter()
        self._wakers: set[Callable[[], None]] = set()
        self.closing = False

    def check(self, key: KeyId) -> None:
        """Return if `key` may open another stream.

        Raises:
            TooManyRequestsError: The key, or the server, has as many as it may.
        """
        with self._lock:
            if self._open[key] >= A_KEY or self._open.total() >= ALTOGETHER:
                raise TooManyRequestsError("too many open event streams", retry_after_s=5)

    @contextmanager
    def opened(self, key: KeyId, wake: Callable[[], None]) -> Iterator[None]:
        """Count a stream of `key` as open; `wake` is called when the server stops."""
        with self._lock:
            self._open[key] += 1
            self._wakers.add(wake)
        try:
            yield
        finally:
            with self._lock:
                self._open[key] -= 1
                if not self._open[key]:
                    del self._open[key]
                self._wakers.discard(wake)

    def close(self) -> None:
        """Let every stream end."""
        with self._lock:
            self.closing = True
            wakers = list(self._wakers)
        for wake in wakers:
            wake()
