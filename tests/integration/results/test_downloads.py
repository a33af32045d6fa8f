"""Whole results as files: Parquet, Arrow, and CSV that is not read to its end."""

from __future__ import annotations

import gc
import io
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qanat.engines.duckdb.engine import DuckDbEngine
from qanat.errors import EngineUnavailableError, NotFoundError
from qanat.model.snapshot import Snapshot
from qanat.names import AttemptId, SnapshotId
from qanat.results import downloads
from qanat.results.csv import csv_page
from qanat.results.options import PageOptions
from qanat.results.pages import Pages
from tests.integration.results.conftest import MakePages, Store

COLUMNS = [("id", "bigint"), ("wei", "uint256"), ("tags", "array(varchar)")]
ROWS = "SELECT i::BIGINT AS id, i::BIGNUM AS wei, ['t' || i] AS tags FROM range({}, {}) AS t (i)"


@pytest.fixture(scope="module")
def one(store: Store) -> Snapshot:
    return store(COLUMNS, ROWS.format(0, 50_000))


@pytest.fixture(scope="module")
def three(store: Store) -> Snapshot:
    return store(COLUMNS, ROWS.format(0, 10), ROWS.format(10, 11), ROWS.format(11, 30))


def parquet(pages: Pages, snapshot: Snapshot, options: PageOptions | None = None) -> pa.Table:
    download = downloads.parquet(pages, snapshot, options)
    content = b"".join(downloads.chunks(download))
    assert len(content) == download.size_bytes
    assert download.file.closed
    return pq.read_table(io.BytesIO(content))


def arrow(pages: Pages, snapshot: Snapshot, options: PageOptions | None = None) -> pa.Table:
    download = downloads.parquet(pages, snapshot, options)
    content = b"".join(downloads.arrow(download))
    assert download.file.closed
    return pa.ipc.open_stream(content).read_all()


def test_a_result_in_one_file_is_that_file(
    pages: Pages, one: Snapshot, engine: DuckDbEngine
) -> None:
    download = downloads.parquet(pages, one)
    assert b"".join(downloads.chunks(download)) == engine.path(one.files[0]).read_bytes()


def test_several_files_are_one_in_their_order(pages: Pages, three: Snapshot) -> None:
    for table in (parquet(pages, three), arrow(pages, three)):
        assert table.column_names == ["id", "wei", "tags"]
        assert table["id"].to_pylist() == list(range(30))
        assert table["wei"].to_pylist()[:2] == ["0", "1"]
        assert table["tags"].to_pylist()[29] == ["t29"]


def test_a_download_may_be_filtered_sorted_and_of_some_columns(pages: Pages, one: Snapshot) -> None:
    options = PageOptions(filters="id < 3", sort_by="id desc", columns=("tags", "id"))
    for table in (parquet(pages, one, options), arrow(pages, one, options)):
        assert table.to_pydict() == {"tags": [["t2"], ["t1"], ["t0"]], "id": [2, 1, 0]}


@pytest.mark.parametrize("options", [None, PageOptions(columns=("wei",), sample_count=5)])
def test_nothing_is_a_file_with_columns(
    pages: Pages, store: Store, options: PageOptions | None
) -> None:
    empty = store(COLUMNS)
    for table in (parquet(pages, empty, options), arrow(pages, empty, options)):
        assert table.num_rows == 0
        assert table.column_names == (["wei"] if options else ["id", "wei", "tags"])


def test_arrow_comes_in_pieces_of_bounded_size(pages: Pages, one: Snapshot) -> None:
    pieces = list(downloads.arrow(downloads.parquet(pages, one)))
    assert len(pieces) > 3
    assert max(map(len, pieces)) < sum(map(len, pieces)) / 2
    assert pa.ipc.open_stream(b"".join(pieces)).read_all()["id"].to_pylist() == list(range(50_000))


def test_a_file_that_is_removed_while_it_is_read_is_read_to_its_end(
    make_pages: MakePages, three: Snapshot
) -> None:
    pages = make_pages(cache_bytes=0)  # the merged file goes as soon as it is open
    download = downloads.parquet(pages, three)
    assert pq.read_table(io.BytesIO(download.file.read()))["id"].to_pylist() == list(range(30))
    download.file.close()


def test_a_csv_that_is_left_early_lets_go_of_what_it_read(
    make_pages: MakePages, one: Snapshot, engine: DuckDbEngine
) -> None:
    """Closed, dropped, or never begun."""
    pages = make_pages(cache_bytes=0)
    options = PageOptions(sort_by="id desc")
    copies = engine.path(one.files[0]).parents[2] / "tmp"

    def left() -> int:
        return len(list(copies.glob("cache*/*.sibling.parquet")))

    before = left()
    page = csv_page(pages, one, options)
    assert next(page.chunks).startswith(b"id,wei,tags\n49999,")
    assert left() == before + 1
    page.chunks.close()
    assert left() == before

    page = csv_page(pages, one, options)
    next(page.chunks)
    del page
    gc.collect()
    assert left() == before

    page = csv_page(pages, one, options)
    del page
    gc.collect()
    assert left() == before


def test_a_csv_read_while_others_page_is_whole(pages: Pages, one: Snapshot) -> None:
    chunks = csv_page(pages, one, PageOptions()).chunks
    text = next(chunks)
    page = pages.page(one, PageOptions(limit=1, offset=49_999))
    assert json.loads(page.rows) == [{"id": 49_999, "wei": "49999", "tags": ["t49999"]}]
    lines = (text + b"".join(chunks)).splitlines()
    assert len(lines) == 50_001
    assert lines[-1] == b'49999,49999,"[""t49999""]"'


def test_rows_that_were_removed_are_not_found(pages: Pages, one: Snapshot) -> None:
    gone = replace(one, id=SnapshotId("gone"), files=(AttemptId("01J00000000000000000000000"),))
    with pytest.raises(NotFoundError):
        downloads.parquet(pages, gone)
    with pytest.raises(EngineUnavailableError) as caught:
        pages.page(gone, PageOptions())
    assert "/" not in str(caught.value)  # no path of ours
