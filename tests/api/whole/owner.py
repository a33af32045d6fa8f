"""An owner with a key, who speaks to a whole server."""

from __future__ import annotations

from typing import Any

from qanat.clock import to_us
from qanat.model.access import Scope
from qanat.store import keys
from qanat.wiring import Server
from tests.api.conftest import Client


class Owner(Client):
    """An owner with a key, who speaks to the server."""

    def __init__(self, server: Server, handle: str, scope: Scope = Scope.WRITE) -> None:
        secret = keys.new_secret()
        at_us = to_us(server.opened.clock.now())
        server.opened.database.write(
            lambda tx: keys.create(tx, handle=handle, scope=scope, secret=secret, at_us=at_us)
        )
        super().__init__(server.app, secret)
        self.handle, self.server = handle, server

    def reading(self) -> Owner:
        """The same owner, with a key that may only read."""
        return Owner(self.server, self.handle, Scope.READ)

    def ok(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401  # any JSON
        """Return the body of an answer that must be 200."""
        answer = self.request(method, f"/api/v1{path}", **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, status: int, method: str, path: str, **options: Any) -> str:  # noqa: ANN401  # httpx's
        """Return the error of an answer that must have `status`."""
        answer = self.request(method, f"/api/v1{path}", **options)
        assert answer.status_code == status, answer.text
        assert list(answer.json()) == ["error"]
        return str(answer.json()["error"])
