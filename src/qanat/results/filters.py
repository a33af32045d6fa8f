"""The `filters` option: a small language of its own (contract section 6.7), read into a tree.

Nothing of the text reaches the engine: columns are looked up, values are read and written anew.
What the grammar below does not say is refused, so a construct needs no list of what is dangerous.

    condition  := conjunction (OR conjunction)*
    conjunction := term (AND term)*
    term       := '(' condition ')' | predicate
    predicate  := column operator value | column LIKE 'text' | column IN '(' value, … ')'
                | column IS [NOT] NULL
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from qanat.errors import InvalidRequestError
from qanat.model.types import Columns
from qanat.results.columns import finder
from qanat.results.operands import Value, condition

_LONGEST: Final = 20_000  #: characters
_DEEPEST: Final = 64  #: parentheses within one another
_TERMS: Final = 500  #: predicates
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<hex>0[xX][0-9a-fA-F]*)(?!\w)
      | (?P<number>[+-]?(?:[0-9]{1,200}(?:\.[0-9]{0,200})?|\.[0-9]{1,200})
                   (?:[eE][+-]?[0-9]{1,5})?)(?![\w.])
      | (?P<word>[^\W\d]\w*)
      | (?P<operator><=|>=|<>|!=|=|<|>)
      | (?P<mark>[(),])""",
    re.VERBOSE,
)
_RESERVED: Final = frozenset({"and", "or", "not", "in", "is", "like", "null", "true", "false"})


@dataclass(frozen=True, slots=True)
class Predicate:
    """A test of one column, already written as SQL."""

    sql: str


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions that must hold together, or one of which must."""

    word: str  #: AND, OR
    parts: tuple[Filter, ...]


Filter = Predicate | Junction


def parse(text: str, columns: Columns) -> Filter:
    """Return the tree of a filter on a result with these columns.

    Raises:
        InvalidRequestError: It is not in the grammar, names an unknown column, or compares a
            column with a value of another type.
    """
    if len(text) > _LONGEST:
        raise InvalidRequestError(f"filters: longer than {_LONGEST} characters")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidRequestError("filters: it holds a character that no text can hold")
    return _Parser(_tokens(text), columns).whole()


def to_sql(tree: Filter) -> str:
    """Return the tree as a DuckDB condition over the columns' own names."""
    if isinstance(tree, Predicate):
        return f"({tree.sql})"
    return "(" + f" {tree.word} ".join(to_sql(part) for part in tree.parts) + ")"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int  #: character, from 1

    @property
    def word(self) -> str:
        """Return the reserved word that this is, in lower case; empty if it is none."""
        folded = self.text.lower()
        return folded if self.kind == "word" and folded in _RESERVED else ""


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidRequestError(f"filters: unexpected {text[at]!r} at character {at + 1}")
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match[0], at + 1))
        at = match.end()
    found.append(_Token("end", "the end", len(text) + 1))
    return found


class _Parser:
    """Recursive descent; `_depth` and `_terms` bound what a hostile text can cost."""

    def __init__(self, tokens: list[_Token], columns: Columns) -> None:
        self._tokens, self._find = tokens, finder(columns, "filters")
        self._next = 0
        self._depth = 0
        self._terms = 0

    def whole(self) -> Filter:
        tree = self._junction("or")
        if self._peek().kind != "end":
            raise self._unexpected("AND or OR")
        return tree

    def _junction(self, word: str) -> Filter:
        read = self._term if word == "and" else lambda: self._junction("and")
        parts = [read()]
        while self._peek().word == word:
            self._take()
            parts.append(read())
        return parts[0] if len(parts) == 1 else Junction(word.upper(), tuple(parts))

    def _term(self) -> Filter:
        if self._peek().text != "(":
            return self._predicate()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InvalidRequestError(f"filters: more than {_DEEPEST} parentheses deep")
        self._take()
        tree = self._junction("or")
        self._mark(")")
        self._depth -= 1
        return tree

    def _predicate(self) -> Predicate:
        self._terms += 1
        if self._terms > _TERMS:
            raise InvalidRequestError(f"filters: more than {_TERMS} conditions")
        token = self._peek()
        if token.kind == "quoted":
            name = token.text[1:-1].replace('""', '"')
        elif token.kind == "word" and not token.word:
            name = token.text
        else:
            raise self._unexpected("a column")
        self._take()
        if self._peek().text == "(":
            raise InvalidRequestError(f"filters: functions are not supported ('{name[:200]}')")
        column = self._find(name)
        operator, values = self._test()
        return Predicate(condition(column, operator, values))

    def _test(self) -> tuple[str, list[Value]]:
        """Read what follows a column: an operator, and its values if it has any."""
        token = self._take()
        if token.kind == "operator":
            return "<>" if token.text == "!=" else token.text, [self._value()]
        if token.word == "like":
            return "like", [self._value()]
        if token.word == "in":
            return "in", self._list()
        if token.word == "is":
            negated = self._peek().word == "not"
            if negated:
                self._take()
            if self._take().word != "null":
                raise InvalidRequestError(f"filters: NULL is expected at character {token.at}")
            return "is not null" if negated else "is null", []
        self._next -= 1
        raise self._unexpected("an operator")

    def _list(self) -> list[Value]:
        self._mark("(")
        values = [self._value()]
        while self._peek().text == ",":
            self._take()
            values.append(self._value())
        self._mark(")")
        return values

    def _value(self) -> Value:
        token = self._take()
        if token.kind == "string":
            return Value("string", token.text[1:-1].replace("''", "'"))
        if token.kind in ("number", "hex"):
            return Value(token.kind, token.text)
        if token.word in ("true", "false"):
            return Value("boolean", token.word)
        if token.word == "null":
            raise InvalidRequestError("filters: compare with NULL by IS NULL or IS NOT NULL")
        self._next -= 1
        raise self._unexpected("a value")

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def _mark(self, text: str) -> None:
        token = self._peek()
        if token.kind != "mark" or token.text != text:
            raise self._unexpected(f"'{text}'")
        self._take()

    def _unexpected(self, wanted: str) -> InvalidRequestError:
        token = self._peek()
        if token.word == "not":
            return InvalidRequestError(f"filters: NOT is not supported (character {token.at})")
        return InvalidRequestError(
            f"filters: {wanted} is expected at character {token.at}, not {token.text[:100]!r}"
        )
