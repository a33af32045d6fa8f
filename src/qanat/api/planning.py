"""What a pipeline would do, as people read it before it runs. Blocks.

A plan says which nodes run and after what; beside it stand the places in the SQL that make the
edges, what each node took before, and everything that is known to be wrong already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from qanat.api.checking import Reading
from qanat.api.services import Services
from qanat.api.wire import pipelines as wire
from qanat.api.wire import plans
from qanat.coordinator.catalog import Kind
from qanat.coordinator.definitions import NodeDefinition
from qanat.coordinator.planner import Plan
from qanat.errors import NotFoundError, QanatError, RequestError, SqlRejectedError
from qanat.model.access import Caller
from qanat.names import Label, NodeId, QueryId
from qanat.sql.compile import compile_statement
from qanat.store import estimates, loading, lookup, pipelines, queries
from qanat.store.database import Transaction

COMPILED: Final = 200  #: nodes; in a larger graph SQL is not looked into
_NAMED: Final = re.compile(r"(?:nodes? (?:id )?|> |: )(-?\d+)(?= |$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to plan: a query, or a graph."""

    query: QueryId | None = None
    graph: wire.Graph | None = None
    target: QueryId | None = None  #: of a graph that is to be stored
    values: Mapping[str, Any] = field(default_factory=dict)
    tier: str | None = None
    stored: bool = True  #: whether a graph stored for the query counts


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAround:
    """What the store knows of the things in a plan."""

    titles: Mapping[QueryId, str]
    places: Mapping[NodeId, Mapping[str, queries.Read]]  #: node → relation → where it is named
    kinds: Mapping[str, Kind]  #: relation → source, view or upload
    row_counts: Mapping[str, int]  #: of relations with rows
    spans: Mapping[NodeId, Sequence[estimates.Span]]  #: what each node took before
    revision: int | None


def look_around(
    tx: Transaction, target: QueryId, plan: Plan, caller: Caller | None = None
) -> PlanAround:
    """Return what the store knows around a plan; with `caller`, also what nodes took before."""
    titles: dict[QueryId, str] = {}
    places: dict[NodeId, dict[str, queries.Read]] = {}
    kinds: dict[str, Kind] = dict.fromkeys(plan.definitions.sources, "source")
    row_counts: dict[str, int] = {}
    spans: dict[NodeId, Sequence[estimates.Span]] = {}
    for node in plan.definitions.nodes:
        name, reads = queries.named(tx, QueryId(node.query), node.version)
        titles[QueryId(node.query)] = name
        places[NodeId(node.id)] = {read.name: read for read in reads}
        if caller is not None:
            spans[NodeId(node.id)] = estimates.spans(tx, caller, QueryId(node.query), node.view)
        for label in node.relations:
            found = None if label in kinds else lookup.name(tx, label)
            if found is not None:
                kinds[label] = found["kind"]
                rows = loading.snapshot(tx, found["snapshot"])
                if rows is not None:
                    row_counts[label] = rows.row_count
    stored = pipelines.find(tx, target)
    return PlanAround(
        titles=titles,
        places=places,
        kinds=kinds,
        row_counts=row_counts,
        spans=spans,
        revision=None if stored is None else stored.revision,
    )


def edges_and_reads(
    plan: Plan, around: PlanAround
) -> tuple[list[wire.Edge], list[wire.OutsideRead]]:
    """Return every dependency once, and what nodes read that no node writes."""
    writers = {node.view: node.id for node in plan.definitions.nodes if node.view is not None}
    edges, reads = [], []
    for node in plan.definitions.nodes:
        places = around.places[NodeId(node.id)]
        implied = {
            writers[label]: places.get(label)
            for label in node.relations
            if writers.get(label, node.id) != node.id
        }
        edges += [wire.edge(one, node.id, implied) for one in node.dependencies]
        reads += [
            wire.OutsideRead(node_id=node.id, name=label, kind=around.kinds[label])
            for label in node.relations
            if label not in writers and label in around.kinds
        ]
    return edges, reads


def plan_for_people(services: Services, caller: Caller, asked: Asked) -> plans.PlanShown:
    """Return what would run, or why it cannot.

    Raises:
        NotFoundError: The query itself is unknown.
    """
    try:
        plan = _plan(services, caller, asked)
    except NotFoundError:
        if asked.query is not None:
            raise
        return plans.refused("Query not found, or materialized view not found", ())
    except RequestError as error:
        named = (int(id_) for id_ in _NAMED.findall(str(error)))
        return plans.refused(str(error), tuple(dict.fromkeys(named)))

    def read(tx: Transaction) -> PlanAround:
        return look_around(tx, asked.query or asked.target or QueryId(0), plan, caller)

    around = services.database.read(read)
    edges, _ = edges_and_reads(plan, around)
    nodes = plan.definitions.nodes
    return plans.shown(
        nodes,
        titles=around.titles,
        kinds=around.kinds,
        row_counts={**around.row_counts, **_source_rows(services, plan)},
        spans=around.spans,
        edges=edges,
        problems=_problems(services, caller, plan) if len(nodes) <= COMPILED else plan.problems,
    )


def _plan(services: Services, caller: Caller, asked: Asked) -> Plan:
    coordinator = services.coordinator
    if asked.graph is not None:
        nodes = wire.nodes_of(asked.graph, caller, most=services.settings.limits.nodes)
        return coordinator.check_graph_detail(caller, asked.target, nodes)
    assert asked.query is not None
    return coordinator.plan_detail(
        caller, asked.query, asked.values, asked.tier, stored=asked.stored
    )


def _source_rows(services: Services, plan: Plan) -> dict[str, int]:
    sources = services.coordinator.context.sources
    found: dict[str, int] = {}
    for label in plan.definitions.sources:
        try:
            found[label] = sources.now(Label(label)).row_count
        except SqlRejectedError:
            continue
    return found


def _problems(services: Services, caller: Caller, plan: Plan) -> dict[NodeId, QanatError]:
    """Return what is wrong in each node's SQL, compiled as it would be with nothing run yet."""
    nodes = plan.definitions.nodes
    written = {Label(node.view): QueryId(node.query) for node in nodes if node.view is not None}
    reading = Reading(services, caller, written=written)
    found: dict[NodeId, QanatError] = dict(plan.problems)
    for node in nodes:
        if NodeId(node.id) not in found:
            error = _compiled(services, reading, node)
            if error is not None:
                found[NodeId(node.id)] = error
    return found


def _compiled(services: Services, reading: Reading, node: NodeDefinition) -> QanatError | None:
    def text(tx: Transaction) -> str:
        found = lookup.query_text(tx, node.query, node.version)
        return found[0] if found else ""

    sql = node.sql if node.sql is not None else services.database.read(text)
    try:
        compile_statement(sql, node.parameters, reading.columns, reading.viewed)
    except QanatError as error:
        return error
    return None
