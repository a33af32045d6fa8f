"""A client that cannot be installed is never left out in silence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.clients import installing
from tests.clients.absent import ABSENT

HERE: Final = Path(__file__).parent


@pytest.mark.parametrize("command", [("false",), ("no-such-command-anywhere",)])
def test_a_client_that_cannot_be_installed_fails_and_says_what_to_type(
    command: tuple[str, ...],
) -> None:
    with pytest.raises(pytest.fail.Exception, match=f"x cannot be installed(.|\n)*{command[0]}"):
        installing._carry_out("x", *command)  # what every installation goes through


def test_a_missing_node_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.fail.Exception, match=r"Node\.js is missing"):
        installing.node()


def test_no_test_of_a_client_is_skipped() -> None:
    for file in HERE.glob("test_*.py"):
        if file != Path(__file__):
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"mark\.skip|pytest\.skip|importorskip|xfail", text), file.name


def test_the_page_names_the_clients_that_are_not_run() -> None:
    page = (HERE.parents[1] / "docs" / "clients.md").read_text(encoding="utf-8")
    for client in ABSENT:
        assert f"`{client.split()[0]}`" in page, client
