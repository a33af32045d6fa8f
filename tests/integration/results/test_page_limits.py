"""Where a page ends before what was asked: by its rows, its bytes, its cells or the memory."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qanat.config import LimitSettings
from qanat.engines import Bound, Limits
from qanat.engines.duckdb.engine import DuckDbEngine
from qanat.errors import PaymentRequiredError
from qanat.model.snapshot import Snapshot
from qanat.names import AttemptId, SnapshotId, new_ulid
from qanat.results.csv import csv_page
from qanat.results.options import PageOptions
from qanat.results.pages import Pages
from tests.integration.results.conftest import MakePages, Store
from tests.integration.results.eighty import TOTAL

Row = dict[str, Any]


@pytest.mark.parametrize(
    "options",
    [PageOptions(limit=0), PageOptions(offset=TOTAL), PageOptions(offset=10**15, limit=5)],
)
def test_a_page_of_nothing_is_no_error_and_the_last(
    pages: Pages, snapshot: Snapshot, options: PageOptions
) -> None:
    page = pages.page(snapshot, options)
    assert (page.rows, page.row_count, page.next_offset) == (b"[]", 0, None)
    assert b"".join(csv_page(pages, snapshot, options).chunks) == b"id,word,half,wei,day\n"


def test_a_page_is_cut_where_its_bytes_end_and_the_next_goes_on_there(
    make_pages: MakePages, store: Store
) -> None:
    """Rows of very different length, some of which grow sixfold as JSON, one larger than a page."""
    snapshot = store(
        [("id", "bigint"), ("text", "varchar")],
        "SELECT i::BIGINT AS id, CASE WHEN i = 70 THEN repeat('x', 50000) WHEN i % 5 = 0 THEN"
        " repeat(chr(1), 300) ELSE repeat('é', i % 90) END AS text FROM range(200) AS t (i)",
    )
    pages = make_pages(page_bytes=4_000)
    for limit in (None, 150):
        rows: list[Row] = []
        options = PageOptions(limit=limit)
        while True:
            page = pages.page(snapshot, options)
            assert len(page.rows) <= 4_000 or page.row_count == 1
            rows += json.loads(page.rows)
            if page.next_offset is None:
                break
            assert page.row_count < 150
            options = replace(options, offset=page.next_offset)
        assert [row["id"] for row in rows] == list(range(200))
        assert len(rows[70]["text"]) == 50_000

    page_of_csv = csv_page(pages, snapshot, PageOptions(limit=150, offset=100))
    size = len(b"".join(page_of_csv.chunks))
    assert page_of_csv.next_offset is not None
    assert 100 < page_of_csv.next_offset < 200
    assert 2_000 < size < 5_000


def test_a_page_for_which_memory_does_not_suffice_is_a_shorter_page(tmp_path: Path) -> None:
    """Control characters take six bytes in JSON, so rows that fit by weight may not by size."""
    engine = DuckDbEngine(data_dir=tmp_path, slots=1, memory_bytes=1)
    try:
        file = AttemptId(new_ulid(datetime(2026, 1, 1, tzinfo=UTC)))
        written = engine.write(
            file,
            Bound(text="SELECT i AS id, repeat(chr(1), 3000000) AS t FROM range(32) AS t (i)"),
            Limits(threads=1, memory_bytes=1 << 30, time_s=60, result_bytes=1 << 30),
        )
        snapshot = Snapshot(
            id=SnapshotId("wide"),
            columns=written.columns,
            row_count=written.row_count,
            size_bytes=written.size_bytes,
            files=(file,),
        )
        pages = Pages(
            reader=engine.reader,
            path_of=engine.path,
            cache_dir=tmp_path / "tmp" / "pages",
            limits=LimitSettings(free_disk_bytes=0),
        )
        page = pages.page(snapshot, PageOptions())
    finally:
        engine.close()
    assert 1 <= page.row_count < 32
    assert page.next_offset == page.row_count
    assert json.loads(page.rows)[0] == {"id": 0, "t": "\x01" * 3_000_000}


def test_more_rows_than_a_page_may_have_are_lowered_silently(
    make_pages: MakePages, snapshot: Snapshot
) -> None:
    page = make_pages(page_rows=30).page(snapshot, PageOptions(limit=1000, offset=20))
    assert (page.row_count, page.next_offset) == (30, 50)
    assert make_pages(page_rows=30).page(snapshot, PageOptions()).row_count == TOTAL


def test_more_cells_than_allowed_must_be_paid_for_or_asked_for(
    make_pages: MakePages, snapshot: Snapshot
) -> None:
    pages = make_pages(cells_per_page=100)
    assert pages.page(snapshot, PageOptions(limit=20)).row_count == 20
    assert pages.page(snapshot, PageOptions(limit=100, columns=("id",))).row_count == 80
    for options in (PageOptions(limit=21), PageOptions(), PageOptions(filters="id < 21")):
        with pytest.raises(PaymentRequiredError):
            pages.page(snapshot, options)
        with pytest.raises(PaymentRequiredError):
            csv_page(pages, snapshot, options)
        assert pages.page(snapshot, replace(options, ignore_max_datapoints=True)).row_count > 20
