"""How many bytes a page costs, read from what the build says it made."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

KB: Final = 1000
ENTRY: Final = "index.html"

#: What is opened → the sources that bring it, and how many compressed bytes they may add.
BUDGETS: Final = {
    "the query page": (["src/routes/Query.tsx", "src/editor/Editor.tsx"], 150 * KB),
    "a chart": (["src/charts/Chart.tsx"], 190 * KB),
    "a graph": (["src/graph/Graph.tsx"], 70 * KB),
}


class Build:
    """The build's manifest: which file needs which."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        text = (folder / ".vite" / "manifest.json").read_text(encoding="utf-8")
        self.chunks: dict[str, dict[str, Any]] = json.loads(text)

    def files(self, sources: Iterable[str]) -> set[str]:
        """Return the scripts and styles that `sources` need before they can be drawn."""
        found: set[str] = set()
        waiting = list(sources)
        seen: set[str] = set()
        while waiting:
            source = waiting.pop()
            if source in seen:
                continue
            seen.add(source)
            chunk = self._chunk(source)
            found |= {chunk["file"], *chunk.get("css", [])}
            waiting += chunk.get("imports", [])
        return {file for file in found if file.endswith((".js", ".css"))}

    def _chunk(self, source: str) -> dict[str, Any]:
        """Return the chunk of a source; one that others share is listed by its name alone."""
        if source in self.chunks:
            return self.chunks[source]
        (found,) = (
            chunk
            for key, chunk in self.chunks.items()
            if key.startswith("_")
            and chunk.get("name") == Path(source).stem
            and chunk["file"].endswith(".js")
        )
        return found

    def size(self, files: Iterable[str]) -> int:
        """Return the compressed bytes of `files`."""
        return sum(len(gzip.compress((self.folder / file).read_bytes())) for file in files)


@pytest.fixture(scope="module")
def build(built: Path) -> Build:
    return Build(built)


def test_the_first_page_is_light(build: Build) -> None:
    """Script and style of the frame and of Home, which most people see first."""
    files = build.files([ENTRY, "src/routes/Home.tsx"])
    assert build.size(files) <= 250 * KB


@pytest.mark.parametrize("name", BUDGETS)
def test_what_a_page_adds_stays_within_its_budget(build: Build, name: str) -> None:
    sources, most = BUDGETS[name]
    added = build.files(sources) - build.files([ENTRY, "src/routes/Home.tsx"])
    assert build.size(added) <= most


def test_fonts_are_two_latin_files_of_the_application_itself(build: Build) -> None:
    fonts = sorted((build.folder / "assets").glob("*.woff2"))
    assert [font.name.split("-latin")[0] for font in fonts] == ["inter", "jetbrains-mono"]
    assert sum(font.stat().st_size for font in fonts) <= 90 * KB


def test_the_notices_of_everything_bundled_are_shipped(build: Build) -> None:
    notices = (build.folder / "third-party-licenses.md").read_text(encoding="utf-8")
    for package in ("react-dom", "echarts", "@xyflow/react", "@codemirror/view", "lucide-react"):
        assert package in notices
