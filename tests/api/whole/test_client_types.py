"""The web application's types of what is sent are those of the served document."""

from __future__ import annotations

import json
import runpy
import shlex
import subprocess
from pathlib import Path
from typing import Final

from qanat.wiring import Server
from tests.api.whole.owner import Owner

ROOT: Final = Path(__file__).parents[3]
UI: Final = ROOT / "ui"
COMMITTED: Final = UI / "src" / "api" / "schema.d.ts"


def test_the_committed_types_are_those_of_the_document(server: Server, tmp_path: Path) -> None:
    """Else the application compiles against answers that nobody sends.

    Mended by `npm run schema` in ui/, while a server of this tree is up. The words are those of
    that script, but for where the document is and where the types go.
    """
    document, made = tmp_path / "openapi.json", tmp_path / "schema.d.ts"
    document.write_bytes(Owner(server, "reader").get("/api/openapi.json").content)
    scripts = json.loads((UI / "package.json").read_text(encoding="utf-8"))["scripts"]
    _, _, *options, _ = shlex.split(scripts["schema"])
    npm = runpy.run_path(str(ROOT / "hatch_build.py"))["find_npm"]()
    assert npm is not None
    program = UI / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    # The first word is Node's own, or the machine's npm, which lies beside it.
    node = Path(npm[0]).with_name("node")
    subprocess.run(
        [str(node), str(program), str(document), *options, str(made)],
        cwd=UI,
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert made.read_text(encoding="utf-8") == COMMITTED.read_text(encoding="utf-8")
