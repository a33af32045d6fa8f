"""The server, as commands see it: one request at a time, answers decoded or a failure to print."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal, Self, TypeVar

import httpx
import msgspec

from qanat.cli.failure import CommandError, RefusedError, UnreachableError, UsageError
from qanat.cli.invocation import DEFAULT_SERVER

T = TypeVar("T")

_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)  #: a page of 100 MB takes its time
EVENT_SECONDS: Final = 30.0  #: of silence in an event stream; it has a heartbeat every 10 s


_NOWHERE: Final = frozenset({httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED})


class _Refusal(msgspec.Struct, frozen=True):
    error: str


class _Health(msgspec.Struct, frozen=True):
    status: Literal["ok"]
    version: str


class Client:
    """A server and a key. Paths are those below `/api`."""

    def __init__(self, server: str, key: str | None) -> None:
        self.server = _checked_server(server)
        self._http = httpx.Client(
            base_url=f"{self.server}/api",
            headers=_headers(key),
            timeout=_TIMEOUT,
            # A proxy from the environment cannot reach this machine's own ports.
            trust_env=not _is_loopback(self.server),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def raw(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        idempotency_key: str | None = None,
    ) -> bytes:
        """Return the body of a 200 answer.

        With an idempotency key, a request whose answer was lost is sent once more.

        Raises:
            UnreachableError: No Qanat answers, or it does not know the key.
            RefusedError: It refused; the text is the server's own.
            CommandError: Something before it refused.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        content = None if body is None else msgspec.json.encode(body)
        request = self._http.build_request(
            method, path, params=params, content=content, headers=headers
        )
        try:
            try:
                response = self._http.send(request)
            except (httpx.RemoteProtocolError, httpx.ReadError):
                if not idempotency_key:
                    raise
                response = self._http.send(request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response.status_code, response.content)
        if response.content.lstrip().startswith(b"<"):
            raise self._elsewhere()  # a page: Qanat's own, too, at any path that is not the API's
        return response.content

    def get(self, path: str, answer: type[T], params: Mapping[str, str | int] | None = None) -> T:
        """Return the answer to a GET; raises as `raw`."""
        return self.decode(self.raw("GET", path, params=params), answer)

    def post(
        self, path: str, answer: type[T], body: object = None, *, idempotency_key: str | None = None
    ) -> T:
        """Return the answer to a POST; raises as `raw`."""
        return self.decode(
            self.raw("POST", path, body=body or {}, idempotency_key=idempotency_key), answer
        )

    def decode(self, content: bytes, answer: type[T]) -> T:
        """Return `content` as an `answer`.

        Raises:
            CommandError: It is not one.
        """
        try:
            return msgspec.json.decode(content, type=answer)
        except msgspec.DecodeError as error:
            raise CommandError(
                f"the answer of {self.server} cannot be read: {error}",
                "is it a Qanat server, and of this command's version?",
            ) from error

    @contextmanager
    def lines(self, path: str, headers: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """Yield the lines of an event stream as they come; raises as `raw`."""
        timeout = httpx.Timeout(EVENT_SECONDS, connect=5.0)
        try:
            with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
                if response.status_code != httpx.codes.OK:
                    raise self._refusal(response.status_code, response.read())
                yield response.iter_lines()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> UnreachableError:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.InvalidURL):
            return UnreachableError(
                f"no server answers at {self.server}",
                "start one with `qanat serve`, or name it with --server or QANAT_SERVER_URL",
            )
        return UnreachableError(
            f"the connection to {self.server} broke ({type(error).__name__})",
            "look whether the server still runs, then try again",
        )

    def _elsewhere(self) -> UnreachableError:
        return UnreachableError(
            f"no Qanat answers at {self.server}",
            "the address of a server is a scheme, a host and a port, without a path, such as "
            + (_without_path(self.server) if _has_path(self.server) else DEFAULT_SERVER),
        )

    def _is_qanat(self) -> bool:
        try:
            msgspec.json.decode(self._http.get("/health").content, type=_Health)
        except (httpx.HTTPError, msgspec.DecodeError):
            return False
        return True

    def _refusal(self, status: int, content: bytes) -> CommandError:
        if status in _NOWHERE and _has_path(self.server) and not self._is_qanat():
            return self._elsewhere()
        try:
            text = msgspec.json.decode(content, type=_Refusal).error
        except msgspec.DecodeError:
            return CommandError(
                f"{self.server} answered {status} in words that are not Qanat's",
                "is this the address of a Qanat server? It is named by --server",
            )
        if status == httpx.codes.UNAUTHORIZED:
            return UnreachableError(
                f"{self.server} refused the API key: {text}",
                "pass a key with --key or QANAT_API_KEY; "
                "`qanat keys create HANDLE --scope write` makes one on the server's machine",
            )
        return RefusedError(text, status)


def _headers(key: str | None) -> dict[str, str]:
    if key is None:
        raise UnreachableError(
            "there is no API key to show the server",
            "pass one with --key or QANAT_API_KEY; "
            "`qanat keys create HANDLE --scope write` makes one on the server's machine",
        )
    if not key.isascii() or not key.isprintable() or not key.strip():
        raise UsageError("the API key holds characters that no key has", "copy it again")
    return {
        "X-Dune-Api-Key": key.strip(),
        "Content-Type": "application/json",
        "User-Agent": "qanat-cli",
    }


def _checked_server(server: str) -> str:
    try:
        url = httpx.URL(server)
    except httpx.InvalidURL as error:
        raise UsageError(f"--server: '{server}' is not a URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise UsageError(
            f"--server: '{server}' is not the address of a server",
            f"it looks like {DEFAULT_SERVER}",
        )
    return server.rstrip("/")


def _has_path(server: str) -> bool:
    return httpx.URL(server).path not in ("", "/")


def _without_path(server: str) -> str:
    return str(httpx.URL(server).copy_with(raw_path=b"/")).rstrip("/")


def _is_loopback(server: str) -> bool:
    host = httpx.URL(server).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parameters(pairs: list[str]) -> dict[str, Any]:
    """Return `k=v` words as query parameters; a name given twice becomes a list.

    Raises:
        UsageError: A word has no name or no `=`.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--param: '{pair}' is not NAME=VALUE")
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found
