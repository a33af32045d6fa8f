"""Sessions of the web application."""

from __future__ import annotations

from typing import Final

import qanat
from qanat.api.wire.common import Wire
from qanat.model.access import Caller, Scope

#: What this server can do of `plan`, `resume`, `rollback`, `reuse`, `checks` and `webhooks`.
FEATURES: Final[tuple[str, ...]] = ("plan",)


class SignIn(Wire):
    """The key that somebody signs in with."""

    api_key: str


class SessionShown(Wire):
    """Who is signed in, and what the server can do for them."""

    handle: str
    scope: Scope
    api_key_id: str
    version: str
    features: list[str]


def shown(caller: Caller) -> SessionShown:
    """Return who is signed in."""
    return SessionShown(
        handle=caller.handle,
        scope=caller.scope,
        api_key_id=caller.key,
        version=qanat.__version__,
        features=list(FEATURES),
    )
