"""Requests that are no requests: a refusal as JSON, at once, and nothing changed.

They are written byte by byte, because no client would send them.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import Any, Final

import psutil
import pytest

from tests.clients.served import Served

MIB: Final = 1 << 20
HANGS_AFTER_S: Final = 10.0
LISTS: Final = (
    "queries", "uploads", "materialized-views", "dashboards", "keys", "pipelines/executions",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all of them, with a query and a table that must stay as they are."""
    with Served(tmp_path_factory.mktemp("hostile") / "data") as made:
        made.save("SELECT 1 AS a")
        body = {"namespace": "me", "table_name": "t", "schema": [{"name": "a", "type": "bigint"}]}
        made.call("POST", "/uploads", body)
        yield made


@pytest.fixture(autouse=True)
def unchanged(server: Served) -> Iterator[None]:
    """Nothing that can be listed is another after a test."""

    def state() -> list[Any]:
        found = [server.call("GET", f"/{name}") for name in LISTS]
        for key in found[4]["keys"]:
            key.pop("last_used_at", None)
        return found

    before = state()
    yield
    assert state() == before


def _sent(server: Served, request: bytes) -> tuple[int, Any, float]:
    """Send bytes; the status, the body and the seconds of the answer."""
    began = time.monotonic()
    with contextlib.closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
        connection.settimeout(HANGS_AFTER_S)
        with contextlib.suppress(ConnectionError):  # refused before the end was sent
            connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65_536):
                answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower(), answer[:300]
    return int(head.split()[1]), json.loads(body), time.monotonic() - began


def _request(server: Served, line: str, *headers: bytes, body: bytes = b"") -> bytes:
    own = [
        f"{line} HTTP/1.1".encode(), b"Host: qanat.test", b"Connection: close",
        f"X-Dune-Api-Key: {server.key}".encode(), *headers,
    ]  # fmt: skip
    if body:
        own.append(b"Content-Length: " + str(len(body)).encode())
    return b"\r\n".join([*own, b"", body])


def _refused(server: Served, request: bytes, *statuses: int) -> str:
    status, body, seconds = _sent(server, request)
    assert status in statuses, f"{request[:100]!r}: {status} {body}"
    assert list(body) == ["error"]
    assert seconds < HANGS_AFTER_S
    return str(body["error"])


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /api/health HTTP/9.9\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"BREW /api/v1/query HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        (
            b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
    ],
)
def test_what_is_no_http_is_refused(server: Served, request_: bytes) -> None:
    assert _refused(server, request_, 400) == "Bad Request"


@pytest.mark.parametrize(
    "flood",
    [
        b"".join(b"X-A%d: %s\r\n" % (n, b"v" * 100) for n in range(100_000)),
        b"X-A: " + b"v" * (20 * MIB) + b"\r\n",
        b"Cookie: " + b"a=b; " * 100_000 + b"\r\n",
        b"X-Dune-Api-Key: " + b"k" * 100_000 + b"\r\n",
    ],
    ids=["many headers", "a long header", "many cookies", "a long key"],
)
def test_a_flood_of_headers_is_cut_off(server: Served, flood: bytes) -> None:
    """Nobody has shown a key yet, so it may cost next to no memory."""
    before = psutil.Process(server.pid).memory_info().rss
    _refused(server, b"GET /api/health HTTP/1.1\r\nHost: x\r\n" + flood + b"\r\n", 431)
    assert psutil.Process(server.pid).memory_info().rss - before < 8 * MIB


def test_a_long_address_is_refused(server: Served) -> None:
    _refused(server, _request(server, f"GET /api/v1/{'a' * 100_000}"), 400, 431)
    _refused(server, _request(server, f"GET /api/v1/queries?{'a=b&' * 100_000}"), 400, 431)


