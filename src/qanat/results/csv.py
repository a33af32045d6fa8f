"""A page of a result as CSV, or all of it, in chunks: contract section 6.5.

With a limit the page is cut as a JSON page is. Without one the whole result streams, since
nothing of it is held.
"""

# ruff: noqa: S608  # statements are made of numbers, our own names and what is quoted
from __future__ import annotations

import re
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from qanat.engines import Reader
from qanat.engines.duckdb.scan import literal, quoted
from qanat.model.snapshot import Snapshot
from qanat.model.types import Columns
from qanat.results.arrange import Arranged
from qanat.results.encode import NULL_TEXT, plain_text
from qanat.results.options import PageOptions
from qanat.results.pages import Pages
from qanat.results.rows import Span, cut_sql, names, span_sql
from qanat.results.shapes import shape

#: A download lasts as long as its reader takes; the collector waits longer than this.
_DOWNLOAD_S: Final = 3000.0


class Chunks:
    """CSV text piece by piece. Whoever stops early closes it; collecting it closes it too."""

    def __init__(self, chunks: Iterator[bytes], arranged: Arranged) -> None:
        self._chunks = chunks
        self._close = weakref.finalize(self, _close, chunks, arranged)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop reading and let go of the files."""
        self._close()


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvPage:
    """Some rows of a result as CSV."""

    chunks: Chunks
    columns: Columns
    next_offset: int | None  #: None on the last page


def csv_page(
    pages: Pages, snapshot: Snapshot, options: PageOptions, null: str = NULL_TEXT
) -> CsvPage:
    """Return the rows that `options` ask for as CSV with a header line.

    Raises:
        PaymentRequiredError, LimitExceededError, EngineUnavailableError: As for `Pages.page`.
    """
    arranged = pages.arranger.arrange(snapshot, options, pages.rows_needed(options))
    try:
        span = pages.span(arranged.stored, options)
        if options.limit is not None and span.low < span.high:
            cut = cut_sql(span, pages.limits.page_bytes, 0)
            (stop,) = pages.reader.text(f"SELECT stop FROM ({cut})", pages.time_s)
            span = replace(span, high=int(stop or span.high))
        chunks = _chunks(pages.reader, span, null)
    except BaseException:
        arranged.close()
        raise
    more = span.low < span.high < span.stored.total and options.sample_count is None
    return CsvPage(
        chunks=Chunks(chunks, arranged),
        columns=span.columns,
        next_offset=span.high if more else None,
    )


def _chunks(reader: Reader, span: Span, null: str) -> Iterator[bytes]:
    if len(span.columns) == 1:
        return reader.csv(_lone(span, null), None, _DOWNLOAD_S)
    return reader.csv(_sql(span), null, _DOWNLOAD_S)


def _sql(span: Span) -> str:
    """Return the rows as text, in order without an ORDER BY: the reader keeps the files' order."""
    if span.low >= span.high:
        none = ", ".join(f"'' AS {_header(column.name)}" for column in span.columns)
        return f"SELECT {none} LIMIT 0"
    listed = ", ".join(
        f"{plain_text(name, shape(column.type))} AS {_header(column.name)}"
        for column, name in zip(span.columns, names(span.columns), strict=True)
    )
    return f"SELECT {listed} FROM ({span_sql(span)})"


def _lone(span: Span, null: str) -> str:
    """Return the lines of a result of one column.

    A line of one cell without text would be empty, and readers pass over an empty line: such a
    cell is quoted, as no option of DuckDB's does.
    """
    (column,), (name,) = span.columns, names(span.columns)
    header = _one_line(column.name)
    if re.search('[",]', header):
        header = '"' + header.replace('"', '""') + '"'
    if span.low >= span.high:
        return f"SELECT '' AS {quoted(header)} LIMIT 0"
    special, nothing = literal('[",\r\n]'), literal(null or '""')
    return (
        f"SELECT CASE WHEN cell IS NULL THEN {nothing}"
        f" WHEN cell IN ('', {literal(null)}) OR regexp_matches(cell, {special})"
        f""" THEN '"' || replace(cell, '"', '""') || '"' ELSE cell END AS {quoted(header)}"""
        f" FROM (SELECT {plain_text(name, shape(column.type))} AS cell FROM ({span_sql(span)}))"
    )


def _header(name: str) -> str:
    return quoted(_one_line(name))


def _one_line(name: str) -> str:
    # Clients drop the first line of later pages, so a name is one line whatever it holds.
    return name.replace("\r", " ").replace("\n", " ")


def _close(chunks: Iterator[bytes], arranged: Arranged) -> None:
    try:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    finally:
        arranged.close()
