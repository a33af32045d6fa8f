"""What a reader of a result may ask for: contract section 6.1, and the query of the next page.

Options that were accepted cannot fail later: filters, sort keys and column names are checked here
against the columns of the result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from qanat.config import LimitSettings
from qanat.errors import InvalidRequestError
from qanat.model.types import Columns
from qanat.results import filters, sorting
from qanat.results.columns import columns_text, parse_columns

_LARGEST: Final = 2**62
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """What is asked of a result; the default asks for all of it."""

    limit: int | None = None  #: rows; may be lowered to what one answer may hold
    offset: int = 0
    columns: tuple[str, ...] = ()  #: as stored, in the order they are wanted; none: all
    filters: str | None = None
    sort_by: str | None = None
    sample_count: int | None = None
    allow_partial_results: bool = False
    ignore_max_datapoints: bool = False

    @property
    def is_arranged(self) -> bool:
        """Return whether other rows are wanted than the stored ones in their order."""
        return not (self.filters is None and self.sort_by is None and self.sample_count is None)

    def chosen(self, columns: Columns) -> Columns:
        """Return the columns that are wanted, in the order they are wanted."""
        if not self.columns:
            return columns
        named = {column.name: column for column in columns}
        return tuple(named[name] for name in self.columns)


def parse_options(
    query: Mapping[str, Sequence[str]], columns: Columns, limits: LimitSettings
) -> PageOptions:
    """Return the options that a request's query string holds; unknown ones are ignored.

    Args:
        query: Name → its values, decoded. Of a number or a flag the last one counts; lists that
            arrive in several values are joined.
        columns: Of the stored result.
        limits: How many rows a sample may have.

    Raises:
        InvalidRequestError: An option is malformed, names an unknown column, or may not stand
            beside another.
    """
    plain = parse_plain(query, limits)
    wanted = _joined(query, "columns")
    condition = query["filters"][-1] if query.get("filters") else ""
    order = _joined(query, "sort_by")
    if condition.strip():
        filters.parse(condition, columns)
    if order.strip():
        sorting.parse(order, columns)
    return replace(
        plain,
        columns=parse_columns(wanted, columns) if wanted.strip() else (),
        filters=condition if condition.strip() else None,
        sort_by=order if order.strip() else None,
    )


def parse_plain(query: Mapping[str, Sequence[str]], limits: LimitSettings) -> PageOptions:
    """Return the options that mean the same whatever columns a result has.

    Raises:
        InvalidRequestError: One of them is malformed, or may not stand beside another.
    """
    sample = _number(query, "sample_count")
    if sample is not None:
        for other in ("limit", "offset", "filters"):
            if query.get(other) and query[other][-1] != "":
                raise InvalidRequestError(f"sample_count cannot be combined with {other}")
        sample = min(sample, limits.page_rows)
    return PageOptions(
        limit=_number(query, "limit"),
        offset=_number(query, "offset") or 0,
        sample_count=sample,
        allow_partial_results=_flag(query, "allow_partial_results"),
        ignore_max_datapoints=_flag(query, "ignore_max_datapoints_per_request"),
    )


def to_query(options: PageOptions, offset: int) -> str:
    """Return the query string of the page at `offset`, with every other option kept."""
    pairs: list[tuple[str, str]] = []
    if options.limit is not None:
        pairs.append(("limit", str(options.limit)))
    pairs.append(("offset", str(offset)))
    if options.columns:
        pairs.append(("columns", columns_text(options.columns)))
    if options.filters is not None:
        pairs.append(("filters", options.filters))
    if options.sort_by is not None:
        pairs.append(("sort_by", options.sort_by))
    if options.allow_partial_results:
        pairs.append(("allow_partial_results", "true"))
    if options.ignore_max_datapoints:
        pairs.append(("ignore_max_datapoints_per_request", "true"))
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


def _joined(query: Mapping[str, Sequence[str]], name: str) -> str:
    return ",".join(value for value in query.get(name, ()) if value.strip())


def _number(query: Mapping[str, Sequence[str]], name: str) -> int | None:
    values = query.get(name)
    if not values:
        return None
    text = values[-1]
    if not re.fullmatch(r"[0-9]{1,100}", text):
        raise InvalidRequestError(f"{name} must be a whole number that is not negative")
    return min(int(text), _LARGEST)


def _flag(query: Mapping[str, Sequence[str]], name: str) -> bool:
    values = query.get(name)
    if not values:
        return False
    value = _BOOLEANS.get(values[-1].lower())
    if value is None:
        raise InvalidRequestError(f"{name} must be true or false")
    return value