def test_odd_paths_lead_nowhere(server: Served) -> None:
    for path in (
        "/api/v1/query/%00", "/api/v1/query/%ff%fe", "/api/v1/query/%ED%A0%80",
        "/api/v1/../../etc/passwd", "/api/v1/query/..%2f..%2fetc%2fpasswd",
        "/api/v1/query/1/", "/api/v1/query/1%2Farchive",
        "/api/v1/materialized-views/%22%00%22", f"/api/v1/query/{'9' * 5_000}",
        "/api/v1/query/-1", "/api/v1/query/1e3", "/api/v1/query/0x1", "/api/v1/query/١",  # noqa: RUF001  # an Arabic one
        f"/api/v1/execution/{'Z' * 26}/status", "/api/v1/dashboards/9223372036854775808",
    ):  # fmt: skip
        status, body, _ = _sent(server, _request(server, f"GET {path}"))
        if path == "/api/v1/query/1/":
            assert status == 200  # a slash at the end changes nothing
            continue
        assert status in (400, 404, 405), f"{path}: {status} {body}"
        assert list(body) == ["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"nul", b"\xff\xfe\x00", b"\xef\xbb\xbf{}x", b"[" * 1_000_000, b'{"a":' * 200_000,
        b'{"name":"\\ud800","query_sql":"SELECT 1"}',
        b'{"name":"a\\u0000b","query_sql":"SELECT 1"}',
        b'{"name":"\xed\xa0\x80","query_sql":"SELECT 1"}',
        b'{"name":1,"query_sql":"SELECT 1"}', b'{"name":"a","query_sql":["SELECT 1"]}',
        b'{"name":"a","query_sql":"SELECT 1","tags":"a"}',
        b'{"name":"a","query_sql":"SELECT 1","is_private":"yes"}',
        b'{"name":"a","query_sql":"SELECT 1","parameters":{}}',
        b'{"name":"a","query_sql":"SELECT 1"} {"name":"b"}', b"NaN", b"[]", b'"x"', b"1e999999",
        b'{"name":"' + b"a" * 601 + b'","query_sql":"SELECT 1"}',
        b'{"name":"a","query_sql":"' + b"x" * 500_001 + b'"}',
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)  # fmt: skip
def test_a_body_that_cannot_be_meant_is_refused(server: Served, body: bytes) -> None:
    for line in ("POST /api/v1/query", "PATCH /api/v1/query/1"):
        _refused(server, _request(server, line, body=body), 400)


def test_a_body_over_its_limit_is_refused(server: Served) -> None:
    big = b'{"name":"a","query_sql":"' + b" " * (10 * MIB) + b'"}'
    for line in (
        "POST /api/v1/query", "POST /api/v1/sql/execute", "POST /api/v1/pipelines/execute",
        "POST /api/v1/uploads", "PUT /api/v1/query/1/pipeline", "POST /api/v1/usage",
        "POST /api/v1/session", "PATCH /api/v1/query/1",
    ):  # fmt: skip
        _refused(server, _request(server, line, body=big), 413)


def test_huge_numbers_are_refused(server: Served) -> None:
    for line, body in (
        ("POST /api/v1/pipelines/execute", {"query_id": 10**30}),
        ("POST /api/v1/pipelines/execute", {"query_id": -1}),
        ("POST /api/v1/materialized-views", {"name": "result_a", "query_id": 2**63}),
        ("POST /api/v1/dashboards", {"name": "a", "visualization_ids": [2**64]}),
        ("PATCH /api/v1/query/1", {"base_version": 2**63}),
    ):
        request = _request(server, line, body=json.dumps(body).encode())
        _refused(server, request, 400, 404, 409)


def test_deep_and_wide_parameters_are_refused(server: Served) -> None:
    nested: Any = "x"
    for _ in range(5_000):
        nested = [nested]
    many = {f"p{n}": "x" for n in range(50_000)}
    for value in ({"p": "x\x00y"}, {"p": {"a": 1}}, many):
        body = json.dumps({"query_parameters": value}).encode()
        _refused(server, _request(server, "POST /api/v1/query/1/execute", body=body), 400)
    body = b'{"query_parameters":{"p":' + b"[" * 5_000 + b"]" * 5_000 + b"}}"
    _refused(server, _request(server, "POST /api/v1/query/1/execute", body=body), 400)


def test_rows_that_cannot_be_read_leave_the_table_alone(server: Served) -> None:
    line = "POST /api/v1/uploads/me/t/insert"
    for kind, body in (
        (b"text/csv", b"\x00\xff\xfe"), (b"text/csv", b"a\n" + b"9" * 100_000 + b"\n"),
        (b"text/csv", b'a\n"1\n'), (b"application/x-ndjson", b"[" * 100_000),
        (b"application/x-ndjson", b'{"a":1}\n{"a":'), (b"application/x-ndjson", b'{"a":"\\ud800"}'),
        (b"application/octet-stream", b"x"),
    ):  # fmt: skip
        _refused(server, _request(server, line, b"Content-Type: " + kind, body=body), 400)
    assert server.sql("SELECT count(*) AS n FROM dune.me.t") == [{"n": 0}]
