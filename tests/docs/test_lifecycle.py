"""docs/lifecycle.md shows the tables of states that the code enforces."""

from __future__ import annotations

from tests.docs.lifecycle import PAGE, current


def test_the_tables_of_states_are_current() -> None:
    """If not: `python -m tests.docs.lifecycle` writes them."""
    page = PAGE.read_text(encoding="utf-8")

    assert page == current(page)
