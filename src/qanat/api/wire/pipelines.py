"""Pipelines: graphs, and where their runs are (contract section 2).

The Python client needs `query_execution_status` on every node, so a node that refreshes a view
carries both objects; `node_id` and `status` repeat what the pages of the documentation name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, encode, given, maybe, query_id
from qanat.api.wire.values import read_object
from qanat.api.wire.views import full_label
from qanat.coordinator.catalog import Kind
from qanat.errors import InvalidRequestError
from qanat.model.access import Caller
from qanat.model.pipeline import Node, NodeKind, Pipeline, tier_of
from qanat.model.records import NodeExecution, Run
from qanat.model.state import NodeState, RunState
from qanat.names import Label, NodeId, QueryId, RunId
from qanat.store.queries import Read

LARGEST_NODE_ID = 2**31 - 1
#: Told to whoever sends a graph that cannot be read; other programs have other forms.
NODE_FORM: Final = (
    'a node is {"id": 1, "dependencies": [], "query_execution": {"query_id": 1}}, '
    'or has "materialized_view_refresh": {"name": "…"} in place of the query_execution'
)


class QueryExecution(Wire):
    """A node that runs a query."""

    query_id: int
    performance: str | UnsetType | None = UNSET
    query_parameters: dict[str, Any] | UnsetType | None = UNSET


class ViewRefresh(Wire):
    """A node that refreshes a materialized view."""

    name: str
    performance: str | UnsetType | None = UNSET


class GraphNode(Wire):
    """A node of a graph; exactly one of the two objects."""

    id: int
    dependencies: list[int] | UnsetType | None = UNSET
    query_execution: QueryExecution | UnsetType | None = UNSET
    materialized_view_refresh: ViewRefresh | UnsetType | None = UNSET


class Graph(Wire):
    """Nodes and what they depend on."""

    nodes: list[GraphNode]


class ExecutePipeline(Wire):
    """What to run a query's pipeline with."""

    performance: str | UnsetType = UNSET
    query_parameters: dict[str, Any] | UnsetType = UNSET


class ExecuteAnyPipeline(ExecutePipeline, kw_only=True):
    """A query with its lineage, or a graph; one of the two."""

    FORM: ClassVar[str] = NODE_FORM

    query_id: int | UnsetType = UNSET
    pipeline: Graph | UnsetType = UNSET


class PutPipeline(Wire):
    """A graph to store for a query."""

    FORM: ClassVar[str] = NODE_FORM

    pipeline: Graph
    revision: int | UnsetType = UNSET


class RunStarted(Wire):
    """A run was recorded."""

    pipeline_execution_id: str


class ShownNode(GraphNode, kw_only=True):
    """A node as it is shown: with its title and its query."""

    title: str
    query_id: int


class ShownGraph(Wire):
    """The nodes of a graph, each after what it depends on."""

    nodes: list[ShownNode]


class Edge(Wire, rename={"from_": "from"}):
    """A dependency: drawn, or implied by lineage at a place in the SQL of `to`."""

    from_: int
    to: int
    kind: Literal["drawn", "lineage"]
    line: int | UnsetType = UNSET
    column: int | UnsetType = UNSET


class OutsideRead(Wire):
    """What a node reads and no node writes."""

    node_id: int
    name: str
    kind: Kind


class PipelineShown(Wire):
    """A query's graph, and what it is made of."""

    pipeline: ShownGraph
    stored: bool
    target_query_id: int
    edges: list[Edge]
    reads: list[OutsideRead]
    revision: int | UnsetType = UNSET


class QueryStatus(Wire):
    """Where the query of a node is."""

    query_id: int
    status: NodeState
    execution_id: str | UnsetType = UNSET
    error: str | UnsetType = UNSET


class ViewStatus(Wire):
    """Where the refresh of a node's view is."""

    name: str
    status: NodeState
    execution_id: str | UnsetType = UNSET
    error: str | UnsetType = UNSET


class NodeStatus(Wire):
    """Where a node is."""

    id: int
    node_id: int
    status: NodeState
    query_execution_status: QueryStatus
    materialized_view_refresh_status: ViewStatus | UnsetType = UNSET


class PipelineStatus(Wire):
    """Where a run is: every node, from the first answer on."""

    status: RunState
    node_executions: list[NodeStatus]
    error: str | UnsetType = UNSET


def status(run: Run) -> PipelineStatus:
    """Return where a run is."""
    return PipelineStatus(
        status=_state(run),
        error=_error(run),
        node_executions=[_node_status(node) for node in run.nodes.values()],
    )


class StatusText:
    """The encoded status of one run, made again and again while few of its nodes change.

    A node's record is never changed but replaced, so its text is right for as long as the record
    is the same object. What comes out is what encoding `status` would give.
    """

    def __init__(self) -> None:
        self._nodes: list[NodeExecution] = []
        self._texts: list[bytes] = []

    def of(self, run: Run) -> bytes:
        """Return the status of the run as it is now."""
        nodes = list(run.nodes.values())
        if len(nodes) != len(self._nodes):
            self._nodes, self._texts = nodes, [encode(_node_status(node)) for node in nodes]
        for at, (node, known) in enumerate(zip(nodes, self._nodes, strict=True)):
            if node is not known:
                self._nodes[at], self._texts[at] = node, encode(_node_status(node))
        error = _error(run)
        return b'{"status":%b,"node_executions":[%b]%b}' % (
            encode(_state(run).value),
            b",".join(self._texts),
            b"" if error is UNSET else b',"error":' + encode(error),
        )


def _state(run: Run) -> RunState:
    """Return a run's state; it is executing for clients once one of its nodes has started."""
    if run.state is RunState.EXECUTING and all(
        node.state is NodeState.PENDING and node.execution.started_at is None
        for node in run.nodes.values()
    ):
        return RunState.PENDING
    return run.state


