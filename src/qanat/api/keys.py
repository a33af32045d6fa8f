"""The caller's own API keys."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from qanat.api.parameters import KeyIdText
from qanat.api.requests import Request
from qanat.api.routing import delete, get, post
from qanat.api.wire import keys as wire
from qanat.api.wire.common import Message, given
from qanat.names import KeyId
from qanat.store import keys as store

TAG: Final = "Keys"
_KEY: Final = {
    "id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
    "name": "laptop",
    "scope": "write",
    "prefix": "qk_3fK",
    "created_at": "2026-11-24T10:40:26.000000Z",
    "current": True,
    "last_used_at": "2026-11-24T10:41:00.000000Z",
}


@get("/keys", tag=TAG, summary="The caller's keys", example={"keys": [_KEY]})
async def list_keys(request: Request) -> wire.Keys:
    """Return the keys that work, oldest first."""
    found = await request.services.read(store.list_of, request.caller.handle)
    return wire.Keys(keys=[wire.shown(key, request.caller) for key in found])


@post(
    "/keys",
    tag=TAG,
    summary="Make a key; it is shown this once",
    asks={"name": "laptop", "scope": "read"},
    example={**_KEY, "key": "qk_3fK0000000000000000000000000000000000000000"},
)
async def create_key(request: Request, data: JSONBody[wire.NewKey]) -> wire.KeyShown:
    """Make a key of the caller's handle."""
    services = request.services
    secret = store.new_secret()
    made = await services.write(
        store.create,
        handle=request.caller.handle,
        scope=wire.scope_of(data.scope),
        label=given(data.name) or "",
        secret=secret,
        at_us=services.now_us(),
    )
    return wire.shown(made.entry, request.caller, secret=made.secret)


@delete(
    "/keys/{key_id:str}",
    tag=TAG,
    summary="Revoke a key; its sessions end",
    also=(409,),
    example={"message": "ok"},
)
async def delete_key(request: Request, key_id: KeyIdText) -> Message:
    """Revoke a key of the caller's handle, but not the last with which they can write."""
    services = request.services
    await services.write(
        store.revoke, key_id, at_us=services.now_us(), handle=request.caller.handle
    )
    services.keys.forget(KeyId(key_id))
    return Message(message="ok")


ROUTES: Final[list[HTTPRouteHandler]] = [list_keys, create_key, delete_key]
