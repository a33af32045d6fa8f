"""What tests of the command line share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from qanat.cli import main

from .double import KEY, Double, serve

Qanat = Callable[..., int]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QANAT_SERVER_URL", "QANAT_API_KEY", "QANAT_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def double() -> Iterator[Double]:
    made = Double()
    server = serve(made)
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def qanat(double: Double, monkeypatch: pytest.MonkeyPatch) -> Qanat:
    """Return a function that runs a command line against the double."""
    monkeypatch.setenv("QANAT_SERVER_URL", double.url)
    monkeypatch.setenv("QANAT_API_KEY", KEY)
    return lambda *words: main(words)
