"""The outermost layer of the HTTP server: what holds for every request, before any route is known.

In this order: is there room; may another site's page ask (CORS); who asks, and 401 before
anything else is looked at; how often this key may ask. Every answer that leaves, from whatever
layer, gets the request's id and the headers that keep browsers careful.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final, cast

from litestar.exceptions import LitestarException

from qanat.api.auth import credential_of
from qanat.api.errors import Failed, failed
from qanat.api.rates import Rates
from qanat.errors import TooManyRequestsError

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.types import Message, Receive, Send
    from litestar.types import Scope as LitestarScope

    from qanat.api.services import Services
    from qanat.model.access import Caller

#: Served without a key: (method, path).
OPEN: Final = frozenset(
    {
        ("GET", "/api/health"),
        ("GET", "/api/openapi.json"),
        ("GET", "/api/docs"),
        ("POST", "/api/v1/session"),
        ("DELETE", "/api/v1/session"),
    }
)
EVERYWHERE: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
#: An answer of the API is no page and belongs to one key.
API_ONLY: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
)
CORS_METHODS: Final = "GET, POST, PUT, PATCH, DELETE"
CORS_HEADERS: Final = "X-Dune-Api-Key, Content-Type, Idempotency-Key, Last-Event-ID"
CORS_EXPOSED: Final = (
    "X-Request-Id, X-Dune-Next-Offset, X-Dune-Next-Uri, Retry-After, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
)

Scope = MutableMapping[str, Any]  #: as ASGI has it

_log: Final = logging.getLogger("qanat.api")


class Edge:
    """The ASGI application that a server serves; `app` holds the API's routes, `web` the rest."""

    def __init__(self, app: Litestar, web: Litestar, services: Services) -> None:
        self.app = app
        self.web = web
        self.services = services
        self._rates = Rates(services.settings.limits, services.clock)
        self._room = services.settings.limits.connections
        self._origins = frozenset(services.settings.server.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the server."""
        if scope["type"] != "http":
            await self.app(cast("LitestarScope", scope), receive, send)
            return
        path = "/" + scope["path"].strip("/")
        is_api = path == "/api" or path.startswith("/api/")
        answer = _Answer(send, is_api=is_api)
        if self._room <= 0:
            full = Failed(503, "too many connections", {"Retry-After": "1"})
            await answer.fail(full)
            return
        self._room -= 1
        try:
            scope["user"] = None
            scope["request_id"] = answer.request_id
            if self._origins and await self._cors(scope, answer):
                return
            if is_api and (scope["method"], path) not in OPEN:
                scope["user"] = caller = await self._caller(scope)
                self._count(caller, scope["method"], path, answer)
                if scope["method"] == "GET" and path.endswith("/status"):
                    body = self.services.statuses.at(caller, path)
                    if body is not None:
                        await answer.whole(200, body, {})
                        return
            serving = self.app if is_api else self.web
            await serving(cast("LitestarScope", scope), receive, answer.send)
        except Exception as error:  # noqa: BLE001  # the last layer: whatever is left is answered
            await self._give_up(error, scope["method"], answer)
        finally:
            self._room += 1

    async def _caller(self, scope: Scope) -> Caller:
        keys = self.services.keys
        credential = credential_of(scope)
        found = keys.remembered(credential)
        return await self.services.call(keys.find, credential) if found is None else found

    def _count(self, caller: Caller, method: str, path: str, answer: _Answer) -> None:
        allowance = self._rates.take(caller.key, method, path)
        if allowance is None:
            return
        if allowance.remaining < 0:
            answer.add({**allowance.headers})
            raise TooManyRequestsError("too many requests", retry_after_s=allowance.reset_s)
        answer.add(allowance.headers)

    async def _cors(self, scope: Scope, answer: _Answer) -> bool:
        """Answer a preflight; True if that was all."""
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin not in self._origins:
            return False
        answer.add({"Access-Control-Allow-Origin": origin, "Vary": "Origin"})
        if scope["method"] != "OPTIONS" or b"access-control-request-method" not in headers:
            answer.add({"Access-Control-Expose-Headers": CORS_EXPOSED})
            return False
        answer.add(
            {
                "Access-Control-Allow-Methods": CORS_METHODS,
                "Access-Control-Allow-Headers": CORS_HEADERS,
                "Access-Control-Max-Age": "600",
            }
        )
        await answer.whole(200, b"{}", {})
        return True

    async def _give_up(self, error: Exception, method: str, answer: _Answer) -> None:
        if answer.started:
            cause = error.__cause__ if isinstance(error, LitestarException) else error
            _log.error("request %s broke off", answer.request_id, exc_info=cause or error)
            # The client must see a broken transfer, not a short one that looks whole.
            raise error
        await answer.fail(failed(error, method=method, request_id=answer.request_id))


class _Answer:
    """What goes back on one request."""

    def __init__(self, send: Send, *, is_api: bool) -> None:
        self._send = send
        self._is_api = is_api
        self._added: list[tuple[bytes, bytes]] = []
        self.request_id = secrets.token_hex(8)
        self.started = False

    def add(self, headers: Mapping[str, str]) -> None:
        """Send these headers too."""
        self._added += [(name.lower().encode(), text.encode()) for name, text in headers.items()]

    async def send(self, message: Message) -> None:
        """Pass a message of the application on, with what every answer carries."""
        if message["type"] == "http.response.start":
            self.started = True
            own = message["headers"] = list(message.get("headers", ()))
            there = {name for name, _ in own}
            always = (*EVERYWHERE, *API_ONLY) if self._is_api else EVERYWHERE
            own += [header for header in (*always, *self._added) if header[0] not in there]
            own.append((b"x-request-id", self.request_id.encode()))
        await self._send(message)

    async def fail(self, why: Failed) -> None:
        """Answer with an error."""
        await self.whole(why.status, why.body, why.headers)

    async def whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Answer with a whole body."""
        own = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *((name.lower().encode(), text.encode()) for name, text in headers.items()),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": own})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})
