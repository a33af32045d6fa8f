"""What an error means on the wire: a status, and one object `{"error": "<text>"}`.

A subclass answers as its nearest ancestor in `STATUS`; whatever is not there is a fault of the
server: it is logged with the request's id, and the client reads that id and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from litestar.exceptions import HTTPException

from qanat.api.wire.common import Error, encode
from qanat.errors import (
    ConflictError,
    EngineUnavailableError,
    ForbiddenError,
    InvalidRequestError,
    LimitExceededError,
    NotFoundError,
    PaymentRequiredError,
    SourceChangedError,
    SqlRejectedError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnprocessableError,
)
from qanat.store.database import StoreUnavailableError

STATUS: Final[Mapping[type[Exception], int]] = {
    InvalidRequestError: 400,
    UnauthorizedError: 401,
    PaymentRequiredError: 402,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    TooLargeError: 413,
    UnprocessableError: 422,
    TooManyRequestsError: 429,
    SqlRejectedError: 400,
    LimitExceededError: 400,
    SourceChangedError: 409,
}
#: Faults that may pass. A client may send a GET again; a POST may have started work already, and
#: clients send it again by themselves when they read 503.
PASSING: Final = (StoreUnavailableError, EngineUnavailableError)

_FRAMEWORK: Final[Mapping[int, str]] = {
    400: "Bad Request",
    404: "not found",
    405: "method not allowed",
    413: "the request body is too large",
}

_log: Final = logging.getLogger("qanat.api")


@dataclass(frozen=True, slots=True)
class Failed:
    """An answer that is not 200."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The bytes that are sent."""
        return encode(Error(error=self.text))


def failed(error: Exception, *, method: str, request_id: str) -> Failed:
    """Return what a client is told about `error`."""
    if isinstance(error, TooManyRequestsError):
        return Failed(429, str(error), {"Retry-After": str(error.retry_after_s)})
    for kind in type(error).__mro__:
        if kind in STATUS:
            return Failed(STATUS[kind], str(error))
    if isinstance(error, HTTPException) and error.status_code < 500:
        return Failed(error.status_code, _framework_text(error), dict(error.headers or {}))
    if isinstance(error, PASSING) and method == "GET":
        _log.warning("request %s: %s", request_id, error)
        return Failed(503, str(error), {"Retry-After": "1"})
    _log.error("request %s failed", request_id, exc_info=error)
    return Failed(500, f"An internal error occured (request {request_id})")


def _framework_text(error: HTTPException) -> str:
    """Return what the web framework refused, without its own words about paths and code."""
    found = error.extra[0] if isinstance(error.extra, list) and error.extra else None
    if not isinstance(found, Mapping):
        return _FRAMEWORK.get(error.status_code, "Bad Request")
    message = str(found.get("message", "")).replace("`", "'").replace(" | null", "")
    key = str(found.get("key", ""))
    where = "" if key in ("", "data") else f"{key}: "
    return f"{where}{message}"[:500]
