"""`qanat completion`: the script that completes the command's words in a shell."""

from __future__ import annotations

import sys
from typing import Literal


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print a completion script.

    Load it with, for example, `source <(qanat completion bash)`.

    Args:
        shell: The shell that reads it.
    """
    from qanat.cli import build

    sys.stdout.write(
        build().meta.generate_completion(prog_name="qanat", shell=shell).rstrip() + "\n"
    )
