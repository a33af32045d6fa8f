"""A query into a pipeline: by lineage, from the graph stored for it, or from one that is given.

Whatever is wrong with the request is refused here, before anything is written. Whatever is wrong
inside SQL text is not: its node fails later, with line and column. SQL that cannot be read has no
lineage, so its pipeline is one node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from qanat.coordinator.definitions import Definitions, Fault, NodeDefinition
from qanat.coordinator.seen import Seen
from qanat.coordinator.texts import Texts, Values
from qanat.errors import (
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    SqlRejectedError,
)
from qanat.model.access import Caller
from qanat.model.pipeline import DEFAULT_TIER, Node, NodeKind, Pipeline, pipeline_of
from qanat.names import Label, NodeId, QueryId
from qanat.sql.interface import Lineage
from qanat.sql.parameters import Given, resolve
from qanat.store import lookup
from qanat.store.database import Transaction

ARCHIVED: Final = (
    "Not allowed to execute query. Query is archived, unsaved or not enough permissions"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A pipeline that may run, and what it computes."""

    pipeline: Pipeline
    definitions: Definitions
    problems: Mapping[NodeId, SqlRejectedError] = field(default_factory=dict)
    #: nodes whose text could not be read, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A node's text, its values and what it reads."""

    sql: str
    version: int
    values: Values
    is_private: bool
    lineage: Lineage


