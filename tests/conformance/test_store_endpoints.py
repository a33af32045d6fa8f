"""Custom endpoints are names of their owner's for what a query gives; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from qanat.errors import ForbiddenError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.names import QueryId
from qanat.store import endpoints
from qanat.store.database import Database
from qanat.store.endpoints import Endpoint
from tests.conformance import seeds
from tests.conformance.seeds import AT


@pytest.fixture
def me(database: Database) -> Caller:
    return seeds.caller(database, "me")


@pytest.fixture
def other(database: Database) -> Caller:
    return seeds.caller(database, "other")


def put(database: Database, who: Caller, slug: str, query: QueryId, at_us: int = AT) -> Endpoint:
    return database.write(lambda tx: endpoints.put(tx, who, slug, query, at_us=at_us))


def named(database: Database, who: Caller, owner: str, slug: str) -> QueryId:
    return database.read(lambda tx: endpoints.query_of(tx, who, owner, slug)).id


def test_a_name_stands_for_its_query_until_it_is_given_another(
    database: Database, me: Caller
) -> None:
    first, second = seeds.query(database, me), seeds.query(database, me)
    made = put(database, me, "volume", first)
    assert (made.owner, made.slug, made.query) == ("me", "volume", first)
    assert made.created_at == made.updated_at == seeds.NOW
    assert named(database, me, "me", "volume") == first
    moved = put(database, me, "volume", second, AT + 5)
    assert moved.created_at == seeds.NOW < moved.updated_at
    assert named(database, me, "me", "volume") == second


def test_owners_have_names_of_their_own(database: Database, me: Caller, other: Caller) -> None:
    mine, theirs = seeds.query(database, me), seeds.query(database, other)
    put(database, me, "volume", mine)
    put(database, other, "volume", theirs)
    assert named(database, other, "me", "volume") == mine
    assert named(database, me, "other", "volume") == theirs
    database.write(lambda tx: endpoints.remove(tx, other, "volume"))
    assert named(database, me, "me", "volume") == mine
    with pytest.raises(NotFoundError, match="no custom endpoint other/volume"):
        named(database, me, "other", "volume")


def test_the_name_of_what_is_private_exists_for_its_owner_alone(
    database: Database, me: Caller, other: Caller
) -> None:
    query = seeds.query(database, me, is_private=True)
    put(database, me, "hidden", query)
    assert named(database, me, "me", "hidden") == query
    with pytest.raises(NotFoundError, match="no custom endpoint me/hidden"):
        named(database, other, "me", "hidden")
    with pytest.raises(NotFoundError, match="Query not found"):
        put(database, other, "mine", query)


def test_only_ones_own_saved_queries_in_use_are_named(
    database: Database, me: Caller, other: Caller
) -> None:
    for wrong, error in (
        (seeds.query(database, other), "belongs to other"),
        (seeds.query(database, me, is_temp=True), "saved"),
        (seeds.query(database, me, is_archived=True), "archived"),
    ):
        with pytest.raises(ForbiddenError, match=error):
            put(database, me, "name", wrong)
    with pytest.raises(NotFoundError):
        put(database, me, "name", QueryId(999))
    assert database.read(lambda tx: endpoints.list_of(tx, me, limit=9, offset=0)).total == 0


def test_the_list_is_ones_own_by_name(database: Database, me: Caller, other: Caller) -> None:
    query = seeds.query(database, me)
    for slug in ("c", "a", "b"):
        put(database, me, slug, query)
    put(database, other, "d", seeds.query(database, other))
    page = database.read(lambda tx: endpoints.list_of(tx, me, limit=2, offset=1))
    assert ([one.slug for one in page.found], page.total) == (["b", "c"], 3)


def test_a_name_that_is_gone_cannot_be_removed(database: Database, me: Caller) -> None:
    put(database, me, "once", seeds.query(database, me))
    database.write(lambda tx: endpoints.remove(tx, me, "once"))
    with pytest.raises(NotFoundError):
        database.write(lambda tx: endpoints.remove(tx, me, "once"))


def test_an_owner_has_a_bounded_number_of_names(
    database: Database, me: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the last place is asked for twice at the same time."""
    monkeypatch.setattr(endpoints, "PER_OWNER", 3)
    query = seeds.query(database, me)

    def add(number: int) -> bool:
        try:
            put(database, me, f"name-{number}", query)
        except InvalidRequestError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        added = list(threads.map(add, range(8)))
    assert added.count(True) == 3
    put(database, me, f"name-{added.index(True)}", query)
    assert database.read(lambda tx: endpoints.list_of(tx, me, limit=9, offset=0)).total == 3
