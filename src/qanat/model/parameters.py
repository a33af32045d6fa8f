"""Declared parameters of a query: a name, a type, a default, and what it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A declared parameter of a query."""

    key: str
    type: Literal["text", "number", "datetime", "enum"] = "text"
    value: str = ""  #: the default; of a multi-select, its values joined by commas
    values: tuple[str, ...] = ()  #: the default of a multi-select
    options: tuple[str, ...] = ()  #: of an enum
    is_multiselect: bool = False
    is_freeform_allowed: bool = False
    description: str | None = None
    from_query: int | None = None  #: the query whose latest result lists the options
    from_column: str | None = None
