"""Types of expressions, in Trino's words, and which of them convert to one another by themselves.

A type's text is what the catalog and the results carry (`qanat.model.types`). Lengths of varchar
are not tracked: a cast to `varchar(3)` cuts, and the result is `varchar`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Type:
    """A type: a name, and numbers or types that complete it.

    `decimal` has precision and scale, `timestamp`, `time` and their zoned forms a precision,
    `array` its element, `map` key and value, `row` pairs of name (or None) and type.
    """

    name: str
    args: tuple = ()  # type: ignore[type-arg]  # what it holds depends on `name`, as said above

    def __str__(self) -> str:
        match self.name:
            case "timestamp with time zone" | "time with time zone":
                first = self.name.split(" ", 1)
                return f"{first[0]}({self.args[0]}) {first[1]}"
            case "row":
                inner = ",".join(f"{_quoted(n)} {t}" if n else f"{t}" for n, t in self.args)
                return f"row({inner})"
            case _ if self.args:
                return f"{self.name}({','.join(map(str, self.args))})"
            case _:
                return self.name

    @property
    def element(self) -> Type:
        """The element of an array, the value of a map."""
        found: Type = self.args[-1]
        return found


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else '"' + name.replace('"', '""') + '"'


BOOLEAN: Final = Type("boolean")
TINYINT, SMALLINT, INTEGER, BIGINT = (
    Type("tinyint"), Type("smallint"), Type("integer"), Type("bigint"),
)  # fmt: skip
REAL, DOUBLE = Type("real"), Type("double")
VARCHAR, VARBINARY, JSON, UUID = Type("varchar"), Type("varbinary"), Type("json"), Type("uuid")
DATE, TIME, TIMESTAMP = Type("date"), Type("time", (3,)), Type("timestamp", (3,))
TIMESTAMPTZ: Final = Type("timestamp with time zone", (3,))
DAYS, MONTHS = Type("interval day to second"), Type("interval year to month")
UINT256, INT256 = Type("uint256"), Type("int256")
UNKNOWN: Final = Type("unknown")  #: of NULL
LAMBDA: Final = Type("function")

INTEGERS: Final = ("tinyint", "smallint", "integer", "bigint")
_DIGITS: Final = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
BIG: Final = ("uint256", "int256")


def array(element: Type) -> Type:
    """Return the type of arrays of `element`."""
    return Type("array", (element,))


def map_of(key: Type, value: Type) -> Type:
    """Return the type of maps from `key` to `value`."""
    return Type("map", (key, value))


def decimal(precision: int, scale: int) -> Type:
    """Return a decimal type; a precision over 38 becomes 38."""
    return Type("decimal", (min(38, max(1, precision)), min(38, scale)))


def as_decimal(type_: Type) -> Type | None:
    """Return the decimal that holds every value of an integer or decimal type; else None."""
    if type_.name in _DIGITS:
        return Type("decimal", (_DIGITS[type_.name], 0))
    return type_ if type_.name == "decimal" else None


def is_number(type_: Type) -> bool:
    """Return whether arithmetic is defined on the type."""
    return type_.name in {*INTEGERS, *BIG, "decimal", "real", "double"}


def common(left: Type, right: Type) -> Type | None:
    """Return the type both convert to by themselves, None if there is none (Trino's rules)."""
    if right in {left, UNKNOWN}:
        return left
    if left == UNKNOWN:
        return right
    if is_number(left) and is_number(right):
        return _common_number(left, right)
    names = {left.name, right.name}
    if left.name == right.name and left.args and right.args:
        return _common_parts(left, right)
    if names == {"date", "timestamp"}:
        return left if left.name == "timestamp" else right
    if names in ({"date", "timestamp with time zone"}, {"timestamp", "timestamp with time zone"}):
        zoned, other = (left, right) if left.name.endswith("zone") else (right, left)
        return Type(zoned.name, (max([zoned.args[0], *other.args]),))
    return None


def _common_number(left: Type, right: Type) -> Type:
    names = {left.name, right.name}
    if "double" in names:
        return DOUBLE
    if names & set(BIG):
        fractional = any(t.name == "real" or (t.name == "decimal" and t.args[1]) for t in
                         (left, right))  # fmt: skip
        return DOUBLE if fractional else INT256 if "int256" in names else UINT256
    if "real" in names:
        return REAL
    a, b = as_decimal(left), as_decimal(right)
    if "decimal" in names and a is not None and b is not None:
        scale = max(a.args[1], b.args[1])
        return decimal(max(a.args[0] - a.args[1], b.args[0] - b.args[1]) + scale, scale)
    return left if INTEGERS.index(left.name) > INTEGERS.index(right.name) else right


def _common_parts(left: Type, right: Type) -> Type | None:
    if left.name in {"timestamp", "time", "timestamp with time zone"}:
        return Type(left.name, (max(left.args[0], right.args[0]),))
    if left.name in {"array", "map"}:
        parts = [common(a, b) for a, b in zip(left.args, right.args, strict=True)]
        return Type(left.name, tuple(parts)) if None not in parts else None
    if left.name == "row" and len(left.args) == len(right.args):
        fields = []
        for (name, a), (other, b) in zip(left.args, right.args, strict=True):
            part = common(a, b)
            if part is None:
                return None
            fields.append((name if name == other else None, part))
        return Type("row", tuple(fields))
    return None


def converts(given: Type, wanted: Type) -> bool:
    """Return whether `given` becomes `wanted` without a cast."""
    found = common(given, wanted)
    return found == wanted or (
        found is not None and found.name == wanted.name and wanted.name.startswith("time")
    )


MAX_WORDS: Final = 5_000  #: of a type's text
MAX_PARTS: Final = 100  #: types with parts in one type, which bounds their nesting


class TypeTextError(ValueError):
    """A text is not a type."""


_ALIASES: Final = {"int": "integer", "string": "varchar", "double precision": "double",
                   "dec": "decimal", "numeric": "decimal", "bytea": "varbinary"}  # fmt: skip
_SIMPLE: Final = frozenset(
    [
        "boolean",
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "real",
        "double",
        "varchar",
        "varbinary",
        "json",
        "uuid",
        "date",
        "uint256",
        "int256",
        "unknown",
        "ipaddress",
        "hyperloglog",
    ]
) | {"interval day to second", "interval year to month"}
_TOKEN: Final = re.compile(r'\s*(?:"((?:[^"]|"")*)"|(\w+)|(.))', re.ASCII)


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """Return the type that a text names.

    Raises:
        TypeTextError: It names none.
    """
    reader = _Reader(text)
    found = reader.type()
    if reader.peek() is not None:
        raise TypeTextError(f"'{text[:100]}' is not a type")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.shown = text
        self.words: list[tuple[str, bool]] = []
        at = 0
        while found := _TOKEN.match(text, at):
            at = found.end()
            quoted = found[1] is not None
            self.words.append(
                (found[1].replace('""', '"') if quoted else (found[2] or found[3]), quoted)
            )
        depth = sum(word in {"(", "<"} for word, quoted in self.words if not quoted)
        if len(self.words) > MAX_WORDS or depth > MAX_PARTS:
            raise TypeTextError("the type is too long")
        self.at = 0

    def peek(self, ahead: int = 0) -> str | None:
        index = self.at + ahead
        return self.words[index][0].lower() if index < len(self.words) else None

    def take(self, word: str) -> bool:
        if self.peek() == word:
            self.at += 1
            return True
        return False

    def need(self, word: str) -> None:
        if not self.take(word):
            raise TypeTextError(f"'{self.shown[:100]}' is not a type")

    def number(self) -> int:
        word = self.peek() or ""
        if not word.isdigit() or len(word) > 9:
            raise TypeTextError(f"'{self.shown[:100]}' is not a type")
        self.at += 1
        return int(word)

    def type(self) -> Type:
        name = self.peek() or ""
        self.at += 1
        if name == "double":
            self.take("precision")
        name = _ALIASES.get(name, name)
        read = _READERS.get(name)
        if read is not None:
            return read(self, name)
        if name not in _SIMPLE:
            raise TypeTextError(f"Unknown type: {name[:100]}")
        return Type(name)

    def text(self, _name: str) -> Type:
        if self.take("("):
            self.number()
            self.need(")")
        return VARCHAR

    def decimal(self, _name: str) -> Type:
        precision, scale = 38, 0
        if self.take("("):
            precision = self.number()
            scale = self.number() if self.take(",") else 0
            self.need(")")
        if not 1 <= precision <= 38 or scale > precision:
            raise TypeTextError(f"'{self.shown[:100]}' is not a type: at most 38 digits")
        return Type("decimal", (precision, scale))

    def parts(self, name: str) -> Type:
        parts = self._parts()
        if len(parts) != {"array": 1, "map": 2}[name]:
            raise TypeTextError(f"'{self.shown[:100]}' is not a type")
        return Type(name, tuple(parts))

    def interval(self, _name: str) -> Type:
        for unit, found in (("day", DAYS), ("year", MONTHS)):
            if self.take(unit):
                self.need("to")
                self.need("second" if unit == "day" else "month")
                return found
        raise TypeTextError(f"'{self.shown[:100]}' is not a type")

    def time(self, name: str) -> Type:
        precision = 3
        if self.take("("):
            precision = self.number()
            self.need(")")
        if self.take("with"):
            for word in ("time", "zone"):
                self.need(word)
            name += " with time zone"
        elif self.take("without"):
            for word in ("time", "zone"):
                self.need(word)
        return Type(name, (precision,))

    def _parts(self) -> list[Type]:
        closer = ")" if self.take("(") else ">"
        if closer == ">":
            self.need("<")
        parts = [self.type()]
        while self.take(","):
            parts.append(self.type())
        self.need(closer)
        return parts

    def row(self, _name: str) -> Type:
        self.need("(")
        fields = [self._field()]
        while self.take(","):
            fields.append(self._field())
        self.need(")")
        return Type("row", tuple(fields))

    def _field(self) -> tuple[str | None, Type]:
        """Return `bigint` or `a bigint`: what does not read as a type begins with a name."""
        start = self.at
        if start >= len(self.words):
            raise TypeTextError(f"'{self.shown[:100]}' is not a type")
        word, quoted = self.words[start]
        if not quoted:
            with contextlib.suppress(TypeTextError):
                found = self.type()
                if self.peek() in {",", ")"}:
                    return None, found
        self.at = start + 1
        return word, self.type()


_READERS: Final[dict[str, Callable[[_Reader, str], Type]]] = {
    "interval": _Reader.interval,
    "timestamp": _Reader.time,
    "time": _Reader.time,
    "decimal": _Reader.decimal,
    "varchar": _Reader.text,
    "char": _Reader.text,
    "array": _Reader.parts,
    "map": _Reader.parts,
    "row": _Reader.row,
}
