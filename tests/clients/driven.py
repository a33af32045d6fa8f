"""A client in another process, told by lines of JSON what to call."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self


class ClientError(Exception):
    """The client raised; its message."""


class Driven:
    """A driver process: `{"call": …, "args": …}` in, `{"value": …}` or `{"error": …}` out."""

    def __init__(self, command: list[str], *, cwd: Path, environment: dict[str, str]) -> None:
        self._log = (cwd / "driver.log").open("wb")
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()
        self._log.close()

    def __call__(self, call: str, *args: object, **options: object) -> Any:  # noqa: ANN401  # JSON
        """Return what a call of the client returned.

        Raises:
            ClientError: It raised.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"call": call, "args": args, "options": options}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the driver ended"
        answer = json.loads(line)
        if "error" in answer:
            raise ClientError(answer["error"])
        return answer.get("value")
