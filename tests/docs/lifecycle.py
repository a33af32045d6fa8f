"""Prints the tables of states of docs/lifecycle.md from the code that enforces them.

`python -m tests.docs.lifecycle` writes them into the page; a test checks that they are current.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from qanat.model.state import (
    ATTEMPT_FOLLOWS,
    EXECUTION_FOLLOWS,
    NODE_FOLLOWS,
    RUN_FOLLOWS,
    AttemptState,
    ExecutionState,
    NodeState,
    RunState,
)

PAGE: Final = Path(__file__).parents[2] / "docs" / "lifecycle.md"
TABLES: Final[Mapping[type[StrEnum], Mapping[Any, frozenset[Any]]]] = {
    RunState: RUN_FOLLOWS,
    NodeState: NODE_FOLLOWS,
    ExecutionState: EXECUTION_FOLLOWS,
    AttemptState: ATTEMPT_FOLLOWS,
}


def printed(states: type[StrEnum]) -> str:
    """Return the table of one kind of state, in the order in which the states are declared."""
    lines = ["| state | may become |", "|---|---|"]
    for state in states:
        after = [one for one in states if one in TABLES[states][state]]
        words = ", ".join(f"`{one.value}`" for one in after) or "nothing: it is final"
        lines.append(f"| `{state.value}` | {words} |")
    return "\n".join(lines)


def current(page: str) -> str:
    """Return the page with every table as it should be."""
    for states in TABLES:
        name = states.__name__
        page, count = re.subn(
            rf"<!-- {name} -->\n.*?<!-- end -->",
            f"<!-- {name} -->\n{printed(states)}\n<!-- end -->".replace("\\", r"\\"),
            page,
            flags=re.DOTALL,
        )
        if count != 1:
            raise ValueError(f"the page has {count} places for {name}")
    return page


if __name__ == "__main__":
    PAGE.write_text(current(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
