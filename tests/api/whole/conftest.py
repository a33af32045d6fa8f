"""A server is built once a module, because engines start processes; owners are a test's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

import pytest

from qanat.config import Settings
from qanat.wiring import Server, build
from tests.api.whole.owner import Owner

_numbers: Final = itertools.count(1)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """A server at work. A module may choose its settings with `settings_in(data_dir)`."""
    data_dir = tmp_path_factory.mktemp("server")
    make = getattr(request.module, "settings_in", lambda place: Settings(data_dir=place))
    with build(make(data_dir)) as made:
        made.coordinator.start_threads()
        yield made


@pytest.fixture
def me(server: Server) -> Owner:
    """An owner who may write."""
    return Owner(server, f"me{next(_numbers)}")


@pytest.fixture
def other(server: Server) -> Owner:
    """Another owner, who may write."""
    return Owner(server, f"other{next(_numbers)}")