class Planner:
    """Plans for one caller within one reading transaction.

    `sources` are the labels of mounted tables; `text_limit` bounds ad-hoc SQL, in characters.
    `shown` is a query whose plan is only looked at: archived, it is read and not run.
    """

    def __init__(
        self,
        tx: Transaction,
        caller: Caller,
        texts: Texts,
        sources: frozenset[Label],
        *,
        text_limit: int,
        node_limit: int,
        shown: QueryId | None = None,
    ) -> None:
        self._tx, self._texts, self._seen = tx, texts, Seen(tx, caller, texts)
        self._sources, self._shown = sources, shown
        self._text_limit, self._node_limit = text_limit, node_limit

    def query(self, id_: QueryId, asked: Mapping[str, Given], tier: str) -> Plan:
        """Return the plan of one saved query by itself.

        Raises:
            NotFoundError, ForbiddenError, InvalidRequestError: It may not run so.
        """
        node = Node(id=NodeId(1), kind=NodeKind.QUERY, query=id_, tier=tier)
        read = self._read(id_, asked)
        return self._assemble([_asked(node, asked, read)], {node.id: read}, node.id)

    def sql(self, text: str, asked: Mapping[str, Given], tier: str) -> Plan:
        """Return the plan of a statement that is not saved.

        Raises:
            InvalidRequestError: Its parameters or its length do not fit.
        """
        if len(text) > self._text_limit:
            raise InvalidRequestError(f"sql has at most {self._text_limit} characters")
        values = Values.of(resolve((), asked, sql=text, adhoc=True))
        lineage = self._seen.lineage(0, 0, text, values)
        read = _Read(sql=text, version=0, values=values, is_private=True, lineage=lineage)
        node = Node(id=NodeId(1), kind=NodeKind.QUERY, query=QueryId(0), tier=tier)
        return self._assemble([_asked(node, asked, read)], {node.id: read}, node.id)

    def view(self, label: Label, tier: str | None) -> Plan:
        """Return the plan of the refresh of one view by itself.

        Raises:
            NotFoundError, ForbiddenError: There is no such view, or it is another's.
        """
        view = self._seen.own_view(label)
        node = Node(
            id=NodeId(1),
            kind=NodeKind.VIEW,
            query=QueryId(view["query"]),
            view=Label(view["label"]),
            tier=tier or view["tier"],
        )
        return self._assemble([node], {node.id: self._read(node.query, {})}, node.id)

    def lineage(self, id_: QueryId, asked: Mapping[str, Given], tier: str | None) -> Plan:
        """Return the plan of a query after every view of the caller that it reads.

        Views of other owners are not refreshed; they are read as they are.

        Raises:
            NotFoundError, ForbiddenError, InvalidRequestError: It may not run so.
        """
        every = tier or DEFAULT_TIER
        target = Node(id=NodeId(0), kind=NodeKind.QUERY, query=id_, tier=every)
        read = self._read(id_, asked)
        target, reads = _asked(target, asked, read), {target.id: read}
        return self._grow(target, reads, every)

    def view_lineage(self, label: Label) -> Plan:
        """Return the plan of a view after every view of the caller that it reads.

        Each node runs in the tier of its own view.

        Raises:
            NotFoundError, ForbiddenError, InvalidRequestError: It may not run so.
        """
        view = self._seen.own_view(label)
        target = Node(
            id=NodeId(0),
            kind=NodeKind.VIEW,
            query=QueryId(view["query"]),
            view=Label(view["label"]),
            tier=view["tier"],
        )
        return self._grow(target, {target.id: self._read(target.query, {})}, None)

    def _grow(self, target: Node, reads: dict[NodeId, _Read], tier: str | None) -> Plan:
        nodes = {target.id: target}
        writers: dict[str, NodeId] = {} if target.view is None else {target.view: target.id}
        waiting = [target.id]
        while waiting:
            id_ = waiting.pop()
            for label in sorted(reads[id_].lineage.relations):
                view = self._seen.name(label)
                if view is None or view["kind"] != "view" or not self._seen.owns(view):
                    continue
                if label not in writers:
                    if len(nodes) >= self._node_limit:
                        raise InvalidRequestError(
                            f"the pipeline has more than {self._node_limit} nodes"
                        )
                    fresh = NodeId(len(nodes))
                    writers[label] = fresh
                    nodes[fresh] = Node(
                        id=fresh,
                        kind=NodeKind.VIEW,
                        query=QueryId(view["query"]),
                        view=label,
                        tier=tier or view["tier"],
                    )
                    reads[fresh] = self._read(QueryId(view["query"]), {}, of=label)
                    waiting.append(fresh)
        linked = self._linked(nodes.values(), reads)
        ordered = pipeline_of(linked).nodes
        renumbered = {node.id: NodeId(k) for k, node in enumerate(ordered, start=1)}
        return self._assemble(
            [
                replace(
                    node,
                    id=renumbered[node.id],
                    dependencies=frozenset(renumbered[one] for one in node.dependencies),
                )
                for node in ordered
            ],
            {renumbered[id_]: read for id_, read in reads.items()},
            renumbered[target.id],
        )

    def graph(
        self,
        given: Sequence[Node],
        *,
        target: QueryId | None = None,
        asked: Mapping[str, Given] | None = None,
        tier: str | None = None,
    ) -> Plan:
        """Return the plan of a graph as it is given, with the edges that lineage implies.

        A view that is read and is not in the graph is read as it is. For the graph stored for
        the query `target`, `asked` are that query's parameters and `tier` replaces every tier.

        Raises:
            NotFoundError, ForbiddenError, InvalidRequestError: It may not run so.
        """
        if len(given) > self._node_limit:
            raise InvalidRequestError(f"the pipeline has more than {self._node_limit} nodes")
        ends = [node.id for node in given if node.kind is NodeKind.QUERY and node.query == target]
        if target is not None and not ends:
            raise InvalidRequestError(f"the pipeline does not contain query {target}")
        nodes, reads = [], {}
        for node in given:
            values: Mapping[str, Given] = node.parameters
            if node.id in ends:
                values = {**values, **(asked or {})}
            view = None if node.view is None else self._seen.own_view(node.view)
            nodes.append(
                replace(
                    node,
                    query=node.query if view is None else QueryId(view["query"]),
                    tier=tier or node.tier,
                    view=None if view is None else Label(view["label"]),
                )
            )
            read = self._read(nodes[-1].query, values, of=nodes[-1].view)
            nodes[-1], reads[node.id] = _asked(nodes[-1], values, read), read
        linked = pipeline_of(self._linked(nodes, reads)).nodes
        return self._assemble(linked, reads, ends[-1] if ends else linked[-1].id)

    def stored(self, id_: QueryId) -> str | None:
        """Return the graph stored for a query that the caller sees; None if none is."""
        if self._seen.query(id_) is None:
            return None
        return lookup.stored_pipeline(self._tx, id_)

    def _linked(self, nodes: Iterable[Node], reads: Mapping[NodeId, _Read]) -> list[Node]:
        nodes = list(nodes)
        writers = {node.view: node.id for node in nodes if node.view is not None}
        return [
            replace(
                node,
                dependencies=node.dependencies
                | {
                    writers[label]
                    for label in reads[node.id].lineage.relations
                    if label in writers and (writers[label] != node.id or node.view == label)
                },
            )
            for node in nodes
        ]

    def _assemble(
        self, nodes: Sequence[Node], reads: Mapping[NodeId, _Read], target: NodeId
    ) -> Plan:
        pipeline = pipeline_of(nodes)
        written = {node.view for node in nodes if node.view is not None}
        names: dict[str, str] = {}
        sources: set[str] = set()
        viewed: dict[str, int] = {}
        problems: dict[NodeId, SqlRejectedError] = {}
        made = []
        for node in pipeline.nodes:
            read = reads[node.id]
            is_private = read.is_private
            relations = []
            error = read.lineage.error
            if isinstance(error, SqlRejectedError):
                problems[node.id] = error
            for label in sorted(read.lineage.relations):
                relations.append(label)
                if label in self._sources:
                    sources.add(label)
                    continue
                found = self._seen.name(label)
                if found is None:
                    continue
                is_private = is_private or bool(found["is_private"])
                if label not in written:
                    names[label] = found["id"]
            for query, version in read.lineage.queries:
                viewed[str(query)] = version
                of = self._seen.query(query)
                is_private = is_private or bool(of and of["is_private"])
            own = self._seen.name(node.view) if node.view is not None else None
            made.append(
                NodeDefinition(
                    id=node.id,
                    kind=node.kind,
                    query=node.query,
                    version=read.version,
                    tier=node.tier,
                    parameters=read.values.texts,
                    asked=dict(node.parameters),
                    params_hash=read.values.hash,
                    dependencies=tuple(sorted(node.dependencies)),
                    relations=tuple(relations),
                    view=node.view,
                    name=None if own is None else own["id"],
                    sql=read.sql if node.query == 0 else None,
                    is_private=is_private or bool(own and own["is_private"]),
                    fault=_fault(error) if isinstance(error, SqlRejectedError) else None,
                )
            )
        return Plan(
            pipeline=pipeline,
            definitions=Definitions(
                nodes=tuple(made),
                target=target,
                names=names,
                sources=tuple(sorted(sources)),
                viewed=viewed,
            ),
            problems=problems,
        )

    def _read(self, id_: QueryId, asked: Mapping[str, Given], *, of: Label | None = None) -> _Read:
        query = self._seen.query(id_)
        if query is None:
            raise NotFoundError("Query not found")
        if query["is_archived"] and id_ != self._shown:
            raise ForbiddenError(ARCHIVED if of is None else f"{of}: its query {id_} is archived")
        version = query["version"]
        sql, declared = self._texts.of(self._tx, id_, version)
        values = (
            Values.of(resolve(declared, asked, sql=sql))
            if asked
            else self._texts.defaults(id_, version, sql, declared)
        )
        return _Read(
            sql=sql,
            version=version,
            values=values,
            is_private=bool(query["is_private"]),
            lineage=self._seen.lineage(id_, version, sql, values),
        )


def _fault(error: SqlRejectedError) -> Fault:
    at = error.position
    return Fault(message=error.message, line=at.line if at else 0, column=at.column if at else 0)


def _asked(node: Node, given: Mapping[str, Given], read: _Read) -> Node:
    """Return a node that says which parameters were asked for, as the text they have."""
    return replace(node, parameters={name: read.values.texts[name] for name in given})
