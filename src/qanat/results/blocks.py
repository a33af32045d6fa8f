"""Rows as JSON text: pages that are asked for one after another are slices of a block made once.

Reading a thousand rows costs a worker nearly as much as reading eight thousand, since most of it is
the statement and the opening of the file. So rows are made in blocks at fixed places, and a page
is cut out of one or two of them. A page that is no page of many, because it is the whole result,
very small or very large, is made by itself. Rows never change, so what was made is right for good.
"""

# ruff: noqa: S608  # statements are made of numbers, our own names and what is quoted
from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import add
from typing import Final

import msgspec

from qanat.engines import Reader
from qanat.errors import LimitExceededError
from qanat.results.encode import row_json, row_overhead, row_weight
from qanat.results.kept import Kept
from qanat.results.rows import Span, cut_sql, names, span_sql

KEPT_BYTES: Final = 64 << 20
BLOCK_ROWS: Final = 8_000
#: A page of fewer rows is rarely followed by the next one.
FEWEST_ROWS: Final = 100
_BLOCK_BYTES: Final = 4 << 20  #: rows so long that a block would be larger are read page by page


@dataclass(frozen=True, slots=True)
class Rows:
    """Neighbouring rows."""

    text: bytes  #: JSON objects with commas between them
    count: int
    weight: int  #: bytes of their raw text, an estimate


@dataclass(frozen=True, slots=True)
class _Block:
    text: bytes
    starts: array[int]  #: where in the text each row begins; and where one more would
    weights: array[int]  #: of all rows before each; and of all

    @property
    def size(self) -> int:
        return len(self.text) + 4 * len(self.starts) + 8 * len(self.weights)

    def rows(self, first: int, end: int) -> Rows:
        return Rows(
            self.text[self.starts[first] : self.starts[end] - 1],
            end - first,
            self.weights[end] - self.weights[first],
        )


_NOTHING: Final = Rows(b"", 0, 0)
_numbers: Final = msgspec.json.Decoder(list[int]).decode


