"""The code that docs/clients.md tells people to type.

A block is found by the comment above it: `<!-- run: typescript -->`.
"""

from __future__ import annotations

import re
from typing import Final

from tests.clients.installing import ROOT

PAGE: Final = ROOT / "docs" / "clients.md"
_BLOCK: Final = re.compile(r"<!-- run: (?P<name>[\w-]+) -->\n```\w*\n(?P<code>.*?)\n```", re.DOTALL)


def blocks() -> dict[str, str]:
    """Return every block that can be run: name → code."""
    return {found["name"]: found["code"] + "\n" for found in _BLOCK.finditer(PAGE.read_text())}
