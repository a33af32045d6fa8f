"""The text as tokens, checked and marked so that the parser cannot misread them.

The parser library knows many dialects and guesses between them. What it would guess wrong is
settled here, where positions are exact: DuneSQL's `0x` literals, calls (their names are marked, so
that the library keeps each call under its own name instead of one it thinks alike), constructs of
other dialects, and nesting too deep, or joins too ambiguous, for a parser that tries and retries.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import ClassVar, Final

from sqlglot.dialects.trino import Trino
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from qanat.sql.functions import FUNCTIONS
from qanat.sql.signs import tokens_of
from qanat.sql.source import Source

MARK: Final = "\ue000"  #: stands before the name of a call; no user's word may begin with it
DECIMAL: Final = f"{MARK}{MARK}decimal"  #: of the call that `DECIMAL '…'` becomes
MAX_DEPTH: Final = 40  #: brackets and CASEs inside one another
MAX_TOKENS: Final = 50_000  #: the parser holds the interpreter for a second for so many
MAX_OPEN_JOINS: Final = 3  #: joins that wait for their ON: the parser's work doubles with each


class DuneDialect(Trino):
    """Trino's SQL as the library knows it, with the settings DuneSQL needs."""

    NUMBERS_CAN_BE_UNDERSCORE_SEPARATED = True
    INDEX_OFFSET = 0  #: subscripts stay as they are written

    class Tokenizer(Trino.Tokenizer):
        """Leaves hexadecimal literals in two pieces, for `_varbinary` to join."""

        HEX_STRINGS: ClassVar[list[str | tuple[str, str]]] = []


DIALECT: Final = DuneDialect()

# The library logs pieces of users' texts where it guesses; what it guesses is refused here.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

_T = TokenType
_OPENING: Final = {_T.L_PAREN: ")", _T.L_BRACKET: "]"}
_CLOSING: Final = {_T.R_PAREN, _T.R_BRACKET}
_SYMBOLS: Final = frozenset(
    [
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "-",
        "+",
        "*",
        "/",
        "%",
        "=",
        "<>",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "||",
        "->",
        "=>",
        ";",
    ]
)
_BEFORE_LISTS: Final = frozenset({_T.SELECT, _T.DISTINCT, _T.L_PAREN, _T.L_BRACKET, _T.GROUP_BY,
                                  _T.ORDER_BY, _T.PARTITION_BY, _T.COMMA, _T.FROM})  # fmt: skip
_AFTER_LISTS: Final = frozenset({_T.FROM, _T.WHERE, _T.R_PAREN, _T.R_BRACKET, _T.COMMA, _T.HAVING,
                                 _T.ORDER_BY, _T.GROUP_BY, _T.SEMICOLON, _T.UNION})  # fmt: skip
_AFTER_JOINS: Final = frozenset({_T.WHERE, _T.GROUP_BY, _T.HAVING, _T.ORDER_BY, _T.LIMIT, _T.UNION,
                                 _T.EXCEPT, _T.INTERSECT, _T.SELECT, _T.WINDOW})  # fmt: skip
_STRINGS: Final = frozenset({_T.STRING, _T.UNICODE_STRING})
_WORD: Final = re.compile(r"[^\W\d]\w*(?: \w+)*")
_NUMBER: Final = re.compile(r"([0-9_]+\.?[0-9_]*|\.[0-9_]+)([eE][+-]?[0-9]+)?")
_HEX: Final = re.compile(r"[0-9a-fA-F]*")

# Calls with words between their brackets, which the library must parse itself.
_SPECIAL: Final = frozenset({"cast", "try_cast", "extract", "trim", "position", "json_query",
                             "json_value", "json_exists"})  # fmt: skip
