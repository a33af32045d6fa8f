"""The demo's directory: which generator wrote it, its files of rows, its settings, its key.

`demo.json` is written first, so that a directory without one is somebody else's and is never
touched; it says `complete` only once every file is there. A directory of another generator, or
one that was not completed, is emptied of what the demo and its server put there and made anew.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from qanat.cli.demo import chain
from qanat.cli.failure import CommandError
from qanat.clock import Clock
from qanat.config import GIB
from qanat.engines import Bound, Engine, Limits
from qanat.names import AttemptId, new_ulid

_STATE: Final = "demo.json"
_LOCK: Final = "demo.lock"
_SETTINGS: Final = "qanat.toml"
_SOURCES: Final = "sources"
#: Everything that the demo and its server write into the directory.
_OURS: Final = (_SETTINGS, _SOURCES, "server.log", "state.db", "state.db-wal", "state.db-shm",
                "rows", "tmp", "marker", "lock", "admin.sock")  # fmt: skip
_DESCRIPTIONS: Final = {
    "tokens.erc20": "Tokens of the sample, with their symbols and decimals",
    "ethereum.blocks": "Blocks, one every twelve seconds",
    "ethereum.transactions": "A sample of the transactions in those blocks",
    "tokens.transfers": "Token transfers of those transactions",
    "dex.trades": "Trades on decentralized exchanges",
    "prices.hourly": "US dollar prices of tokens, hour by hour",
}


class DemoState(msgspec.Struct, frozen=True, kw_only=True):
    """What one start of the demo leaves for the next."""

    version: int  #: of the generator
    complete: bool = False  #: every file of rows is there
    key: str | None = None  #: the demo's own API key; the file is readable by its owner alone


class DemoDirectory:
    """Where a demo keeps everything."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.settings_file = self.root / _SETTINGS
        self.log_file = self.root / "server.log"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other demos out of the directory.

        Raises:
            CommandError: One runs there, or the directory is not a demo's.
        """
        if self.root.exists() and not self.root.is_dir():
            raise CommandError(f"{self.root} is not a directory", "choose one with --data-dir")
        strangers = self.root.exists() and any(self.root.iterdir())
        if strangers and not (self.root / _STATE).exists() and not (self.root / _LOCK).exists():
            raise CommandError(
                f"{self.root} holds something that is not a demo",
                "choose another directory with --data-dir",
            )
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CommandError(
                    f"a demo runs already in {self.root}",
                    "use that one, stop it with Ctrl-C, or choose another with --data-dir",
                ) from error
            yield
        finally:
            os.close(descriptor)

    def state(self) -> DemoState | None:
        """Return what the last start left; None if that cannot be used."""
        try:
            return msgspec.json.decode((self.root / _STATE).read_bytes(), type=DemoState)
        except (OSError, msgspec.DecodeError):
            return None

    def save(self, state: DemoState) -> None:
        """Write down what the next start may rely on; all of it or nothing."""
        fresh = self.root / (_STATE + ".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(state) + b"\n")
        fresh.replace(self.root / _STATE)

    def is_ready(self) -> bool:
        """Return whether the files of rows are those of this generator."""
        state = self.state()
        return (
            state is not None
            and state.complete
            and state.version == chain.VERSION
            and self.settings_file.exists()
            and all(self._file(name).exists() for name in chain.tables())
        )

    def empty(self) -> None:
        """Remove what the demo and its server wrote, and start over."""
        self.save(DemoState(version=chain.VERSION))
        for name in _OURS:
            path = self.root / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        (self.root / _SOURCES).mkdir(mode=0o700)
        self.settings_file.write_text(_settings(), encoding="utf-8")

    @contextmanager
    def making(self) -> Iterator[Path]:
        """Yield an empty directory for the engine that writes the sample; it goes afterwards."""
        place = self.root / _SOURCES / ".making"
        place.mkdir(mode=0o700)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def write(self, engine: Engine, clock: Clock, told: Callable[[str, int], None]) -> int:
        """Write every table of the sample and return how many rows they have together.

        `told` hears of each table and its rows.
        """
        total = 0
        limits = Limits(threads=2, memory_bytes=2 * GIB, time_s=300, result_bytes=GIB)
        for name, statement in chain.tables().items():
            attempt = AttemptId(new_ulid(clock.now()))
            written = engine.write(attempt, Bound(text=statement), limits)
            engine.path(attempt).replace(self._file(name))
            told(name, written.row_count)
            total += written.row_count
        self.save(DemoState(version=chain.VERSION, complete=True))
        return total

    def _file(self, name: str) -> Path:
        return self.root / _SOURCES / f"{name}.parquet"


def _settings() -> str:
    mounts = "\n".join(
        f'[sources."{name}"]\npath = "{_SOURCES}/{name}.parquet"\n'
        f'description = "{_DESCRIPTIONS[name]}"\n'
        for name in chain.tables()
    )
    return f"# Written by `qanat demo`.\n\n{mounts}"
