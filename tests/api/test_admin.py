"""The admin socket, spoken to as its clients do and as nobody should."""

from __future__ import annotations

import json
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from qanat.api import admin
from qanat.errors import ForbiddenError, InvalidRequestError, StartupError


def echo(request: dict[str, Any]) -> dict[str, Any]:
    return {"you said": request}


def refuse(request: dict[str, Any]) -> dict[str, Any]:
    raise ForbiddenError("that is the last write key of me")


def break_down(request: dict[str, Any]) -> dict[str, Any]:
    raise KeyError("/a/path/nobody/should/see")


OPERATIONS = {"echo": echo, "refuse": refuse, "break": break_down}


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    with admin.AdminSocket(tmp_path, OPERATIONS, request_s=0.5):
        yield tmp_path


def raw(data_dir: Path, sent: bytes) -> dict[str, Any]:
    """Return the answer to bytes that need not be a request."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        client.connect(str(data_dir / "admin.sock"))
        client.sendall(sent)
        received = b""
        while piece := client.recv(65_536):
            received += piece
    answer = json.loads(received)
    assert isinstance(answer, dict)
    return answer


def test_an_operation_gets_the_request_and_its_answer_comes_back(data_dir: Path) -> None:
    assert admin.ask(data_dir, "echo", {"handle": "me"}) == {"you said": {"handle": "me"}}


def test_only_the_owner_may_open_the_socket(data_dir: Path) -> None:
    assert stat.S_IMODE((data_dir / "admin.sock").stat().st_mode) == 0o600


def test_nobody_listening_is_told_apart_from_a_refusal(tmp_path: Path) -> None:
    assert admin.ask(tmp_path, "echo") is None
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    dead.bind(str(tmp_path / "admin.sock"))
    dead.close()
    assert admin.ask(tmp_path, "echo") is None
    assert admin.ask(tmp_path / "missing", "echo") is None


def test_a_refusal_carries_its_reason(data_dir: Path) -> None:
    with pytest.raises(InvalidRequestError, match="last write key of me"):
        admin.ask(data_dir, "refuse")


def test_a_broken_operation_says_nothing_of_its_inside(data_dir: Path) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        admin.ask(data_dir, "break")
    assert str(caught.value) == "Internal error"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n",
        b"hello\n",
        b"[1,2]\n",
        b'{"op": 7}\n',
        b'{"op":"echo","request":"text"}\n',
        b'{"op":"echo","request":{},"more":1}\n',
        b'{"op":"echo"\n',
        b"\xff\xfe\x00\n",
        b'{"op":"echo","request":{"a":' + b"[" * 20_000 + b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_is_answered_and_harms_nothing(data_dir: Path, garbage: bytes) -> None:
    assert set(raw(data_dir, garbage)) == {"error"}
    assert admin.ask(data_dir, "echo", {"still": "there"}) == {"you said": {"still": "there"}}


def test_an_unknown_operation_is_named(data_dir: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"'keys\.burn'"):
        admin.ask(data_dir, "keys.burn")


def test_a_request_that_is_too_long_is_refused_before_it_is_kept(data_dir: Path) -> None:
    answer = raw(data_dir, b"x" * (admin.MAX_REQUEST_BYTES * 4))
    assert str(admin.MAX_REQUEST_BYTES) in answer["error"]


def test_a_silent_client_is_let_go_in_time(data_dir: Path) -> None:
    answer = raw(data_dir, b'{"op":"echo"')
    assert answer["error"] == "the request did not arrive within 0.5 s"


def test_silent_clients_do_not_keep_others_waiting_for_ever(data_dir: Path) -> None:
    """All places are taken by clients that say nothing; each gives its place back in time."""
    silent = []
    for _ in range(admin.CONNECTIONS):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect(str(data_dir / "admin.sock"))
        silent.append(client)
    try:
        assert admin.ask(data_dir, "echo", {}) == {"you said": {}}
    finally:
        for client in silent:
            client.close()


def test_many_clients_at_once_each_get_their_own_answer(data_dir: Path) -> None:
    def one(number: int) -> bool:
        return admin.ask(data_dir, "echo", {"n": number}) == {"you said": {"n": number}}

    with ThreadPoolExecutor(24) as pool:
        assert all(pool.map(one, range(120)))


def test_a_socket_left_by_a_dead_server_is_replaced(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(tmp_path / "admin.sock"))
    left.close()
    with admin.AdminSocket(tmp_path, OPERATIONS):
        assert admin.ask(tmp_path, "echo") == {"you said": {}}
    assert not (tmp_path / "admin.sock").exists()


def test_closing_ends_the_thread_and_frees_the_name(tmp_path: Path) -> None:
    server = admin.AdminSocket(tmp_path, OPERATIONS)
    server.open()
    server.close()
    server.close()
    assert not any(thread.name == "admin-socket" for thread in threading.enumerate())
    assert admin.ask(tmp_path, "echo") is None


def test_a_data_directory_deeper_than_a_socket_path_may_be_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    deep.mkdir(parents=True)
    with admin.AdminSocket(deep, OPERATIONS):
        assert (deep / "admin.sock").is_socket()
        assert admin.ask(deep, "echo", {"a": 1}) == {"you said": {"a": 1}}


def test_a_directory_that_cannot_hold_a_socket_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"admin\.sock"):
        admin.AdminSocket(tmp_path / "missing", OPERATIONS).open()


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    """A server runs for months; a descriptor lost per request would end it."""
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    with admin.AdminSocket(deep, OPERATIONS):
        admin.ask(deep, "echo")
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(50):
            admin.ask(deep, "echo")
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + admin.CONNECTIONS
