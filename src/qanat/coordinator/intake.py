"""Requests become runs: planned, checked and recorded. Nothing is written for a bad request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qanat.clock import to_us
from qanat.coordinator.context import Context
from qanat.coordinator.definitions import Definitions, encode
from qanat.coordinator.graphs import decode_graph
from qanat.coordinator.planner import Plan, Planner
from qanat.coordinator.recovering import load_live
from qanat.model.access import Caller
from qanat.model.graph import shape_of
from qanat.model.pipeline import Node, Pipeline
from qanat.model.records import Accepted, Cause, RunKind
from qanat.model.state import ExecutionState
from qanat.names import ExecutionId, Label, NameId, NodeId, QueryId, RunId, new_ulid
from qanat.sql.parameters import Given
from qanat.store import acceptance, requests
from qanat.store.acceptance import NewNode, NewRun
from qanat.store.database import Transaction

Idempotency = tuple[str, str] | None  #: the request's Idempotency-Key, and a hash of the request


def _answer(known: dict[str, Any]) -> Accepted:
    """Return an answer given before, as it was stored."""
    return Accepted(
        run=RunId(known["run"]),
        execution=ExecutionId(known["execution"]),
        state=ExecutionState(known["state"]),
    )


class Intake:
    """Accepts runs."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def execute_query(
        self,
        caller: Caller,
        query: QueryId,
        parameters: Mapping[str, Given],
        tier: str,
        idempotency: Idempotency = None,
    ) -> Accepted:
        """Run a saved query by itself.

        Raises:
            RequestError: It is unknown, archived, or the parameters do not fit.
        """
        return self._accept(
            caller,
            "query",
            query,
            lambda planner: planner.query(query, parameters, tier),
            idempotency,
        )

    def execute_sql(
        self,
        caller: Caller,
        sql: str,
        parameters: Mapping[str, Given],
        tier: str,
        idempotency: Idempotency = None,
    ) -> Accepted:
        """Run a statement that is not saved.

        Raises:
            RequestError: It is too long, or a parameter has no value.
        """
        return self._accept(
            caller,
            "sql",
            QueryId(0),
            lambda planner: planner.sql(sql, parameters, tier),
            idempotency,
        )

    def execute_query_pipeline(
        self,
        caller: Caller,
        query: QueryId,
        parameters: Mapping[str, Given],
        tier: str | None,
        idempotency: Idempotency = None,
    ) -> Accepted:
        """Run the graph stored for a query; its lineage, if none is stored.

        Raises:
            RequestError: Something in the graph is unknown, another's, or does not fit.
        """
        return self._accept(
            caller,
            "pipeline",
            query,
            lambda planner: self._stored_or_lineage(planner, query, parameters, tier),
            idempotency,
        )

    def execute_lineage_pipeline(
        self,
        caller: Caller,
        query: QueryId,
        parameters: Mapping[str, Given],
        tier: str | None,
        idempotency: Idempotency = None,
    ) -> Accepted:
        """Run a query after every view that it reads.

        Raises:
            RequestError: The query is unknown, archived, or the parameters do not fit.
        """
        return self._accept(
            caller,
            "pipeline",
            query,
            lambda planner: planner.lineage(query, parameters, tier),
            idempotency,
        )

    def execute_graph(
        self,
        caller: Caller,
        nodes: Sequence[Node],
        idempotency: Idempotency = None,
        beside: Callable[[Transaction, RunId], None] | None = None,
    ) -> Accepted:
        """Run a graph as it is given; `beside` writes what belongs to the run, with it.

        Raises:
            RequestError: It is not a valid graph, or something in it is unknown or another's.
        """
        return self._accept(
            caller,
            "pipeline",
            QueryId(0),
            lambda planner: planner.graph(nodes),
            idempotency,
            beside,
        )

    def refresh_view(
        self, caller: Caller, label: Label, tier: str | None, idempotency: Idempotency = None
    ) -> Accepted:
        """Refresh one view by itself.

        Raises:
            RequestError: There is no such view, or it is another's.
        """
        return self._accept(
            caller, "refresh", None, lambda planner: planner.view(label, tier), idempotency
        )

    def fire(self, tx: Transaction, caller: Caller, label: Label) -> RunId | None:
        """Accept the run of a view's schedule, inside the transaction that fires it."""
        plan = self._planner(tx, caller).view_lineage(label)
        new = self._new_run(caller, "pipeline", QueryId(0), plan, cause="schedule")
        self._insert(tx, new, plan.definitions, None)
        return new.id

    def _planner(self, tx: Transaction, caller: Caller, shown: QueryId | None = None) -> Planner:
        context = self.context
        return Planner(
            tx,
            caller,
            context.texts,
            context.sources.labels,
            text_limit=context.limits.sql_chars,
            node_limit=context.limits.nodes,
            shown=shown,
        )

    def _stored_or_lineage(
        self,
        planner: Planner,
        query: QueryId,
        parameters: Mapping[str, Given],
        tier: str | None,
    ) -> Plan:
        stored = planner.stored(query)
        if stored is None:
            return planner.lineage(query, parameters, tier)
        return planner.graph(decode_graph(stored), target=query, asked=parameters, tier=tier)

    def _accept(
        self,
        caller: Caller,
        kind: RunKind,
        query: QueryId | None,
        plan: Callable[[Planner], Plan],
        idempotency: Idempotency,
        beside: Callable[[Transaction, RunId], None] | None = None,
    ) -> Accepted:
        context = self.context

        def planned(tx: Transaction) -> tuple[Accepted | None, Plan | None]:
            known = requests.known_answer(tx, caller.handle, idempotency)
            if known is not None:
                return _answer(known), None
            return None, plan(self._planner(tx, caller))

        known, made = context.database.read(planned)
        if known is not None:
            return known
        assert made is not None
        context.check_disk()
        target = next(n for n in made.definitions.nodes if n.id == made.definitions.target)
        new = self._new_run(caller, kind, QueryId(target.query) if query is None else query, made)

        def work(tx: Transaction) -> Accepted:
            again = requests.known_answer(tx, caller.handle, idempotency)
            if again is not None:
                return _answer(again)
            accepted = self._insert(tx, new, made.definitions, idempotency)
            if beside is not None:
                beside(tx, accepted.run)
            return accepted

        return context.database.write(work)

    def _new_run(
        self, caller: Caller, kind: RunKind, query: QueryId, plan: Plan, cause: Cause = "api"
    ) -> NewRun:
        now = self.context.clock.now()
        shape = shape_of(plan.pipeline)
        definitions = plan.definitions
        return NewRun(
            id=RunId(new_ulid(now)),
            owner=caller.handle,
            kind=kind,
            cause=cause,
            query=query,
            definitions=encode(definitions),
            nodes=[
                NewNode(
                    id=NodeId(node.id),
                    kind=node.kind,
                    query=QueryId(node.query),
                    query_version=node.version,
                    view=None if node.view is None else Label(node.view),
                    name=None if node.name is None else NameId(node.name),
                    tier=node.tier,
                    dependencies=frozenset(NodeId(one) for one in node.dependencies),
                    length=shape.length[NodeId(node.id)],
                    execution=ExecutionId(new_ulid(now)),
                    parameters=node.parameters,
                    params_hash=node.params_hash,
                    is_private=node.is_private,
                )
                for node in definitions.nodes
            ],
            writes=sorted(NameId(n.name) for n in definitions.nodes if n.name is not None),
            reads=sorted(NameId(id_) for id_ in set(definitions.names.values())),
            at_us=to_us(now),
        )

    def _insert(
        self,
        tx: Transaction,
        new: NewRun,
        definitions: Definitions,
        idempotency: Idempotency,
    ) -> Accepted:
        target = next(node for node in new.nodes if node.id == definitions.target)
        answer = Accepted(run=new.id, execution=target.execution, state=ExecutionState.PENDING)
        acceptance.accept(
            tx,
            new,
            queue_limit=self.context.limits.queued_runs,
            idempotency=idempotency,
            answer={"run": answer.run, "execution": answer.execution, "state": answer.state},
        )
        live = load_live(tx, new.id)

        def committed() -> None:
            with self.context.lock:
                self.context.remember(live)
                self.context.dispatch.add(live)
                self.context.changed.notify()

        def unheard() -> None:
            with self.context.lock:
                self.context.doubtful[new.id] = 0.0
                self.context.changed.notify_all()

        tx.after_commit(committed)
        tx.after_silence(unheard)
        return answer

    def plan(
        self,
        caller: Caller,
        query: QueryId,
        parameters: Mapping[str, Given],
        tier: str | None,
    ) -> Pipeline:
        """Return what `execute_query_pipeline` would run.

        Raises:
            RequestError: As that.
        """
        return self.plan_detail(caller, query, parameters, tier).pipeline

    def plan_detail(
        self,
        caller: Caller,
        query: QueryId,
        parameters: Mapping[str, Given],
        tier: str | None,
        *,
        stored: bool = True,
        shown: bool = False,
    ) -> Plan:
        """Return the pipeline of a query with what each node computes.

        `shown`: it is only looked at, so the query may be archived.

        Raises:
            RequestError: Something in the graph is unknown, another's, or does not fit.
        """

        def work(tx: Transaction) -> Plan:
            planner = self._planner(tx, caller, query if shown else None)
            if not stored:
                return planner.lineage(query, parameters, tier)
            return self._stored_or_lineage(planner, query, parameters, tier)

        return self.context.database.read(work)

    def check_graph(self, caller: Caller, query: QueryId | None, nodes: Sequence[Node]) -> Pipeline:
        """Return a graph with the edges that lineage implies, if it may be stored for `query`.

        Raises:
            RequestError: It is not valid, lacks the query, or something in it is another's.
        """
        return self.check_graph_detail(caller, query, nodes).pipeline

    def check_graph_detail(
        self, caller: Caller, query: QueryId | None, nodes: Sequence[Node]
    ) -> Plan:
        """Return the plan of a graph that may be stored for `query`.

        Raises:
            RequestError: It is not valid, lacks the query, or something in it is another's.
        """
        return self.context.database.read(
            lambda tx: self._planner(tx, caller).graph(nodes, target=query)
        )
