"""A page of a result as JSON: text that a worker made and that is passed on as it is.

A page is a range of row numbers, so it costs the same anywhere in a result. Rows and bytes are
capped silently (contract section 6.1); the next offset tells what was not sent.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qanat.config import LimitSettings
from qanat.engines import Reader
from qanat.errors import PaymentRequiredError
from qanat.model.snapshot import Snapshot
from qanat.model.types import Columns
from qanat.names import AttemptId, SnapshotId
from qanat.results.arrange import Arranger
from qanat.results.blocks import Blocks, Rows
from qanat.results.options import PageOptions
from qanat.results.rows import COUNTED_ROWS, Span, Stored, total_weight_sql
from qanat.results.siblings import Siblings

_TIME_S: Final = 60.0
_AT_ONCE_BYTES: Final = 1 << 20  #: copying more would hold up everybody else's answer
_UNPACKED: Final = 8  #: times as long as on disk, rows as text are at most, as a rule
#: The first rows of an order come of one pass over the rows and are what people look at; the
#: whole order is only made for who goes on. One more than a client's page of 32,000.
HEAD_ROWS: Final = 32_001
_REMEMBERED: Final = 10_000  #: snapshots whose size as text has been estimated


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of a result as JSON."""

    rows: bytes  #: a JSON array of objects
    columns: Columns  #: in the order that was asked for
    row_count: int
    result_set_bytes: int  #: of the page as raw text, an estimate
    next_offset: int | None  #: None on the last page
    total_row_count: int  #: of the whole result, without filters
    total_result_set_bytes: int
    filtered_row_count: int | None = None  #: of all rows that pass the filters; None without any

    @property
    def datapoint_count(self) -> int:
        """Return how many cells the page has."""
        return self.row_count * len(self.columns)