class Blocks:
    """Makes rows and keeps them. Safe to call from several threads.

    Args:
        reader: The worker that makes them.
        time_s: What one statement may take.
        cap: Bytes of the text of a page.
        kept_bytes: How much is kept in memory.
    """

    def __init__(
        self, *, reader: Reader, time_s: float, cap: int, kept_bytes: int = KEPT_BYTES
    ) -> None:
        self._reader, self._time_s, self._cap = reader, time_s, cap
        self._blocks: Kept[_Block | None] = Kept(kept_bytes // 2)
        self._pages: Kept[Rows] = Kept(kept_bytes // 2)

    def read(self, span: Span, row_bytes: float) -> Rows:
        """Return the first rows of a span, as many of them as fit, at least one.

        Args:
            span: Which rows; it may have none.
            row_bytes: What the raw text of a row has on the average, about.

        Raises:
            LimitExceededError: Reading it took too long or too much memory.
            EngineUnavailableError: The worker died; asking again can help.
        """
        if span.low >= span.high:
            return _NOTHING
        extra = row_overhead(span.columns)
        count = span.high - span.low
        if count <= BLOCK_ROWS and count < span.stored.total:
            is_short = (row_bytes + extra) * BLOCK_ROWS <= _BLOCK_BYTES
            found = self._sliced(span, make=is_short and count >= FEWEST_ROWS)
            if found is not None and self._fits(found, extra):
                return found
        key = (span.stored.files, span.columns, span.low, span.high)

        def make() -> tuple[Rows, int]:
            made = self._made(span, extra, row_bytes)
            return made, len(made.text)

        return self._pages.of(key, make)

    def kept(self, span: Span) -> Rows | None:
        """Return the rows of a span that were made before, at once; None if they were not."""
        if span.low >= span.high:
            return _NOTHING
        if span.high - span.low <= BLOCK_ROWS:
            found = self._sliced(span, make=False)
            if found is not None and self._fits(found, row_overhead(span.columns)):
                return found
        alone = self._pages.peek((span.stored.files, span.columns, span.low, span.high))
        return alone[0] if alone else None

    def _fits(self, rows: Rows, extra: int) -> bool:
        # Both: what a row weighs decides where pages are cut, whichever way they are made.
        return rows.weight + extra * rows.count <= self._cap and len(rows.text) + 2 <= self._cap

    def _sliced(self, span: Span, *, make: bool) -> Rows | None:
        """Return a span out of its blocks; None if one of them is not there and not to be made."""
        pieces = []
        for number in range(span.low // BLOCK_ROWS, (span.high - 1) // BLOCK_ROWS + 1):
            block = self._block(span, number, make=make)
            if block is None:
                return None
            first = number * BLOCK_ROWS
            end = min(span.high - first, BLOCK_ROWS)
            pieces.append(block.rows(max(span.low - first, 0), end))
        if len(pieces) == 1:
            return pieces[0]
        return Rows(
            b",".join(piece.text for piece in pieces),
            sum(piece.count for piece in pieces),
            sum(piece.weight for piece in pieces),
        )

    def _block(self, span: Span, number: int, *, make: bool) -> _Block | None:
        key = (span.stored.files, span.columns, number)
        if not make:
            found = self._blocks.peek(key)
            return found[0] if found else None
        low = number * BLOCK_ROWS
        whole = replace(span, low=low, high=min(low + BLOCK_ROWS, span.stored.total))

        def made() -> tuple[_Block | None, int]:
            block = self._made_block(whole)
            return block, 0 if block is None else block.size

        return self._blocks.of(key, made)

    def _made_block(self, span: Span) -> _Block | None:
        try:
            text, weights = self._reader.text(_block_sql(span), self._time_s)
        except LimitExceededError as error:
            if error.limit != "memory":
                raise
            return None
        text, count = text or b"", span.high - span.low
        if len(text) > _BLOCK_BYTES:
            return None
        # JSON holds no line feed, so the rows are found again between them.
        lines = text.split(b"\n")
        ends = accumulate(map(len, lines), initial=0)
        starts = array("I", map(add, ends, range(count + 1)))
        summed = array("Q", accumulate(_numbers(b"[%b]" % (weights or b"")), initial=0))
        if len(lines) != count or len(summed) != count + 1:
            return None
        return _Block(text.replace(b"\n", b","), starts, summed)

    def _made(self, span: Span, extra: int, row_bytes: float) -> Rows:
        """Return the first rows of a span by a statement of their own."""
        cap = self._cap
        # A row is never shorter than its keys, so no more rows than this need be looked at.
        most = cap // (extra + len(span.columns)) + 1
        span = replace(span, high=min(span.high, span.low + most))
        if (row_bytes + extra) * (span.high - span.low) <= cap / 2:
            # Where the rows end that fit need not be asked if all of them do.
            try:
                text, _, weighed = self._reader.text(_rows_sql(span), self._time_s)
            except LimitExceededError as error:
                if error.limit != "memory":
                    raise
            else:
                found = Rows(text or b"", span.high - span.low, int(weighed or b"0"))
                if self._fits(found, extra):
                    return found
        while True:
            try:
                text, counted, weighed = self._reader.text(
                    _cut_rows_sql(span, cap, extra), self._time_s
                )
            except LimitExceededError as error:
                # Escapes can make text six times as long as it weighs.
                if error.limit != "memory" or span.high - span.low == 1:
                    raise
                span = replace(span, high=span.low + max(1, (span.high - span.low) // 4))
                continue
            rows = Rows(text or b"", int(counted or b"0"), int(weighed or b"0"))
            if len(rows.text) + 2 <= cap or rows.count <= 1:
                return rows
            fewer = rows.count * cap // (len(rows.text) + 2) * 19 // 20
            span = replace(span, high=span.low + max(1, fewer))


def _block_sql(span: Span) -> str:
    """Return a statement for the rows of a span, a line a row, and the weight of each."""
    row = row_json(span.columns, names(span.columns))
    fixed, measured = row_weight(span.columns, names(span.columns))
    return (
        "SELECT encode(string_agg(r, chr(10) ORDER BY n)), string_agg(w, ',' ORDER BY n)"
        f" FROM (SELECT n, {row} AS r, CAST({fixed} + {measured} AS VARCHAR) AS w"
        f" FROM ({span_sql(span)}))"
    )


def _rows_sql(span: Span) -> str:
    """Return a statement for all rows of a span, how many they are, and their raw text's bytes."""
    row = row_json(span.columns, names(span.columns))
    fixed, measured = row_weight(span.columns, names(span.columns))
    return (
        f"SELECT encode(string_agg({row}, ',' ORDER BY n)), count(*), sum({fixed} + {measured})"
        f" FROM ({span_sql(span)})"
    )


def _cut_rows_sql(span: Span, cap: int, extra: int) -> str:
    """Return a statement for the rows of a span that fit into `cap` bytes."""
    row = row_json(span.columns, names(span.columns))
    return (
        f"WITH cut AS ({cut_sql(span, cap, extra)})"
        f" SELECT encode(string_agg({row}, ',' ORDER BY n)), count(*), any_value(bytes)"
        f" FROM ({span_sql(span)}), cut WHERE n < stop"
    )
