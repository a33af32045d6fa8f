"""Signatures of functions, as texts that people read and the compiler matches.

`slice(array(T), bigint, bigint) -> array(T)`: T stands for any type, the same at each place. Some
letters stand for families: N a number, I an integer, D a date or timestamp, M a timestamp, S text
or bytes. A type with `?` may be left out, with `...` repeated. `function(T, U)` is a lambda from T
to U.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from qanat.sql.types import (
    BIG,
    INTEGERS,
    LAMBDA,
    UNKNOWN,
    Type,
    common,
    converts,
    is_number,
    parse_type,
)

_FAMILIES: Final[dict[str, Callable[[Type], bool]]] = {
    "N": is_number,
    "I": lambda t: t.name in INTEGERS,
    "B": lambda t: t.name in {*INTEGERS, *BIG},
    "D": lambda t: t.name in {"date", "timestamp", "timestamp with time zone"},
    "M": lambda t: t.name in {"timestamp", "timestamp with time zone"},
    "S": lambda t: t.name in {"varchar", "varbinary"},
}


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives."""

    text: str
    parameters: tuple[Type, ...]
    required: int
    repeated: bool  #: the last parameter may come any number of times
    result: Type

    def at(self, place: int) -> Type | None:
        """Return the pattern of an argument, None if there is no such argument."""
        if place < len(self.parameters):
            return self.parameters[place]
        return self.parameters[-1] if self.repeated else None

    def takes(self, count: int) -> bool:
        """Return whether the function may have so many arguments."""
        return count >= self.required and (self.repeated or count <= len(self.parameters))


Bindings = dict[str, Type]


@lru_cache(maxsize=2048)
def signature(text: str) -> Signature:
    """Return the signature that a text describes."""
    head, _, result = text.partition(" -> ")
    inner = head[head.index("(") + 1 : head.rindex(")")]
    parameters, required, repeated = [], 0, False
    for part in _split(inner):
        word = part.strip()
        if word.endswith("..."):
            repeated, word = True, word[:-3]
        elif word.endswith("?"):
            word = word[:-1]
        else:
            required += 1
        parameters.append(_pattern(word.strip()))
    return Signature(text, tuple(parameters), required, repeated, _pattern(result.strip()))


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]] if text.strip() else []


def _pattern(text: str) -> Type:
    if re.fullmatch("[A-Z]", text):
        return Type(text)
    found = re.fullmatch(r"(array|map|function|row)\((.*)\)", text)
    if found is None:
        return parse_type(text)
    parts = tuple(_pattern(part.strip()) for part in _split(found[2]))
    return Type(found[1], tuple((None, p) for p in parts) if found[1] == "row" else parts)


def matches(pattern: Type, given: Type, bound: Bindings) -> bool:
    """Return whether a type fits a pattern; binds the pattern's letters."""
    if len(pattern.name) == 1:
        return _bind(pattern.name, given, bound)
    if given == UNKNOWN:
        return True
    if pattern.name in {"array", "map"}:
        return given.name == pattern.name and all(
            matches(p, g, bound) for p, g in zip(pattern.args, given.args, strict=True)
        )
    if pattern.name == "row":
        return (
            given.name == "row"
            and len(given.args) == len(pattern.args)
            and all(
                matches(p, g, bound)
                for (_, p), (_, g) in zip(pattern.args, given.args, strict=True)
            )
        )
    if pattern.name == "decimal":
        return given.name == "decimal" or given.name in INTEGERS
    return converts(given, pattern)


def _bind(letter: str, given: Type, bound: Bindings) -> bool:
    known = bound.get(letter)
    joined = given if known is None else common(known, given)
    family = _FAMILIES.get(letter)
    if joined is None or (family and joined != UNKNOWN and not family(joined)):
        return False
    bound[letter] = joined
    return True


def filled(pattern: Type, bound: Bindings) -> Type:
    """Return a pattern with its letters replaced by what they are bound to."""
    if len(pattern.name) == 1:
        return bound.get(pattern.name, UNKNOWN)
    if pattern.name == "function":
        return LAMBDA
    if pattern.name == "row":
        return Type("row", tuple((name, filled(part, bound)) for name, part in pattern.args))
    if pattern.args and isinstance(pattern.args[0], Type):
        return Type(pattern.name, tuple(filled(part, bound) for part in pattern.args))
    return pattern


def wanted(pattern: Type, given: Type, bound: Bindings) -> Type:
    """Return the type an argument is converted to."""
    found = filled(pattern, bound)
    if found.name == given.name and found.name in {
        "timestamp", "timestamp with time zone", "time", "decimal",
    }:  # fmt: skip
        return given if len(pattern.name) > 1 else found
    return found


def describe(types: Sequence[Type]) -> str:
    """Return the types of arguments as an error shows them."""
    return ", ".join(map(str, types))
