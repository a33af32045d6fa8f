"""The quick start works when it is pasted, and says how to start."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks, links, pages, read, sections
from tests.server import ServerProcess

PAGE = read(ROOT / "README.md")
MAKEFILE = read(ROOT / "Makefile")


def is_make(block: str) -> bool:
    """Return whether a block is made of make's targets alone."""
    return all(line.startswith("make ") for line in block.strip().splitlines())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server on an empty data directory."""
    with ServerProcess(tmp_path / "data") as made:
        yield made


@pytest.mark.timeout(180)
def test_the_quick_start_works_when_it_is_pasted(server: ServerProcess) -> None:
    """Every block but make's own, one after another, as one reader would type them."""
    quick = [body for body in blocks(sections(PAGE)["Quick start"], "sh") if not is_make(body)]
    given, *typed = quick
    assert all(line.startswith("export QANAT_") for line in given.strip().splitlines())
    script = "\n".join(typed).replace(".venv/bin/", f"{Path(sys.executable).parent}/")

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={
            **server.environment,
            "QANAT_SERVER_URL": server.url,
            "QANAT_API_KEY": str(server.key),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '{"day":0,"usd":' in done.stdout
    assert "day,usd" in done.stdout
    results = next(line for line in done.stdout.splitlines() if '"rows"' in line)
    rows = json.loads(results)["result"]["rows"]
    assert len(rows) == 7
    assert sum(row["usd"] for row in rows) == 3 * 1000 * 1001 / 2
    assert "result_trades" in done.stdout
    assert '{"error"' not in done.stdout


def test_every_make_target_that_a_page_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
    for page in pages():
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", read(page), re.MULTILINE))
        assert named <= targets, f"{page.name}: {named - targets}"


def test_the_readme_stands_in_the_projects_order() -> None:
    assert list(sections(PAGE)) == [
        "Quick start",
        "What it does",
        "What it does not do",
        "Compatibility with Dune",
        "How it works",
        "Settings",
        "Developing",
        "Licence",
    ]
    quick = sections(PAGE)["Quick start"]
    assert blocks(quick, "sh")[0].strip() == "make demo"


def test_the_readme_leads_to_every_part_of_the_documentation() -> None:
    led = {link.partition("#")[0] for link in links(PAGE)}

    assert {
        "docs/architecture.md",
        "docs/lifecycle.md",
        "docs/api.md",
        "docs/api/extensions.md",
        "docs/configuration.md",
        "docs/glossary.md",
        "docs/decisions/README.md",
        "docs/operations/README.md",
        "CHANGELOG.md",
        "LICENSE",
    } <= led


def test_the_changelog_has_a_place_for_what_comes() -> None:
    changelog = read(ROOT / "CHANGELOG.md")

    assert next(iter(sections(changelog))) == "[Unreleased]"
