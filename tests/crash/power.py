"""What a power cut does to a data directory, done by hand.

Everything after the last synced commit may be gone, at any frame of the log; rows that were not
flushed may be gone or cut short. What was promised before that must not be.
"""

from __future__ import annotations

import random
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HEADER: Final = 32
_FRAME_HEADER: Final = 24


@dataclass(frozen=True, slots=True)
class Cut:
    """What was lost."""

    frames: int
    files: int


def cut_power(data_dir: Path, dice: random.Random) -> Cut:
    """Lose what a power cut may lose, and what it does to the machine's boot id."""
    frames = _cut_log(data_dir, dice)
    files = _lose_files(data_dir, dice)
    with closing(sqlite3.connect(data_dir / "state.db")) as store, store:
        store.execute("UPDATE store SET boot_id = 'another start of the machine'")
    return Cut(frames=frames, files=files)


def _cut_log(data_dir: Path, dice: random.Random) -> int:
    log, shared = data_dir / "state.db-wal", data_dir / "state.db-shm"
    content = log.read_bytes()
    if len(content) < _HEADER:
        return 0
    (page_bytes,) = struct.unpack_from(">I", content, 8)
    salts = content[16:24]
    frame_bytes = _FRAME_HEADER + page_bytes
    last = 0
    while (
        _HEADER + (last + 1) * frame_bytes <= len(content)
        and content[_HEADER + last * frame_bytes + 8 : _HEADER + last * frame_bytes + 16] == salts
    ):
        last += 1
    index = shared.read_bytes()
    # Frames that are in the database file, or on their way: a checkpoint syncs them before.
    (copied,) = struct.unpack_from("<I", index, 128)
    noted_salts, noted = (data_dir / "durable").read_text(encoding="ascii").split()
    synced = int(noted) if noted_salts == index[32:40].hex() else 0
    keep = dice.randint(min(max(synced, copied), last), last)
    with log.open("r+b") as file:
        file.truncate(_HEADER + keep * frame_bytes)
    shared.unlink()
    return last - keep


def _lose_files(data_dir: Path, dice: random.Random) -> int:
    # An open connection would share its view of the log with the next one of this process.
    with closing(sqlite3.connect(data_dir / "state.db")) as store:
        safe = {row[0] for row in store.execute("SELECT id FROM file WHERE synced = 1")}
    lost = 0
    for path in sorted((data_dir / "rows").glob("*/*.parquet")):
        if path.stem in safe:
            continue
        match dice.choice(["gone", "short", "whole"]):
            case "gone":
                path.unlink()
                lost += 1
            case "short":
                with path.open("r+b") as file:
                    file.truncate(path.stat().st_size // 2)
                lost += 1
            case _:
                pass
    return lost
