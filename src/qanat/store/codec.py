"""JSON columns: how structured values are written as text, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from qanat.clock import from_us
from qanat.model.snapshot import SourceVersion
from qanat.model.state import Failure
from qanat.model.types import Column, Columns

_columns: Final = msgspec.json.Decoder(list[tuple[str, str]])
_failure: Final = msgspec.json.Decoder(Failure)
_source: Final = msgspec.json.Decoder(SourceVersion)


def dump(value: object) -> str:
    """Return `value` as compact JSON text."""
    return msgspec.json.encode(value).decode()


def load(text: str) -> Any:  # noqa: ANN401  # whatever was written
    """Return what `dump` wrote, as plain values."""
    return msgspec.json.decode(text)


def dump_columns(columns: Columns) -> str:
    """Return columns as JSON: an array of [name, type]."""
    return dump([(column.name, column.type) for column in columns])


def load_columns(text: str) -> Columns:
    """Return what `dump_columns` wrote."""
    return tuple(Column(name, kind) for name, kind in _columns.decode(text))


def dump_failure(failure: Failure | None) -> str | None:
    """Return a failure as JSON, None as None."""
    return None if failure is None else dump(failure)


def load_failure(text: str | None) -> Failure | None:
    """Return what `dump_failure` wrote."""
    return None if text is None else _failure.decode(text)


def load_source(text: str) -> SourceVersion:
    """Return a source's version as it was pinned."""
    return _source.decode(text)


def load_strings(text: str) -> Mapping[str, str]:
    """Return a JSON object of texts."""
    return msgspec.json.decode(text, type=dict[str, str])


def moment(us: int | None) -> Any:  # noqa: ANN401  # datetime for int, None for None
    """Return a column of microseconds as a moment; None for None."""
    return None if us is None else from_us(us)
