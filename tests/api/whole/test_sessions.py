"""Signing in: a key for a cookie that scripts cannot read and other sites cannot use."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest

from qanat.config import ServerSettings, Settings
from qanat.wiring import Server
from tests.api.conftest import Client
from tests.api.whole.owner import Owner

OURS = {"Sec-Fetch-Site": "same-origin", "X-Qanat-Request": "1"}


def settings_in(place: Path) -> Settings:
    return Settings(data_dir=place, server=ServerSettings(trust_forwarded=True))


@pytest.fixture
def browser(server: Server) -> Client:
    """Somebody without a key."""
    return Client(server.app, None)


def from_address(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"1.2.3.4, 10.0.0.{number}"}


def sign_in(browser: Client, key: str | None, **headers: str) -> httpx.Response:
    return browser.post("/api/v1/session", json={"api_key": key}, headers=headers)


def cookie_of(answer: httpx.Response) -> Morsel[str]:
    return SimpleCookie(answer.headers["set-cookie"])["qanat_session"]


def with_cookie(token: str, **more: str) -> dict[str, str]:
    return {"Cookie": f"theme=dark; qanat_session={token}", **more}


def test_a_key_is_changed_for_a_cookie(me: Owner, browser: Client) -> None:
    answer = sign_in(browser, me.key)

    body: dict[str, Any] = answer.json()
    assert answer.status_code == 200
    assert (body["handle"], body["scope"], body["features"]) == (me.handle, "write", ["plan"])
    cookie = cookie_of(answer)
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "strict"
    assert cookie["path"] == "/"
    assert not cookie["secure"]
    assert not cookie["domain"]
    assert len(cookie.value) >= 43
    assert me.key is not None
    assert me.key not in answer.text + answer.headers["set-cookie"]

    asked = browser.get("/api/v1/session", headers=with_cookie(cookie.value))
    assert asked.json() == body
    assert browser.get("/api/whoami", headers=with_cookie(cookie.value)).status_code == 200


def test_the_cookie_is_secure_under_https(me: Owner, browser: Client) -> None:
    answer = sign_in(browser, me.key, **{"X-Forwarded-Proto": "https"})

    assert cookie_of(answer)["secure"]


def test_a_session_also_shows_itself_to_a_key(me: Owner) -> None:
    assert me.ok("GET", "/session")["handle"] == me.handle
    assert me.reading().ok("GET", "/session")["scope"] == "read"


@pytest.mark.parametrize("key", ["qk_wrong", "", "é", "x" * 10_000, "qanat_session"])
def test_a_wrong_key_gets_no_cookie(browser: Client, key: str) -> None:
    answer = sign_in(browser, key, **from_address(1 + len(key) % 200))

    assert (answer.status_code, answer.text) == (401, '{"error":"invalid API Key"}')
    assert "set-cookie" not in answer.headers


def test_a_body_without_a_key_is_400(browser: Client) -> None:
    bodies: list[object] = [{}, {"api_key": 1}, []]
    for body in bodies:
        answer = browser.post("/api/v1/session", json=body, headers=from_address(201))
        assert answer.status_code == 400


def test_ten_failures_a_minute_stop_an_address_and_no_other(me: Owner, browser: Client) -> None:
    for _ in range(10):
        assert sign_in(browser, "qk_wrong", **from_address(210)).status_code == 401

    stopped = sign_in(browser, me.key, **from_address(210))

    assert stopped.status_code == 429
    assert 1 <= int(stopped.headers["retry-after"]) <= 60
    assert sign_in(browser, me.key, **from_address(211)).status_code == 200


def test_success_is_not_counted_as_failure(me: Owner, browser: Client) -> None:
    for _ in range(15):
        assert sign_in(browser, me.key, **from_address(212)).status_code == 200


def test_a_change_with_a_cookie_comes_from_our_own_pages_only(me: Owner, browser: Client) -> None:
    token = cookie_of(sign_in(browser, me.key)).value
    body = {"scope": "read"}

    def change(**headers: str) -> int:
        answer = browser.post("/api/v1/keys", json=body, headers=with_cookie(token, **headers))
        return answer.status_code

    assert change() == 403
    assert change(**{"Sec-Fetch-Site": "cross-site", "X-Qanat-Request": "1"}) == 403
    assert change(**{"Sec-Fetch-Site": "same-origin"}) == 403
    assert change(Origin="http://evil.test", **{"X-Qanat-Request": "1"}) == 403
    assert change(Origin="http://qanat.test", **{"X-Qanat-Request": "1"}) == 200
    assert change(**OURS) == 200


def test_another_site_can_sign_nobody_in(me: Owner, browser: Client) -> None:
    assert sign_in(browser, me.key, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert sign_in(browser, me.key, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_signing_out_ends_the_session_and_clears_the_cookie(me: Owner, browser: Client) -> None:
    token = cookie_of(sign_in(browser, me.key)).value
    assert browser.get("/api/v1/session", headers=with_cookie(token)).status_code == 200

    left = browser.delete("/api/v1/session", headers=with_cookie(token, **OURS))

    assert left.json() == {"message": "ok"}
    cleared = cookie_of(left)
    assert (cleared.value, cleared["max-age"]) == ("", "0")
    assert browser.get("/api/v1/session", headers=with_cookie(token)).status_code == 401
    assert browser.delete("/api/v1/session").json() == {"message": "ok"}


def test_a_session_ends_with_its_key(me: Owner, browser: Client) -> None:
    made = me.ok("POST", "/keys", json={"scope": "write"})
    token = cookie_of(sign_in(browser, made["key"])).value
    assert browser.get("/api/v1/session", headers=with_cookie(token)).status_code == 200

    me.ok("DELETE", f"/keys/{made['id']}")

    assert browser.get("/api/v1/session", headers=with_cookie(token)).status_code == 401


def test_the_scope_of_the_key_is_the_scope_of_the_session(me: Owner, browser: Client) -> None:
    token = cookie_of(sign_in(browser, me.reading().key)).value

    answer = browser.post(
        "/api/v1/keys", json={"scope": "write"}, headers=with_cookie(token, **OURS)
    )

    assert answer.status_code == 403
