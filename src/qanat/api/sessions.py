"""Signing in and out of the web application.

A page posts the key once and gets a cookie that scripts cannot read. A page of another site can
neither sign somebody in (`Sec-Fetch-Site`) nor use the cookie (`auth.check_origin`).
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final

from litestar import Response
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from qanat.api.auth import COOKIE, SECRET_CHARS
from qanat.api.requests import Request
from qanat.api.routing import delete, get, post
from qanat.api.tokens import new_token
from qanat.api.wire import sessions as wire
from qanat.api.wire.common import Message
from qanat.errors import ForbiddenError, UnauthorizedError
from qanat.model.access import Caller
from qanat.store import keys, sessions
from qanat.store.database import Transaction

TAG: Final = "Session"
_SESSION: Final = {
    "handle": "me",
    "scope": "write",
    "api_key_id": "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
    "version": "0.1.0",
    "features": ["plan"],
}


@post(
    "/session",
    tag=TAG,
    summary="Sign in: a key for a cookie; needs no key header",
    asks={"api_key": "qk_…"},
    example=_SESSION,
    security=[{}],
)
async def sign_in(request: Request, data: JSONBody[wire.SignIn]) -> Response[wire.SessionShown]:
    """Give a cookie for a key."""
    _refuse_other_sites(request)
    services = request.services
    address = _address(request)
    services.failures.enter(address)
    if not data.api_key.isascii() or len(data.api_key) > SECRET_CHARS:
        raise UnauthorizedError
    hashed, token = keys.hash_of(data.api_key.strip()), new_token()
    at_us = services.now_us()

    def begin(tx: Transaction) -> Caller | None:
        caller = keys.by_hash(tx, hashed)
        if caller is not None:
            sessions.begin(tx, sessions.hash_of(token), caller.key, at_us=at_us)
        return caller

    # Looked up without a write lock first: guesses must not stand in the way of work.
    if await services.read(keys.by_hash, hashed) is None:
        raise UnauthorizedError
    caller = await services.write(begin)
    if caller is None:
        raise UnauthorizedError
    services.failures.forgive(address)
    return Response(wire.shown(caller), cookies=[_cookie(request, token)])


@get("/session", tag=TAG, summary="Who is signed in", example=_SESSION)
async def session(request: Request) -> wire.SessionShown:
    """Return who asks, whether by cookie or by key."""
    return wire.shown(request.caller)


@delete("/session", tag=TAG, summary="Sign out", example={"message": "ok"}, security=[{}])
async def sign_out(request: Request) -> Response[Message]:
    """End the session of the cookie, if there is one."""
    _refuse_other_sites(request)
    token = _token(request)
    if token is not None:
        services = request.services
        await services.write(sessions.end, sessions.hash_of(token))
        services.keys.forget_session(token)
    return Response(Message(message="ok"), cookies=[_cookie(request, "", ends=True)])


ROUTES: Final[list[HTTPRouteHandler]] = [sign_in, session, sign_out]


def _refuse_other_sites(request: Request) -> None:
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise ForbiddenError("a page of another site may not sign anybody in or out")


def _address(request: Request) -> str:
    """Return where a request comes from; behind a trusted proxy, where the proxy says."""
    if request.services.settings.server.trust_forwarded:
        forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded[:64]
    return request.client.host if request.client else ""


def _cookie(request: Request, token: str, *, ends: bool = False) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=token,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.base_url.startswith("https:"),
        max_age=0 if ends else None,
    )


def _token(request: Request) -> str | None:
    for text in request.headers.getall("cookie", []):
        try:
            morsel = SimpleCookie(text).get(COOKIE)
        except CookieError:
            continue
        if morsel is not None:
            return morsel.value
    return None
