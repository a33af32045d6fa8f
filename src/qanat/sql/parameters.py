"""`{{parameters}}` of a query: what they may hold, and their text put in their place.

Substitution is textual, happens once and before anything reads the text as SQL (contract 16.2): a
value that itself contains `{{x}}` stays as it is. Safety never rests on the values: what comes out
is parsed and resolved like any other text.
"""

from __future__ import annotations

import bisect
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from qanat.errors import InvalidRequestError, Position
from qanat.sql.interface import Parameter

NUMBER_CHARS: Final = 400  #: of a number written without an exponent; every double has fewer
MAX_TEXT: Final = 1_000_000  #: characters of a statement once its parameters are in place

_PLACEHOLDER: Final = re.compile(r"\{\{([^{}\n]*)\}\}")
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DATETIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII
)

SEVERAL: Final = ("text", "enum")  #: types that may have several values, which commas join

Given = str | int | float | bool | Sequence[str]  #: a value as a request may carry it


def placeholders(sql: str) -> tuple[str, ...]:
    """Return the names between `{{` and `}}` in `sql`, each once, in order of appearance."""
    return tuple(dict.fromkeys(name for _, _, name in _places(sql)))


def auto_declare(sql: str, declared: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Return `declared` and, as text without a default, every placeholder it does not cover."""
    known = {parameter.key for parameter in declared}
    fresh = (Parameter(key=name) for name in placeholders(sql) if name not in known)
    return (*declared, *fresh)


def resolve(
    declared: Sequence[Parameter], given: Mapping[str, Given], *, sql: str, adhoc: bool = False
) -> dict[str, str]:
    """Return the text of every parameter of a statement: the given value, else the default.

    Args:
        declared: The parameters of the saved query; none for ad-hoc SQL.
        given: What the request says.
        sql: The statement; its undeclared placeholders are parameters of type text.
        adhoc: Nothing has a default: every placeholder needs a value.

    Raises:
        InvalidRequestError: A name is unknown, a value is missing or does not fit its type.
    """
    parameters = {parameter.key: parameter for parameter in auto_declare(sql, declared)}
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        raise InvalidRequestError(f"unknown parameters ({', '.join(map(_shown, unknown))})")
    if adhoc:
        missing = [name for name in placeholders(sql) if name not in given]
        if missing:
            raise InvalidRequestError(f"missing parameters ({', '.join(map(_shown, missing))})")
    return {
        name: value_text(parameter, given[name]) if name in given else default_text(parameter)
        for name, parameter in parameters.items()
    }


def default_text(parameter: Parameter) -> str:
    """Return the text that stands for a parameter when nobody gives a value."""
    return ",".join(parameter.values) if parameter.values else parameter.value


def chosen(parameter: Parameter, text: str) -> tuple[str, ...]:
    """Return the values of a multi-select that `text` joins.

    A value may hold a comma itself: the default as it was read is the default, an option an option.
    """
    if text == "":
        return ()
    if parameter.values and text == default_text(parameter):
        return parameter.values
    return (text,) if text in parameter.options else tuple(text.split(","))


def plain_number(text: str) -> str | None:
    """Return a number without its exponent, but with a point in its place; None if too long."""
    exponent = text.lower().partition("e")[2]
    if len(text) > NUMBER_CHARS or abs(int(exponent or "0")) > NUMBER_CHARS:
        return None
    if not exponent:
        return text
    plain = format(Decimal(text), "f")
    plain = plain if "." in plain else f"{plain}.0"
    return plain if len(plain) <= NUMBER_CHARS else None


def value_text(parameter: Parameter, value: Given) -> str:
    """Return the text of a value given for `parameter`.

    Raises:
        InvalidRequestError: The value does not fit the parameter's type.
    """
    if isinstance(value, (list, tuple)):
        if parameter.type not in SEVERAL:
            raise _unfit(parameter, f"takes one {parameter.type}, not a list")
        if not parameter.is_multiselect:
            raise _unfit(parameter, "takes one value, not a list")
    match parameter.type:
        case "number":
            return _number(parameter, value)
        case "datetime":
            return _datetime(parameter, value)
        case "enum":
            return _choice(parameter, value)
        case _:
            return _plain(parameter, value)


def params_hash(values: Mapping[str, str]) -> str:
    """Return a hash of parameter values that depends on nothing but names and texts."""
    canonical = json.dumps(sorted(values.items()), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Substituted:
    """A statement with its parameters in place, and the way back to the text it was made from."""

    text: str
    original: str
    #: The placeholders in order: (start, end) in `text`, and (start, end) in `original`.
    spans: tuple[tuple[int, int, int, int], ...] = ()

    def position(self, start: int, length: int = 1) -> Position:
        """Return where in the original the characters at `start` come from.

        What lies in a value is at its placeholder.
        """
        index = bisect.bisect_right(self.spans, start, key=lambda span: span[0]) - 1
        if index >= 0:
            _, text_end, from_start, from_end = self.spans[index]
            if start < text_end:
                return self._at(from_start, from_end - from_start)
            start += from_end - text_end
        return self._at(min(start, len(self.original)), length)

    def _at(self, offset: int, length: int) -> Position:
        line_start = self.original.rfind("\n", 0, offset) + 1
        line = self.original.count("\n", 0, offset) + 1
        return Position(line, offset - line_start + 1, max(1, length))


def substitute(sql: str, values: Mapping[str, str]) -> Substituted:
    """Return `sql` with the text of each value in the place of its `{{name}}`.

    Placeholders without a value stay; the parser then rejects them at their place.

    Raises:
        InvalidRequestError: The result would be longer than any statement may be.
    """
    pieces: list[str] = []
    spans: list[tuple[int, int, int, int]] = []
    done = length = 0
    for start, end, name in _places(sql):
        if name not in values:
            continue
        value = values[name]
        length += start - done
        pieces += (sql[done:start], value)
        spans.append((length, length + len(value), start, end))
        length += len(value)
        done = end
        if length > MAX_TEXT:
            break
    if length + len(sql) - done > MAX_TEXT:
        raise InvalidRequestError(
            f"the statement is longer than {MAX_TEXT} characters with its parameters in place"
        )
    pieces.append(sql[done:])
    return Substituted("".join(pieces), sql, tuple(spans))


def _places(sql: str) -> Iterator[tuple[int, int, str]]:
    for found in _PLACEHOLDER.finditer(sql):
        if name := found[1].strip():
            yield found.start(), found.end(), name


def _number(parameter: Parameter, value: Given) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _unfit(parameter, "takes a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise _unfit(parameter, "takes a number")
    text = value.strip() if isinstance(value, str) else str(value)
    if not _NUMBER.fullmatch(text):
        raise _unfit(parameter, f"takes a number, not '{_shown(text)}'")
    plain = plain_number(text)
    if plain is None:
        raise _unfit(parameter, f"takes a number of at most {NUMBER_CHARS} digits")
    # A client that reads 0.00001 may send it as 1e-05: it is the default all the same.
    is_default = plain != text and _is_same(plain, parameter.value)
    return parameter.value if is_default else text


def _is_same(number: str, other: str) -> bool:
    return bool(_NUMBER.fullmatch(other)) and Decimal(number) == Decimal(other)


def _datetime(parameter: Parameter, value: Given) -> str:
    text = value.strip() if isinstance(value, str) else ""
    shape = "takes a date and time such as 2024-01-31 17:30:00"
    if not _DATETIME.fullmatch(text):
        raise _unfit(parameter, shape)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise _unfit(parameter, shape) from error
    return moment.isoformat(sep=" ")


def _choice(parameter: Parameter, value: Given) -> str:
    text = _plain(parameter, value)
    # A list that a query feeds has no options of its own: its rows are not read here.
    if parameter.is_freeform_allowed or parameter.from_query is not None:
        return text
    picked: Sequence[str]
    if isinstance(value, (list, tuple)):
        picked = value
    elif text == default_text(parameter):
        return text  # what was read means the same when it is sent, also that nothing is chosen
    else:
        picked = chosen(parameter, text) if parameter.is_multiselect else (text,)
    for choice in picked:
        if choice not in parameter.options:
            offered = ", ".join(map(_shown, parameter.options[:20]))
            raise _unfit(parameter, f"takes one of ({offered}), not '{_shown(choice)}'")
    return text


def _plain(parameter: Parameter, value: Given) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    raise _unfit(parameter, "takes text")


def _unfit(parameter: Parameter, problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"parameter '{_shown(parameter.key)}' {problem}")


def _shown(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."
