"""What would run (docs/api/extensions.md section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe
from qanat.api.wire.pipelines import Edge, ExecuteAnyPipeline, title_of
from qanat.api.wire.words import Tier, tier_word
from qanat.coordinator.catalog import Kind
from qanat.coordinator.definitions import NodeDefinition
from qanat.errors import QanatError, SqlRejectedError
from qanat.model.credits import as_credits
from qanat.model.pipeline import NodeKind
from qanat.names import Label, NodeId, QueryId
from qanat.store.estimates import Span


class AskPlan(ExecuteAnyPipeline):
    """What to plan: a query, or a graph that may be stored for a query."""

    target_query_id: int | UnsetType = UNSET
    stored: bool | UnsetType = UNSET


class Estimate(Wire):
    """From the least to the most that was seen before."""

    seconds: tuple[float, float]
    credits: tuple[float, float]
    rows: tuple[int, int] | UnsetType = UNSET


class PlannedInput(Wire):
    """A relation that a node reads."""

    name: str
    kind: Kind
    row_count: int | UnsetType = UNSET


class PlannedNode(Wire):
    """A node, and what would become of it."""

    id: int
    order: int
    kind: NodeKind
    title: str
    query_id: int
    query_version: int
    tier: Tier
    dependencies: list[int]
    decision: Literal["run", "refused"]
    inputs: list[PlannedInput]
    name: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    estimate: Estimate | UnsetType = UNSET


class Problem(Wire):
    """What is wrong, and with which nodes."""

    message: str
    node_ids: list[int]
    line: int | UnsetType = UNSET
    column: int | UnsetType = UNSET
    length: int | UnsetType = UNSET


class PlanShown(Wire):
    """What would run; valid when there are no problems."""

    valid: bool
    nodes: list[PlannedNode]
    edges: list[Edge]
    problems: list[Problem]
    estimate: Estimate | UnsetType = UNSET


def refused(message: str, nodes: Sequence[int]) -> PlanShown:
    """Return the plan of what cannot be planned."""
    problem = Problem(message=message, node_ids=list(nodes))
    return PlanShown(valid=False, nodes=[], edges=[], problems=[problem])


def shown(
    nodes: Sequence[NodeDefinition],
    *,
    titles: Mapping[QueryId, str],
    kinds: Mapping[str, Kind],
    row_counts: Mapping[str, int],
    spans: Mapping[NodeId, Sequence[Span]],
    edges: Sequence[Edge],
    problems: Mapping[NodeId, QanatError],
) -> PlanShown:
    """Return a plan; `nodes` are in an order in which each follows what it depends on."""
    order: dict[int, int] = {}
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    planned = []
    for node in nodes:
        order[node.id] = 1 + max((order[one] for one in node.dependencies), default=0)
        seen = spans.get(NodeId(node.id), ())
        for ends, pick in ((low, min), (high, max)):
            own = pick((span.seconds for span in seen), default=0.0)
            ends[node.id] = own + max((ends[one] for one in node.dependencies), default=0.0)
        wrong = problems.get(NodeId(node.id))
        planned.append(
            PlannedNode(
                id=node.id,
                order=order[node.id],
                kind=node.kind,
                title=title_of(
                    None if node.view is None else Label(node.view), QueryId(node.query), titles
                ),
                name=maybe(node.view),
                query_id=node.query,
                query_version=node.version,
                tier=tier_word(node.tier),
                dependencies=list(node.dependencies),
                decision="run" if wrong is None else "refused",
                reason=maybe(None if wrong is None else str(wrong)),
                inputs=[
                    PlannedInput(
                        name=label, kind=kinds[label], row_count=maybe(row_counts.get(label))
                    )
                    for label in node.relations
                    if label in kinds
                ],
                estimate=_estimate(seen),
            )
        )
    whole: Estimate | UnsetType = UNSET
    if planned and all(node.estimate is not UNSET for node in planned):
        costs = [node.estimate.credits for node in planned if isinstance(node.estimate, Estimate)]
        whole = Estimate(
            seconds=(round(max(low.values()), 3), round(max(high.values()), 3)),
            credits=(round(sum(c[0] for c in costs), 6), round(sum(c[1] for c in costs), 6)),
        )
    return PlanShown(
        valid=not problems,
        nodes=planned,
        edges=list(edges),
        problems=[_problem(id_, error) for id_, error in problems.items()],
        estimate=whole,
    )


def _estimate(seen: Sequence[Span]) -> Estimate | UnsetType:
    if not seen:
        return UNSET
    costs = [span.micro_credits for span in seen]
    return Estimate(
        seconds=(min(span.seconds for span in seen), max(span.seconds for span in seen)),
        credits=(as_credits(min(costs)), as_credits(max(costs))),
        rows=(min(span.row_count for span in seen), max(span.row_count for span in seen)),
    )


def _problem(node: NodeId, error: QanatError) -> Problem:
    at = error.position if isinstance(error, SqlRejectedError) else None
    return Problem(
        message=str(error),
        node_ids=[node],
        line=UNSET if at is None else at.line,
        column=UNSET if at is None else at.column,
        length=UNSET if at is None else at.length,
    )
