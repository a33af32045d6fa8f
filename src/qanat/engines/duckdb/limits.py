"""What a statement of each tier may use, from settings and from the machine.

Medium is the measure: as many of them as there are slots fill 70 % of the memory. A small one
takes half of that. A large one takes all of it and runs alone. A container's limits count, not the
host's.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from qanat.config import MIB, Settings, TierSettings
from qanat.engines import Limits

TierName = Literal["small", "medium", "large"]

_SHARE: Final = 0.7  #: of the machine's memory, for statements together
_LEAST_BYTES: Final = 128 * MIB  #: no statement gets less
_TIME_S: Final[Mapping[TierName, float]] = {"small": 120, "medium": 1800, "large": 1800}
_FACTOR: Final[Mapping[TierName, float]] = {"small": 0.8, "medium": 1.0, "large": 2.0}
_CGROUP: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """How much machine an execution may use, and what that costs."""

    limits: Limits
    factor: float  #: of credits
    slots: int  #: that one statement takes


def machine_cores(cgroup: Path = _CGROUP) -> int:
    """Return how many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    words = _words(cgroup / "cpu.max")
    if len(words) == 2 and words[0].isdigit() and int(words[1]):
        cores = min(cores or 1, math.ceil(int(words[0]) / int(words[1])))
    return max(1, cores or 1)


def machine_memory_bytes(cgroup: Path = _CGROUP) -> int:
    """Return how much memory this process may use."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        words = _words(cgroup / name)
        if words and words[0].isdigit():
            memory = min(memory, int(words[0]))
    return memory


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return []


def slots_of(settings: Settings, cores: int) -> int:
    """Return how many statements may run at once."""
    return settings.server.slots or cores


def tiers(settings: Settings, *, cores: int, memory_bytes: int) -> Mapping[TierName, Tier]:
    """Return the three tiers of a machine."""
    slots = slots_of(settings, cores)
    whole = int(memory_bytes * _SHARE)
    medium = whole // slots
    memory: Mapping[TierName, int] = {"small": medium // 2, "medium": medium, "large": whole}
    found: dict[TierName, Tier] = {}
    for name in memory:
        own = settings.tiers.get(name, TierSettings())
        found[name] = Tier(
            limits=Limits(
                threads=own.threads or cores,
                memory_bytes=own.memory_mb * MIB or max(_LEAST_BYTES, memory[name]),
                time_s=own.time_s or _TIME_S[name],
                result_bytes=settings.limits.result_bytes,
            ),
            factor=own.factor or _FACTOR[name],
            slots=slots if name == "large" or own.alone else 1,
        )
    return found


def reading_limits(*, memory_bytes: int, time_s: float) -> Limits:
    """Return what reading rows back may use: one thread, and a small part of the memory."""
    share = max(_LEAST_BYTES * 2, min(1024 * MIB, int(memory_bytes * 0.1)))
    return Limits(threads=1, memory_bytes=share, time_s=time_s, result_bytes=1 << 62)
