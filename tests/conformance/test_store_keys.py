"""API keys, on both databases."""

from __future__ import annotations

import re

import pytest

from qanat.errors import ConflictError, InvalidRequestError, NotFoundError
from qanat.model.access import Scope
from qanat.store import keys
from qanat.store.database import Database

AT_US = 1_795_516_800_000_000


def make(database: Database, handle: str = "me", scope: Scope = Scope.WRITE) -> keys.NewKey:
    secret = keys.new_secret()
    return database.write(
        lambda tx: keys.create(tx, handle=handle, scope=scope, secret=secret, at_us=AT_US)
    )


def test_a_key_finds_its_owner_and_is_not_kept(database: Database) -> None:
    made = make(database)
    assert re.fullmatch(r"qk_[0-9A-Za-z]{43}", made.secret)

    caller = database.read(lambda tx: keys.by_hash(tx, keys.hash_of(made.secret)))
    assert caller is not None
    assert (caller.handle, caller.scope, caller.key) == ("me", Scope.WRITE, made.entry.id)
    (entry,) = database.read(keys.list_all)
    assert entry.hint == made.secret[:6]


def test_owners_are_numbered_once(database: Database) -> None:
    first, second = make(database), make(database)
    other = make(database, "other")
    numbers = [
        database.read(lambda tx, key=key: keys.by_hash(tx, keys.hash_of(key.secret))).number  # type: ignore[misc, union-attr]  # binds the loop's variable; it exists
        for key in (first, second, other)
    ]
    assert numbers == [1, 1, 2]
    assert database.read(keys.owners) == ["me", "other"]


@pytest.mark.parametrize("handle", ["", "Me", "a-b", "x" * 65, "ü", "a.b", 'a"'])
def test_a_handle_that_sql_could_not_name_is_refused(database: Database, handle: str) -> None:
    with pytest.raises(InvalidRequestError):
        make(database, handle)
    assert database.read(keys.list_all) == []


def test_a_revoked_key_is_unknown_at_once(database: Database) -> None:
    made = make(database)
    make(database)
    database.write(lambda tx: keys.revoke(tx, made.entry.id, handle="me", at_us=AT_US + 1))

    assert database.read(lambda tx: keys.by_hash(tx, keys.hash_of(made.secret))) is None
    assert made.entry.id not in [key.id for key in database.read(lambda tx: keys.list_of(tx, "me"))]
    with pytest.raises(NotFoundError):
        database.write(lambda tx: keys.revoke(tx, made.entry.id, handle="me", at_us=AT_US + 2))


def test_an_owner_keeps_one_key_that_can_write(database: Database) -> None:
    """Else nobody could make another one over HTTP; the operator may still revoke it."""
    last = make(database)
    reading = make(database, scope=Scope.READ)
    with pytest.raises(ConflictError):
        database.write(lambda tx: keys.revoke(tx, last.entry.id, handle="me", at_us=AT_US))
    database.write(lambda tx: keys.revoke(tx, reading.entry.id, handle="me", at_us=AT_US))
    database.write(lambda tx: keys.revoke(tx, last.entry.id, at_us=AT_US))
    assert database.read(lambda tx: keys.list_of(tx, "me")) == []


def test_nobody_revokes_the_key_of_another(database: Database) -> None:
    made = make(database)
    make(database, "other")
    with pytest.raises(NotFoundError):
        database.write(lambda tx: keys.revoke(tx, made.entry.id, handle="other", at_us=AT_US))
    assert database.read(lambda tx: keys.by_hash(tx, keys.hash_of(made.secret))) is not None


def test_the_last_use_is_remembered(database: Database) -> None:
    made = make(database)
    database.write(lambda tx: keys.note_use(tx, made.entry.id, AT_US + 60_000_000))
    (entry,) = database.read(lambda tx: keys.list_of(tx, "me"))
    assert entry.used_at is not None
    assert (entry.used_at - entry.created_at).total_seconds() == 60
