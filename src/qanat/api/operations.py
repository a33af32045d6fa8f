"""What whoever runs the server may do through its admin socket, or without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from qanat.api.admin import Operation
from qanat.api.wire.common import timestamp
from qanat.clock import Clock, to_us
from qanat.errors import InvalidRequestError
from qanat.model.access import Scope
from qanat.names import AttemptId, Handle, KeyId, is_handle
from qanat.store import invariants, keys
from qanat.store.database import Database, Transaction

FIRST_HANDLE: Final = Handle("me")


def first_key(database: Database, clock: Clock) -> str | None:
    """Return the key made for a store that has none; None if it has some."""
    secret = keys.new_secret()
    at_us = to_us(clock.now())

    def work(tx: Transaction) -> str | None:
        if keys.list_all(tx):
            return None
        return keys.create(
            tx, handle=FIRST_HANDLE, scope=Scope.WRITE, secret=secret, at_us=at_us
        ).secret

    return database.write(work)


def operations_on(
    database: Database,
    clock: Clock,
    files: Callable[[], Iterator[tuple[AttemptId, int]]],
    forget: Callable[[KeyId], None],
) -> Mapping[str, Operation]:
    """Return the operations by name. `forget` is told of keys that work no longer."""

    def create(request: dict[str, Any]) -> dict[str, Any]:
        handle, scope = request.get("handle"), request.get("scope", "write")
        if not isinstance(handle, str) or not is_handle(handle):
            raise InvalidRequestError("a handle is 1 to 64 of a-z, 0-9 and _")
        if scope not in ("read", "write"):
            raise InvalidRequestError("a scope is read or write")
        secret, at_us = keys.new_secret(), to_us(clock.now())
        made = database.write(
            lambda tx: keys.create(
                tx,
                handle=handle,
                scope=Scope(scope),
                label=str(request.get("name") or ""),
                secret=secret,
                at_us=at_us,
            )
        )
        return {"key": made.secret, "id": made.entry.id}

    def list_(_: dict[str, Any]) -> dict[str, Any]:
        return {"keys": [_key(key) for key in database.read(keys.list_all)]}

    def revoke(request: dict[str, Any]) -> dict[str, Any]:
        id_ = str(request.get("id"))
        gone = database.write(lambda tx: keys.revoke(tx, id_, at_us=to_us(clock.now())))
        forget(gone.id)
        return {"id": gone.id, "handle": gone.owner}

    def doctor(_: dict[str, Any]) -> dict[str, Any]:
        lying = {str(file): size for file, size in files()}

        def look(tx: Transaction) -> list[str]:
            return [*invariants.violations(tx), *invariants.missing_files(tx, lying)]

        return {"findings": database.read(look)}

    return {
        "ping": lambda _: {},
        "keys.create": create,
        "keys.list": list_,
        "keys.revoke": revoke,
        "doctor": doctor,
    }


def _key(key: keys.Key) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": key.id,
        "handle": key.owner,
        "scope": key.scope.value,
        "name": key.label,
        "prefix": key.hint,
        "created_at": timestamp(key.created_at),
    }
    if key.used_at is not None:
        shown["last_used_at"] = timestamp(key.used_at)
    if key.revoked_at is not None:
        shown["revoked_at"] = timestamp(key.revoked_at)
    return shown
