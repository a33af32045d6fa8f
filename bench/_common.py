"""What every benchmark shares: interleaved rounds, medians, a table."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version


def rounds(
    contenders: Mapping[str, Callable[[], object]], *, count: int = 5, warm: bool = True
) -> dict[str, list[float]]:
    """Run each contender once a round and return its seconds, round by round.

    Rounds are interleaved, so what disturbs the machine disturbs all of them. With `warm` a first
    round is run and not counted.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(count + warm):
        for name, run in contenders.items():
            started = time.perf_counter()
            run()
            elapsed = time.perf_counter() - started
            if number >= warm:
                taken[name].append(elapsed)
    return taken


def median(seconds: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(seconds)


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under heads; the first column is text, the others are numbers."""
    lines = [list(heads), *map(list, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    print(f"\n{title}")
    for line in lines:
        cells = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  " + "  ".join(cells).rstrip())
    sys.stdout.flush()


def verdict(target: str, found: str, met: bool) -> None:
    """Print whether a target is met."""
    print(f"  {'met   ' if met else 'MISSED'} {target}: {found}")
    sys.stdout.flush()


def machine() -> str:
    """Return the machine, and the versions of what is measured, in a line."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in ("qanat", "duckdb"))
    return (
        f"{cores} cores, {memory:.0f} GiB memory, Python {platform.python_version()}, {versions}; "
        f"load {load:.1f} at the start"
    )