_REFUSED_WORDS: Final = {
    _T.MATCH_RECOGNIZE: "MATCH_RECOGNIZE is not supported",
    _T.INTO: "SELECT INTO is not allowed: a statement may not write",
    _T.FOR: "FOR is not supported here: a statement may not lock rows or travel in time",
    _T.PIVOT: "PIVOT is not part of DuneSQL",
    _T.UNPIVOT: "UNPIVOT is not part of DuneSQL",
}


@dataclass(slots=True)
class _Frame:
    """What an open bracket or CASE holds."""

    opener: str = ""  #: the word before the bracket, folded
    closer: str = ""
    turned: bool = False  #: `array[…]`, handed on as a call
    types: bool = False  #: a type stands here, not expressions
    joins: int = 0  #: joins without their ON so far
    selecting: bool = False  #: a SELECT stands here that had no FROM yet


def tokenize(source: Source) -> list[Token]:
    """Return the tokens of a statement, marked for the parser.

    Raises:
        SqlRejectedError: Something that no statement may hold, at its place.
    """
    _refuse_characters(source)
    try:
        raw = tokens_of(DIALECT, source.text)
    except TokenError as error:
        start, what = _unterminated(source.text)
        raise source.error(f"mismatched input: {what} is not closed", start) from error
    if len(raw) > MAX_TOKENS:
        raise source.error(f"the statement has more than {MAX_TOKENS} words", 0)
    return _Marker(source, raw).run()


def _refuse_characters(source: Source) -> None:
    text = source.text
    for offset, character in enumerate(text) if not text.isascii() or "\0" in text else ():
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise source.error("the text holds a character that is not allowed in SQL", offset)


