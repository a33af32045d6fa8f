"""One server for all clients, one that forgets, and the keys of two owners."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.served import Served, forgetful


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with its defaults, on SQLite."""
    with Served(tmp_path_factory.mktemp("clients") / "data") as made:
        yield made


@pytest.fixture(scope="session")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A server whose results last for a moment, and an execution of it that has expired."""
    with forgetful(tmp_path_factory.mktemp("forgetting") / "data") as made:
        yield made, made.expired_execution()


@pytest.fixture(scope="session")
def key(server: Served) -> str:
    """A key of `me`, who may write."""
    assert server.key is not None
    return server.key


@pytest.fixture(scope="session")
def other(server: Served) -> str:
    """A key of another owner, who may write."""
    return server.new_key("other")
