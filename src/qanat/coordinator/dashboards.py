"""A dashboard's refresh: one run over the lineage of all queries that its charts draw.

Each query is planned by itself and the plans become one graph, in which a view is refreshed once
whoever reads it. So every chart shows rows of the same run, or of none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qanat.coordinator.intake import Idempotency, Intake
from qanat.errors import InvalidRequestError
from qanat.model.access import Caller
from qanat.model.pipeline import Node, NodeKind, Pipeline
from qanat.model.records import Accepted
from qanat.names import Label, NodeId, QueryId
from qanat.sql.parameters import Given
from qanat.store import dashboards, queries, refreshes
from qanat.store.database import Transaction


def refresh(
    intake: Intake,
    caller: Caller,
    dashboard: int,
    parameters: Mapping[str, Given],
    tier: str | None,
    idempotency: Idempotency = None,
) -> Accepted:
    """Run everything that a dashboard's charts draw, as one run, and remember that it is that.

    A parameter goes to every query that declares it.

    Raises:
        NotFoundError: There is no such dashboard, or the caller may not know of it.
        InvalidRequestError: It has no charts, or no query declares a parameter.
        RequestError: One of its queries may not run so.
    """
    database = intake.context.database
    asked = database.read(lambda tx: _asked(tx, caller, dashboard, parameters))
    plans = [
        intake.plan_detail(caller, query, values, tier, stored=False).pipeline
        for query, values in asked
    ]
    return intake.execute_graph(
        caller,
        merged(plans),
        idempotency,
        # With the run or not at all: else it would move the views and the dashboard not show it.
        beside=lambda tx, run: refreshes.note(tx, run, dashboard, parameters),
    )


def merged(plans: Sequence[Pipeline]) -> list[Node]:
    """Return the nodes of several pipelines as one graph, numbered anew from 1.

    A view that several of them refresh is refreshed once.
    """
    made: dict[NodeId, Node] = {}
    views: dict[Label, NodeId] = {}
    for plan in plans:
        renamed: dict[NodeId, NodeId] = {}
        for node in plan.nodes:
            known = views.get(node.view) if node.view is not None else None
            id_ = NodeId(len(made) + 1) if known is None else known
            renamed[node.id] = id_
            dependencies = frozenset(renamed[each] for each in node.dependencies)
            if known is not None:
                dependencies |= made[id_].dependencies
            made[id_] = replace(node, id=id_, dependencies=dependencies)
            if node.kind is NodeKind.VIEW and node.view is not None:
                views[node.view] = id_
    return list(made.values())


def _asked(
    tx: Transaction, caller: Caller, dashboard: int, parameters: Mapping[str, Given]
) -> list[tuple[QueryId, dict[str, Given]]]:
    """Return the queries of a dashboard, and which of the parameters each takes."""
    found = dashboards.get(tx, caller, dashboard)
    wanted = sorted(set(found.queries.values()))
    if not wanted:
        raise InvalidRequestError("the dashboard has no visualizations: there is nothing to run")
    declared = {
        query: {each.key for each in queries.read(tx, caller, query).text.parameters}
        for query in wanted
    }
    unknown = sorted(set(parameters) - set().union(*declared.values()))
    if unknown:
        raise InvalidRequestError(f"unknown parameters ({', '.join(unknown)})")
    return [
        (query, {key: value for key, value in parameters.items() if key in declared[query]})
        for query in wanted
    ]
