"""Random graphs for the laws of pipelines, and the slow and obvious way to judge them."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from qanat.model.pipeline import Node, NodeKind
from qanat.names import NodeId, QueryId

Edges = Mapping[int, frozenset[int]]  #: node → what it depends on; every node is a key


@st.composite
def acyclic(draw: st.DrawFn, most: int = 12) -> Edges:
    """Edges without a cycle, under ids that say nothing of the order."""
    ids = draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=most, unique=True))
    edges = {}
    for place, id_ in enumerate(ids):
        edges[id_] = (
            frozenset(draw(st.sets(st.sampled_from(ids[:place])))) if place else frozenset()
        )
    return edges


@st.composite
def any_edges(draw: st.DrawFn, most: int = 8) -> Edges:
    """Edges that may hold cycles, and nodes that read themselves."""
    ids = draw(st.lists(st.integers(0, 50), min_size=1, max_size=most, unique=True))
    return {id_: frozenset(draw(st.sets(st.sampled_from(ids), max_size=3))) for id_ in ids}


def nodes_of(edges: Edges) -> list[Node]:
    """Return query nodes with these dependencies."""
    return [
        Node(
            id=NodeId(id_),
            kind=NodeKind.QUERY,
            query=QueryId(id_ + 1),
            dependencies=frozenset(NodeId(one) for one in above),
        )
        for id_, above in edges.items()
    ]


def reaches(edges: Edges) -> Edges:
    """Return what each node depends on, directly or not: edges are followed until none is new."""
    reached = {id_: frozenset(above) for id_, above in edges.items()}
    while True:
        further = {
            id_: known.union(*(reached[one] for one in known)) for id_, known in reached.items()
        }
        if further == reached:
            return reached
        reached = further


def has_cycle(edges: Edges) -> bool:
    """Return whether some node depends on itself, directly or not."""
    return any(id_ in known for id_, known in reaches(edges).items())
