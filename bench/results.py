"""Pages and downloads of a 10-million-row result, each beside a plain way of doing the same.

    .venv/bin/python bench/results.py [--rows 10000000]

Pages are read through the worker processes that the server uses, without HTTP. Their baseline
reads the same rows with pyarrow and writes them with Python's json; that of the downloads is
DuckDB in this process writing the same CSV.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from _common import machine, median, rounds, table
from qanat.config import LimitSettings
from qanat.engines.duckdb.engine import DuckDbEngine
from qanat.model.snapshot import Snapshot
from qanat.model.types import Column
from qanat.names import AttemptId, SnapshotId
from qanat.results import downloads
from qanat.results.csv import csv_page
from qanat.results.options import PageOptions
from qanat.results.pages import Pages

PAGE = 32_000
FILE = AttemptId("01J00000000000000000000000")
COLUMNS = (
    Column("id", "bigint"),
    Column("block_time", "timestamp(3)"),
    Column("tx_hash", "varbinary"),
    Column("symbol", "varchar"),
    Column("amount_usd", "double"),
    Column("price", "decimal(18,3)"),
    Column("amount_raw", "uint256"),
    Column("is_buy", "boolean"),
)
ROWS = """SELECT i AS id, TIMESTAMP '2024-01-01' + INTERVAL (i % 31536000) SECOND AS block_time,
  unhex(md5(i::VARCHAR) || left(md5((i + 1)::VARCHAR), 8)) AS tx_hash,
  'token_' || (i % 977) AS symbol, (i * 7919 % 1000003) / 97.0::DOUBLE AS amount_usd,
  ((i * 7919) % 1000000007 / 1000)::DECIMAL(18,3) AS price,
  (i::HUGEINT * 1000000000000000000)::VARCHAR AS amount_raw, i % 3 = 0 AS is_buy
  FROM range({rows}) AS t (i)"""


def made(engine: DuckDbEngine, rows: int) -> Snapshot:
    path = engine.path(FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(
            f"COPY ({ROWS.format(rows=rows)}) TO '{path}' (FORMAT parquet, PARQUET_VERSION v2,"
            " COMPRESSION zstd, ROW_GROUP_SIZE 60000)"
        )
    return Snapshot(
        id=SnapshotId("bench"),
        columns=COLUMNS,
        row_count=rows,
        size_bytes=path.stat().st_size,
        files=(FILE,),
    )


def arrow_page(path: Path, offset: int) -> bytes:
    """The same page without a database: the row groups that hold it, then row by row."""
    file = pq.ParquetFile(path)
    groups, base, first = [], 0, None
    for group in range(file.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        if base < offset + PAGE and base + count > offset:
            groups.append(group)
            first = base if first is None else first
        base += count
    rows = file.read_row_groups(groups).slice(offset - (first or 0), PAGE).to_pylist()
    for row in rows:
        row["block_time"] = row["block_time"].isoformat(" ", "milliseconds")
        row["tx_hash"] = "0x" + row["tx_hash"].hex()
        row["price"] = str(row["price"])
    return json.dumps(rows, separators=(",", ":")).encode()


def same(ours: bytes, theirs: bytes) -> None:
    if json.loads(ours) != json.loads(theirs):
        sys.exit("the page and its baseline differ")


def pages_bench(pages: Pages, snapshot: Snapshot, path: Path) -> None:
    last = snapshot.row_count - PAGE
    pick = random.Random(1)
    places: dict[str, Callable[[], int]] = {
        "start": lambda: 0,
        "middle": lambda: snapshot.row_count // 2,
        "end": lambda: last,
        "random": lambda: pick.randrange(last),
    }
    same(pages.page(snapshot, PageOptions(limit=PAGE, offset=last)).rows, arrow_page(path, last))

    def ours(at: Callable[[], int]) -> Callable[[], object]:
        return lambda: pages.page(snapshot, PageOptions(limit=PAGE, offset=at()))

    def theirs(at: Callable[[], int]) -> Callable[[], object]:
        return lambda: arrow_page(path, at())

    contenders: dict[str, Callable[[], object]] = {}
    for name, place in places.items():
        contenders[name] = ours(place)
        contenders[f"{name}/arrow"] = theirs(place)
    taken = {name: median(seconds) * 1000 for name, seconds in rounds(contenders).items()}
    table(
        f"JSON page of {PAGE:,} rows, ms (target: under 150, the end no slower than the start)",
        ("where", "qanat", "pyarrow + json", "ratio"),
        [
            (
                name,
                f"{taken[name]:.0f}",
                f"{taken[f'{name}/arrow']:.0f}",
                f"{taken[name] / taken[f'{name}/arrow']:.2f}",
            )
            for name in places
        ],
    )


def orders_bench(pages: Pages, snapshot: Snapshot) -> None:
    """First pages of an order and of a filter, each time another one, and pages after them."""
    numbers = iter(range(10_000))

    def fresh(limit: int, offset: int, sort: str | None) -> None:
        filters = f"id >= {next(numbers)}"
        pages.page(snapshot, PageOptions(limit=limit, offset=offset, sort_by=sort, filters=filters))

    kept = PageOptions(limit=500, offset=5_000_000, sort_by="amount_usd desc")
    pages.page(snapshot, kept)
    contenders: dict[str, Callable[[], object]] = {
        "filtered, first 500 rows": lambda: fresh(500, 0, None),
        "sorted, first 500 rows": lambda: fresh(500, 0, "amount_usd desc"),
        "sorted, 500 rows in the middle, first time": lambda: fresh(500, 5_000_000, "amount_usd"),
        "sorted, 500 rows in the middle, again": lambda: pages.page(snapshot, kept),
    }
    taken = rounds(contenders, count=3, warm=False)
    table(
        "Sorted and filtered, ms",
        ("what", "qanat"),
        [(name, f"{median(seconds) * 1000:.0f}") for name, seconds in taken.items()],
    )


def downloads_bench(pages: Pages, snapshot: Snapshot, path: Path, place: Path) -> None:
    sizes: dict[str, int] = {}

    def ours() -> None:
        chunks = csv_page(pages, snapshot, PageOptions()).chunks
        sizes["csv"] = sum(map(len, chunks))

    def theirs() -> None:
        with duckdb.connect() as con:
            con.execute("SET threads=1")
            con.execute(f"COPY (FROM read_parquet('{path}')) TO '{place / 'x.csv'}' (FORMAT csv)")
        sizes["copy"] = (place / "x.csv").stat().st_size

    def parquet() -> None:
        sizes["parquet"] = sum(map(len, downloads.chunks(downloads.parquet(pages, snapshot))))

    def read() -> None:
        sizes["read"] = len(path.read_bytes())

    def arrow() -> None:
        sizes["arrow"] = sum(map(len, downloads.arrow(downloads.parquet(pages, snapshot))))

    names: dict[str, tuple[str, Callable[[], object]]] = {
        "csv": ("CSV", ours),
        "copy": ("  DuckDB COPY to a CSV file, one thread", theirs),
        "parquet": ("Parquet", parquet),
        "read": ("  reading the file at once", read),
        "arrow": ("Arrow", arrow),
    }
    taken = rounds({key: run for key, (_, run) in names.items()}, warm=False)
    table(
        f"Downloads of {snapshot.row_count:,} rows",
        ("what", "MB", "s", "MB/s"),
        [
            (
                name,
                f"{sizes[key] / 1e6:.0f}",
                f"{median(taken[key]):.2f}",
                f"{sizes[key] / 1e6 / median(taken[key]):.0f}",
            )
            for key, (name, _) in names.items()
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    print(f"bench/results.py: {machine()}")
    place = Path(tempfile.mkdtemp(prefix="qanat-bench-"))
    engine = DuckDbEngine(data_dir=place, slots=1)
    try:
        snapshot = made(engine, rows)
        path = engine.path(FILE)
        print(f"{rows:,} rows, {len(COLUMNS)} columns, {snapshot.size_bytes / 1e6:.0f} MB on disk")
        pages = Pages(
            reader=engine.reader,
            path_of=engine.path,
            cache_dir=place / "tmp" / "pages",
            limits=LimitSettings(),
        )
        pages_bench(pages, snapshot, path)
        orders_bench(pages, snapshot)
        downloads_bench(pages, snapshot, path, place)
    finally:
        engine.close()
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
