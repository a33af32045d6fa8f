"""docs/architecture.md draws the layers that are checked, and names every package."""

from __future__ import annotations

import re
import tomllib

from tests.docs.pages import DOCS, ROOT, read, sections, table

PAGE = read(DOCS / "architecture.md")


def test_the_layers_are_those_that_are_checked() -> None:
    project = tomllib.loads(read(ROOT / "pyproject.toml"))
    (contract,) = [c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    checked = [layer.replace("qanat.", "") for layer in contract["layers"]]

    drawn = re.findall(r"^    (.+)$", sections(PAGE)["Imports"], re.MULTILINE)

    assert drawn == checked


def test_every_package_says_what_it_is_for() -> None:
    source = ROOT / "src" / "qanat"
    packages = {path.parent.name for path in source.glob("*/__init__.py")}

    described = {row[0].strip("`") for row in table(sections(PAGE)["Parts"], "package")}

    assert packages <= described
    assert all((source / name).exists() or (source / f"{name}.py").exists() for name in described)
