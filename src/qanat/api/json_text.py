"""One long text out of a JSON object, in bounded memory.

The body of a CSV upload is an object with hundreds of megabytes in one member. It is read piece by
piece: that member's text is decoded into a file, the others are small and are returned. What comes
out is what a JSON parser would have given, and what no parser would take is refused: bad UTF-8,
bad escapes, lone surrogates, anything after the object.

This file is also a program, so that the server can do it in another process. It imports nothing
but the standard library, and starts in the time that takes.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from pathlib import Path
from typing import IO, Any, Final

PIECE: Final = 1 << 18  #: bytes read at once
OTHERS: Final = 1 << 20  #: characters of all other members together
MALFORMED: Final = 2  #: exit status for text that is no such object

_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_LONGEST_ESCAPE: Final = 12  #: two halves of a surrogate pair
_STEPS: Final = 500  #: backwards, in search of a place without escapes
#: Whole characters and whole escapes; a surrogate only with its other half.
_WHOLE: Final = re.compile(
    r'(?:[^"\\]++|\\[^u]|\\u(?:[^dD]...|[dD][0-7]..|[dD][89abAB]..\\u....))*+', re.DOTALL
)


class MalformedError(ValueError):
    """The text is no JSON object of the expected kind."""


def extract(source: IO[bytes], target: IO[bytes], member: str) -> dict[str, Any]:
    """Write the text of `member` to `target` as UTF-8, and return the other members.

    A `member` that is not a text is returned with the others.

    Raises:
        MalformedError: It is no JSON object, has a member twice, lacks `member`, or the others
            are too long.
    """
    return _Extraction(source, target, member).run()


class _Extraction:
    """The text is `self.text` from `self.at` on, and what was not read yet."""

    def __init__(self, source: IO[bytes], target: IO[bytes], member: str) -> None:
        self.source, self.target, self.member = source, target, member
        self.utf8 = codecs.getincrementaldecoder("utf-8")()
        self.text, self.at, self.is_over = "", 0, False
        self.left = OTHERS

    def run(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        has_member = False
        self.expect("{")
        if self.peek() == "}":
            self.at += 1
        else:
            while True:
                key = self.value()
                if not isinstance(key, str):
                    raise MalformedError("a key is not a text")
                if key in found or (key == self.member and has_member):
                    raise MalformedError(f"'{key[:100]}' appears twice")
                self.expect(":")
                if key == self.member and self.peek() == '"':
                    has_member = True
                    self.stream()
                else:
                    found[key] = self.value()
                if self.expect(",}") == "}":
                    break
        if self.peek():
            raise MalformedError("something follows the object")
        if not has_member and self.member not in found:
            raise MalformedError(f"'{self.member}' is missing")
        return found

    def more(self) -> bool:
        """Read a piece; False at the end."""
        if self.is_over:
            return False
        piece = self.source.read(PIECE)
        self.is_over = not piece
        try:
            fresh = self.utf8.decode(piece, final=self.is_over)
        except UnicodeDecodeError:
            raise MalformedError("the text is not UTF-8") from None
        self.text, self.at = self.text[self.at :] + fresh, 0
        return True

    def peek(self) -> str:
        """Return the next character that is no space; nothing at the end."""
        while True:
            match = _SPACE.match(self.text, self.at)
            assert match is not None
            self.at = match.end()
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def expect(self, characters: str) -> str:
        """Pass one of `characters`, and return it."""
        found = self.peek()
        if not found or found not in characters:
            raise MalformedError(f"'{characters[0]}' is expected")
        self.at += 1
        return found

    def value(self) -> Any:  # noqa: ANN401  # any JSON
        """Pass a value, and return it."""
        self.peek()
        while True:
            try:
                value, end = _decoder.raw_decode(self.text, self.at)
            except RecursionError:
                raise MalformedError("it is nested too deeply") from None
            except ValueError:
                if len(self.text) - self.at > self.left or not self.more():
                    raise MalformedError("a value cannot be read") from None
                continue
            # A number may go on in the next piece.
            if end == len(self.text) and self.more():
                continue
            self.left -= end - self.at
            if self.left < 0:
                raise MalformedError("it is too long")
            self.at = end
            return value

    def stream(self) -> None:
        """Pass a text, and write it to the target."""
        self.at += 1
        while True:
            # A quote put after a piece ends it; if the text ended before, that is its end.
            piece = self.text[self.at : self.cut()]
            try:
                text, end = _decoder.raw_decode(f'"{piece}"')
                self.target.write(text.encode())
            except ValueError:
                raise MalformedError("a text cannot be read") from None
            if end < len(piece) + 2:
                self.at += end - 1
                return
            self.at += len(piece)
            if not self.more():
                raise MalformedError("a text does not end")

    def cut(self) -> int:
        """Return where the text read so far may be cut without cutting an escape in two."""
        end = len(self.text)
        if self.is_over:
            return end
        for _ in range(_STEPS):
            escape = self.text.rfind("\\", max(self.at, end - _LONGEST_ESCAPE), end)
            if escape < 0:
                return end
            end = escape
        match = _WHOLE.match(self.text, self.at)
        assert match is not None
        if match.end() == self.at and len(self.text) - self.at >= _LONGEST_ESCAPE:
            return len(self.text)  # it goes on with no escape that there is, or ends here
        return match.end()


def _no_constant(name: str) -> object:
    raise MalformedError(f"{name} is no JSON")


_decoder: Final = json.JSONDecoder(parse_constant=_no_constant)


def main(source: str, target: str, member: str) -> int:
    """Extract from one file into another; the other members go to standard output."""
    try:
        with Path(source).open("rb") as body, Path(target).open("wb") as text:
            others = extract(body, text, member)
    except MalformedError as error:
        sys.stderr.write(str(error))
        return MALFORMED
    sys.stdout.write(json.dumps(others))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
