"""Stars are their owner's own marks on what may be seen; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from qanat.errors import InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.model.dashboard import Widgets
from qanat.names import QueryId
from qanat.store import dashboards, queries, stars
from qanat.store.dashboards import Change
from qanat.store.database import Database, Transaction
from qanat.store.stars import Kind
from tests.conformance import seeds
from tests.conformance.seeds import AT


@pytest.fixture
def me(database: Database) -> Caller:
    return seeds.caller(database, "me")


@pytest.fixture
def other(database: Database) -> Caller:
    return seeds.caller(database, "other")


def dashboard(database: Database, who: Caller, *, is_private: bool = False) -> int:
    return database.write(
        lambda tx: dashboards.create(tx, who, "Numbers", Widgets(), is_private=is_private, at_us=AT)
    ).id


def star(database: Database, who: Caller, kind: Kind, thing: int, at_us: int = AT) -> None:
    database.write(lambda tx: stars.put(tx, who, kind, thing, at_us=at_us))


def unstar(database: Database, who: Caller, kind: Kind, thing: int) -> None:
    database.write(lambda tx: stars.remove(tx, who, kind, thing))


def starred(database: Database, who: Caller) -> tuple[list[int], list[int]]:
    found = database.read(lambda tx: stars.of(tx, who))
    return [*found.queries], [*found.dashboards]


def hide(database: Database, owner: Caller, query: QueryId, *, is_private: bool) -> None:
    def work(tx: Transaction) -> None:
        before = queries.lock(tx, owner, query)
        head = queries.Head(name=before.head.name, is_private=is_private)
        queries.mark(tx, before, head, at_us=AT)

    database.write(work)


def listed(database: Database, who: Caller, search: str = "") -> list[int]:
    found, total = database.read(
        lambda tx: queries.list_of(tx, who, limit=9, offset=0, search=search, is_starred=True)
    )
    assert total == len(found)
    return [one.id for one in found]


def boards(database: Database, who: Caller) -> list[int]:
    page = database.read(
        lambda tx: dashboards.visible(tx, who, "", limit=9, offset=0, is_starred=True)
    )
    assert page.total == len(page.found)
    return [one.id for one in page.found]


def test_what_is_starred_is_told_last_first_until_the_star_is_taken_off(
    database: Database, me: Caller
) -> None:
    first, second = seeds.query(database, me), seeds.query(database, me)
    board = dashboard(database, me)
    star(database, me, Kind.QUERY, second, AT)
    star(database, me, Kind.QUERY, first, AT + 1)
    star(database, me, Kind.DASHBOARD, board, AT + 2)
    assert starred(database, me) == ([first, second], [board])
    unstar(database, me, Kind.QUERY, first)
    assert starred(database, me) == ([second], [board])


def test_both_ways_may_be_asked_for_again(database: Database, me: Caller) -> None:
    """The second time changes nothing, not even the place in the order."""
    first, second = seeds.query(database, me), seeds.query(database, me)
    star(database, me, Kind.QUERY, first, AT)
    star(database, me, Kind.QUERY, second, AT + 1)
    star(database, me, Kind.QUERY, first, AT + 2)
    assert starred(database, me) == ([second, first], [])
    for _ in range(2):
        unstar(database, me, Kind.QUERY, first)
    assert starred(database, me) == ([second], [])


def test_a_query_and_a_dashboard_of_one_number_are_two_things(
    database: Database, me: Caller
) -> None:
    query, board = seeds.query(database, me), dashboard(database, me)
    assert query == board
    star(database, me, Kind.DASHBOARD, board)
    assert starred(database, me) == ([], [board])
    unstar(database, me, Kind.QUERY, query)
    assert starred(database, me) == ([], [board])


def test_owners_star_for_themselves(database: Database, me: Caller, other: Caller) -> None:
    query = seeds.query(database, me)
    star(database, me, Kind.QUERY, query)
    star(database, other, Kind.QUERY, query)
    unstar(database, other, Kind.QUERY, query)
    assert starred(database, me) == ([query], [])
    assert starred(database, other) == ([], [])


def test_what_is_private_to_another_cannot_be_starred(
    database: Database, me: Caller, other: Caller
) -> None:
    """It is refused in the words for what does not exist."""
    query = seeds.query(database, other, is_private=True)
    board = dashboard(database, other, is_private=True)
    for thing in (query, 999):
        with pytest.raises(NotFoundError, match=r"^Query not found$"):
            star(database, me, Kind.QUERY, thing)
    for thing in (board, 999):
        with pytest.raises(NotFoundError, match=r"^Object not found$"):
            star(database, me, Kind.DASHBOARD, thing)
    star(database, other, Kind.QUERY, query)
    star(database, other, Kind.DASHBOARD, board)
    assert starred(database, other) == ([query], [board])
    assert starred(database, me) == ([], [])


def test_a_star_does_not_show_while_its_thing_is_private_to_another(
    database: Database, me: Caller, other: Caller
) -> None:
    query, board = seeds.query(database, other), dashboard(database, other)
    star(database, me, Kind.QUERY, query)
    star(database, me, Kind.DASHBOARD, board)
    assert (listed(database, me), boards(database, me)) == ([query], [board])

    def keep_board(*, is_private: bool) -> None:
        database.write(
            lambda tx: dashboards.change(
                tx, other, board, lambda _: Change(is_private=is_private), revision=None, at_us=AT
            )
        )

    hide(database, other, query, is_private=True)
    keep_board(is_private=True)
    assert starred(database, me) == ([], [])
    assert (listed(database, me), boards(database, me)) == ([], [])
    hide(database, other, query, is_private=False)
    keep_board(is_private=False)
    assert starred(database, me) == ([query], [board])


def test_an_archived_thing_keeps_its_star_and_stays_out_of_the_lists(
    database: Database, me: Caller
) -> None:
    kept, query = seeds.query(database, me), seeds.query(database, me, is_archived=True)
    board = dashboard(database, me)
    star(database, me, Kind.QUERY, kept)
    star(database, me, Kind.QUERY, query)
    star(database, me, Kind.DASHBOARD, board)
    database.write(
        lambda tx: dashboards.change(
            tx, me, board, lambda _: Change(), revision=None, at_us=AT, archive=True
        )
    )
    assert starred(database, me) == ([query, kept], [board])
    assert (listed(database, me), boards(database, me)) == ([kept], [])
    archived, _ = database.read(
        lambda tx: queries.list_of(tx, me, limit=9, offset=0, is_archived=True, is_starred=True)
    )
    assert [one.id for one in archived] == [query]


def test_the_list_of_starred_queries_has_those_of_other_owners_and_can_be_searched(
    database: Database, me: Caller, other: Caller
) -> None:
    mine, theirs = seeds.query(database, me), seeds.query(database, other, "Volumes")
    seeds.query(database, me)
    star(database, me, Kind.QUERY, mine)
    star(database, me, Kind.QUERY, theirs)
    assert listed(database, me) == [theirs, mine]
    assert listed(database, me, "vol") == [theirs]


def test_an_owner_has_a_bounded_number_of_stars(
    database: Database, me: Caller, other: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the last place is asked for twice at the same time."""
    monkeypatch.setattr(stars, "PER_OWNER", 3)
    things = [seeds.query(database, me) for _ in range(6)]

    def add(thing: int) -> bool:
        try:
            star(database, me, Kind.QUERY, thing)
        except InvalidRequestError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        added = list(threads.map(add, things))
    assert added.count(True) == 3
    assert add(things[added.index(True)]), "one that has its star needs no room"
    left = things[added.index(False)]
    assert not add(left)
    unstar(database, me, Kind.QUERY, things[added.index(True)])
    assert add(left)
    assert len(starred(database, me)[0]) == 3
    star(database, other, Kind.QUERY, things[0])


def test_stars_that_do_not_show_give_way_when_there_is_no_room(
    database: Database, me: Caller, other: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their owner could not find them to take them off."""
    monkeypatch.setattr(stars, "PER_OWNER", 2)
    mine, theirs, more = (seeds.query(database, who) for who in (me, other, me))
    star(database, me, Kind.QUERY, mine)
    star(database, me, Kind.QUERY, theirs)
    hide(database, other, theirs, is_private=True)
    star(database, me, Kind.QUERY, more)
    hide(database, other, theirs, is_private=False)
    assert starred(database, me) == ([more, mine], [])
