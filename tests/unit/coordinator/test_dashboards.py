"""Plans of several queries become one graph in which no view is refreshed twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qanat.coordinator.dashboards import merged
from qanat.model.pipeline import Node, NodeKind, Pipeline, pipeline_of
from qanat.names import Label, NodeId, QueryId


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[int, frozenset[int]], list[Pipeline]]:
    """Views that read earlier views, and the plans of queries that read some of them."""
    count = draw(st.integers(0, 7))
    reads = {
        view: draw(st.frozensets(st.integers(0, view - 1), max_size=3)) if view else frozenset()
        for view in range(count)
    }
    plans = []
    for query in range(1, draw(st.integers(1, 4)) + 1):
        wanted = (
            draw(st.frozensets(st.integers(0, count - 1), max_size=3)) if count else frozenset()
        )
        needed: set[int] = set()
        stack = list(wanted)
        while stack:
            view = stack.pop()
            if view not in needed:
                needed.add(view)
                stack += reads[view]
        ids = {view: NodeId(at + 1) for at, view in enumerate(sorted(needed))}
        nodes = [
            Node(
                id=ids[view],
                kind=NodeKind.VIEW,
                query=QueryId(100 + view),
                view=Label(f"v{view}"),
                dependencies=frozenset(ids[each] for each in reads[view]),
            )
            for view in sorted(needed)
        ]
        target = Node(
            id=NodeId(len(nodes) + 1),
            kind=NodeKind.QUERY,
            query=QueryId(query),
            dependencies=frozenset(ids[each] for each in wanted),
        )
        plans.append(pipeline_of([*nodes, target]))
    return reads, plans


@given(world=worlds())
def test_a_merged_graph_is_valid_and_keeps_every_dependency(
    world: tuple[dict[int, frozenset[int]], list[Pipeline]],
) -> None:
    reads, plans = world

    nodes = pipeline_of(merged(plans)).nodes

    by_id = {node.id: node for node in nodes}
    views = {node.view: node for node in nodes if node.view is not None}
    assert sorted(by_id) == list(range(1, len(nodes) + 1))
    assert set(views) == {node.view for plan in plans for node in plan.nodes if node.view}
    assert len(nodes) == len(views) + len(plans)
    for label, node in views.items():
        read = {by_id[each].view for each in node.dependencies}
        assert read == {f"v{view}" for view in reads[int(label[1:])]}
    for plan in plans:
        before = {node.id: node for node in plan.nodes}
        target = plan.nodes[-1]
        after = next(n for n in nodes if n.view is None and n.query == target.query)
        assert {by_id[each].view for each in after.dependencies} == {
            before[each].view for each in target.dependencies
        }
