"""Pages in any size, one after another, are the whole: stored, sorted, filtered, JSON and CSV."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cmp_to_key
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qanat.config import LimitSettings
from qanat.engines import Bound, Limits
from qanat.engines.duckdb.engine import DuckDbEngine
from qanat.errors import PaymentRequiredError
from qanat.model.snapshot import Snapshot
from qanat.names import AttemptId, SnapshotId, new_ulid
from qanat.results.csv import csv_page
from qanat.results.options import PageOptions, parse_options, to_query
from qanat.results.pages import Pages
from tests.integration.results.conftest import MakePages, Store

Row = dict[str, Any]
COLUMNS: Final = (
    ("id", "bigint"),
    ("word", "varchar"),
    ("half", "double"),
    ("wei", "uint256"),
    ("day", "date"),
)
#: Keys repeat, so that ties occur; each has NULLs.
ROWS: Final = """SELECT i::BIGINT AS id,
  if(i % 7 = 0, NULL, 'w' || (i % 5)) AS word,
  CASE WHEN i % 11 = 0 THEN NULL WHEN i % 13 = 0 THEN 'nan'::DOUBLE ELSE (i % 9) / 2.0 END AS half,
  if(i % 6 = 0, NULL, (i * 7 % 12)::BIGNUM) AS wei,
  if(i % 4 = 0, NULL, DATE '2024-01-01' + (i % 3)::INTEGER) AS day
  FROM range({low}, {high}) AS t (i)"""
TOTAL: Final = 80
CUTS: Final = (0, 1, 1, 25, 57, TOTAL)  #: where files begin and end; one of them is empty

_slow = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _rows() -> list[Row]:
    return [
        {
            "id": i,
            "word": None if i % 7 == 0 else f"w{i % 5}",
            "half": None if i % 11 == 0 else "NaN" if i % 13 == 0 else (i % 9) / 2,
            "wei": None if i % 6 == 0 else str(i * 7 % 12),
            "day": None if i % 4 == 0 else f"2024-01-0{1 + i % 3}",
        }
        for i in range(TOTAL)
    ]


ALL: Final = _rows()


@pytest.fixture(scope="module", params=[1, 5], ids=["one file", "five files"])
def snapshot(request: pytest.FixtureRequest, store: Store) -> Snapshot:
    cuts = (0, TOTAL) if request.param == 1 else CUTS
    pairs = pairwise(cuts)
    return store(COLUMNS, *(ROWS.format(low=low, high=high) for low, high in pairs))


@pytest.fixture(scope="module")
def shared(make_pages: MakePages) -> Pages:
    """Pages whose cache is kept from example to example, with a head shorter than the rows."""
    return make_pages(head_rows=20)


def every_page(pages: Pages, snapshot: Snapshot, options: PageOptions) -> Iterator[list[Row]]:
    """Follow the next pages as a client does: by the query string that it is given."""
    while True:
        page = pages.page(snapshot, options)
        rows = json.loads(page.rows)
        assert page.row_count == len(rows)
        assert page.datapoint_count == len(rows) * len(page.columns)
        yield rows
        if page.next_offset is None:
            return
        assert rows
        query = parse_qs(to_query(options, page.next_offset), strict_parsing=True)
        options = parse_options(query, snapshot.columns, LimitSettings())


FILTERS: Final[dict[str | None, Callable[[Row], bool]]] = {
    None: lambda _: True,
    "id >= 40": lambda row: row["id"] >= 40,
    "word = 'w1' OR wei < 3": lambda row: (
        row["word"] == "w1" or (row["wei"] is not None and int(row["wei"]) < 3)
    ),
    "day = '2024-01-02'": lambda row: row["day"] == "2024-01-02",
    "id < 0": lambda _: False,
}


def _rank(name: str, held: str | float) -> tuple[float, str]:
    if name == "wei":
        return int(held), ""
    if held == "NaN":
        return math.inf, ""  # above every number
    return (0, held) if isinstance(held, str) else (held, "")


def in_order(rows: list[Row], sort_by: str | None) -> list[Row]:
    """Sort as Trino does: NULLs last both ways, NaN above all; equal rows keep their order."""
    keys = [part.split(" ") for part in (sort_by or "").split(",") if part]

    def compare(left: Row, right: Row) -> int:
        for name, *direction in keys:
            if left[name] is None or right[name] is None:
                if (left[name] is None) != (right[name] is None):
                    return 1 if left[name] is None else -1
                continue
            a, b = _rank(name, left[name]), _rank(name, right[name])
            if a != b:
                return (1 if a > b else -1) * (-1 if direction == ["desc"] else 1)
        return 0

    return sorted(rows, key=cmp_to_key(compare))


@st.composite
def orders(draw: st.DrawFn) -> str | None:
    names = draw(st.lists(st.sampled_from([name for name, _ in COLUMNS]), max_size=3, unique=True))
    ends = [draw(st.sampled_from(["", " asc", " desc"])) for _ in names]
    return ",".join(name + end for name, end in zip(names, ends, strict=True)) or None


@_slow
@given(
    limit=st.integers(1, 100),
    offset=st.integers(0, 90),
    sort_by=orders(),
    text=st.sampled_from(list(FILTERS)),
    columns=st.lists(st.sampled_from([name for name, _ in COLUMNS]), unique=True),
)
def test_pages_one_after_another_are_the_whole_in_its_order(
    shared: Pages,
    snapshot: Snapshot,
    limit: int,
    offset: int,
    sort_by: str | None,
    text: str | None,
    columns: list[str],
) -> None:
    options = PageOptions(
        limit=limit, offset=offset, sort_by=sort_by, filters=text, columns=tuple(columns)
    )
    wanted = in_order([row for row in ALL if FILTERS[text](row)], sort_by)[offset:]
    names = columns or [name for name, _ in COLUMNS]
    pages = list(every_page(shared, snapshot, options))

    assert [row for page in pages for row in page] == [
        {name: row[name] for name in names} for row in wanted
    ]
    assert all(list(row) == names for page in pages for row in page)
    passing = shared.page(snapshot, options).filtered_row_count
    assert passing == (None if text is None else sum(FILTERS[text](row) for row in ALL))
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


@_slow
@given(limit=st.integers(9, 100), sort_by=orders(), text=st.sampled_from(list(FILTERS)))
def test_csv_pages_hold_the_rows_of_json_pages(
    shared: Pages, snapshot: Snapshot, limit: int, sort_by: str | None, text: str | None
) -> None:
    """Each repeats the header line and ends with a newline, so they can be joined as text."""
    options = PageOptions(limit=limit, sort_by=sort_by, filters=text)
    lines: list[str] = []
    while True:
        page = csv_page(shared, snapshot, options)
        header, *rest = b"".join(page.chunks).decode().split("\n")
        assert header == "id,word,half,wei,day"
        assert rest.pop() == ""
        lines += rest
        assert page.next_offset == shared.page(snapshot, options).next_offset
        if page.next_offset is None:
            break
        options = replace(options, offset=page.next_offset)

    wanted = in_order([row for row in ALL if FILTERS[text](row)], sort_by)
    assert lines == [
        ",".join("<nil>" if value is None else str(value) for value in row.values())
        for row in wanted
    ]


def test_a_page_that_is_kept_is_the_page_that_was_made(make_pages: MakePages, store: Store) -> None:
    """Whatever is asked of it; what is filtered or sorted is never kept as a page."""
    held = store(COLUMNS, ROWS.format(low=0, high=20_000))
    pages = make_pages()
    for options in (
        PageOptions(limit=1_000, offset=7_500),
        PageOptions(limit=1_000, offset=19_500),
        PageOptions(limit=3, offset=1, columns=("word",)),
        PageOptions(limit=0),
    ):
        made = pages.page(held, options)
        assert pages.kept(held, options) == made
    assert pages.kept(held, PageOptions(limit=1_000, offset=0)) == pages.page(
        held, PageOptions(limit=1_000, offset=0)
    )
    small = store(COLUMNS, ROWS.format(low=0, high=5))
    assert pages.kept(small, PageOptions()) is None
    assert pages.page(small, PageOptions()) == pages.kept(small, PageOptions())
    for options in (PageOptions(limit=10, filters="id > 5"), PageOptions(limit=10, sort_by="id")):
        pages.page(held, options)
        assert pages.kept(held, options) is None
    paid = make_pages(cells_per_page=10)
    paid.page(held, PageOptions(limit=1))
    with pytest.raises(PaymentRequiredError):
        paid.kept(held, PageOptions(limit=1_000))


def test_a_whole_result_is_one_csv(pages: Pages, snapshot: Snapshot) -> None:
    page = csv_page(pages, snapshot, PageOptions())
    assert page.next_offset is None
    lines = b"".join(page.chunks).decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["id", *map(str, range(TOTAL))]


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


def test_an_emptied_table_has_columns_and_no_rows(pages: Pages, store: Store) -> None:
    empty = store(COLUMNS)
    for options in (PageOptions(), PageOptions(sort_by="id", filters="id = 1", sample_count=3)):
        page = pages.page(empty, options)
        assert (page.rows, page.next_offset, page.total_row_count) == (b"[]", None, 0)
        assert len(page.columns) == len(COLUMNS)
        assert b"".join(csv_page(pages, empty, options).chunks) == b"id,word,half,wei,day\n"


def test_a_table_of_many_small_inserts_is_read_in_order(pages: Pages, store: Store) -> None:
    many = store([("id", "bigint")], *(f"SELECT {i}::BIGINT AS id" for i in range(40)))
    page = pages.page(many, PageOptions(offset=5, limit=30))
    assert [row["id"] for row in json.loads(page.rows)] == list(range(5, 35))
    assert page.next_offset == 35
    assert b"".join(csv_page(pages, many, PageOptions(offset=37)).chunks) == b"id\n37\n38\n39\n"


def test_a_sample_is_some_of_the_rows_in_their_order(make_pages: MakePages, store: Store) -> None:
    snapshot = store([("id", "bigint")], "SELECT i::BIGINT AS id FROM range(20000) AS t (i)")
    pages = make_pages()
    page = pages.page(snapshot, PageOptions(sample_count=1000))
    ids = [row["id"] for row in json.loads(page.rows)]
    assert 800 < len(ids) < 1200
    assert ids == sorted(set(ids))
    assert 8_000 < sum(ids) / len(ids) < 12_000  # from everywhere
    assert page.next_offset is None
    assert pages.page(snapshot, PageOptions(sample_count=20_000)).row_count == 20_000
    assert pages.page(snapshot, PageOptions(sample_count=0)).rows == b"[]"
    down = pages.page(snapshot, PageOptions(sample_count=1000, sort_by="id desc", columns=("id",)))
    assert [row["id"] for row in json.loads(down.rows)] == ids[::-1]


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


def test_a_columns_name_is_only_ever_a_name(pages: Pages, store: Store) -> None:
    """Names come from users' SQL; they meet no name and no quote of ours."""
    names = ['x" OR true --', "'); DROP TABLE t; --", "$n", "$n0", "$N_", "n", "c0", "s", "stop"]
    listed = ", ".join(f'i AS "{name.replace(chr(34), chr(34) * 2)}"' for name in names)
    held = store([(name, "bigint") for name in names], f"SELECT {listed} FROM range(9) AS t (i)")
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        page = pages.page(
            held, PageOptions(limit=2, filters=f"{quoted} < 5", sort_by=f"{quoted} desc")
        )
        assert [list(row.values()) for row in json.loads(page.rows)] == [[4] * 9, [3] * 9]
        only = csv_page(pages, held, PageOptions(columns=(name,), filters=f"{quoted} = 8"))
        assert b"".join(only.chunks).endswith(b"\n8\n")
