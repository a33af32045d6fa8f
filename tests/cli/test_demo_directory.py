"""The demo's directory: what is reused, what is made anew, what is never touched."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from qanat.cli.demo import chain
from qanat.cli.demo.content import DASHBOARD, LAYERS, statement
from qanat.cli.demo.server import free_port
from qanat.cli.demo.sources import DemoDirectory, DemoState
from qanat.cli.failure import CommandError
from qanat.config import read_settings


def made(root: Path) -> DemoDirectory:
    """Return a directory as a finished start leaves it, with empty files."""
    directory = DemoDirectory(root)
    with directory.held():
        directory.empty()
        for name in chain.tables():
            (root / "sources" / f"{name}.parquet").touch()
        directory.save(DemoState(version=chain.VERSION, complete=True, key="qk_x"))
    return directory


def test_a_finished_directory_is_used_again(tmp_path: Path) -> None:
    directory = made(tmp_path / "demo")
    assert directory.is_ready()
    assert directory.state() == DemoState(version=chain.VERSION, complete=True, key="qk_x")


def test_nobody_else_may_read_the_key(tmp_path: Path) -> None:
    directory = made(tmp_path / "demo")
    assert stat.S_IMODE(directory.root.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory.root / "demo.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "left",
    [
        DemoState(version=chain.VERSION - 1, complete=True),
        DemoState(version=chain.VERSION, complete=False),
    ],
)
def test_what_an_older_generator_or_a_broken_start_left_is_not_used(
    tmp_path: Path, left: DemoState
) -> None:
    directory = made(tmp_path / "demo")
    directory.save(left)
    assert not directory.is_ready()


def test_a_missing_file_or_an_unreadable_state_is_noticed(tmp_path: Path) -> None:
    directory = made(tmp_path / "demo")
    (directory.root / "sources" / "dex.trades.parquet").unlink()
    assert not directory.is_ready()
    directory = made(tmp_path / "other")
    (directory.root / "demo.json").write_text("{")
    assert directory.state() is None
    assert not directory.is_ready()


def test_starting_over_removes_the_server_s_files_and_no_other(tmp_path: Path) -> None:
    directory = made(tmp_path / "demo")
    for name in ("state.db", "state.db-wal", "marker"):
        (directory.root / name).touch()
    (directory.root / "rows").mkdir()
    (directory.root / "notes.txt").write_text("mine")
    directory.empty()
    there = {path.name for path in directory.root.iterdir()}
    assert there == {"demo.json", "demo.lock", "qanat.toml", "sources", "notes.txt"}
    assert list((directory.root / "sources").iterdir()) == []


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("precious")
    with pytest.raises(CommandError, match="not a demo"), DemoDirectory(tmp_path).held():
        pytest.fail("it was taken")
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]
    file = tmp_path / "state.db"
    with pytest.raises(CommandError, match="not a directory"), DemoDirectory(file).held():
        pytest.fail("it was taken")


def test_two_demos_do_not_share_a_directory(tmp_path: Path) -> None:
    directory = made(tmp_path / "demo")
    with directory.held():
        other = DemoDirectory(directory.root)
        with pytest.raises(CommandError, match="runs already"), other.held():
            pytest.fail("it was taken")
    with directory.held():
        pass


def test_the_settings_mount_every_table(tmp_path: Path) -> None:
    directory = made(tmp_path / "demo")
    settings = read_settings(data_dir=directory.root, environ={})
    assert set(settings.sources) == set(chain.tables())
    for name, source in settings.sources.items():
        assert source.path == str(directory.root / "sources" / f"{name}.parquet")
        assert source.description


def test_every_query_has_its_statement_and_a_first_line_that_says_what_it_is() -> None:
    names = [*(name for layer in LAYERS for name in layer), *DASHBOARD]
    assert len(set(names)) == 11
    for name in names:
        assert statement(name).startswith("-- ")
        assert statement(name).split("\n")[0].endswith(".")


def test_a_port_in_use_is_passed_over_unless_it_was_wished_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"port {port} is in use"):
            free_port(port)
    assert free_port(port) == port
    assert free_port(None) >= 8327
