"""Values of parameters as a body gives them: null is no value, and a number keeps its digits.

JSON's numbers become binary fractions when they are read, and a text made of those has other
digits: 0.00001 would be put into the SQL as 1e-05.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

_FRACTION: Final = re.compile(rb"[0-9][.eE]")
_texts: Final = msgspec.json.Decoder(float_hook=str)
_object: Final = msgspec.json.Decoder(dict[str, Any], float_hook=str)


def read_object(text: str) -> dict[str, Any]:
    """Return values from the text of a JSON object: name → value.

    Raises:
        msgspec.DecodeError, UnicodeError, RecursionError: It is no JSON object.
    """
    return {name: value for name, value in _object.decode(text).items() if value is not None}


def take_as_written(found: dict[str, Any], body: bytes) -> None:
    """Put into `found`, which is `body` decoded, its parameters' values as they were written."""
    written = _texts.decode(body) if _FRACTION.search(body) else found
    for (values, names), (texts, _) in zip(_places(found), _places(written), strict=True):
        for name in names:
            if values[name] is None:
                del values[name]
            elif isinstance(values[name], float):
                values[name] = texts[name]


def _places(body: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Iterable[str]]]:
    """Yield each object of a body that holds values, and under which names."""
    graph = body.get("pipeline")
    nodes = _members(graph, "nodes") if isinstance(graph, dict) else []
    for owner in (body, *(node.get("query_execution") for node in nodes)):
        values = owner.get("query_parameters") if isinstance(owner, dict) else None
        if isinstance(values, dict):
            yield values, tuple(values)
    for shape in _members(body, "parameters"):
        if "value" in shape:
            yield shape, ("value",)


def _members(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = body.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
