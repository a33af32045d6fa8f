"""Bodies, limits, rates and origins: what holds for all routes (contract section 1)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

import msgspec
import pytest

from qanat.api import create_app
from qanat.api.edge import Edge
from qanat.api.requests import Request, decode
from qanat.api.services import Services
from qanat.config import LimitSettings, ServerSettings
from qanat.errors import InvalidRequestError
from qanat.store import keys
from tests.api.conftest import Client, ManualClock

QUERY = b'{"name":"q","query_sql":"SELECT 1"}'


@pytest.mark.parametrize("kind", [None, "text/plain; charset=utf-8", "*/*", "application/json"])
def test_a_body_is_json_whatever_its_content_type_says(client: Client, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = client.post("/api/v1/query", content=QUERY, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == f'{{"query_id":{answer.json()["query_id"]}}}'


def test_fields_that_are_unknown_are_ignored_and_null_is_absent(client: Client) -> None:
    body = b'{"name":"q","query_sql":"","zzz":1,"tags":null,"description":null,"is_private":null}'
    assert client.post("/api/v1/query?unknown=1", content=body).status_code == 200
    answer = client.post("/api/v1/query", content=b'{"name":null,"query_sql":""}')
    assert answer.status_code == 400
    assert "name" in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"[]",
        b"null",
        b'"text"',
        b'{"name":"\xff","query_sql":""}',
        b'{"name":"\\ud800","query_sql":""}',
        b'{"name":"a\\u0000b","query_sql":""}',
        b'{"a\\u0000":1,"name":"q","query_sql":""}',
        b'{"name":"q","query_sql":"","x":' + b"[" * 100 + b"]" * 100 + b"}",
        b"[" * 100_000,
        b'{"name":NaN,"query_sql":""}',
        b'{"name":"q","query_sql":""}}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_a_body_that_cannot_be_kept_is_refused(client: Client, body: bytes) -> None:
    """Nothing in the answer tells of code or paths."""
    answer = client.post("/api/v1/query", content=body)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"]
    assert "/" not in answer.json()["error"]


def test_texts_in_any_script_are_kept(client: Client) -> None:
    body = '{"name":"größe 漢字 🚀","query_sql":"-- ñ"}'.encode()
    id_ = client.post("/api/v1/query", content=body).json()["query_id"]
    assert client.get(f"/api/v1/query/{id_}").json()["name"] == "größe 漢字 🚀"


def test_a_zero_escape_that_is_text_is_no_nul() -> None:
    assert decode(rb'{"a":"\\u0000"}') == {"a": r"\u0000"}
    with pytest.raises(InvalidRequestError):
        decode(rb'{"a":["\u0000"]}')


def with_limits(services: Services, **limits: int) -> Edge:
    settings = msgspec.structs.replace(services.settings, limits=LimitSettings(**limits))
    return create_app(dataclasses.replace(services, settings=settings))


def test_a_body_over_its_limit_is_refused_with_and_without_its_length(
    services: Services, client: Client
) -> None:
    small = Client(with_limits(services, body_bytes=1_000), client.key)

    async def pieces() -> object:
        for _ in range(20):
            yield b" " * 100

    for content in (b" " * 1_001, pieces()):
        answer = small.post("/api/v1/query", content=content)
        assert answer.status_code == 413
        assert answer.json() == {"error": "the request body is longer than 1000 bytes"}
    assert small.post("/api/v1/query", content=QUERY).status_code == 200


def test_a_server_that_is_full_says_so(services: Services, client: Client) -> None:
    full = Client(with_limits(services, connections=0), client.key)
    answer = full.get("/api/health")
    assert answer.status_code == 503
    assert answer.json() == {"error": "too many connections"}
    assert answer.headers["retry-after"] == "1"


def test_requests_make_room_again(services: Services, client: Client) -> None:
    one = with_limits(services, connections=1)
    for _ in range(3):
        assert Client(one, client.key).get("/api/health").status_code == 200
        assert Client(one, "wrong").get("/api/v1/queries").status_code == 401


def test_rates_are_counted_by_key_in_two_groups_and_told(
    services: Services, client: Client, stranger: Client, api_clock: ManualClock
) -> None:
    app = with_limits(services, requests_per_minute_low=1, requests_per_minute_high=2)
    me, other = Client(app, client.key), Client(app, stranger.key)
    first = me.get("/api/v1/queries")
    assert first.headers["x-ratelimit-limit"] == "2"
    assert first.headers["x-ratelimit-remaining"] == "1"
    assert me.get("/api/v1/queries").status_code == 200
    refused = me.get("/api/v1/queries")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) == int(refused.headers["x-ratelimit-reset"]) == 60
    assert me.post("/api/v1/query", content=QUERY).status_code == 200
    assert me.post("/api/v1/query", content=QUERY).status_code == 429
    assert other.get("/api/v1/queries").status_code == 200
    api_clock.advance(seconds=61)
    assert me.get("/api/v1/queries").status_code == 200


def test_without_limits_nothing_is_said_of_rates(client: Client) -> None:
    assert not [name for name in client.get("/api/v1/queries").headers if "ratelimit" in name]


def test_other_sites_may_not_call_unless_settings_name_them(
    services: Services, client: Client
) -> None:
    asked = {"Origin": "https://app.test", "Access-Control-Request-Method": "POST"}
    closed = client.request("OPTIONS", "/api/v1/query", headers=asked)
    assert not [name for name in closed.headers if name.startswith("access-control")]

    settings = msgspec.structs.replace(
        services.settings, server=ServerSettings(cors_origins=("https://app.test",))
    )
    opened = create_app(dataclasses.replace(services, settings=settings))
    preflight = Client(opened, None).request("OPTIONS", "/api/v1/query", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://app.test"
    assert "X-Dune-Api-Key" in preflight.headers["access-control-allow-headers"]
    answer = Client(opened, client.key).get("/api/v1/queries", headers={"Origin": asked["Origin"]})
    assert answer.headers["access-control-allow-origin"] == "https://app.test"
    assert "access-control-allow-credentials" not in answer.headers
    evil = Client(opened, client.key).get("/api/v1/queries", headers={"Origin": "https://evil"})
    assert "access-control-allow-origin" not in evil.headers


def test_a_key_that_was_revoked_is_refused_at_once(
    services: Services, app: Edge, make_key: Callable[..., str], client: Client
) -> None:
    secret = make_key()
    gone = Client(app, secret)
    assert gone.get("/api/v1/queries").status_code == 200

    hashed = keys.hash_of(secret)
    caller = services.database.read(lambda tx: keys.by_hash(tx, hashed))
    assert caller is not None
    services.database.write(lambda tx: keys.revoke(tx, caller.key, at_us=1))
    services.keys.forget(caller.key)
    assert gone.get("/api/v1/queries").status_code == 401


def test_a_revocation_elsewhere_is_noticed_after_a_while(
    services: Services,
    app: Edge,
    make_key: Callable[..., str],
    client: Client,
    api_clock: ManualClock,
) -> None:
    secret = make_key()
    gone = Client(app, secret)
    assert gone.get("/api/v1/queries").status_code == 200
    hashed = keys.hash_of(secret)
    caller = services.database.read(lambda tx: keys.by_hash(tx, hashed))
    assert caller is not None
    services.database.write(lambda tx: keys.revoke(tx, caller.key, at_us=1))
    api_clock.advance(seconds=31)
    assert gone.get("/api/v1/queries").status_code == 401


def test_the_use_of_a_key_is_noted_once_a_minute(
    services: Services, client: Client, api_clock: ManualClock
) -> None:
    client.get("/api/v1/queries")
    first = services.database.read(keys.list_all)[0].used_at
    api_clock.advance(seconds=35)
    client.get("/api/v1/queries")
    assert services.database.read(keys.list_all)[0].used_at == first
    api_clock.advance(seconds=35)
    client.get("/api/v1/queries")
    later = services.database.read(keys.list_all)[0].used_at
    assert first is not None
    assert later is not None
    assert later > first


def test_a_scope_is_checked_before_the_body(reader: Client) -> None:
    assert reader.post("/api/v1/query", content=b"{").status_code == 403
    assert reader.get("/api/v1/queries").status_code == 200


def test_a_fault_tells_the_client_nothing_but_its_number(
    services: Services, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise KeyError("/a/path/nobody/should/see")

    monkeypatch.setattr(type(services.database), "read", broken)
    answer = client.get("/api/v1/queries")
    number = answer.headers["x-request-id"]
    assert answer.status_code == 500
    assert answer.json() == {"error": f"An internal error occured (request {number})"}


def test_a_body_that_stops_is_given_up(app: Edge, client: Client) -> None:
    """A client that went away must not hold its place."""
    sent: list[dict[str, object]] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/query",
        "query_string": b"",
        "headers": [(b"x-dune-api-key", (client.key or "").encode()), (b"host", b"qanat.test")],
        "scheme": "http",
        "client": None,
        "server": None,
        "http_version": "1.1",
        "root_path": "",
        "asgi": {"version": "3.0"},
    }
    arriving = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> dict[str, object]:
        return arriving.pop() if arriving else {"type": "http.disconnect"}

    async def send(message: object) -> None:
        sent.append(message)  # type: ignore[arg-type]  # ASGI's

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # plain dicts
    assert sent[0]["status"] == 400


@pytest.mark.parametrize(
    ("server", "headers", "expected"),
    [
        (ServerSettings(), {"host": "a.test:8327"}, "http://a.test:8327"),
        (
            ServerSettings(),
            {"host": "a.test", "x-forwarded-host": "b.test", "x-forwarded-proto": "https"},
            "http://a.test",
        ),
        (
            ServerSettings(trust_forwarded=True),
            {"host": "a.test", "x-forwarded-host": "b.test, c.test", "x-forwarded-proto": "https"},
            "https://b.test",
        ),
        (ServerSettings(trust_forwarded=True), {"host": "a.test"}, "http://a.test"),
        (
            ServerSettings(public_url="https://qanat.example/x", trust_forwarded=True),
            {"host": "a.test", "x-forwarded-host": "b.test"},
            "https://qanat.example/x",
        ),
        (ServerSettings(), {"host": "a.test/evil?"}, None),
        (ServerSettings(), {}, None),
        (
            ServerSettings(trust_forwarded=True),
            {"host": "a.test", "x-forwarded-proto": "javascript"},
            None,
        ),
    ],
)
def test_a_client_is_told_the_address_that_it_came_by(
    services: Services, server: ServerSettings, headers: dict[str, str], expected: str | None
) -> None:
    """The Python client refuses links that do not begin with its own base URL."""
    settings = msgspec.structs.replace(services.settings, server=server)
    app = create_app(dataclasses.replace(services, settings=settings))
    request = Request(
        {  # type: ignore[arg-type]  # what the framework reads of a scope
            "type": "http",
            "method": "GET",
            "path": "/",
            "scheme": "http",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "litestar_app": app.app,
        }
    )
    if expected is None:
        with pytest.raises(InvalidRequestError):
            _ = request.base_url
    else:
        assert request.base_url == expected
