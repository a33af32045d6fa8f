"""API keys of an owner."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe_timestamp, timestamp
from qanat.errors import InvalidRequestError
from qanat.model.access import Caller, Scope
from qanat.store.keys import Key


class NewKey(Wire):
    """A key about to be made."""

    scope: str
    name: str | UnsetType = UNSET


class KeyShown(Wire):
    """A key, without the key itself."""

    id: str
    name: str
    scope: Scope
    prefix: str
    created_at: str
    current: bool  #: it came with this request
    last_used_at: str | UnsetType = UNSET
    key: str | UnsetType = UNSET  #: the key itself; once, in the answer that made it


class Keys(Wire):
    """The keys of an owner that work."""

    keys: list[KeyShown]


def scope_of(text: str) -> Scope:
    """Return the scope that a client means.

    Raises:
        InvalidRequestError: There is no such scope.
    """
    if text not in list(Scope):
        raise InvalidRequestError("scope must be read or write")
    return Scope(text)


def shown(key: Key, caller: Caller, *, secret: str | UnsetType = UNSET) -> KeyShown:
    """Return a key; with `secret`, the key itself beside it."""
    return KeyShown(
        id=key.id,
        name=key.label,
        scope=key.scope,
        prefix=key.hint,
        created_at=timestamp(key.created_at),
        current=key.id == caller.key,
        last_used_at=maybe_timestamp(key.used_at),
        key=secret,
    )
