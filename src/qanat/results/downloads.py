"""A whole result as one file: Parquet, or Arrow's stream format made from it.

The file is open when it is returned, so neither the collector nor the cache can take it away from
a slow reader: what is unlinked stays readable until it is closed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from qanat.errors import NotFoundError
from qanat.model.snapshot import Snapshot
from qanat.results.options import PageOptions
from qanat.results.pages import Pages

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_CHUNK_BYTES: Final = 1 << 20
_BATCH_BYTES: Final = 4 << 20
_FIRST_ROWS: Final = 2_048
_MOST_ROWS: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """An open Parquet file; whoever streams it closes it."""

    file: BinaryIO
    size_bytes: int


def parquet(pages: Pages, snapshot: Snapshot, options: PageOptions | None = None) -> Download:
    """Return the rows that `options` ask for as one Parquet file; limit and offset do not count.

    A result that lies in one file is that file. 256-bit integers and intervals are text in it.

    Raises:
        NotFoundError: The rows were removed: the snapshot has ended.
        LimitExceededError, EngineUnavailableError: As for `Pages.page`.
    """
    asked = options or PageOptions()
    plain = not (asked.columns or asked.filters or asked.sort_by or asked.sample_count is not None)
    if plain and len(snapshot.files) == 1:
        return _opened(pages.arranger.stored(snapshot).files[0])
    borrowed = pages.arranger.whole(snapshot, asked)
    try:
        return _opened(borrowed.sibling.path)
    finally:
        borrowed.close()


def chunks(download: Download) -> Iterator[bytes]:
    """Return the file piece by piece, and close it."""
    with download.file as file:
        while piece := file.read(_CHUNK_BYTES):
            yield piece


def arrow(download: Download) -> Iterator[bytes]:
    """Return the rows of a Parquet file in Arrow's stream format, a piece a batch; close it."""
    # Imported by the first download: every start would wait for it otherwise.
    import pyarrow as pa
    import pyarrow.parquet as pq

    with (
        download.file as file,
        pq.ParquetFile(file, pre_buffer=False, buffer_size=_CHUNK_BYTES) as source,
    ):
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, source.schema_arrow) as stream:
            for batch in _batches(source):
                stream.write_batch(batch)
                yield sink.getvalue()
                sink.seek(0)
                sink.truncate()
        yield sink.getvalue()


def _batches(source: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Return the rows in batches of about `_BATCH_BYTES`, as large as the rows before were."""
    rows = _FIRST_ROWS
    for group in range(source.num_row_groups):
        for batch in source.iter_batches(rows, row_groups=[group], use_threads=False):
            yield batch
        if batch.num_rows:
            rows = max(1, min(_MOST_ROWS, _BATCH_BYTES * batch.num_rows // max(1, batch.nbytes)))


def _opened(path: Path) -> Download:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFoundError("the rows of this result were removed") from None
    return Download(file=file, size_bytes=os.fstat(file.fileno()).st_size)
