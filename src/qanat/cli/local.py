"""What only whoever runs the server may do, with a server or without one.

The admin socket of the data directory is tried first. Where nobody listens, the command takes
the directory's lock and does the same operation itself, so that both ways are one code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from qanat.api import admin
from qanat.cli.failure import CommandError
from qanat.config import Settings, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody with a hand on a data directory."""

    settings: Settings

    @classmethod
    def of(cls, data_dir: Path | None, config: Path | None) -> Self:
        """Return the operator of the directory that options and environment name.

        Raises:
            StartupError: The settings cannot be read.
        """
        return cls(settings=read_settings(config=config, data_dir=data_dir))

    @property
    def data_dir(self) -> Path:
        """Where the data lies."""
        return self.settings.data_dir

    def ask(self, op: str, request: dict[str, Any], *, timeout_s: float = 30.0) -> dict[str, Any]:
        """Return the answer of the running server, or of the operation done here.

        Raises:
            QanatError: It was refused; its text says why.
            CommandError: A server holds the directory and does not answer.
        """
        try:
            answer = admin.ask(self.data_dir, op, request, timeout_s=timeout_s)
        except OSError as error:
            raise CommandError(
                f"the server on {self.data_dir} does not answer: {error.strerror or error}",
                "does the data directory belong to you, and is the server well?",
            ) from error
        if answer is not None:
            return answer
        if not self.data_dir.is_dir() and op != "keys.create":
            raise CommandError(
                f"there is no data directory {self.data_dir}",
                "name it with --data-dir or QANAT_DATA_DIR",
            )
        from qanat import wiring

        with wiring.operations(self.settings) as operations:
            return operations[op](request)
