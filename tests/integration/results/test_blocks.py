"""Pages cut out of blocks are, byte for byte, those that a statement of their own would give."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Final

import pytest

from qanat.engines import Reader
from qanat.engines.duckdb.engine import DuckDbEngine
from qanat.results.blocks import BLOCK_ROWS, FEWEST_ROWS, Blocks, Rows
from qanat.results.pages import Pages
from qanat.results.rows import Span, Stored
from tests.integration.results.conftest import MakePages, Store

CAP: Final = 100_000_000
#: What a row is said to weigh: so little that blocks are made; too much for a block; so much that
#: a page is asked for where it must end.
SHORT, ALONE, CUT = 10.0, 600.0, 1e9
TOTAL: Final = 2 * BLOCK_ROWS + 4_000
COLUMNS: Final = (
    ("id", "bigint"),
    ("text", "varchar"),
    ("price", "decimal(18,3)"),
    ("half", "double"),
    ("at", "timestamp(3) with time zone"),
    ("list", "array(varchar)"),
    ("raw", "varbinary"),
)
#: Texts with all that has to be escaped, and with line feeds, which part the rows of a block.
ROWS: Final = """SELECT i::BIGINT AS id,
  CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN chr(10) || '"é' || i || chr(92) || chr(13)
    WHEN 2 THEN '}},{{"id":' || i ELSE repeat(chr(1), i % 9) END AS text,
  CAST(i / 8 AS DECIMAL(18, 3)) AS price,
  CASE WHEN i % 5 = 0 THEN 'inf'::DOUBLE ELSE i / 7.0 END AS half,
  TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_milliseconds(i * 1001) AS at,
  CASE WHEN i % 3 = 0 THEN NULL ELSE ['a' || chr(10), NULL, 'b' || i] END AS list,
  encode('x' || i) AS raw FROM range({low}, {high}) AS t (i)"""


class Counted:
    """A real reader, which notes the statements that it was given."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.asked: list[str] = []
        self.write, self.csv = reader.write, reader.csv  # as they are

    def text(self, sql: str, time_s: float) -> tuple[bytes | None, ...]:
        """Return what the reader returns."""
        self.asked.append(sql)
        return self._reader.text(sql, time_s)


@pytest.fixture
def counted(engine: DuckDbEngine) -> Counted:
    return Counted(engine.reader)


@pytest.fixture
def blocks(counted: Counted) -> Blocks:
    """Blocks that hold nothing yet."""
    return Blocks(reader=counted, time_s=60, cap=CAP)


@pytest.fixture(scope="module", params=[1, 3], ids=["one file", "three files"])
def stored(request: pytest.FixtureRequest, store: Store, make_pages: MakePages) -> Stored:
    cuts = [0, TOTAL] if request.param == 1 else [0, 5_000, BLOCK_ROWS + 1, TOTAL]
    statements = [ROWS.format(low=low, high=high) for low, high in pairwise(cuts)]
    return make_pages().arranger.stored(store(COLUMNS, *statements))


def _span(stored: Stored, low: int, high: int) -> Span:
    return Span(stored=stored, columns=stored.columns, low=low, high=high)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0, 1000), (BLOCK_ROWS - 1, BLOCK_ROWS + 99), (BLOCK_ROWS, BLOCK_ROWS + 1000),
        (3, 3 + BLOCK_ROWS), (TOTAL - 100, TOTAL), (2 * BLOCK_ROWS - 1, TOTAL),
    ],
)  # fmt: skip
def test_rows_are_the_same_however_they_are_made(
    blocks: Blocks, counted: Counted, stored: Stored, low: int, high: int
) -> None:
    """Out of blocks (at their edges, across them, at the end), alone, and cut where bytes end."""
    span = _span(stored, low, high)
    cut = Blocks(reader=counted, time_s=60, cap=CAP).read(span, CUT)
    assert [row["id"] for row in json.loads(b"[%b]" % cut.text)] == list(range(low, high))
    assert cut.count == high - low
    assert Blocks(reader=counted, time_s=60, cap=CAP).read(span, ALONE) == cut
    before = len(counted.asked)
    assert blocks.read(span, SHORT) == cut
    assert len(counted.asked) - before == (high - 1) // BLOCK_ROWS - low // BLOCK_ROWS + 1


def test_columns_that_are_chosen_have_blocks_of_their_own(blocks: Blocks, stored: Stored) -> None:
    whole, some = _span(stored, 0, 200), stored.columns[5:3:-1]
    assert list(json.loads(b"[%b]" % blocks.read(whole, SHORT).text)[0]) == [
        name for name, _ in COLUMNS
    ]
    chosen = blocks.read(replace(whole, columns=some), SHORT)
    assert list(json.loads(b"[%b]" % chosen.text)[0]) == ["list", "at"]


def test_who_pages_through_a_result_has_a_statement_made_a_block(
    blocks: Blocks, counted: Counted, stored: Stored
) -> None:
    for _ in range(2):
        for low in range(0, TOTAL, 1_000):
            assert blocks.read(_span(stored, low, low + 1_000), SHORT).count == 1_000
    assert len(counted.asked) == TOTAL // BLOCK_ROWS + 1


def test_a_few_rows_are_read_alone_unless_their_block_is_there(
    blocks: Blocks, counted: Counted, stored: Stored
) -> None:
    first = blocks.read(_span(stored, 7, 8), SHORT)
    assert blocks.read(_span(stored, 7, 8), SHORT) == first
    assert len(counted.asked) == 1
    blocks.read(_span(stored, 0, FEWEST_ROWS), SHORT)
    assert [
        row["id"] for row in json.loads(b"[%b]" % blocks.read(_span(stored, 9, 11), SHORT).text)
    ] == [9, 10]
    assert len(counted.asked) == 2


def test_a_block_that_would_be_too_large_is_not_made_again(
    blocks: Blocks, counted: Counted, store: Store, pages: Pages
) -> None:
    """Nothing told beforehand that its rows are long; its pages are read one by one."""
    long = pages.arranger.stored(
        store(
            [("text", "varchar")],
            f"SELECT repeat('x', 2000) || i AS text FROM range({BLOCK_ROWS + 1}) AS t (i)",
        )
    )
    for low in (0, 200):
        assert blocks.read(_span(long, low, low + 200), SHORT).count == 200
    assert len(counted.asked) == 3


def test_a_page_that_many_ask_for_at_once_is_made_once(
    blocks: Blocks, counted: Counted, stored: Stored
) -> None:
    with ThreadPoolExecutor(8) as threads:
        read = [threads.submit(blocks.read, _span(stored, 0, 500), SHORT) for _ in range(16)]
        assert len({one.result().text for one in read}) == 1
    assert len(counted.asked) == 1


def test_what_was_made_is_had_at_once_and_nothing_else(blocks: Blocks, stored: Stored) -> None:
    """No statement is waited for on the event loop."""
    for low, high in ((0, 1_000), (BLOCK_ROWS + 5, BLOCK_ROWS + 6), (BLOCK_ROWS, TOTAL)):
        span = _span(stored, low, high)
        assert blocks.kept(span) is None
        made = blocks.read(span, SHORT)
        assert blocks.kept(span) == made
    assert blocks.kept(_span(stored, 0, TOTAL)) is None
    assert blocks.kept(_span(stored, 9, 9)) == Rows(b"", 0, 0)
