"""The directory of rows: one file an attempt, `rows/<its last two characters>/<attempt>.parquet`.

A file is written once and never changed, so whoever has its name may read it. A file counts as
being on disk only after `sync`: of the file, and of every directory that leads to its name.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from qanat.errors import FileLostError
from qanat.names import AttemptId, is_ulid

_ENDING: Final = ".parquet"
_FLUSHES: Final = 8  #: at once


class RowFiles:
    """The files below one directory."""

    def __init__(self, root: Path) -> None:
        """Make the directory, if it is not there."""
        self.root = root
        self._root_text = str(root)
        root.mkdir(parents=True, exist_ok=True)
        self._made: set[str] = set()
        self._early = ThreadPoolExecutor(1, thread_name_prefix="qanat-flush")
        self._flushing = ThreadPoolExecutor(_FLUSHES, thread_name_prefix="qanat-sync")

    def path(self, file: str) -> Path:
        """Return where a file's rows lie; the file need not exist.

        Raises:
            ValueError: `file` is not an attempt's id, and could lead elsewhere.
        """
        return Path(self._text(file))

    def _text(self, file: str) -> str:
        if not is_ulid(file):
            raise ValueError(f"{file!r} is not the id of an attempt")
        return f"{self._root_text}/{file[-2:]}/{file}{_ENDING}"

    def place(self, file: str) -> Path:
        """Return where to write a new file; its directory is there."""
        text = self._text(file)
        if file[-2:] not in self._made:
            with contextlib.suppress(FileExistsError):
                os.mkdir(f"{self._root_text}/{file[-2:]}")  # noqa: PTH102  # on the path of every small node
            self._made.add(file[-2:])
        return Path(text)

    def flush(self, file: str) -> None:
        """Begin to flush a file. One that cannot be is removed: `sync` then finds it lost."""
        self._early.submit(self._flush_early, self._text(file))

    def _flush_early(self, path: str) -> None:
        if not _flush(path):
            Path(path).unlink(missing_ok=True)

    def sync(self, files: tuple[str, ...]) -> None:
        """Return once files and the directories that name them are on disk.

        Raises:
            FileLostError: Some could not be flushed. After an error the system may have dropped
                what was to be written, so flushing them again would prove nothing.
        """
        lost = {
            file
            for file, is_safe in self._flushed({f: self._text(f) for f in files})
            if not is_safe
        }
        folders = {file[-2:]: f"{self._root_text}/{file[-2:]}" for file in files}
        held = dict(self._flushed(folders))
        lost |= {file for file in files if not held[file[-2:]]}
        if not lost and files and not _flush(self._root_text):
            lost = set(files)
        if lost:
            # Gone for good, so that no later flush can take for safe what was dropped.
            for file in lost:
                self.remove(file)
            raise FileLostError(tuple(sorted(lost)))

    def _flushed(self, paths: Mapping[str, str]) -> list[tuple[str, bool]]:
        """Return for each key whether its path was flushed, several at once."""
        named = list(paths.items())
        if len(named) == 1:
            return [(named[0][0], _flush(named[0][1]))]
        shares = [named[k::_FLUSHES] for k in range(min(_FLUSHES, len(named)))]
        flushed = self._flushing.map(
            lambda share: [(key, _flush(path)) for key, path in share], shares
        )
        return [one for share in flushed for one in share]

    def remove(self, file: str) -> None:
        """Remove a file; one that is not there is already removed."""
        self.path(file).unlink(missing_ok=True)

    def all(self) -> Iterator[tuple[AttemptId, int]]:
        """Return every file, with its size in bytes."""
        for folder in sorted(self.root.iterdir()):
            if len(folder.name) != 2 or not folder.is_dir():
                continue
            for path in sorted(folder.iterdir()):
                if path.suffix == _ENDING and is_ulid(path.stem) and path.stem[-2:] == folder.name:
                    with contextlib.suppress(FileNotFoundError):  # removed while we looked
                        yield AttemptId(path.stem), path.stat().st_size

    def close(self) -> None:
        """Stop the threads that flush."""
        self._early.shutdown(cancel_futures=True)
        self._flushing.shutdown()


def _flush(path: str) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.fsync(fd)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
