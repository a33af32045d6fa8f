"""Lists of runs and executions, and the latest result, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, update

from qanat.clock import from_us
from qanat.errors import NotFoundError
from qanat.model.access import Caller, Scope
from qanat.model.pipeline import NodeKind
from qanat.names import ExecutionId, Handle, KeyId, NodeId, QueryId, RunId, new_ulid
from qanat.store import acceptance, estimates, history, keys, latest, queries
from qanat.store import tables as t
from qanat.store.acceptance import NewNode, NewRun
from qanat.store.codec import dump
from qanat.store.database import Database, Prepared
from qanat.store.history import RunFilter
from qanat.store.queries import Head, Text

AT_US = 1_795_516_800_000_000
ME = Caller(handle=Handle("me"), scope=Scope.WRITE, key=KeyId("k"), number=1)
OTHER = Caller(handle=Handle("other"), scope=Scope.WRITE, key=KeyId("l"), number=2)
_FAIL_RUN = Prepared(
    update(t.run)
    .where(t.run.c.id == bindparam("run_id"))
    .values(state="failed", error=bindparam("why"), ended_us=bindparam("at"))
)
_FAIL_EXECUTION = Prepared(
    update(t.execution)
    .where(t.execution.c.run == bindparam("run_id"))
    .values(state="failed", error=bindparam("why"), ended_us=bindparam("at"))
)
_FAIL_NODE = Prepared(
    update(t.node).where(t.node.c.run == bindparam("run_id")).values(state="failed")
)
FAILURE = dump(
    {"kind": "FAILED_TYPE_EXECUTION_FAILED", "message": "line 2:6: no", "line": 2, "column": 6}
)


@pytest.fixture
def query(database: Database) -> QueryId:
    database.write(lambda tx: keys.ensure_owner(tx, "me", AT_US))
    text = Text(sql="SELECT '{{k}}'")
    return database.write(
        lambda tx: queries.create(tx, ME, Head(name="100% of flows"), text, at_us=AT_US)
    )


def run(
    database: Database,
    query: QueryId,
    *,
    kind: str = "pipeline",
    after_us: int = 0,
    parameters: dict[str, str] | None = None,
    is_private: bool = False,
) -> tuple[RunId, ExecutionId]:
    now = from_us(AT_US + after_us)
    node = NewNode(
        id=NodeId(1),
        kind=NodeKind.QUERY,
        query=query,
        query_version=1,
        view=None,
        name=None,
        tier="medium",
        dependencies=frozenset(),
        length=1,
        execution=ExecutionId(new_ulid(now)),
        parameters=parameters or {},
        params_hash="h",
        is_private=is_private,
    )
    new = NewRun(
        id=RunId(new_ulid(now)),
        owner=ME.handle,
        kind=kind,
        cause="api",
        query=query,
        definitions="{}",
        nodes=[node],
        writes=[],
        reads=[],
        at_us=AT_US + after_us,
    )
    database.write(
        lambda tx: acceptance.accept(tx, new, queue_limit=100, idempotency=None, answer=None)
    )
    return new.id, node.execution


def fail(database: Database, run_id: RunId) -> None:
    def work(tx: Any) -> None:  # noqa: ANN401  # a Transaction
        for statement in (_FAIL_RUN, _FAIL_EXECUTION):
            tx.run(statement, run_id=run_id, why=FAILURE, at=AT_US + 10)
        tx.run(_FAIL_NODE, run_id=run_id)

    database.write(work)


def ids(database: Database, caller: Caller = ME, limit: int = 10, **wanted: Any) -> list[str]:  # noqa: ANN401  # a filter's fields
    lines, _ = database.read(lambda tx: history.runs(tx, caller, RunFilter(**wanted), limit=limit))
    return [line.id for line in lines]


def test_runs_are_listed_newest_first_for_their_owner(database: Database, query: QueryId) -> None:
    first, _ = run(database, query)
    second, _ = run(database, query, after_us=1)
    third, _ = run(database, QueryId(0), kind="sql", after_us=2)
    assert ids(database) == [third, second, first]
    assert ids(database, OTHER) == []
    lines, more = database.read(lambda tx: history.runs(tx, ME, RunFilter(), limit=2))
    assert ([line.id for line in lines], more) == ([third, second], True)
    assert [line.title for line in lines] == ["SQL", "100% of flows"]
    assert ids(database, before=second) == [first]


def test_runs_are_filtered_by_what_is_known_of_them(database: Database, query: QueryId) -> None:
    failed, _ = run(database, query)
    pending, _ = run(database, query, kind="query", after_us=1_000_000)
    fail(database, failed)
    assert ids(database, states=("failed", "cancelled")) == [failed]
    assert ids(database, states=("pending",)) == [pending]
    assert ids(database, kinds=("query", "sql")) == [pending]
    assert ids(database, search="100% OF") == [pending, failed]
    assert ids(database, search="_") == []
    assert ids(database, search=failed[:25].lower())[-1] == failed
    assert ids(database, query=query + 1) == []
    assert ids(database, since_us=AT_US + 1) == [pending]


def test_a_failed_run_names_its_node(database: Database, query: QueryId) -> None:
    failed, _ = run(database, query)
    fail(database, failed)
    line = database.read(lambda tx: history.run_line(tx, ME, failed))
    assert line is not None
    assert line.failed is not None
    assert (line.failed.node, line.failed.title) == (1, "100% of flows")
    assert line.failed.failure.line == 2
    assert line.node_counts == {"failed": 1}
    assert database.read(lambda tx: history.run_line(tx, OTHER, failed)) is None
    assert database.read(lambda tx: history.titles(tx, failed)) == {query: "100% of flows"}


def test_executions_are_listed_for_those_who_may_see_them(
    database: Database, query: QueryId
) -> None:
    _, public = run(database, query)
    _, private = run(database, query, after_us=1, is_private=True)

    def listed(caller: Caller, before: str | None = None) -> list[str]:
        lines, _ = database.read(
            lambda tx: history.executions(tx, caller, query, before=before, limit=10)
        )
        return [line.id for line in lines]

    assert listed(ME) == [private, public]
    assert listed(OTHER) == [public]
    assert listed(ME, before=private) == [public]
    assert database.read(lambda tx: estimates.spans(tx, ME, query, None)) == []
    assert (
        database.read(lambda tx: estimates.expected_seconds(tx, ME, "query", query, before=9))
        is None
    )


def test_the_latest_execution_is_chosen_by_its_values(database: Database, query: QueryId) -> None:
    def chosen(caller: Caller = ME, **values: str) -> str:
        return database.read(
            lambda tx: latest.latest(tx, caller, queries.read(tx, caller, query), values)
        )

    with pytest.raises(NotFoundError, match=latest.NONE_YET):
        chosen()
    _, one = run(database, query, parameters={"k": "1", "j": "x"})
    _, two = run(database, query, after_us=1, parameters={"k": "2", "j": "x"})
    assert chosen() == two
    assert chosen(k="1") == one
    assert chosen(j="x") == two
    with pytest.raises(NotFoundError):
        chosen(k="3")
    _, hidden = run(database, query, after_us=2, is_private=True)
    assert chosen() == hidden
    assert chosen(OTHER) == two
