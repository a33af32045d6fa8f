"""What an execution costs.

    credits = tier factor x (CPU seconds / 60 + GiB scanned / 20 + GiB written / 4)

A failed or cancelled statement pays what it used; a fault of the platform and a reused result
cost 0. Credits are kept as whole micro-credits, so that the sum of receipts is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

GIB: Final = 1 << 30
MICRO: Final = 1_000_000  #: micro-credits in a credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a statement used, measured by the engine around it."""

    cpu_seconds: float = 0.0
    bytes_scanned: int = 0  #: compressed bytes of exactly the columns read
    bytes_written: int = 0
    peak_memory_bytes: int = 0


NOTHING: Final = Cost()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The published formula's divisors; an operator may set them."""

    cpu_seconds_per_credit: float = 60.0
    gib_scanned_per_credit: float = 20.0
    gib_written_per_credit: float = 4.0


def micro_credits(cost: Cost, *, factor: float, prices: Prices) -> int:
    """Return what `cost` comes to in a tier of `factor`, in whole micro-credits, never negative."""
    units = (
        Decimal(repr(cost.cpu_seconds)) / _exact(prices.cpu_seconds_per_credit)
        + Decimal(cost.bytes_scanned) / GIB / _exact(prices.gib_scanned_per_credit)
        + Decimal(cost.bytes_written) / GIB / _exact(prices.gib_written_per_credit)
    )
    return max(0, int((units * _exact(factor) * MICRO).to_integral_value(rounding=ROUND_HALF_UP)))


@lru_cache(maxsize=64)
def _exact(setting: float) -> Decimal:
    """Return the number that an operator wrote, and not the binary fraction next to it."""
    return Decimal(repr(setting))


def as_credits(micro: int) -> float:
    """Return micro-credits as the number the wire carries; six decimals."""
    return micro / MICRO
