"""How wide columns are where a terminal is narrow. Pure: what they need in, widths out.

What may be cut gives way first, then columns that may be left out. An id or a number is never
cut: half of it is no help, or another number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a column needs, in terminal cells."""

    least: int  #: below this it is of no use
    full: int  #: with this nothing of it is cut
    rank: int = 0  #: columns of the greatest rank are left out first; 0: never left out


def fitted(needs: Sequence[Need], room: int, gap: int) -> list[int] | None:
    """Return the widths of columns with `gap` cells between them; 0: this one is left out.

    None if those that are never left out need more than `room`.
    """
    shown = set(range(len(needs)))

    def left(shown: set[int]) -> int:
        return room - sum(needs[at].least for at in shown) - gap * (len(shown) - 1)

    while left(shown) < 0:
        last = max(shown, key=lambda at: needs[at].rank)
        if needs[last].rank == 0:
            return None
        shown.discard(last)
    spare = left(shown)
    widths = [need.least if at in shown else 0 for at, need in enumerate(needs)]
    # Those that lack least come first, so that what they leave goes to the others.
    lacking = sorted(shown, key=lambda at: needs[at].full - needs[at].least)
    for place, at in enumerate(lacking):
        more = min(needs[at].full - needs[at].least, spare // (len(lacking) - place))
        widths[at] += more
        spare -= more
    return widths
