"""Graphs as they are stored for a query."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from qanat.model.pipeline import DEFAULT_TIER, Node, NodeKind
from qanat.names import Label, NodeId, QueryId


class StoredNode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node of a graph stored for a query."""

    id: int
    kind: NodeKind
    query: int = 0
    view: str | None = None
    tier: str | None = None
    parameters: dict[str, str] = {}
    dependencies: tuple[int, ...] = ()


def encode_graph(nodes: Iterable[Node]) -> str:
    """Return a graph as it is stored for a query."""
    return msgspec.json.encode(
        [
            StoredNode(
                id=node.id,
                kind=node.kind,
                query=node.query,
                view=node.view,
                tier=node.tier,
                parameters=dict(node.parameters),
                dependencies=tuple(sorted(node.dependencies)),
            )
            for node in nodes
        ]
    ).decode()


def decode_graph(text: str) -> tuple[Node, ...]:
    """Return what `encode_graph` wrote."""
    return tuple(
        Node(
            id=NodeId(node.id),
            kind=node.kind,
            query=QueryId(node.query),
            view=None if node.view is None else Label(node.view),
            tier=node.tier or DEFAULT_TIER,
            parameters=node.parameters,
            dependencies=frozenset(NodeId(one) for one in node.dependencies),
        )
        for node in msgspec.json.decode(text, type=list[StoredNode])
    )
