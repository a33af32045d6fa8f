"""Sessions end with their key, with time, and with a sign-out; on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from qanat.model.access import Caller, Scope
from qanat.store import keys, sessions
from qanat.store import tables as t
from qanat.store.database import Database, Prepared
from tests.conformance.seeds import AT, caller

_COUNT = Prepared(select(func.count()).select_from(t.session))


@pytest.fixture
def me(database: Database) -> Caller:
    return caller(database, "me", Scope.READ)


def sign_in(database: Database, token: str, who: Caller, at_us: int = AT) -> None:
    database.write(lambda tx: sessions.begin(tx, sessions.hash_of(token), who.key, at_us=at_us))


def who_is(database: Database, token: str, now_us: int = AT) -> Caller | None:
    found = database.read(lambda tx: sessions.find(tx, sessions.hash_of(token), now_us=now_us))
    return found.caller if found else None


def test_a_session_stands_for_its_key(database: Database, me: Caller) -> None:
    sign_in(database, "token", me)

    assert who_is(database, "token") == me
    assert who_is(database, "another") is None


def test_a_session_ends_with_its_key(database: Database, me: Caller) -> None:
    sign_in(database, "token", me)

    database.write(lambda tx: keys.revoke(tx, me.key, at_us=AT))

    assert who_is(database, "token") is None


def test_a_week_without_use_ends_a_session_and_use_prolongs_it(
    database: Database, me: Caller
) -> None:
    sign_in(database, "token", me)
    nearly = AT + sessions.UNUSED_US - 1
    assert who_is(database, "token", nearly) == me
    assert who_is(database, "token", AT + sessions.UNUSED_US) is None

    database.write(lambda tx: sessions.note_use(tx, sessions.hash_of("token"), at_us=nearly))

    assert who_is(database, "token", AT + sessions.UNUSED_US) == me


def test_a_sign_out_ends_one_session_and_may_come_twice(database: Database, me: Caller) -> None:
    sign_in(database, "one", me)
    sign_in(database, "two", me)

    for _ in range(2):
        database.write(lambda tx: sessions.end(tx, sessions.hash_of("one")))

    assert who_is(database, "one") is None
    assert who_is(database, "two") == me


def test_the_longest_unused_session_makes_room(
    database: Database, me: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who signs in for ever does not fill the store."""
    for number in range(sessions.PER_KEY + 3):
        sign_in(database, f"token {number}", me, AT + number)

    assert database.read(lambda tx: tx.value(_COUNT)) == sessions.PER_KEY
    assert who_is(database, "token 2", AT) is None
    assert who_is(database, "token 3", AT) == me
