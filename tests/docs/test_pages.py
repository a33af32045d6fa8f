"""What holds for every page: links lead somewhere, and nothing of a writer's machine is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, anchors, links, pages, read

PAGES = pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for link in links(read(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert target.is_relative_to(ROOT), f"{link} leads out of the project"
        if anchor:
            assert anchor in anchors(read(target)), f"{link}: there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_page_holds_a_path_of_a_writers_machine(page: Path) -> None:
    found = re.findall(r"(?<![\w./-])/(?:work|tmp|home|root|Users)/\S*", read(page))

    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_page_begins_with_its_title_and_has_no_other(page: Path) -> None:
    text = read(page)

    assert text.startswith("# ")
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert len(re.findall(r"^# ", outside, re.MULTILINE)) == 1


def test_every_page_is_led_to_from_another() -> None:
    """A page that nobody links to is not read; a link to a folder leads to all that is in it."""
    led: set[Path] = set()
    for page in PAGES:
        for link in links(read(page)):
            target = (page.parent / link.partition("#")[0]).resolve()
            led |= {target, *target.glob("*.md")} if target.is_dir() else {target}

    alone = [str(page.relative_to(ROOT)) for page in DOCS.rglob("*.md") if page not in led]
    assert alone == []


def test_decisions_are_numbered_without_gaps_and_have_three_parts() -> None:
    found = sorted((DOCS / "decisions").glob("[0-9]*.md"))

    assert [int(page.name[:4]) for page in found] == list(range(1, len(found) + 1))
    for page in found:
        parts = re.findall(r"^\*\*(\w+)\.\*\*", read(page), re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences"], page.name
        assert len(read(page).splitlines()) <= 60, f"{page.name} is longer than a page"
