"""DuckDB's names of types and Trino's, each into the other.

A snapshot records Trino's words, DuckDB computes in its own. `trino_type` may widen (an unsigned
type has no equal in Trino) and `duckdb_type` is its right inverse: casting a column to
`duckdb_type(trino_type(T))` makes it what was recorded.

A sum of bigint is HUGEINT, which Trino lacks: it is reported as bigint and range-checked by the
cast. What DuckDB cannot tell is taken from whoever compiled the statement, if it is said: which
256-bit type a BIGNUM stands for (else `int256`, which holds what `uint256` does in practice),
whether an INTERVAL is of months (else of days), whether a VARCHAR is of NULLs alone, and which
fields of a STRUCT have a name only because they must have one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_TO_TRINO: Final = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "UBIGINT": "decimal(20,0)",
    "UHUGEINT": "decimal(38,0)",
    "BIGNUM": "int256",
    "FLOAT": "real",
    "DOUBLE": "double",
    "VARCHAR": "varchar",
    "BLOB": "varbinary",
    "DATE": "date",
    "TIME": "time(3)",
    "TIME_NS": "time(3)",
    "TIME WITH TIME ZONE": "time(3) with time zone",
    "TIMESTAMP": "timestamp(3)",
    "TIMESTAMP_S": "timestamp(3)",
    "TIMESTAMP_MS": "timestamp(3)",
    "TIMESTAMP_NS": "timestamp(3)",
    "TIMESTAMP WITH TIME ZONE": "timestamp(3) with time zone",
    "INTERVAL": "interval day to second",
    "JSON": "json",
    "VARIANT": "json",
    "UUID": "uuid",
    '"NULL"': "unknown",
}
"""What is not here and has no parameters (BIT, ENUM, UNION, GEOMETRY) is shown as text."""

_TO_DUCKDB: Final = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "uint256": "BIGNUM",
    "int256": "BIGNUM",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "varbinary": "BLOB",
    "date": "DATE",
    "time": "TIME",
    "time with time zone": "TIME WITH TIME ZONE",
    "timestamp": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "interval day to second": "INTERVAL",
    "interval year to month": "INTERVAL",
    "json": "JSON",
    "uuid": "UUID",
    "ipaddress": "VARCHAR",
    "unknown": '"NULL"',
}

_TOKEN: Final = re.compile(
    r"""\s*(?:("(?:[^"]|"")*")|('(?:[^']|'')*')|([^\s(),\[\]"']+)|([(),\[\]]))"""
)
_DEPTH: Final = 64  #: of nesting; a deeper type is an error


@dataclass(frozen=True, slots=True)
class _Shape:
    """A type taken apart: its words, then the arguments between its parentheses."""

    word: str  #: `DECIMAL`, `timestamp with time zone`, `[]` for a DuckDB list
    arguments: tuple[_Shape, ...] = ()
    fields: tuple[str, ...] = ()  #: names of the arguments, quoted as they stood; else empty
    #: One without a name among others has the empty text here.


