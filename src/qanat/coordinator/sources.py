"""Tables that an operator mounts: what lies there now, and whether it changed.

A source's version is the sorted list of its files with size, mtime, ctime and inode. A run pins
the list; a node that read the table compares it again afterwards.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from qanat.coordinator.templates import version_of
from qanat.engines import Engine
from qanat.errors import QanatError, SourceChangedError, SqlRejectedError
from qanat.model.snapshot import Format, SourceFile, SourceVersion
from qanat.names import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """A mounted table as settings name it."""

    label: Label
    path: str  #: a file or a glob
    format: Format
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A mounted table as it lies there."""

    version: SourceVersion
    row_count: int
    size_bytes: int


class Sources:
    """The mounted tables of this server."""

    def __init__(self, mounted: Iterable[Mounted], engine: Engine, *, most_files: int) -> None:
        self.mounted: Mapping[Label, Mounted] = {one.label: one for one in mounted}
        self._engine = engine
        self._most_files = most_files
        self._lock = Lock()
        self._seen: dict[Label, tuple[str, Seen]] = {}

    @property
    def labels(self) -> frozenset[Label]:
        """The labels of every mounted table."""
        return frozenset(self.mounted)

    def now(self, label: Label) -> Seen:
        """Return what lies there now; columns and counts are read again only after a change.

        Raises:
            SqlRejectedError: No files lie there, too many, or they cannot be read.
        """
        mounted = self.mounted[label]
        listed = SourceVersion(
            label=label, format=mounted.format, columns=(), files=self._list(mounted)
        )
        version = version_of(listed)
        with self._lock:
            known = self._seen.get(label)
        if known is not None and known[0] == version:
            return known[1]
        columns, row_count = self._engine.inspect(
            tuple(file.path for file in listed.files), mounted.format
        )
        seen = Seen(
            version=replace(listed, columns=columns),
            row_count=row_count,
            size_bytes=sum(file.size_bytes for file in listed.files),
        )
        with self._lock:
            self._seen[label] = (version, seen)
        return seen

    def pin(self, labels: Iterable[str]) -> dict[Label, tuple[str, SourceVersion]]:
        """Return the version of each table, to be pinned.

        One that cannot be read, for whatever reason, is left out: the node that reads it fails,
        and nothing else does.
        """
        pinned = {}
        for text in labels:
            label = Label(text)
            try:
                seen = self.now(label)
            except (QanatError, KeyError):
                continue
            pinned[label] = (version_of(seen.version), seen.version)
        return pinned

    def check(self, pinned: SourceVersion) -> None:
        """Return if the files are as they were pinned.

        Raises:
            SourceChangedError: They changed; what was read may be half of each.
        """
        mounted = self.mounted.get(pinned.label)
        try:
            files = None if mounted is None else self._list(mounted)
        except SqlRejectedError:
            files = None
        if files != pinned.files:
            raise SourceChangedError(
                f"the files of {pinned.label} changed while the run was reading them; "
                "run it again when they are complete"
            )

    def why_missing(self, label: Label) -> str | None:
        """Return why a mounted table cannot be read now; None if it can, or is not mounted."""
        if label not in self.mounted:
            return None
        try:
            self.now(label)
        except SqlRejectedError as error:
            return error.message
        except QanatError:
            return "it could not be looked at; try again later"
        return None

    def _list(self, mounted: Mounted) -> tuple[SourceFile, ...]:
        files = []
        for path in glob.iglob(mounted.path, recursive=True):  # noqa: PTH207  # an absolute glob
            try:
                found = Path(path).stat()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise SqlRejectedError(
                    f"a file of {mounted.label} cannot be read: {error.strerror}"
                ) from error
            if not stat.S_ISREG(found.st_mode):
                continue
            if path.encode(errors="replace") != os.fsencode(path):
                raise SqlRejectedError(
                    f"a file of {mounted.label} has a name that is not UTF-8 text"
                )
            files.append(
                SourceFile(
                    path=path,
                    size_bytes=found.st_size,
                    mtime_ns=found.st_mtime_ns,
                    ctime_ns=found.st_ctime_ns,
                    inode=found.st_ino,
                )
            )
            if len(files) > self._most_files:
                raise SqlRejectedError(f"{mounted.label} has more than {self._most_files} files")
        if not files:
            raise SqlRejectedError(f"no files lie where {mounted.label} is mounted")
        return tuple(sorted(files, key=lambda file: file.path))