class Pages:
    """Reads results. Safe to call from several threads.

    Args:
        reader: The worker that reads; its time zone is UTC and it keeps the order of rows.
        path_of: Where the rows of an attempt lie.
        cache_dir: For sorted and filtered results; emptied here. The reader may write to it.
        limits: How large a page and the cache may be.
        time_s: What one statement may take.
        head_rows: How many first rows of an order are made before the whole of it.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        path_of: Callable[[AttemptId], Path],
        cache_dir: Path,
        limits: LimitSettings,
        time_s: float = _TIME_S,
        head_rows: int = HEAD_ROWS,
    ) -> None:
        self.reader, self.limits, self.time_s = reader, limits, time_s
        siblings = Siblings(
            reader=reader,
            directory=cache_dir,
            cache_bytes=limits.cache_bytes,
            free_disk_bytes=limits.free_disk_bytes,
            time_s=time_s,
        )
        self.arranger = Arranger(
            reader=reader,
            path_of=path_of,
            siblings=siblings,
            time_s=time_s,
            head_rows=head_rows,
        )
        self.blocks = Blocks(reader=reader, time_s=time_s, cap=limits.page_bytes)
        self._lock = threading.Lock()
        self._sizes: OrderedDict[SnapshotId, int] = OrderedDict()

    def page(self, snapshot: Snapshot, options: PageOptions) -> Page:
        """Return a page of the rows that `options` ask for.

        Raises:
            PaymentRequiredError: It would have more cells than a page may have.
            LimitExceededError: Reading it took too long or too much memory.
            EngineUnavailableError: The worker died; asking again can help.
        """
        with self.arranger.arrange(snapshot, options, self.rows_needed(options)) as arranged:
            span = self.span(arranged.stored, options)
            rows = self.blocks.read(span, self._row_bytes(snapshot, span))
            filtered = None
            if options.filters is not None:
                filtered = self.arranger.count(snapshot, options, arranged)
        return self._page(snapshot, options, span, rows, filtered)

    def kept(self, snapshot: Snapshot, options: PageOptions) -> Page | None:
        """Return a page whose rows are in memory, at once; None if it has to be made or is large.

        Raises:
            PaymentRequiredError: It would have more cells than a page may have.
        """
        if options.is_arranged or len(snapshot.files) != 1:
            return None
        span = self.span(self.arranger.stored(snapshot), options)
        rows = self.blocks.kept(span)
        if rows is None or len(rows.text) > _AT_ONCE_BYTES:
            return None
        is_weighed = _is_weighed(snapshot, span) and rows.count == snapshot.row_count
        if not is_weighed and snapshot.id not in self._sizes:
            return None  # its size is still to be asked for
        return self._page(snapshot, options, span, rows, None)

    def _page(
        self,
        snapshot: Snapshot,
        options: PageOptions,
        span: Span,
        rows: Rows,
        filtered: int | None,
    ) -> Page:
        count = rows.count
        size = header_bytes(span.columns) + rows.weight if count else 0
        end = span.low + count
        more = count > 0 and end < span.stored.total and options.sample_count is None
        is_weighed = _is_weighed(snapshot, span) and count == snapshot.row_count
        return Page(
            rows=b"[%b]" % rows.text,
            columns=span.columns,
            row_count=count,
            result_set_bytes=size,
            next_offset=end if more else None,
            total_row_count=snapshot.row_count,
            total_result_set_bytes=size if is_weighed else self.total_bytes(snapshot),
            filtered_row_count=filtered,
        )

    def rows_needed(self, options: PageOptions) -> int | None:
        """Return up to which row an arrangement is read; None: to its end."""
        if options.limit is None:
            return None
        return options.offset + min(options.limit, self.limits.page_rows)

    def span(self, stored: Stored, options: PageOptions) -> Span:
        """Return the rows of a page as numbers alone decide; bytes may cut it further.

        Raises:
            PaymentRequiredError: The page would have more cells than allowed.
        """
        columns = options.chosen(stored.columns)
        low = min(options.offset, stored.total)
        high = stored.total
        if options.limit is not None:
            high = min(high, low + min(options.limit, self.limits.page_rows))
        most = self.limits.cells_per_page
        if most and not options.ignore_max_datapoints and (high - low) * len(columns) > most:
            raise PaymentRequiredError(
                f"This API request would exceed your configured limits per request: {most}"
                " datapoints. Ask for fewer rows or columns, or set"
                " ignore_max_datapoints_per_request."
            )
        return Span(stored=stored, columns=columns, low=low, high=high)

    def total_bytes(self, snapshot: Snapshot) -> int:
        """Return the size of the whole result as raw text, an estimate that never changes."""
        with self._lock:
            known = self._sizes.get(snapshot.id)
        if known is not None:
            return known
        size = 0
        if snapshot.row_count:
            sql = total_weight_sql(self.arranger.stored(snapshot))
            (mean,) = self.reader.text(sql, self.time_s)
            size = header_bytes(snapshot.columns) + round(float(mean or b"0") * snapshot.row_count)
        with self._lock:
            self._sizes[snapshot.id] = size
            while len(self._sizes) > _REMEMBERED:
                self._sizes.popitem(last=False)
        return size

    def _row_bytes(self, snapshot: Snapshot, span: Span) -> float:
        """Return about how many bytes the raw text of a row has."""
        if snapshot.row_count == 0 or _is_weighed(snapshot, span):
            return _UNPACKED * snapshot.size_bytes / max(1, snapshot.row_count)
        return self.total_bytes(snapshot) / snapshot.row_count


def _is_weighed(snapshot: Snapshot, span: Span) -> bool:
    """Return whether a page holds all that would be read to weigh the result."""
    count = span.high - span.low
    return count == snapshot.row_count <= COUNTED_ROWS and span.columns == snapshot.columns


def header_bytes(columns: Columns) -> int:
    """Return the bytes of a header line."""
    return sum(len(column.name.encode()) + 1 for column in columns)
