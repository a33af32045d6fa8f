"""Files that were sent and looked at, and have not landed yet.

They lie in `tmp/staged` for an hour, known only to this process: after a restart they are gone,
and whoever sent one sends it again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from qanat.clock import Clock
from qanat.errors import NotFoundError
from qanat.model.snapshot import Format
from qanat.model.types import Columns
from qanat.names import Handle

KEPT: Final = timedelta(hours=1)
PER_OWNER: Final = 10  #: files; the oldest makes room


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """A file from outside."""

    id: str
    owner: Handle
    path: Path
    format: Format
    columns: Columns  #: as they are in the file
    expires_at: datetime


class Staging:
    """Knows staged files, and removes those whose time is over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._files: dict[str, StagedFile] = {}  #: oldest first

    def add(self, file: StagedFile) -> None:
        """Keep a file for its time."""
        with self._lock:
            own = [each for each in self._files.values() if each.owner == file.owner]
            gone = self._expired() + own[: max(0, len(own) - PER_OWNER + 1)]
            self._forget(gone)
            self._files[file.id] = file
        _remove(gone)

    def find(self, owner: Handle, id_: str) -> StagedFile:
        """Return one of the owner's files.

        Raises:
            NotFoundError: There is none, or its time is over.
        """
        with self._lock:
            gone = self._expired()
            self._forget(gone)
            found = self._files.get(id_)
        _remove(gone)
        if found is None or found.owner != owner:
            raise NotFoundError("Object not found")
        return found

    def drop(self, file: StagedFile) -> None:
        """Remove a file."""
        with self._lock:
            self._forget([file])
        _remove([file])

    def _expired(self) -> list[StagedFile]:
        now = self._clock.now()
        return [file for file in self._files.values() if file.expires_at <= now]

    def _forget(self, files: Iterable[StagedFile]) -> None:
        for file in files:
            self._files.pop(file.id, None)


def _remove(files: Iterable[StagedFile]) -> None:
    for file in files:
        file.path.unlink(missing_ok=True)
