"""API keys and the owners they belong to.

A key is `qk_` and 32 random bytes in base62. It is shown once; what is kept is its SHA-256 and its
first characters, by which people tell their keys apart. A key is never deleted: revoked, it stops
working at once and its sessions end with it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from qanat.clock import from_us
from qanat.errors import ConflictError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller, Scope
from qanat.names import Handle, KeyId, is_handle, new_ulid
from qanat.store import tables as t
from qanat.store.codec import moment
from qanat.store.database import Prepared, Transaction

PREFIX: Final = "qk_"
LABEL_CHARS: Final = 200
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH: Final = 43  #: base62 digits of 32 bytes
_HINT_CHARS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as people see it after it was made."""

    id: KeyId
    owner: Handle
    scope: Scope
    label: str
    hint: str  #: its first characters
    created_at: datetime
    used_at: datetime | None  #: to the minute
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made."""

    entry: Key
    secret: str  #: the key itself; not kept anywhere


_OWNER: Final = Prepared(select(t.owner.c.number).where(t.owner.c.handle == bindparam("handle")))
_ADD_OWNER: Final = Prepared(insert(t.owner).returning(t.owner.c.number), ["handle", "created_us"])
_OWNERS: Final = Prepared(select(t.owner.c.handle).order_by(t.owner.c.number))
_ADD: Final = Prepared(
    insert(t.api_key), ["id", "hash", "owner", "scope", "label", "hint", "created_us"]
)
_BY_HASH: Final = Prepared(
    select(t.api_key.c.id, t.api_key.c.owner, t.api_key.c.scope, t.owner.c.number)
    .join(t.owner, t.owner.c.handle == t.api_key.c.owner)
    .where(t.api_key.c.hash == bindparam("hash"), t.api_key.c.revoked_us.is_(None))
)
_ALL: Final = Prepared(select(t.api_key).order_by(t.api_key.c.created_us, t.api_key.c.id))
_OF_OWNER: Final = Prepared(
    select(t.api_key)
    .where(t.api_key.c.owner == bindparam("handle"), t.api_key.c.revoked_us.is_(None))
    .order_by(t.api_key.c.created_us, t.api_key.c.id)
)
_ONE: Final = Prepared(
    select(t.api_key)
    .where(t.api_key.c.id == bindparam("key"), t.api_key.c.revoked_us.is_(None))
    .with_for_update()
)
_LOCK_OWNER: Final = Prepared(
    select(t.owner.c.number).where(t.owner.c.handle == bindparam("handle")).with_for_update()
)
_WRITE_KEYS: Final = Prepared(
    select(func.count())
    .select_from(t.api_key)
    .where(
        t.api_key.c.owner == bindparam("handle"),
        t.api_key.c.scope == Scope.WRITE.value,
        t.api_key.c.revoked_us.is_(None),
    )
)
_REVOKE: Final = Prepared(
    update(t.api_key)
    .where(t.api_key.c.id == bindparam("key"), t.api_key.c.revoked_us.is_(None))
    .values(revoked_us=bindparam("at"))
)
_END_SESSIONS: Final = Prepared(delete(t.session).where(t.session.c.key == bindparam("key_id")))
_USED: Final = Prepared(
    update(t.api_key).where(t.api_key.c.id == bindparam("key")).values(used_us=bindparam("at"))
)


def hash_of(secret: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def new_secret() -> str:
    """Return a key that nobody has seen."""
    number = int.from_bytes(secrets.token_bytes(32), "big")
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return PREFIX + "".join(reversed(digits))


def ensure_owner(tx: Transaction, handle: str, at_us: int) -> int:
    """Return the number of an owner, who is written down first if need be.

    Raises:
        InvalidRequestError: No owner can be called that.
    """
    if not is_handle(handle):
        raise InvalidRequestError(
            f"'{handle[:64]}' is no handle: use 1 to 64 lower-case letters, digits and underscores"
        )
    found = tx.value(_OWNER, handle=handle)
    return int(tx.value(_ADD_OWNER, handle=handle, created_us=at_us) if found is None else found)


def owners(tx: Transaction) -> list[Handle]:
    """Return every owner, oldest first."""
    return [Handle(handle) for (handle,) in tx.tuples(_OWNERS)]


def create(
    tx: Transaction, *, handle: str, scope: Scope, label: str = "", secret: str, at_us: int
) -> NewKey:
    """Write down the key `secret` of `handle`, who becomes an owner if need be.

    `secret` is made by the caller with `new_secret`, because a transaction may be run twice.

    Raises:
        InvalidRequestError: The handle or the label is not one.
    """
    if len(label) > LABEL_CHARS:
        raise InvalidRequestError(f"the name of a key has at most {LABEL_CHARS} characters")
    ensure_owner(tx, handle, at_us)
    entry = Key(
        id=KeyId(new_ulid(from_us(at_us))),
        owner=Handle(handle),
        scope=scope,
        label=label,
        hint=secret[:_HINT_CHARS],
        created_at=from_us(at_us),
        used_at=None,
        revoked_at=None,
    )
    tx.run(
        _ADD,
        id=entry.id,
        hash=hash_of(secret),
        owner=entry.owner,
        scope=scope.value,
        label=label,
        hint=entry.hint,
        created_us=at_us,
    )
    return NewKey(entry=entry, secret=secret)


def by_hash(tx: Transaction, hashed: str) -> Caller | None:
    """Return whose key this is; None if there is no such key, or no longer."""
    row = tx.row(_BY_HASH, hash=hashed)
    if row is None:
        return None
    return Caller(
        handle=Handle(row["owner"]),
        scope=Scope(row["scope"]),
        key=KeyId(row["id"]),
        number=row["number"],
    )


def list_all(tx: Transaction) -> list[Key]:
    """Return every key there ever was, oldest first; for the operator."""
    return [_key(row) for row in tx.rows(_ALL)]


def list_of(tx: Transaction, handle: str) -> list[Key]:
    """Return the keys of `handle` that work, oldest first."""
    return [_key(row) for row in tx.rows(_OF_OWNER, handle=handle)]


def revoke(tx: Transaction, id_: str, *, at_us: int, handle: str | None = None) -> Key:
    """Return a key that works no longer; its sessions ended.

    With `handle` the key must be that owner's, and not the last with which the owner can write.

    Raises:
        NotFoundError: There is no such key that still works.
        ConflictError: It is the owner's last write key.
    """
    if handle is not None:
        tx.value(_LOCK_OWNER, handle=handle)
    row = tx.row(_ONE, key=id_)
    if row is None or (handle is not None and row["owner"] != handle):
        raise NotFoundError("Object not found")
    if (
        handle is not None
        and row["scope"] == Scope.WRITE
        and tx.value(_WRITE_KEYS, handle=handle) == 1
    ):
        raise ConflictError(f"this is the last write key of {handle}")
    tx.run(_REVOKE, key=id_, at=at_us)
    tx.run(_END_SESSIONS, key_id=id_)
    return _key({**row, "revoked_us": at_us})


def note_use(tx: Transaction, id_: str, at_us: int) -> None:
    """Remember when a key was used last."""
    tx.run(_USED, key=id_, at=at_us)


def _key(row: dict[str, Any]) -> Key:
    return Key(
        id=KeyId(row["id"]),
        owner=Handle(row["owner"]),
        scope=Scope(row["scope"]),
        label=row["label"],
        hint=row["hint"],
        created_at=from_us(row["created_us"]),
        used_at=moment(row["used_us"]),
        revoked_at=moment(row["revoked_us"]),
    )
