"""The client, and a query for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dune_client.client import DuneClient
from dune_client.query import QueryBase

from tests.clients.served import NUMBERS, Served


@pytest.fixture(scope="module")
def dune(server: Served, key: str) -> Iterator[DuneClient]:
    """The client, pointed at the server by the address alone."""
    made = DuneClient(api_key=key, base_url=server.url)
    yield made
    made.http.close()


@pytest.fixture
def numbers(server: Served) -> QueryBase:
    """A saved query of a few thousand rows."""
    return QueryBase(server.save(NUMBERS, "numbers"))
