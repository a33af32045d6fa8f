"""What every resource shares: how a moment is written, how an id is read, the short answers."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from qanat.errors import InvalidRequestError, NotFoundError
from qanat.names import ExecutionId, QueryId, RunId, is_ulid
from qanat.store.dashboards import SLUG_CHARS, SLUG_TEXT

T = TypeVar("T")

LARGEST_ID: Final = 2**53 - 1  #: beyond it, JavaScript clients lose digits
_DIGITS: Final = re.compile(r"[0-9]{1,40}")

encode: Final = msgspec.json.Encoder().encode


class Wire(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is sent or received; fields that are UNSET are left out."""


class Error(Wire):
    """Every answer that is not 200."""

    error: str


class Message(Wire):
    """Something was done."""

    message: str


class Success(Wire):
    """Whether something was done."""

    success: bool


def timestamp(moment: datetime) -> str:
    """Return a moment as the API writes it: RFC 3339, UTC, always six digits of a second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def maybe_timestamp(moment: datetime | None) -> str | UnsetType:
    """Return a moment as the API writes it; UNSET if there is none."""
    return UNSET if moment is None else timestamp(moment)


def maybe(value: T | None) -> T | UnsetType:
    """Return `value`; UNSET for None."""
    return UNSET if value is None else value


def given(value: T | UnsetType) -> T | None:
    """Return `value`; None if it was not sent."""
    return None if value is UNSET else value


def query_id(text: str) -> QueryId:
    """Return the id of a saved query.

    Raises:
        InvalidRequestError: It is no number.
        NotFoundError: No query can have it.
    """
    if not _DIGITS.fullmatch(text.removeprefix("-")):
        raise InvalidRequestError(f"the query ID '{text[:40]}' is not a number")
    number = int(text)
    if not 0 < number <= LARGEST_ID:
        raise NotFoundError("Query not found")
    return QueryId(number)


def number(text: str, what: str) -> int:
    """Return an id that is a positive whole number.

    Raises:
        InvalidRequestError: It is no number.
        NotFoundError: Nothing can have it.
    """
    if not _DIGITS.fullmatch(text):
        raise InvalidRequestError(f"{what} '{text[:40]}' is not a number")
    found = int(text)
    if not 0 < found <= LARGEST_ID:
        raise NotFoundError("Object not found")
    return found


def execution_id(text: str) -> ExecutionId:
    """Return the id of an execution.

    Raises:
        InvalidRequestError: It is no ULID.
    """
    if not is_ulid(text):
        raise InvalidRequestError(f"The requested execution ID (ID: {text[:64]}) is invalid.")
    return ExecutionId(text)


def run_id(text: str) -> RunId:
    """Return the id of a run.

    Raises:
        InvalidRequestError: It is no ULID.
    """
    if not is_ulid(text):
        raise InvalidRequestError(
            f"The requested pipeline execution ID (ID: {text[:64]}) is invalid."
        )
    return RunId(text)


def slug(text: str) -> str:
    """Return the part of an address that people choose.

    Raises:
        InvalidRequestError: It is not of the form.
    """
    if len(text) > SLUG_CHARS or not SLUG_TEXT.fullmatch(text):
        raise InvalidRequestError(
            f"slug: lower-case letters and digits, joined by single hyphens, at most {SLUG_CHARS}"
        )
    return text


def bounded(what: str, text: str, most: int) -> None:
    """Return if a text is not too long.

    Raises:
        InvalidRequestError: It is.
    """
    if len(text) > most:
        raise InvalidRequestError(f"{what} has at most {most} characters")


def is_true(text: str | None) -> bool:
    """Return whether a parameter of the query string says yes; anything but yes is no."""
    return (text or "").lower() in ("true", "1")


def page(limit: int | None, offset: int | None, *, default: int, most: int) -> tuple[int, int]:
    """Return a list's limit and offset, brought into range."""
    wanted = default if limit is None else max(1, min(limit, most))
    return wanted, max(0, min(offset or 0, LARGEST_ID))