class _Marker:
    """One walk over the tokens of a statement."""

    def __init__(self, source: Source, raw: list[Token]) -> None:
        self.source, self.raw = source, raw
        self.out: list[Token] = []
        self.frames = [_Frame()]
        self.at = 0

    def run(self) -> list[Token]:
        while self.at < len(self.raw):
            token = self.raw[self.at]
            kind = token.token_type
            if kind in _OPENING:
                self._open(token, _Frame(self._opener(), _OPENING[kind]))
                self.out.append(token)
            elif kind in _CLOSING:
                self.out.append(self._close(token))
            elif kind == _T.NUMBER or kind in _STRINGS:
                self.out.append(self._literal(token))
            elif kind == _T.IDENTIFIER:
                self.out.append(self._name(token))
            elif _WORD.fullmatch(token.text):
                self.out.append(self._word(token))
            elif token.text in _SYMBOLS:
                if kind == _T.COMMA:
                    self._comma(token)
                self.out.append(token)
            else:
                raise self._mismatched(token)
            self.at += 1
        self._end()
        return self.out

    def _end(self) -> None:
        frame = self.frames[-1]
        missing = f"'{frame.closer}'" if frame.closer else "'ON', 'USING'" if frame.joins else ""
        if missing:
            end = len(self.source.text)
            raise self.source.error(f"mismatched input '<EOF>'. Expecting: {missing}", end)

    def _open(self, token: Token, frame: _Frame) -> None:
        if len(self.frames) > MAX_DEPTH:
            raise self.source.error(
                f"the statement is nested more than {MAX_DEPTH} levels deep", token.start
            )
        frame.types = self.frames[-1].types
        self.frames.append(frame)

    def _close(self, token: Token) -> Token:
        if self.frames[-1].closer != token.text:
            raise self._mismatched(token)
        frame = self.frames.pop()
        self._joined(token, frame)
        return _like(token, _T.R_PAREN, ")") if frame.turned else token

    def _comma(self, token: Token) -> None:
        """Refuse a comma with nothing on one side, which the library would overlook."""
        following = self._next()
        if not self.out or self.out[-1].token_type in _BEFORE_LISTS:
            raise self._mismatched(token)
        if following is None:
            raise self.source.error("mismatched input '<EOF>'", token.end + 1)
        if following.token_type in _AFTER_LISTS:
            raise self._mismatched(following)

    def _opener(self) -> str:
        return self.out[-1].text.removeprefix(MARK).lower() if self.out else ""

    def _literal(self, token: Token) -> Token:
        following = self._next()
        if following is not None and following.start == token.end + 1:
            if token.text == "0" and following.text[:1] in {"x", "X"}:
                self.at += 1
                return self._varbinary(token, following.text[1:], following)
            run_on = following.token_type == _T.NUMBER or _WORD.match(following.text)
            if token.token_type == _T.NUMBER and run_on:
                raise self._mismatched(following)
        if token.token_type == _T.NUMBER and not _NUMBER.fullmatch(token.text):
            raise self._mismatched(token)
        return token

    def _varbinary(self, start: Token, digits: str, end: Token) -> Token:
        digits = "".join(digits.split())
        if not _HEX.fullmatch(digits) or len(digits) % 2:
            raise self.source.error(
                "a varbinary literal is an even number of hexadecimal digits",
                start.start,
                end.end - start.start + 1,
            )
        return Token(_T.HEX_STRING, digits, start.line, start.col, start.start, end.end)

    def _name(self, token: Token) -> Token:
        if token.text.startswith(MARK) or not token.text:
            raise self._mismatched(token)
        following = self._next()
        if following is not None and following.token_type == _T.L_PAREN:
            return _like(token, _T.IDENTIFIER, MARK + token.text)
        return token

    def _word(self, token: Token) -> Token:
        kind, folded, following = token.token_type, token.text.lower(), self._next()
        touching = following is not None and following.start == token.end + 1
        if (
            folded == "x"
            and touching
            and following is not None
            and (following.token_type == _T.STRING)
        ):
            self.at += 1
            return self._varbinary(token, following.text, following)
        if kind == _T.ARRAY and following is not None and following.text == "[":
            return self._array(token, following)
        if kind == _T.DECIMAL and following is not None and following.token_type == _T.STRING:
            return self._decimal(token, following)
        called = following is not None and following.token_type == _T.L_PAREN
        if kind == _T.TABLE and called:
            message = f"table function '{self._table_function()}' is not supported"
            raise self.source.error(message, token.start, len(token.text))
        frame = self.frames[-1]
        if kind in _REFUSED_WORDS and not self._is_name(frame, kind):
            raise self.source.error(_REFUSED_WORDS[kind], token.start, len(token.text))
        self._follow(token, frame)
        is_call = called and not frame.types and self._is_call(kind, folded)
        if is_call and not (folded == "substring" and self._has_from()):
            return _like(token, _T.VAR, MARK + token.text)
        return token

    def _follow(self, token: Token, frame: _Frame) -> None:
        """Note what a keyword means for the brackets and joins around it."""
        kind = token.token_type
        if kind == _T.CASE:
            self._open(token, _Frame("case", "END"))
        elif kind == _T.END and frame.closer == "END":
            self.frames.pop()
        elif kind == _T.ALIAS and frame.opener in {"cast", "try_cast"}:
            frame.types = True
        elif kind == _T.JOIN:
            self._join(token, frame)
        elif kind in {_T.ON, _T.USING}:
            frame.joins = max(0, frame.joins - 1)
        elif kind == _T.FROM:
            self._from(token, frame)
        elif kind in _AFTER_JOINS:
            self._joined(token, frame)
            frame.selecting = kind == _T.SELECT

    def _from(self, token: Token, frame: _Frame) -> None:
        """Refuse FROM before its SELECT, which the library takes for a query of its own."""
        previous = self.out[-1].token_type if self.out else None
        if previous == _T.DISTINCT or frame.opener in {"trim", "extract", "substring"}:
            return
        if not frame.selecting:
            raise self._mismatched(token)
        frame.selecting = False

    def _joined(self, token: Token, frame: _Frame) -> None:
        if frame.joins:
            raise self.source.error(
                f"mismatched input '{token.text[:60]}'. Expecting: 'ON', 'USING'",
                token.start,
                token.end - token.start + 1,
            )

    def _is_call(self, kind: TokenType, folded: str) -> bool:
        previous = self.out[-1] if self.out else None
        if previous is not None and (
            (folded == "filter" and previous.token_type == _T.R_PAREN)
            or (folded == "group" and previous.text.lower() == "within")
            or (folded == "zone" and previous.text.lower() == "time")
            or previous.token_type == _T.TABLE_SAMPLE
        ):
            return False
        # What is a keyword to the library may be the name of a function.
        return (kind == _T.VAR or folded in FUNCTIONS) and folded not in _SPECIAL

    def _is_name(self, frame: _Frame, kind: TokenType) -> bool:
        """Whether a word that is refused as a keyword is a column's name or part of substring."""
        previous = self.out[-1].token_type if self.out else None
        if previous == _T.DOT or (kind == _T.FOR and frame.opener == "substring"):
            return True
        following = self._next()
        return kind in {_T.PIVOT, _T.UNPIVOT, _T.MATCH_RECOGNIZE} and not (
            following is not None and following.token_type == _T.L_PAREN
        )

    def _join(self, token: Token, frame: _Frame) -> None:
        previous = [t.token_type for t in self.out[-4:]]
        if _T.CROSS in previous[-1:] or _T.NATURAL in previous:
            return
        frame.joins += 1
        if frame.joins > MAX_OPEN_JOINS:
            raise self.source.error("too many joins without their ON", token.start, 4)

    def _array(self, token: Token, bracket: Token) -> Token:
        self.at += 1
        self._open(bracket, _Frame("array", "]", turned=True))
        self.out.append(_like(token, _T.VAR, MARK + "array"))
        return _like(bracket, _T.L_PAREN, "(")

    def _decimal(self, token: Token, digits: Token) -> Token:
        """Turn `DECIMAL '…'` into a call, since the library would read a cast to 38 digits."""
        self.at += 1
        self.out += (_like(token, _T.VAR, DECIMAL), _like(token, _T.L_PAREN, "("), digits)
        return _like(digits, _T.R_PAREN, ")")

    def _has_from(self) -> bool:
        depth = 0
        for token in self.raw[self.at + 1 : self.at + 500]:
            if token.token_type in _OPENING:
                depth += 1
            elif token.token_type in _CLOSING:
                depth -= 1
                if depth == 0:
                    return False
            elif token.token_type == _T.FROM and depth == 1:
                return True
        return False

    def _table_function(self) -> str:
        words = []
        for token in self.raw[self.at + 2 : self.at + 12]:
            if token.token_type in _OPENING or token.token_type in _CLOSING:
                break
            words.append(token.text)
        return "".join(words)[:100]

    def _next(self) -> Token | None:
        return self.raw[self.at + 1] if self.at + 1 < len(self.raw) else None

    def _mismatched(self, token: Token) -> Exception:
        return self.source.error(
            f"mismatched input '{token.text.removeprefix(MARK)[:60]}'",
            token.start,
            token.end - token.start + 1,
        )


def _like(token: Token, kind: TokenType, text: str) -> Token:
    return Token(kind, text, token.line, token.col, token.start, token.end)


_PIECES: Final = re.compile(
    r"""'(?:[^']|'')*('?)|"(?:[^"]|"")*("?)|--[^\n]*|/\*.*?(\*/|\Z)""", re.DOTALL
)


def _unterminated(text: str) -> tuple[int, str]:
    for found in _PIECES.finditer(text):
        piece = found[0]
        if piece[0] == "'" and (len(piece) == 1 or not found[1]):
            return found.start(), "a string"
        if piece[0] == '"' and (len(piece) == 1 or not found[2]):
            return found.start(), "a quoted name"
        if piece.startswith("/*") and not found[3]:
            return found.start(), "a comment"
    return 0, "the text"
