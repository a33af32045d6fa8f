"""The shape of a graph and the path that takes longest, against the slow and obvious way."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.model.graph import critical_path, shape_of
from qanat.model.pipeline import pipeline_of
from qanat.names import NodeId
from tests.unit.model.graphs import Edges, acyclic, nodes_of


def paths_from(edges: Edges, start: int) -> Iterator[list[int]]:
    """Yield every path that begins at `start` and goes to nodes that depend on it."""
    below = [id_ for id_, above in edges.items() if start in above]
    yield [start]
    for one in below:
        for path in paths_from(edges, one):
            yield [start, *path]


@given(edges=acyclic(most=7))
def test_the_length_of_a_node_is_that_of_the_longest_path_below_it(edges: Edges) -> None:
    shape = shape_of(pipeline_of(nodes_of(edges)))

    for id_ in edges:
        assert shape.length[NodeId(id_)] == max(len(path) for path in paths_from(edges, id_))


@given(edges=acyclic())
def test_dependents_are_the_dependencies_turned_round(edges: Edges) -> None:
    shape = shape_of(pipeline_of(nodes_of(edges)))

    assert {(above, id_) for id_, found in shape.dependencies.items() for above in found} == {
        (id_, below) for id_, found in shape.dependents.items() for below in found
    }
    assert set(shape.dependents) == set(shape.dependencies) == set(edges)


@given(edges=acyclic(most=7), data=st.data())
def test_the_critical_path_is_a_chain_and_no_chain_takes_longer(
    edges: Edges, data: st.DataObject
) -> None:
    """Whole seconds, so that sums are exact; a node that never started has none."""
    started = data.draw(st.sets(st.sampled_from(sorted(edges))))
    seconds = {NodeId(id_): float(data.draw(st.integers(0, 9))) for id_ in started}
    shape = shape_of(pipeline_of(nodes_of(edges)))

    found = critical_path(shape.dependencies, seconds)

    for above, below in pairwise(found):
        assert above in edges[below]
    longest = max(
        sum(seconds.get(NodeId(one), 0.0) for one in path)
        for id_ in edges
        for path in paths_from(edges, id_)
    )
    assert sum(seconds.get(one, 0.0) for one in found) == longest


def test_the_critical_path_of_a_diamond_goes_through_its_slow_side() -> None:
    edges = {1: frozenset[int](), 2: frozenset({1}), 3: frozenset({1}), 4: frozenset({2, 3})}
    shape = shape_of(pipeline_of(nodes_of(edges)))
    seconds = {NodeId(1): 1.0, NodeId(2): 2.0, NodeId(3): 5.0, NodeId(4): 1.0}

    assert critical_path(shape.dependencies, seconds) == [1, 3, 4]


@pytest.mark.parametrize("seconds", [{}, {NodeId(1): 3.0}])
def test_no_nodes_have_no_critical_path(seconds: dict[NodeId, float]) -> None:
    assert critical_path({}, seconds) == []
