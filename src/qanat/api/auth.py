"""Who asks: an API key, or the session of somebody who signed in with one.

The check comes before anything else is looked at: a bad key with a malformed path is 401. A key
that was found is remembered for a short while, so that polling costs no database read; `forget`
ends that at once when a key is revoked.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlsplit

from qanat.clock import Clock, to_us
from qanat.errors import ForbiddenError, UnauthorizedError
from qanat.model.access import Caller, Scope
from qanat.names import KeyId
from qanat.store import keys
from qanat.store.database import Database

COOKIE: Final = "qanat_session"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
REMEMBERED_S: Final = 30.0  #: with several servers, how late a revocation may be noticed
REMEMBERED: Final = 4_096  #: credentials
USE_NOTED_S: Final = 60.0
SECRET_CHARS: Final = 256  #: a longer one is not ours

#: What changes something only for the caller or starts work on what is there already: read scope
#: is enough (contract section 1.4, docs/api/extensions.md). Every other change needs write.
READ_SCOPE_CHANGES: Final = frozenset(
    {
        ("POST", "/api/v1/query/{query_id}/execute"),
        ("POST", "/api/v1/query/{query_id}/pipeline/execute"),
        ("POST", "/api/v1/sql/execute"),
        ("POST", "/api/v1/sql/check"),
        ("POST", "/api/v1/execution/{execution_id}/cancel"),
        ("POST", "/api/v1/pipelines/execute"),
        ("POST", "/api/v1/pipelines/plan"),
        ("POST", "/api/v1/pipelines/executions/{pipeline_execution_id}/cancel"),
        ("POST", "/api/v1/pipelines/executions/{pipeline_execution_id}/resume"),
        ("POST", "/api/v1/materialized-views/{name}/refresh"),
        ("POST", "/api/v1/datasets/search"),
        ("POST", "/api/v1/datasets/search-by-contract"),
        ("POST", "/api/v1/usage"),
        ("POST", "/api/v1/dashboards/{dashboard_id}/refresh"),
        ("POST", "/api/v1/session"),
        ("DELETE", "/api/v1/session"),
    }
)


def check_scope(caller: Caller, method: str, path_template: str) -> None:
    """Let `caller` pass.

    Raises:
        ForbiddenError: The route needs a key that may write.
    """
    if (
        caller.scope is Scope.READ
        and method not in SAFE_METHODS
        and (method, path_template) not in READ_SCOPE_CHANGES
    ):
        raise ForbiddenError("this API key may only read: use one with read/write scope")


class Sessions(Protocol):
    """Where the sessions of the web application are kept."""

    def caller(self, token: str) -> Caller | None:
        """Return who signed in and was given `token`; None if nobody, or too long ago. Blocks."""
        ...


@dataclass(frozen=True, slots=True)
class Credential:
    """What came with a request to say who asks."""

    secret: str
    is_session: bool = False


def credential_of(scope: Mapping[str, Any]) -> Credential:
    """Return what a request brought: the header, the query parameter, or the cookie.

    Raises:
        UnauthorizedError: Nothing that could be ours.
        ForbiddenError: A session, from a page that is not ours.
    """
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    for name, value in headers:
        if name == b"x-dune-api-key":
            return _checked(value.decode("latin-1").strip())
    query: bytes = scope["query_string"]
    if b"api_key=" in query:
        found = parse_qs(query.decode("latin-1")).get("api_key")
        if found:
            return _checked(found[-1])
    cookie = _cookie(headers)
    if cookie:
        if scope["method"] not in SAFE_METHODS:
            check_origin({name: value.decode("latin-1") for name, value in headers})
        return _checked(cookie, is_session=True)
    raise UnauthorizedError


def check_origin(headers: Mapping[bytes, str]) -> None:
    """Let a change that came with a cookie pass only from our own pages.

    Raises:
        ForbiddenError: Another site's page may have sent it.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        ours = site == "same-origin"
    else:
        origin = urlsplit(headers.get(b"origin", ""))
        ours = bool(origin.netloc) and origin.netloc == headers.get(b"host", "")
    if not ours or b"x-qanat-request" not in headers:
        raise ForbiddenError("a session may change things only from Qanat's own pages")


def _cookie(headers: list[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"cookie" and COOKIE.encode() in value:
            try:
                morsel = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            except CookieError:
                continue
            if morsel is not None:
                return morsel.value
    return None


def _checked(secret: str, *, is_session: bool = False) -> Credential:
    if not secret or len(secret) > SECRET_CHARS or not secret.isascii():
        raise UnauthorizedError
    return Credential(secret, is_session)


class Authenticator:
    """Finds the caller of a credential, and remembers."""

    def __init__(
        self, database: Database, clock: Clock, *, sessions: Sessions | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._sessions = sessions
        self._lock = threading.Lock()
        self._remembered: OrderedDict[Credential, tuple[Caller, float]] = OrderedDict()
        self._used: dict[KeyId, float] = {}
        self._forgotten = 0  #: rises with each revocation; a lookup older than one is not kept

    def remembered(self, credential: Credential) -> Caller | None:
        """Return the caller if it was looked up a short while ago. Does not block."""
        found = self._remembered.get(credential)
        if found is None or self._clock.monotonic() - found[1] > REMEMBERED_S:
            return None
        return found[0]

    def find(self, credential: Credential) -> Caller:
        """Return whose credential this is. Blocks.

        Raises:
            UnauthorizedError: It is unknown, revoked or over.
        """
        with self._lock:
            started = self._clock.monotonic()
            forgotten = self._forgotten
        if credential.is_session:
            caller = self._sessions.caller(credential.secret) if self._sessions else None
        else:
            hashed = keys.hash_of(credential.secret)
            caller = self._database.read(lambda tx: keys.by_hash(tx, hashed))
        if caller is None:
            raise UnauthorizedError
        with self._lock:
            if forgotten == self._forgotten:
                self._remembered[credential] = (caller, started)
                while len(self._remembered) > REMEMBERED:
                    self._remembered.popitem(last=False)
        self._note_use(caller.key)
        return caller

    def forget(self, key: KeyId) -> None:
        """Look `key` and its sessions up again; called once it is revoked."""
        with self._lock:
            self._forgotten += 1
            for credential, (caller, _) in list(self._remembered.items()):
                if caller.key == key:
                    del self._remembered[credential]

    def forget_session(self, token: str) -> None:
        """Look a session up again; called once it is over."""
        with self._lock:
            self._forgotten += 1
            self._remembered.pop(Credential(token, True), None)  # a dataclass's

    def _note_use(self, key: KeyId) -> None:
        now = self._clock.monotonic()
        if now - self._used.get(key, -USE_NOTED_S) < USE_NOTED_S:
            return
        self._used[key] = now
        at_us = to_us(self._clock.now())
        self._database.write(lambda tx: keys.note_use(tx, key, at_us), durable=False)
