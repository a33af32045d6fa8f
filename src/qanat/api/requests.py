"""A request as handlers see it: who asks, the body, the query string, and the parts of the server.

A body is JSON whatever its content type says; none at all is `{}`; a member of its top level that
is null counts as absent (contract section 1), and so does a parameter's value.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qs

import msgspec
from litestar import Request as LitestarRequest

from qanat.api.wire.values import take_as_written
from qanat.errors import InvalidRequestError, TooLargeError
from qanat.model.access import Caller

if TYPE_CHECKING:
    from qanat.api.services import Services

IDLE_S: Final = 60.0  #: a body whose next piece takes longer is given up
DEPTH: Final = 64  #: of arrays and objects in a body
QUERY_FIELDS: Final = 1_000
_KEY_TEXT: Final = re.compile(r"[\x21-\x7e]{1,255}")


class Request(LitestarRequest[Any, Any, Any]):
    """One HTTP request."""

    @property
    def services(self) -> Services:
        """The parts of the server."""
        return cast("Services", self.app.state.services)

    @property
    def caller(self) -> Caller:
        """Whose key came with the request."""
        return cast("Caller", self.scope["user"])

    async def body(self) -> bytes:
        """Return the body, at most as long as the limit that the route names."""
        known = self._connection_state.body
        if isinstance(known, bytes):
            return known
        limit = getattr(
            self.services.settings.limits, self.route_handler.opt.get("body_limit", "body_bytes")
        )
        body = b"".join([piece async for piece in self.pieces(limit)])
        self._connection_state.body = body = body or b"{}"
        return body

    async def pieces(self, limit: int) -> AsyncIterator[bytes]:
        """Yield the body as it arrives.

        Raises:
            TooLargeError: It is longer than `limit` bytes.
            InvalidRequestError: It stopped arriving.
        """
        if (self.content_length or 0) > limit:
            raise TooLargeError(f"the request body is longer than {limit} bytes")
        received, more = 0, True
        while more:
            try:
                async with asyncio.timeout(IDLE_S):
                    event = await self.receive()
            except TimeoutError:
                raise InvalidRequestError("the request body stopped arriving") from None
            if event["type"] != "http.request":
                raise InvalidRequestError("the connection ended before the body")
            piece = event.get("body", b"")
            received += len(piece)
            if received > limit:
                raise TooLargeError(f"the request body is longer than {limit} bytes")
            if piece:
                yield piece
            more = event.get("more_body", False)

    async def json(self) -> Any:  # noqa: ANN401  # any JSON
        """Return the body, read as JSON into what the handler asks for.

        Raises:
            InvalidRequestError: It is something else; said where.
        """
        found = decode(await self.body())
        asked = self.route_handler.parsed_data_field
        if asked is None:
            return found
        try:
            return msgspec.convert(found, asked.annotation)
        except msgspec.ValidationError as error:
            why = str(error).replace("`", "'").replace(" | null", "")[:500]
            form: str | None = getattr(asked.annotation, "FORM", None)
            right = f"; {form}" if form else ""
            raise InvalidRequestError(f"Invalid request body payload: {why}{right}") from None

    @property
    def values(self) -> Mapping[str, list[str]]:
        """The query string: name → its values, in order.

        Raises:
            InvalidRequestError: It is not UTF-8, or has too many fields.
        """
        try:
            found = parse_qs(
                self.scope["query_string"].decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=QUERY_FIELDS,
            )
        except ValueError:
            raise InvalidRequestError("the query string cannot be read") from None
        if any("\0" in text for values in found.values() for text in values):
            raise InvalidRequestError("the query string holds a NUL character")
        return found

    async def idempotency(self) -> tuple[str, str] | None:
        """Return the Idempotency-Key and the hash of what it stands for; None without one.

        Raises:
            InvalidRequestError: It is no usable key.
        """
        begun = self.idempotency_begun()
        if begun is None:
            return None
        key, asked = begun
        asked.update(await self.body())
        return key, asked.hexdigest()

    def idempotency_begun(self) -> tuple[str, hashlib._Hash] | None:
        """Return the Idempotency-Key and the hash so far, which the body completes.

        Raises:
            InvalidRequestError: It is no usable key.
        """
        key = self.headers.get("idempotency-key")
        if key is None:
            return None
        if not _KEY_TEXT.fullmatch(key):
            raise InvalidRequestError("Idempotency-Key: 1 to 255 visible ASCII characters")
        start = f"{self.method} {self.scope['path']}?".encode()
        return key, hashlib.sha256(start + self.scope["query_string"] + b"\n")

    @property
    def base_url(self) -> str:  # type: ignore[override]  # text, as clients spell it
        """How the client reaches this server; no slash at its end (contract section 6.4)."""
        settings = self.services.settings.server
        if settings.public_url:
            return settings.public_url
        scheme, host = self.scope["scheme"], self.headers.get("host", "")
        if settings.trust_forwarded:
            scheme = _first(self.headers.get("x-forwarded-proto")) or scheme
            host = _first(self.headers.get("x-forwarded-host")) or host
        if scheme not in ("http", "https") or not re.fullmatch(r"[\w.:\[\]-]{1,255}", host):
            raise InvalidRequestError("the Host header cannot be read")
        return f"{scheme}://{host}"


def _first(header: str | None) -> str:
    """Return what the proxy nearest to the client wrote."""
    return (header or "").split(",")[0].strip()


def decode(body: bytes) -> Any:  # noqa: ANN401  # any JSON
    """Return a body as plain values.

    Raises:
        InvalidRequestError: It is no JSON that can be kept as text in every database.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidRequestError("Invalid request body payload") from None
    _refuse_odd_text(found)
    if isinstance(found, dict):
        take_as_written(found, body)
        return {name: value for name, value in found.items() if value is not None}
    return found


def _refuse_odd_text(found: object) -> None:
    """Refuse NUL, lone surrogates and deep nesting: no database keeps them all."""
    level: list[object] = [found]
    depth = 0
    while level:
        depth += 1
        if depth > DEPTH:
            raise InvalidRequestError("Invalid request body payload: nested too deeply")
        below: list[object] = []
        for value in level:
            if isinstance(value, str):
                if "\0" in value:
                    raise InvalidRequestError(
                        "Invalid request body payload: a text holds a NUL character"
                    )
                if not value.isascii():
                    try:
                        value.encode()
                    except UnicodeEncodeError:
                        raise InvalidRequestError("Invalid request body payload") from None
            elif isinstance(value, dict):
                below.extend(value.keys())
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        level = below
