"""An API over a real store, in process: requests go through every layer of the server but TCP."""

# ruff: noqa: ANN401  # options are httpx's, doubles stand for parts of the server
from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from qanat.api import create_app
from qanat.api.auth import Authenticator
from qanat.api.edge import Edge
from qanat.api.services import Services
from qanat.clock import to_us
from qanat.config import Settings
from qanat.model.access import Scope
from qanat.store import keys
from qanat.store.migrations import upgrade
from qanat.store.sqlite import SqliteDatabase


class ManualClock:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 10, 40, tzinfo=UTC)
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, **kwargs: float) -> None:
        step = timedelta(**kwargs)
        self.at += step
        self.seconds += step.total_seconds()


class Client:
    """Speaks to an application as an HTTP client does, one call after another."""

    def __init__(self, app: Edge, key: str | None) -> None:
        self.app, self.key = app, key

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", None) or {})
        if self.key is not None:
            headers.setdefault("X-Dune-Api-Key", self.key)

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)  # type: ignore[arg-type]  # same protocol, other names
            async with httpx.AsyncClient(transport=transport, base_url="http://qanat.test") as http:
                return await http.request(method, path, headers=headers, **options)

        return asyncio.run(ask())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)


@pytest.fixture
def api_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteDatabase]:
    upgrade("sqlite", tmp_path)
    database = SqliteDatabase(tmp_path)
    yield database
    database.close()


@pytest.fixture
def coordinator() -> Any:
    return None


@pytest.fixture
def pages() -> Any:
    return None


@pytest.fixture
def services(
    settings: Settings,
    store: SqliteDatabase,
    api_clock: ManualClock,
    coordinator: Any,
    pages: Any,
) -> Iterator[Services]:
    made = Services(
        settings=settings,
        clock=api_clock,
        database=store,
        coordinator=coordinator,
        pages=pages,
        keys=Authenticator(store, api_clock),
    )
    yield made
    made.close()


@pytest.fixture
def make_key(store: SqliteDatabase, api_clock: ManualClock) -> Callable[..., str]:
    def make(handle: str = "me", scope: Scope = Scope.WRITE) -> str:
        at_us = to_us(api_clock.now())
        secret = keys.new_secret()
        store.write(
            lambda tx: keys.create(tx, handle=handle, scope=scope, secret=secret, at_us=at_us)
        )
        return secret

    return make


@pytest.fixture
def app(services: Services) -> Edge:
    return create_app(services)


@pytest.fixture
def client(app: Edge, make_key: Callable[..., str]) -> Client:
    """The owner `me`, who may write."""
    return Client(app, make_key())


@pytest.fixture
def reader(app: Edge, make_key: Callable[..., str]) -> Client:
    """The owner `me`, with a key that may only read."""
    return Client(app, make_key(scope=Scope.READ))


@pytest.fixture
def stranger(app: Edge, make_key: Callable[..., str]) -> Client:
    """Another owner, who may write."""
    return Client(app, make_key("other"))


@pytest.fixture
def nobody(app: Edge) -> Client:
    """Somebody without a key."""
    return Client(app, None)
