"""Numbers with an exponent, parted from the sign of what comes after them.

The parser library takes the sign and the digits behind `1e18` for a part of it: `1e18-1` is one
word to it. It is given a blank before such a sign; the words it finds are then put back where they
stand in the user's text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Final

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import Token, TokenType

_RUN: Final = re.compile(r"[\w.+-]+")  #: from a number on: no quote and no comment can begin in it
_EXPONENT: Final = re.compile(r"[0-9.][eE][0-9]+(?=[+-])")


def tokens_of(dialect: Dialect, text: str) -> list[Token]:
    """Return the words of a text, with numbers that end before a sign that is not theirs."""
    tokens = dialect.tokenize(text)
    places: list[int] = []
    end = 0  # of the text that has been looked through
    for token in tokens:
        is_number = token.token_type == TokenType.NUMBER and token.start >= end
        run = _RUN.match(text, token.start) if is_number else None
        if run is not None:
            end = run.end()
            places += [found.end() for found in _EXPONENT.finditer(text, token.start, end)]
    if not places:
        return tokens
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    blanks = [place + before for before, place in enumerate(places)]
    return [_moved(token, blanks) for token in dialect.tokenize(" ".join(pieces))]


def _moved(token: Token, blanks: list[int]) -> Token:
    """Return a token of the text with blanks where it stands in the text without them.

    Its column is left: it tells tokens apart, and positions are counted from `start`.
    """
    start = token.start - bisect_left(blanks, token.start)
    end = token.end - bisect_left(blanks, token.end)
    return Token(token.token_type, token.text, token.line, token.col, start, end, token.comments)