def _error(run: Run) -> str | UnsetType:
    failed = run.state is RunState.FAILED and run.failure is not None
    return run.failure.message if failed and run.failure else UNSET


def _node_status(node: NodeExecution) -> NodeStatus:
    state = node.state
    execution = shown_execution(node)
    failure = node.execution.failure
    error = failure.message if node.state is NodeState.FAILED and failure else UNSET
    view: ViewStatus | UnsetType = UNSET
    if node.view is not None:
        view = ViewStatus(name=node.view, status=state, execution_id=execution, error=error)
    return NodeStatus(
        id=node.id,
        node_id=node.id,
        status=state,
        query_execution_status=QueryStatus(
            query_id=node.query, status=state, execution_id=execution, error=error
        ),
        materialized_view_refresh_status=view,
    )


def shown_execution(node: NodeExecution) -> str | UnsetType:
    """Return a node's execution once it has started; one that never does is not shown."""
    done = node.state in (NodeState.COMPLETED, NodeState.FAILED)
    return node.execution.id if done or node.execution.started_at is not None else UNSET


def nodes_of(graph: Graph, caller: Caller, *, most: int) -> list[Node]:
    """Return the nodes of a graph that a client sent.

    Raises:
        InvalidRequestError: One of them is malformed, named by its id. Whether the graph as a
            whole is valid is for `model.pipeline` to say.
    """
    if not graph.nodes:
        raise InvalidRequestError("a pipeline needs at least one node")
    if len(graph.nodes) > most:
        raise InvalidRequestError(f"a pipeline has at most {most} nodes")
    return [_node_of(node, caller) for node in graph.nodes]


def _node_of(node: GraphNode, caller: Caller) -> Node:
    if not -LARGEST_NODE_ID <= node.id <= LARGEST_NODE_ID:
        raise InvalidRequestError(f"node id {node.id} is too large")
    query, view = given(node.query_execution), given(node.materialized_view_refresh)
    if (query is None) == (view is None):
        raise InvalidRequestError(
            f"node {node.id} needs exactly one of query_execution and materialized_view_refresh"
        )
    dependencies = frozenset(NodeId(id_) for id_ in given(node.dependencies) or ())
    if view is not None:
        return Node(
            id=NodeId(node.id),
            kind=NodeKind.VIEW,
            query=QueryId(0),
            view=full_label(view.name, caller),
            tier=tier_of(given(view.performance)),
            dependencies=dependencies,
        )
    assert query is not None
    return Node(
        id=NodeId(node.id),
        kind=NodeKind.QUERY,
        query=query_id(str(query.query_id)),
        tier=tier_of(given(query.performance)),
        parameters=plain_values(given(query.query_parameters)),
        dependencies=dependencies,
    )


def plain_values(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Return parameter values as the texts that a node keeps.

    Raises:
        InvalidRequestError: A value is no text, number, truth value or list of texts.
    """
    made: dict[str, str] = {}
    for name, value in (values or {}).items():
        if isinstance(value, bool):
            made[name] = "true" if value else "false"
        elif isinstance(value, str | int | float):
            made[name] = str(value)
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            made[name] = ",".join(value)
        else:
            raise InvalidRequestError(f"parameter '{name[:100]}' takes text")
    return made


def shown(
    pipeline: Pipeline,
    *,
    titles: Mapping[QueryId, str],
    target: QueryId,
    revision: int | None,
    edges: Sequence[Edge],
    reads: Sequence[OutsideRead],
) -> PipelineShown:
    """Return a graph as it is shown."""
    return PipelineShown(
        pipeline=ShownGraph(nodes=[_shown_node(node, titles) for node in pipeline.nodes]),
        stored=revision is not None,
        revision=maybe(revision),
        target_query_id=target,
        edges=list(edges),
        reads=list(reads),
    )


def _shown_node(node: Node, titles: Mapping[QueryId, str]) -> ShownNode:
    query: QueryExecution | UnsetType = UNSET
    view: ViewRefresh | UnsetType = UNSET
    if node.view is not None:
        view = ViewRefresh(name=node.view, performance=node.tier)
    else:
        query = QueryExecution(
            query_id=node.query,
            performance=node.tier,
            query_parameters=dict(node.parameters) or UNSET,
        )
    return ShownNode(
        id=node.id,
        dependencies=sorted(node.dependencies),
        query_execution=query,
        materialized_view_refresh=view,
        title=title_of(node.view, node.query, titles),
        query_id=node.query,
    )


def title_of(view: Label | None, query: QueryId, titles: Mapping[QueryId, str]) -> str:
    """Return what people call a node: a view's last part, or its query's name."""
    if view is not None:
        return view.rsplit(".", 1)[-1].removeprefix("result_")
    return titles.get(query, f"query {query}") if query else "SQL"


def edge(before: int, after: int, implied: Mapping[int, Read | None]) -> Edge:
    """Return a dependency. `implied`: what lineage makes `after` depend on → where, if known."""
    place = implied.get(before)
    return Edge(
        from_=before,
        to=after,
        kind="lineage" if before in implied else "drawn",
        line=UNSET if place is None else maybe(place.line),
        column=UNSET if place is None else maybe(place.column),
    )


def run_started(run: RunId) -> RunStarted:
    """Return the answer to a request that started a run."""
    return RunStarted(pipeline_execution_id=run)


def read_parameters(text: str | None) -> dict[str, Any] | None:
    """Return parameter values that came as JSON in a query string; None if none did.

    Raises:
        InvalidRequestError: It is no JSON object.
    """
    if text is None:
        return None
    try:
        return read_object(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise InvalidRequestError("query_parameters must be a JSON object") from None
