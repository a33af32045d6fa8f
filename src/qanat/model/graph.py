"""The shape of a run's graph: who waits for whom, and how long the path below each node is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qanat.model.pipeline import Pipeline
from qanat.names import NodeId


@dataclass(frozen=True, slots=True)
class Shape:
    """What scheduling needs to know of a pipeline; derived from it, never stored apart."""

    dependencies: Mapping[NodeId, frozenset[NodeId]]
    dependents: Mapping[NodeId, tuple[NodeId, ...]]
    length: Mapping[NodeId, int]  #: nodes on the longest path that starts here, itself included


def shape_of(pipeline: Pipeline) -> Shape:
    """Return the shape of `pipeline`."""
    dependents: dict[NodeId, list[NodeId]] = {node.id: [] for node in pipeline.nodes}
    for node in pipeline.nodes:
        for dependency in sorted(node.dependencies):
            dependents[dependency].append(node.id)
    length: dict[NodeId, int] = {}
    for node in reversed(pipeline.nodes):
        length[node.id] = 1 + max((length[id_] for id_ in dependents[node.id]), default=0)
    return Shape(
        dependencies={node.id: node.dependencies for node in pipeline.nodes},
        dependents={id_: tuple(below) for id_, below in dependents.items()},
        length=length,
    )


def critical_path(
    dependencies: Mapping[NodeId, frozenset[NodeId]], seconds: Mapping[NodeId, float]
) -> Sequence[NodeId]:
    """Return the chain of dependencies that took longest, first node first.

    `dependencies` lists every node after those it depends on; `seconds` may lack nodes that
    never started, which then count as 0.
    """
    total: dict[NodeId, float] = {}
    before: dict[NodeId, NodeId | None] = {}
    for id_, above in dependencies.items():
        longest = max(sorted(above), key=lambda one: total[one], default=None)
        before[id_] = longest
        total[id_] = seconds.get(id_, 0.0) + (total[longest] if longest is not None else 0.0)
    at = max(sorted(total), key=lambda one: total[one], default=None)
    path: list[NodeId] = []
    while at is not None:
        path.append(at)
        at = before[at]
    return path[::-1]
