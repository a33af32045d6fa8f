"""How many requests a minute a key may make: two groups, counted apart (contract section 1.3).

Off unless settings say otherwise. Minutes are counted from the first request in them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from qanat.api.auth import SAFE_METHODS
from qanat.clock import Clock
from qanat.config import LimitSettings
from qanat.names import KeyId

MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a key's minute."""

    limit: int
    remaining: int  #: below 0: this request is one too many
    reset_s: int  #: whole seconds until the next minute begins; at least 1

    @property
    def headers(self) -> Mapping[str, str]:
        """How clients are told."""
        told = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.remaining)),
            "X-RateLimit-Reset": str(self.reset_s),
        }
        return told if self.remaining >= 0 else {**told, "Retry-After": str(self.reset_s)}


class Rates:
    """Counts requests by key and group. Lives on the event loop."""

    def __init__(self, limits: LimitSettings, clock: Clock) -> None:
        self._low, self._high = limits.requests_per_minute_low, limits.requests_per_minute_high
        self._clock = clock
        self._counted: dict[tuple[KeyId, bool], tuple[float, int]] = {}

    def take(self, key: KeyId, method: str, path: str) -> Allowance | None:
        """Count a request; None where there is no limit."""
        is_high = method in SAFE_METHODS or path.endswith("/cancel")
        limit = self._high if is_high else self._low
        if not limit:
            return None
        now = self._clock.monotonic()
        began, count = self._counted.get((key, is_high), (now, 0))
        if now - began >= MINUTE_S:
            began, count = now, 0
        self._counted[key, is_high] = began, count + 1
        reset_s = max(1, math.ceil(began + MINUTE_S - now))
        return Allowance(limit, limit - count - 1, reset_s)
