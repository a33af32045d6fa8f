"""A statement's text as it is read, and where its words stand in what the user wrote.

The rule: every error of this package is made here, so that it names a place in the user's own
text. What is wrong inside a query view is reported at the place that names the view.
"""

from __future__ import annotations

from typing import Final

from qanat.errors import Position, SqlRejectedError
from qanat.sql.parameters import Substituted

MAX_MESSAGE: Final = 500  #: characters of an error's text


class Source:
    """The text of one query: the statement itself, or a query view that it reads."""

    __slots__ = ("_substituted", "path", "reference", "text", "view")

    def __init__(
        self,
        substituted: Substituted,
        *,
        view: str | None = None,
        reference: Position | None = None,
        path: tuple[str, ...] = (),
    ) -> None:
        self._substituted = substituted
        self.text = substituted.text
        self.view = view  #: the name of the query view that this text defines
        self.reference = reference  #: where the user's text names it
        self.path = path  #: the query views gone through to reach this text, itself the last

    def position(self, start: int, length: int = 1) -> Position:
        """Return where in the user's text the characters at `start` come from."""
        return self.reference or self._substituted.position(start, length)

    def error(self, message: str, start: int | None, length: int = 1) -> SqlRejectedError:
        """Return the error that says `message` of the characters at `start`."""
        if self.view:
            if start is not None:
                inner = self._substituted.position(start, length)
                message = f"{self.view}, line {inner.line}:{inner.column}: {message}"
            else:
                message = f"{self.view}: {message}"
        position = None if start is None else self.position(start, length)
        return SqlRejectedError(clip(message), self.reference or position)


def clip(message: str) -> str:
    """Return `message`, shortened to what an answer may carry."""
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 3] + "..."
