"""Pages in any size, one after another, are the whole: stored, sorted, filtered, JSON and CSV."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cmp_to_key
from typing import Any, Final
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qanat.config import LimitSettings
from qanat.errors import PaymentRequiredError
from qanat.model.snapshot import Snapshot
from qanat.results.csv import csv_page
from qanat.results.options import PageOptions, parse_options, to_query
from qanat.results.pages import Pages
from tests.integration.results.conftest import MakePages, Store
from tests.integration.results.eighty import COLUMNS, ROWS, TOTAL

Row = dict[str, Any]
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
