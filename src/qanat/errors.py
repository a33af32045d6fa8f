"""Every error raised on purpose.

    QanatError
      RequestError              the request is at fault; nothing changed
        InvalidRequestError       its words are wrong
        UnauthorizedError         no key, or one that is unknown or revoked
        PaymentRequiredError      a limit of the plan
        ForbiddenError            the key may not do this
        NotFoundError             no such thing, or one that this key must not know of
        ConflictError             the thing moved or exists already
        UnprocessableError        an idempotency key met another body
        TooLargeError             longer than a limit
        TooManyRequestsError      a queue or a rate is full; `retry_after_s` says when to return
      SqlRejectedError          a statement is at fault; sending it again cannot help
      LimitExceededError        a statement met its memory, its time or its result size
      SourceChangedError        a mounted file changed while a run read it
      CancelledError            a statement was stopped because somebody asked
      EngineUnavailableError    the engine is at fault: use another attempt
      FileLostError             rows that were written are not on disk
      SnapshotConflictError     another run moved a view that this run read or writes
      StaleStepError            the run or the attempt had ended: the late step changed nothing
      IllegalTransitionError    a state may not follow another
      StoreLostError            another server has the store: this one stops
      StartupError              the server cannot start: settings, a directory in use

What an error means on the wire is said in `qanat.api.errors`, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


class QanatError(Exception):
    """An error that Qanat raises on purpose; its text may be shown to users."""


class RequestError(QanatError):
    """The request is at fault; nothing changed."""


class InvalidRequestError(RequestError):
    """The request's words are wrong."""


class UnauthorizedError(RequestError):
    """There is no key, or it is unknown or revoked."""

    def __init__(self, text: str = "invalid API Key") -> None:
        super().__init__(text)


class PaymentRequiredError(RequestError):
    """The request would pass a limit of the plan."""


class ForbiddenError(RequestError):
    """The key is known and may not do this."""


class NotFoundError(RequestError):
    """There is no such thing, or one that this key must not know of."""


class ConflictError(RequestError):
    """The thing exists already, or moved since it was read."""


class UnprocessableError(RequestError):
    """An idempotency key was used before with another body."""


class TooLargeError(RequestError):
    """Something is longer than its limit."""


class TooManyRequestsError(RequestError):
    """A queue or a rate is full.

    Attributes:
        retry_after_s: Whole seconds after which it is worth coming back; at least 1.
    """

    def __init__(self, text: str, *, retry_after_s: int = 1) -> None:
        super().__init__(text)
        self.retry_after_s = max(1, retry_after_s)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the user's own SQL; both numbers start at 1."""

    line: int
    column: int
    length: int = 1  #: characters of the token, for underlining


class SqlRejectedError(QanatError):
    """A statement is at fault; sending it again cannot help.

    Attributes:
        message: What is wrong, without the place.
        position: Where, in the user's text; None when it is not known.
    """

    def __init__(self, message: str, position: Position | None = None) -> None:
        at = f"line {position.line}:{position.column}: " if position else ""
        super().__init__(at + message)
        self.message, self.position = message, position


class LimitExceededError(QanatError):
    """A statement met one of its limits; sending it again cannot help.

    Attributes:
        limit: Which one.
    """

    def __init__(self, limit: Literal["memory", "time", "result_bytes"], text: str) -> None:
        super().__init__(text)
        self.limit = limit


class SourceChangedError(QanatError):
    """A mounted file changed while a run read it."""


class CancelledError(QanatError):
    """A statement was stopped because somebody asked."""


class EngineUnavailableError(QanatError):
    """The engine is at fault. Rows may exist: use another attempt."""


class FileLostError(QanatError):
    """Rows that were written could not be flushed to disk, or are gone.

    Attributes:
        files: The ids of the files.
    """

    def __init__(self, files: tuple[str, ...]) -> None:
        super().__init__(f"{len(files)} file(s) of rows could not be flushed to disk")
        self.files = files


class SnapshotConflictError(QanatError):
    """Another run moved a view that this run read or writes; this run published nothing.

    Attributes:
        view: The label of the view that moved.
    """

    def __init__(self, view: str) -> None:
        super().__init__(f"{view} was moved by something else while the run was going on")
        self.view = view


class StaleStepError(QanatError):
    """The run or the attempt had ended before this step; it changed nothing."""


class IllegalTransitionError(QanatError):
    """A state may not follow another."""


class StoreLostError(QanatError):
    """Another server has the store: this one stops."""


class StartupError(QanatError):
    """The server cannot start."""
