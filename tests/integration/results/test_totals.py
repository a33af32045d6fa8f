"""What a page says of the whole result: its rows and its bytes, whatever is asked."""

from __future__ import annotations

import pytest

from qanat.model.snapshot import Snapshot
from qanat.results.csv import csv_page
from qanat.results.options import PageOptions
from qanat.results.pages import Pages
from tests.integration.results.conftest import MakePages, Store
from tests.integration.results.eighty import TOTAL


def test_the_totals_are_of_the_whole_whatever_is_asked(pages: Pages, snapshot: Snapshot) -> None:
    """contract 6.3; a page's own figures are of what it returns."""
    whole = pages.page(snapshot, PageOptions())
    assert (whole.total_row_count, whole.row_count, whole.datapoint_count) == (TOTAL, TOTAL, 400)
    csv = sum(map(len, csv_page(pages, snapshot, PageOptions()).chunks))
    assert csv / 3 < whole.result_set_bytes < csv * 3
    assert whole.total_result_set_bytes == pytest.approx(whole.result_set_bytes, rel=0.01)
    for options in (
        PageOptions(limit=10, columns=("id",)),
        PageOptions(filters="id < 0"),
        PageOptions(sample_count=20),
        PageOptions(offset=10_000),
        PageOptions(limit=0),
    ):
        page = pages.page(snapshot, options)
        assert page.total_row_count == TOTAL
        assert page.total_result_set_bytes == whole.total_result_set_bytes
        assert (page.result_set_bytes == 0) is (page.row_count == 0)
        assert page.result_set_bytes < whole.result_set_bytes


def test_a_large_result_is_weighed_by_a_few_stretches_and_always_the_same(
    make_pages: MakePages, store: Store
) -> None:
    snapshot = store(
        [("id", "bigint"), ("text", "varchar")],
        "SELECT i::BIGINT AS id, repeat('x', i % 40) AS text FROM range(120000) AS t (i)",
        "SELECT i::BIGINT AS id, repeat('x', i % 40) AS text FROM range(1000) AS t (i)",
    )
    pages = make_pages()
    sizes = {
        pages.page(snapshot, PageOptions(limit=1, offset=at)).total_result_set_bytes
        for at in (0, 60_000, 120_500)
    }
    again = make_pages().page(snapshot, PageOptions(limit=1)).total_result_set_bytes
    assert sizes == {again}
    assert again == pytest.approx(121_000 * (10 + 19.5 + 2), rel=0.05)
