"""Reads Markdown: tables, links, headings and blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """Return every page: those at the root, and all below docs and examples."""
    found = [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return sorted(found)


def read(path: Path) -> str:
    """Return a page's text."""
    return path.read_text(encoding="utf-8")


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", text)


def blocks(text: str, language: str) -> list[str]:
    """Return the blocks of code in one language."""
    return [body for kind, body in _FENCE.findall(text) if kind == language]


def links(text: str) -> Iterator[str]:
    """Yield where the links and images of a page lead."""
    for match in _LINK.finditer(prose(text)):
        yield match[1] or match[2]


def anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings have."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE):
        words = re.sub(r"[`*]", "", heading).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return found


def sections(text: str, level: int = 2) -> dict[str, str]:
    """Return heading → what stands below it, for the headings of one level."""
    parts = re.split(rf"^{'#' * level} (.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def table(text: str, first: str) -> list[list[str]]:
    """Return the rows of every table whose first column is called `first`, cell by cell."""
    rows: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        if inside and set(cells[0]) - set("-: "):
            rows.append(cells)
        elif not inside:
            inside = cells[0] == first
    return rows
