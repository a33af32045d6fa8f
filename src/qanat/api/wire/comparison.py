"""Two runs side by side, node by node (docs/api/extensions.md section 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe
from qanat.api.wire.pipelines import title_of
from qanat.api.wire.runs import RunEntry, entry
from qanat.api.wire.words import Tier, tier_word
from qanat.model.credits import as_credits
from qanat.model.pipeline import NodeKind
from qanat.model.records import NodeExecution
from qanat.model.state import NodeState
from qanat.names import QueryId
from qanat.store.history import RunLine

NOTEWORTHY: Final = 1.25  #: how many times as much time or credits counts as a difference


class Side(Wire):
    """A node in one of two runs."""

    id: int
    state: NodeState
    query_version: int
    tier: Tier
    credits: float
    seconds: float | UnsetType = UNSET
    row_count: int | UnsetType = UNSET


class Pair(Wire):
    """A node in two runs; a side that lacks it is absent."""

    title: str
    kind: NodeKind
    query_id: int
    differs: list[str]
    name: str | UnsetType = UNSET
    left: Side | UnsetType = UNSET
    right: Side | UnsetType = UNSET


class Comparison(Wire):
    """Two runs side by side."""

    left: RunEntry
    right: RunEntry
    nodes: list[Pair]


def compare(
    left: RunLine,
    right: RunLine,
    nodes: tuple[Sequence[NodeExecution], Sequence[NodeExecution]],
    titles: Mapping[QueryId, str],
) -> Comparison:
    """Return two runs with their nodes side by side: differences first, then by title."""
    mine, other = (_keyed(one) for one in nodes)
    pairs = [_pair(mine.get(key), other.get(key), titles) for key in {**mine, **other}]
    pairs.sort(key=lambda pair: (not pair.differs, pair.title, pair.query_id))
    return Comparison(left=entry(left), right=entry(right), nodes=pairs)


def _keyed(nodes: Sequence[NodeExecution]) -> dict[tuple[str, int], NodeExecution]:
    """Return nodes by what makes them the same in two runs: the view, else the nth of a query."""
    seen: dict[str, int] = {}
    keyed = {}
    for node in nodes:
        what = node.view or f"query {node.query}"
        seen[what] = seen.get(what, 0) + 1
        keyed[what, seen[what]] = node
    return keyed


def _pair(
    left: NodeExecution | None, right: NodeExecution | None, titles: Mapping[QueryId, str]
) -> Pair:
    one = left or right
    assert one is not None
    sides = (_side(left), _side(right))
    return Pair(
        title=title_of(one.view, one.query, titles),
        kind=one.kind,
        query_id=one.query,
        name=maybe(one.view),
        differs=_differs(*sides),
        left=maybe(sides[0]),
        right=maybe(sides[1]),
    )


def _side(node: NodeExecution | None) -> Side | None:
    if node is None:
        return None
    execution = node.execution
    seconds: float | UnsetType = UNSET
    if execution.started_at is not None and execution.ended_at is not None:
        seconds = round((execution.ended_at - execution.started_at).total_seconds(), 6)
    rows = execution.snapshot
    return Side(
        id=node.id,
        state=node.state,
        query_version=execution.query_version,
        tier=tier_word(node.tier),
        credits=as_credits(execution.micro_credits),
        seconds=seconds,
        row_count=maybe(rows.row_count if rows else None),
    )


def _differs(left: Side | None, right: Side | None) -> list[str]:
    if left is None or right is None:
        return ["absent"]
    found = [
        name
        for name in ("state", "query_version", "tier", "row_count")
        if getattr(left, name) != getattr(right, name)
    ]
    for name in ("seconds", "credits"):
        low, high = sorted(
            0.0 if value is UNSET else float(value)
            for value in (getattr(left, name), getattr(right, name))
        )
        if high > NOTEWORTHY * low:
            found.append(name)
    return found
