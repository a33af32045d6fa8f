"""Pipelines: nodes, what each depends on, and what makes a graph valid.

A node is a query execution or the refresh of a materialized view. A graph that is not valid
cannot be made: `order` refuses it, naming the node or the cycle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from qanat.errors import InvalidRequestError
from qanat.names import Label, NodeId, QueryId

TIERS: Final = ("small", "medium", "large")
DEFAULT_TIER: Final = "medium"

ParameterValues = Mapping[str, str]  #: parameter name → the text put in its place


class NodeKind(StrEnum):
    """What a node computes."""

    QUERY = "query"
    VIEW = "view"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step of a pipeline."""

    id: NodeId
    kind: NodeKind
    query: QueryId  #: the query that runs; of a view, the query that defines it; 0: ad-hoc SQL
    view: Label | None = None  #: of a view node: the view it refreshes
    tier: str = DEFAULT_TIER
    parameters: ParameterValues = field(default_factory=dict)  #: as asked, without defaults
    dependencies: frozenset[NodeId] = frozenset()

    @property
    def title(self) -> str:
        """How errors name the node."""
        if self.view:
            return f"{self.id} ({self.view})"
        return f"{self.id} (query {self.query})" if self.query else f"{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Nodes in an order in which every node follows what it depends on."""

    nodes: tuple[Node, ...]


def tier_of(text: str | None) -> str:
    """Return the tier that a request means by `text`; medium if it names none.

    Raises:
        InvalidRequestError: There is no such tier.
    """
    if text is None:
        return DEFAULT_TIER
    tier = "small" if text == "free" else text
    if tier not in TIERS:
        raise InvalidRequestError(f"unknown performance tier '{text}': use small, medium or large")
    return tier


def pipeline_of(nodes: Iterable[Node]) -> Pipeline:
    """Return the valid pipeline of `nodes`, ordered; ties go to the smaller id.

    Raises:
        InvalidRequestError: No nodes, an id or a view twice, an unknown dependency, or a cycle.
    """
    by_id: dict[NodeId, Node] = {}
    writers: dict[Label, Node] = {}
    for node in nodes:
        if node.id in by_id:
            raise InvalidRequestError(f"node id {node.id} is used twice")
        by_id[node.id] = node
        if node.view is not None:
            other = writers.setdefault(node.view, node)
            if other is not node:
                raise InvalidRequestError(
                    f"{node.view} is refreshed by nodes {other.id} and {node.id}: a pipeline "
                    "refreshes a view once"
                )
    if not by_id:
        raise InvalidRequestError("a pipeline needs at least one node")
    for node in by_id.values():
        for dependency in sorted(node.dependencies):
            if dependency == node.id:
                raise InvalidRequestError(
                    f"the pipeline has a cycle: {node.title} depends on itself"
                )
            if dependency not in by_id:
                raise InvalidRequestError(
                    f"node {node.id} depends on node {dependency}, which is not in the pipeline"
                )
    return Pipeline(nodes=tuple(_ordered(by_id)))


def _ordered(by_id: Mapping[NodeId, Node]) -> list[Node]:
    dependents: dict[NodeId, list[NodeId]] = {id_: [] for id_ in by_id}
    waiting = {id_: len(node.dependencies) for id_, node in by_id.items()}
    for id_, node in by_id.items():
        for dependency in node.dependencies:
            dependents[dependency].append(id_)
    ready = deque(sorted(id_ for id_, count in waiting.items() if count == 0))
    ordered: list[Node] = []
    while ready:
        id_ = ready.popleft()
        ordered.append(by_id[id_])
        for dependent in sorted(dependents[id_]):
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                ready.append(dependent)
    if len(ordered) < len(by_id):
        cycle = find_cycle({id_: node.dependencies for id_, node in by_id.items()})
        path = " > ".join(by_id[NodeId(id_)].title for id_ in cycle)
        raise InvalidRequestError(f"the pipeline has a cycle: {path}")
    return ordered


def find_cycle(reads: Mapping[int, Iterable[int]]) -> list[int]:
    """Return a cycle of `reads` (what → what it reads), its first element repeated at the end.

    Empty if there is none. Iterative, because lineage may be thousands deep.
    """
    done: set[int] = set()
    for start in reads:
        if start in done:
            continue
        path: list[int] = [start]
        on_path = {start}
        stack = [iter(sorted(reads[start]))]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
                done.add(path[-1])
                on_path.discard(path.pop())
            elif following in on_path:
                return [*path[path.index(following) :], following]
            elif following not in done and following in reads:
                path.append(following)
                on_path.add(following)
                stack.append(iter(sorted(reads[following])))
    return []
