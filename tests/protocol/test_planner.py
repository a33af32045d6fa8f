"""What becomes a node, what is only read, and what is refused before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qanat.clock import to_us
from qanat.config import LimitSettings
from qanat.errors import ForbiddenError, InvalidRequestError, NotFoundError, TooManyRequestsError
from qanat.model.access import Caller, Scope
from qanat.model.pipeline import Node, NodeKind
from qanat.model.state import RunState
from qanat.names import Handle, KeyId, Label, NameId, NodeId, QueryId, new_ulid
from qanat.store import views
from qanat.store.database import Database
from qanat.store.views import Definition
from tests.protocol.world import ME, World

YOU = Caller(handle=Handle("you"), scope=Scope.WRITE, key=KeyId("other"), number=2)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A server on an empty store; in order at the end of every test."""
    made = World(database, limits=LimitSettings(nodes=6, queued_runs=3))
    yield made
    assert made.violations() == []


def titles(world: World, query: QueryId, caller: Caller = ME) -> list[tuple[str, list[int]]]:
    """Return the nodes of a query's pipeline: view or query, and what each depends on."""
    pipeline = world.coordinator.plan(caller, query, {}, None)
    assert [node.id for node in pipeline.nodes] == list(range(1, len(pipeline.nodes) + 1))
    return [
        (node.view or f"query {node.query}", sorted(node.dependencies)) for node in pipeline.nodes
    ]


def redefine(world: World, label: Label, sql: str) -> None:
    """Give a view another query."""
    world.database.write(
        lambda tx: views.delete(tx, views.read(tx, ME, label), at_us=to_us(world.clock.now()))
    )
    query = world.save(sql)
    world.database.write(
        lambda tx: views.upsert(
            tx,
            ME,
            label,
            Definition(query=query, tier="medium", is_private=False),
            id_=NameId(new_ulid(world.clock.now())),
            at_us=to_us(world.clock.now()),
        )
    )


def test_every_view_in_lineage_is_a_node_once_and_the_query_is_last(world: World) -> None:
    a = world.view("result_a", "SELECT 1 AS n")
    b = world.view("result_b", f"SELECT n FROM {a}")
    c = world.view("result_c", f"SELECT n FROM {a}")
    query = world.save(f"SELECT b.n FROM {b} b JOIN {c} c ON b.n = c.n JOIN {a} a ON a.n = b.n")
    assert titles(world, query) == [
        (a, []),
        (b, [1]),
        (c, [1]),
        (f"query {query}", [1, 2, 3]),
    ]


def test_query_views_are_gone_through_and_are_no_nodes(world: World) -> None:
    a = world.view("result_a", "SELECT 1 AS n")
    inner = world.save(f"SELECT n FROM {a}")
    middle = world.save(f"SELECT n FROM query_{inner}")
    query = world.save(f'SELECT n FROM "query_{middle}()"')
    assert titles(world, query) == [(a, []), (f"query {query}", [1])]


def test_a_query_that_reads_no_view_is_one_node(world: World) -> None:
    query = world.save("SELECT 1 AS n")
    assert titles(world, query) == [(f"query {query}", [])]


def test_text_that_cannot_be_read_is_one_node(world: World) -> None:
    query = world.save("SELEC n FROM dune.me.result_a")
    assert titles(world, query) == [(f"query {query}", [])]


def test_a_cycle_of_views_is_refused_and_named(world: World) -> None:
    a = world.view("result_a", "SELECT 1 AS n")
    b = world.view("result_b", f"SELECT n FROM {a}")
    redefine(world, a, f"SELECT n FROM {b}")
    query = world.save(f"SELECT n FROM {b}")
    with pytest.raises(InvalidRequestError, match=rf"cycle: 1 \({b}\) > 2 \({a}\) > 1 \({b}\)"):
        world.coordinator.execute_lineage_pipeline(ME, query, {}, None)
    assert world.context.live == {}


