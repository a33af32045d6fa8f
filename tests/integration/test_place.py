"""A data directory is tied to its store, and a power cut does not untie them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert

from qanat.config import Settings, StoreSettings
from qanat.errors import StartupError
from qanat.store import tables as t
from qanat.store.database import Prepared
from qanat.wiring import MARKER, open_store
from tests.postgres import Postgres

_ADD_SERVER = Prepared(
    insert(t.server).values(id="s", state="dead", started_us=1, expires_us=1), ["id"]
)
_ADD_ROWS = Prepared(
    insert(t.file).values(id="f", server="s", state="whole", synced=1, size_bytes=1), ["id"]
)
LEFT: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda marker: marker.write_bytes(b""),
    "zeros": lambda marker: marker.write_bytes(b"\0" * 26),
}
what_is_left = pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)


def with_rows(settings: Settings) -> str:
    """Make a store that has rows; what its directory's marker says."""
    with open_store(settings) as opened:
        opened.database.write(lambda tx: (tx.run(_ADD_SERVER), tx.run(_ADD_ROWS)))
    return (settings.data_dir / MARKER).read_text()


@what_is_left
def test_a_marker_that_a_power_cut_took_is_written_anew_beside_its_store(
    tmp_path: Path, left: Callable[[Path], object]
) -> None:
    settings = Settings(data_dir=tmp_path)
    place = with_rows(settings)
    left(tmp_path / MARKER)
    with open_store(settings):
        assert (tmp_path / MARKER).read_text() == place


def test_the_marker_of_another_store_is_refused(tmp_path: Path) -> None:
    with_rows(Settings(data_dir=tmp_path))
    (tmp_path / MARKER).write_text("01JD8K3N5Q8R7T2V4W6X8Y0Z1C")
    with (
        pytest.raises(StartupError, match="belong to another store"),
        open_store(Settings(data_dir=tmp_path)),
    ):
        pytest.fail("it was let in")


@pytest.mark.postgres
@what_is_left
def test_a_store_elsewhere_needs_the_marker_of_its_rows(
    postgres: Postgres, tmp_path: Path, left: Callable[[Path], object]
) -> None:
    """The disk of the rows may not be mounted: without them, nothing may be done to the store."""
    store = StoreSettings(url=postgres.fresh())
    settings = Settings(data_dir=tmp_path, store=store)
    with_rows(settings)
    left(tmp_path / MARKER)
    with (
        pytest.raises(StartupError, match="not in this data directory"),
        open_store(settings),
    ):
        pytest.fail("it was let in")


def test_marker_and_rows_are_on_disk_before_anything_else_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file that was renamed and never flushed, a power cut may leave the name alone."""
    done: list[tuple[str, object]] = []
    plainly, rename = os.fsync, os.replace

    def fsync(file: int) -> None:
        path = Path(f"/proc/self/fd/{file}").readlink()
        done.append((path.name, {each.name for each in path.iterdir()} if path.is_dir() else None))
        plainly(file)

    def replace(source: Path, target: Path) -> None:
        done.append(("rename", Path(target).name))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    for attempt in range(2):
        with open_store(Settings(data_dir=tmp_path / "data")):
            name, there = done[-1]
            assert name == "data"
            assert isinstance(there, set)
            assert {MARKER, "rows"} <= there
        if attempt == 0:
            assert done[:-1] == [("marker.new", None), ("rename", MARKER)]
