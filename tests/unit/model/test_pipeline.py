"""What makes a graph valid, and the order that a valid one is given."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.errors import InvalidRequestError
from qanat.model.pipeline import Node, NodeKind, find_cycle, pipeline_of, tier_of
from qanat.names import Label, NodeId, QueryId
from tests.unit.model.graphs import Edges, acyclic, any_edges, has_cycle, nodes_of


def view(id_: int, label: str, *above: int) -> Node:
    """Return a view node."""
    return Node(
        id=NodeId(id_),
        kind=NodeKind.VIEW,
        query=QueryId(1),
        view=Label(label),
        dependencies=frozenset(NodeId(one) for one in above),
    )


@given(edges=acyclic())
def test_every_node_follows_what_it_depends_on_and_none_is_lost(edges: Edges) -> None:
    ordered = pipeline_of(nodes_of(edges)).nodes

    assert {node.id for node in ordered} == set(edges)
    assert len(ordered) == len(edges)
    place = {node.id: k for k, node in enumerate(ordered)}
    for node in ordered:
        assert all(place[above] < place[node.id] for above in node.dependencies)


@given(edges=acyclic(), data=st.data())
def test_the_order_in_which_nodes_are_given_does_not_matter(
    edges: Edges, data: st.DataObject
) -> None:
    """A client may send its nodes in any order and reads the same pipeline back."""
    nodes = nodes_of(edges)
    shuffled = data.draw(st.permutations(nodes))

    assert pipeline_of(shuffled) == pipeline_of(nodes)


@given(edges=any_edges())
def test_a_graph_is_refused_exactly_if_it_has_a_cycle(edges: Edges) -> None:
    nodes = nodes_of(edges)
    if not has_cycle(edges):
        assert len(pipeline_of(nodes).nodes) == len(edges)
        return
    with pytest.raises(InvalidRequestError, match="the pipeline has a cycle") as refused:
        pipeline_of(nodes)
    named = [int(one) for one in re.findall(r"(\d+) \(query", str(refused.value))]
    if "depends on itself" in str(refused.value):
        assert named[0] in edges[named[0]]
    else:
        assert_is_cycle(named, edges)


@given(edges=any_edges())
def test_a_cycle_is_found_exactly_if_there_is_one_and_it_is_real(edges: Edges) -> None:
    found = find_cycle(edges)

    assert bool(found) == has_cycle(edges)
    if found:
        assert_is_cycle(found, edges)


def assert_is_cycle(path: list[int], edges: Edges) -> None:
    """Each element reads the one that follows, the last is the first, and none is twice in it."""
    assert len(path) >= 2
    assert path[0] == path[-1]
    assert len(set(path[:-1])) == len(path) - 1
    for reader, read in pairwise(path):
        assert read in edges[reader]


def test_what_is_read_and_unknown_is_no_cycle() -> None:
    """Lineage reaches tables that read nothing; they are not keys."""
    assert find_cycle({1: [2, 7], 2: [8]}) == []


def test_lineage_thousands_deep_is_walked_without_recursion() -> None:
    deep = {k: frozenset({k + 1}) for k in range(20_000)}

    assert find_cycle(deep) == []
    assert len(find_cycle({**deep, 20_000: frozenset({0})})) == 20_002


def test_ties_go_to_the_smaller_id() -> None:
    ordered = pipeline_of(nodes_of({9: frozenset(), 3: frozenset(), 5: frozenset({9})})).nodes

    assert [node.id for node in ordered] == [3, 9, 5]


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([], "at least one node"),
        ([*nodes_of({1: frozenset()}), *nodes_of({1: frozenset()})], "node id 1 is used twice"),
        (nodes_of({1: frozenset({2})}), "node 1 depends on node 2, which is not in the pipeline"),
        (nodes_of({1: frozenset({1})}), "a cycle: 1 (query 2) depends on itself"),
        (
            [view(1, "dune.me.a"), view(2, "dune.me.a")],
            "dune.me.a is refreshed by nodes 1 and 2",
        ),
        (
            [view(1, "dune.me.a", 2), view(2, "dune.me.b", 1)],
            "a cycle: 1 (dune.me.a) > 2 (dune.me.b) > 1 (dune.me.a)",
        ),
    ],
)
def test_a_graph_that_is_not_valid_is_refused_by_name(nodes: list[Node], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=re.escape(words)):
        pipeline_of(nodes)


@pytest.mark.parametrize(
    ("asked", "tier"),
    [
        (None, "medium"),
        ("free", "small"),
        ("small", "small"),
        ("medium", "medium"),
        ("large", "large"),
    ],
)
def test_a_tier_goes_by_dunes_names(asked: str | None, tier: str) -> None:
    assert tier_of(asked) == tier


def test_an_unknown_tier_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequestError, match="unknown performance tier 'huge'"):
        tier_of("huge")
