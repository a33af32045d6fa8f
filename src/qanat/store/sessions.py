"""Sessions of the web application: a cookie that stands for a key.

What is kept is the cookie's hash. A session ends with its key, after a week without use, or when
somebody signs out; `UNUSED_US` is compared here, so a session that is over but not yet collected
is over all the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from qanat.model.access import Caller, Scope
from qanat.names import Handle, KeyId
from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction

UNUSED_US: Final = 7 * 24 * 3600 * 1_000_000  #: a session ends when it was not used for so long
PER_KEY: Final = 100  #: sessions; the one unused for longest makes room


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in."""

    caller: Caller
    used_us: int  #: when it was last noted that it was used


_ADD: Final = Prepared(insert(t.session), ["hash", "key", "created_us", "used_us"])
_FIND: Final = Prepared(
    select(
        t.session.c.used_us,
        t.api_key.c.id,
        t.api_key.c.owner,
        t.api_key.c.scope,
        t.owner.c.number,
    )
    .join(t.api_key, t.api_key.c.id == t.session.c.key)
    .join(t.owner, t.owner.c.handle == t.api_key.c.owner)
    .where(
        t.session.c.hash == bindparam("hash"),
        t.session.c.used_us > bindparam("after"),
        t.api_key.c.revoked_us.is_(None),
    )
)
_USED: Final = Prepared(
    update(t.session)
    .where(t.session.c.hash == bindparam("session"))
    .values(used_us=bindparam("at"))
)
_DELETE: Final = Prepared(delete(t.session).where(t.session.c.hash == bindparam("hash")))
_newer = t.session.alias("newer")
_MAKE_ROOM: Final = Prepared(
    delete(t.session).where(
        t.session.c.key == bindparam("key"),
        t.session.c.hash.not_in(
            select(_newer.c.hash)
            .where(_newer.c.key == bindparam("key"))
            .order_by(_newer.c.used_us.desc(), _newer.c.hash)
            .limit(PER_KEY - 1)
        ),
    )
)


def hash_of(token: str) -> str:
    """Return what is kept of a cookie."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def begin(tx: Transaction, hashed: str, key: KeyId, *, at_us: int) -> None:
    """Remember that somebody signed in with `key` and was given the cookie hashed here."""
    tx.run(_MAKE_ROOM, key=key)
    tx.run(_ADD, hash=hashed, key=key, created_us=at_us, used_us=at_us)


def find(tx: Transaction, hashed: str, *, now_us: int) -> Session | None:
    """Return the session of a cookie; None if there is none, or it is over."""
    row = tx.row(_FIND, hash=hashed, after=now_us - UNUSED_US)
    if row is None:
        return None
    return Session(
        caller=Caller(
            handle=Handle(row["owner"]),
            scope=Scope(row["scope"]),
            key=KeyId(row["id"]),
            number=row["number"],
        ),
        used_us=row["used_us"],
    )


def note_use(tx: Transaction, hashed: str, *, at_us: int) -> None:
    """Remember that a session was used; that keeps it for another week."""
    tx.run(_USED, session=hashed, at=at_us)


def end(tx: Transaction, hashed: str) -> None:
    """Forget a session; one that is not there is over already."""
    tx.run(_DELETE, hash=hashed)
