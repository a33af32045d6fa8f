"""The functions that a statement may call: names, signatures, a line about each.

Nothing else exists. What each becomes on an engine is in `dialect`; the web app's completion lists
`FUNCTIONS`. One line below is one signature; the first of a name carries its description.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from qanat.sql.functions import aggregates, collections, numbers, texts, times, values

Kind = Literal["scalar", "aggregate", "window"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function, as people read it."""

    name: str
    kind: Kind
    signatures: tuple[str, ...]
    description: str
    volatile: bool = False  #: another run on the same rows may give another value
    ordered: bool = False  #: an aggregate whose result depends on the order of its rows


def _read(kind: Kind, text: str) -> dict[str, Function]:
    lines: dict[str, list[str]] = {}
    about: dict[str, str] = {}
    for line in text.strip().splitlines():
        written, _, description = (part.strip() for part in line.partition("|"))
        name = written[: written.index("(")]
        lines.setdefault(name, []).append(written)
        about.setdefault(name, description)
    return {
        name: Function(
            name=name,
            kind=kind,
            signatures=tuple(signatures),
            description=about[name],
            volatile=name in VOLATILE,
            ordered=name in ORDERED,
        )
        for name, signatures in lines.items()
    }


#: May give other values on the same rows: time, chance, and estimates that depend on threads.
VOLATILE: Final = frozenset(
    [
        "now",
        "current_timestamp",
        "random",
        "rand",
        "uuid",
        "shuffle",
        "approx_distinct",
        "approx_percentile",
        "arbitrary",
        "any_value",
    ]
)
#: Depend on the order of rows, unless ORDER BY stands in the call.
ORDERED: Final = frozenset(
    ["array_agg", "listagg", "map_agg", "multimap_agg", "histogram", "max_by", "min_by", "set_agg"]
)

#: Functions that Trino or DuneSQL have and this server does not: refused by name.
UNSUPPORTED: Final = frozenset(values.UNSUPPORTED.split())

FUNCTIONS: Final[dict[str, Function]] = {
    **_read("scalar", values.TEXT),
    **_read("scalar", numbers.TEXT),
    **_read("scalar", texts.TEXT),
    **_read("scalar", times.TEXT),
    **_read("scalar", collections.TEXT),
    **_read("aggregate", aggregates.AGGREGATES),
    **_read("window", aggregates.WINDOWS),
}