class _Tokens:
    """The tokens of a type, one ahead."""

    def __init__(self, text: str) -> None:
        self._all = list(_tokens(text))
        self._at = 0

    def peek(self) -> str:
        return self._all[self._at] if self._at < len(self._all) else ""

    def take(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def second(self) -> str:
        return self._all[self._at + 1] if self._at + 1 < len(self._all) else ""


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if not match:
            raise ValueError(f"not a type: {text!r}")
        yield match[0].strip()
        at = match.end()


def _read(tokens: _Tokens, depth: int = 0) -> _Shape:
    """Read one type, up to the comma or the bracket behind it."""
    if depth > _DEPTH:
        raise ValueError("a type is nested too deep")
    words = _words(tokens)
    if not words:
        raise ValueError(f"not a type: at {tokens.peek()!r}")
    arguments, fields = [], []
    if tokens.peek() == "(":
        tokens.take()
        with_names = words[0].lower() in ("row", "struct")
        while tokens.peek() != ")":
            if with_names:
                fields.append(tokens.take() if _names_a_field(tokens) else "")
            arguments.append(_read(tokens, depth + 1))
            if tokens.peek() == ",":
                tokens.take()
        tokens.take()
        words += _words(tokens)  # `timestamp(3) with time zone`
    shape = _Shape(" ".join(words), tuple(arguments), tuple(fields) if any(fields) else ())
    while tokens.peek() == "[":
        while tokens.take() not in ("]", ""):
            pass
        shape = _Shape("[]", (shape,))
    return shape


def _words(tokens: _Tokens) -> list[str]:
    words = []
    while tokens.peek() and tokens.peek() not in "(),[]":
        words.append(tokens.take())
    return words


def _names_a_field(tokens: _Tokens) -> bool:
    """Return whether a name stands before the type: `a bigint`, but not `bigint` or `time with`."""
    following = tokens.second()
    if not following or following in "(),[]":
        return False
    return tokens.peek().startswith('"') or following.lower() not in ("with", "day", "year")


def _parse(text: str) -> _Shape:
    tokens = _Tokens(text)
    shape = _read(tokens)
    if tokens.peek():
        raise ValueError(f"not a type: {text!r}")
    return shape


@lru_cache(maxsize=4096)
def trino_type(duckdb: str, said: str | None = None) -> str:
    """Return Trino's name of what DuckDB calls `duckdb`.

    Args:
        duckdb: As DuckDB spells it.
        said: Trino's name as the compiler knows it, for what DuckDB cannot tell.

    Raises:
        ValueError: It is not the text of a type.
    """
    return _as_trino(_parse(duckdb), _parse(said) if said else _NOTHING)


_NOTHING: Final = _Shape("")
_TOLD: Final = {
    "BIGNUM": ("uint256", "int256"),
    "INTERVAL": ("interval year to month", "interval day to second"),
    "VARCHAR": ("unknown",),
}


def _as_trino(shape: _Shape, said: _Shape) -> str:
    parts = said.arguments if len(said.arguments) == len(shape.arguments) else ()
    inner = [
        _as_trino(argument, parts[at] if parts else _NOTHING) if argument.word else ""
        for at, argument in enumerate(shape.arguments)
    ]
    match shape.word.upper():
        case "[]":
            return f"array({inner[0]})"
        case "MAP":
            return f"map({','.join(inner)})"
        case "DECIMAL":
            return f"decimal({','.join(a.word for a in shape.arguments) or '18,3'})"
        case "TUPLE":
            return f"row({','.join(inner)})"
        case "STRUCT" if inner:
            named = shape.fields
            if parts and said.word == "row":
                named = said.fields or ("",) * len(parts)
            fields = [
                f"{name} {kind}" if known else kind
                for name, known, kind in zip(shape.fields, named, inner, strict=True)
            ]
            return f"row({','.join(fields)})"
        case word if said.word in _TOLD.get(word, ()):
            return said.word
    return _TO_TRINO.get(shape.word, "varchar")


@lru_cache(maxsize=4096)
def duckdb_type(trino: str) -> str:
    """Return what DuckDB calls Trino's `trino`, spelled as DuckDB itself spells it.

    Raises:
        ValueError: DuckDB has no such type.
    """
    return _as_duckdb(_parse(trino))


def _as_duckdb(shape: _Shape) -> str:
    word = shape.word.lower()
    match word:
        case "array" if len(shape.arguments) == 1:
            return f"{_as_duckdb(shape.arguments[0])}[]"
        case "map" if len(shape.arguments) == 2:
            return f"MAP({', '.join(map(_as_duckdb, shape.arguments))})"
        case "decimal":
            digits = [argument.word for argument in shape.arguments] or ["38", "0"]
            return f"DECIMAL({','.join(digits if len(digits) > 1 else [*digits, '0'])})"
        case "row" if shape.arguments and not shape.fields:
            return f"TUPLE({', '.join(map(_as_duckdb, shape.arguments))})"
        case "row" if len(shape.fields) == len(shape.arguments) > 0:
            pairs = zip(_named(shape.fields), map(_as_duckdb, shape.arguments), strict=True)
            return f"STRUCT({', '.join(f'{name} {kind}' for name, kind in pairs)})"
    if word not in _TO_DUCKDB:
        raise ValueError(f"DuckDB has no type {shape.word}")
    return _TO_DUCKDB[word]


def _named(fields: tuple[str, ...]) -> list[str]:
    """Return names for all fields, the empty ones by their places: as the compiler names them."""
    taken: set[str] = set()
    names = []
    for at, name in enumerate(fields):
        chosen = name or f"field{at}"
        while not name and chosen in taken:
            chosen += "_"
        taken.add(chosen.removeprefix('"').removesuffix('"').lower())
        names.append(chosen)
    return names


_REWRITTEN: Final = re.compile(r'\b(?:BIGNUM|TUPLE|INTERVAL)\b|"NULL"')


def changes_in_parquet(duckdb: str) -> bool:
    """Return whether a column of this DuckDB type comes back from Parquet as another type."""
    return _REWRITTEN.search(duckdb) is not None


@lru_cache(maxsize=4096)
def kept_type(duckdb: str) -> str:
    """Return the type that a column of this DuckDB type is cast to before it is written.

    An interval is kept as DuckDB's text of it: Parquet's own has no negative ones, and no type of
    Parquet's holds months, days and microseconds apart. A cast to `duckdb` gives the values back.
    """
    return _WORDS_OR_NAMES.sub(lambda found: found[1] or "VARCHAR", duckdb)


_WORDS_OR_NAMES: Final = re.compile(r'("(?:[^"]|"")*")|\bINTERVAL\b')