def test_another_owners_view_is_read_as_it_is(world: World) -> None:
    theirs = world.view("result_t", "SELECT 1 AS n", owner=YOU)
    query = world.save(f"SELECT n FROM {theirs}")
    assert titles(world, query) == [(f"query {query}", [])]


def test_another_owners_view_in_a_graph_is_refused_and_named(world: World) -> None:
    theirs = world.view("result_t", "SELECT 1 AS n", owner=YOU)
    node = Node(id=NodeId(1), kind=NodeKind.VIEW, query=QueryId(0), view=theirs)
    with pytest.raises(ForbiddenError, match=theirs):
        world.coordinator.execute_graph(ME, [node])


def test_a_graph_gains_the_edges_that_lineage_implies_and_no_nodes(world: World) -> None:
    a = world.view("result_a", "SELECT 1 AS n")
    b = world.view("result_b", f"SELECT n FROM {a}")
    query = world.save(f"SELECT b.n FROM {b} b JOIN {a} a ON a.n = b.n")
    graph = [
        Node(id=NodeId(7), kind=NodeKind.QUERY, query=query),
        Node(id=NodeId(3), kind=NodeKind.VIEW, query=QueryId(0), view=b),
    ]
    checked = world.coordinator.check_graph(ME, query, graph)
    assert [(node.id, sorted(node.dependencies)) for node in checked.nodes] == [(3, []), (7, [3])]


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ([], "at least one node"),
        ([(1, [2])], "not in the pipeline"),
        ([(1, [1])], "depends on itself"),
        ([(1, [2]), (2, [1])], "cycle: 1 .* > 2 .* > 1 "),
        ([(1, []), (1, [])], "node id 1 is used twice"),
        ([(k, []) for k in range(1, 8)], "more than 6 nodes"),
    ],
)
def test_a_bad_graph_is_refused_and_writes_nothing(
    world: World, graph: list[tuple[int, list[int]]], words: str
) -> None:
    query = world.save("SELECT 1 AS n")
    nodes = [
        Node(
            id=NodeId(id_),
            kind=NodeKind.QUERY,
            query=query,
            dependencies=frozenset(NodeId(one) for one in above),
        )
        for id_, above in graph
    ]
    with pytest.raises(InvalidRequestError, match=words):
        world.coordinator.execute_graph(ME, nodes)
    assert world.context.live == {}


def test_a_private_query_of_another_owner_does_not_exist(world: World) -> None:
    query = world.save("SELECT 1 AS n", owner=YOU, is_private=True)
    with pytest.raises(NotFoundError, match="Query not found"):
        world.coordinator.execute_query(ME, query, {}, "medium")


def test_what_reads_something_private_is_private_itself(world: World) -> None:
    hidden = world.save("SELECT 1 AS n", is_private=True)
    query = world.save(f"SELECT n FROM query_{hidden}")
    answer = world.coordinator.execute_query(ME, query, {}, "medium")
    world.drain()
    assert world.coordinator.execution(ME, answer.execution).is_private
    with pytest.raises(NotFoundError):
        world.coordinator.execution(YOU, answer.execution)


def test_definitions_edited_later_do_not_reach_a_run(world: World) -> None:
    a = world.view("result_a", "SELECT 1 AS n")
    query = world.save(f"SELECT n FROM {a}")
    id_ = world.coordinator.execute_lineage_pipeline(ME, query, {}, None).run
    redefine(world, a, "SELECT 2 AS n")
    world.drain()
    run = world.coordinator.run(ME, id_)
    assert run.state is RunState.COMPLETED
    assert world.pointer(a) is None, "the view made again under the label is another view"


def test_a_full_queue_refuses_before_anything_is_written(world: World) -> None:
    query = world.save("SELECT 1 AS n")
    for _ in range(3):
        world.coordinator.execute_query(ME, query, {}, "medium")
    with pytest.raises(TooManyRequestsError):
        world.coordinator.execute_query(ME, query, {}, "medium")
    world.drain()
    world.coordinator.execute_query(ME, query, {}, "medium")
