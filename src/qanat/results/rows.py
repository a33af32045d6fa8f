"""Rows in files, as relations of a statement.

A result's columns keep their own names here only where a filter or a sort key reads them; a range
renames them to `c0`, `c1`, … so that no name of a user meets one of ours.
"""

# ruff: noqa: S608  # statements are made of numbers, our own names and what is quoted
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qanat.engines.duckdb.scan import file_list, quoted
from qanat.model.types import Columns
from qanat.results.encode import row_weight

#: Where DuckDB offers the number of a row, unless the file has a column of that name.
_ROW, _FILE = "file_row_number", "file_index"
_ROWS_PER_FILE: Final = 1 << 40  #: more than a file holds; file and row make one number
_MOST_BRANCHES: Final = 32  #: of one statement; a span of more files is of small ones
_PROBES: Final = 8
_PROBE_ROWS: Final = 4096
COUNTED_ROWS: Final = 50_000  #: a result of no more is weighed whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Rows that lie in Parquet files, in the order of the files and of the rows in each."""

    columns: Columns
    files: tuple[Path, ...]
    counts: tuple[int, ...]  #: rows of each file

    @property
    def total(self) -> int:
        """Return how many rows there are."""
        return sum(self.counts)

    def parts(self, low: int, high: int) -> Iterator[Part]:
        """Return the pieces of files that hold rows `low` to `high`, not included, in order."""
        base = 0
        for file, count in zip(self.files, self.counts, strict=True):
            first, end = max(low - base, 0), min(high - base, count)
            if first < end:
                yield Part(file, first, end, base)
            base += count


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring rows of one file."""

    file: Path
    first: int  #: counted in the file
    end: int  #: the row after the last one
    base: int  #: the number of the file's row 0 in the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Neighbouring rows, and the columns of them that are wanted."""

    stored: Stored
    columns: Columns  #: in the order that is wanted
    low: int
    high: int  #: the row after the last one


def names(columns: Columns) -> tuple[str, ...]:
    """Return what the columns of a range are called."""
    return tuple(f"c{at}" for at in range(len(columns)))


def span_sql(span: Span) -> str:
    """Return the rows of a span, which has some, as `c0`, …, with their number as `n`."""
    parts = list(span.stored.parts(span.low, span.high))
    if len(parts) > _MOST_BRANCHES:
        return _counted_sql(span.columns, [part.file for part in parts], parts[0].base, span)
    return " UNION ALL ".join(_part_sql(span.stored, span.columns, part) for part in parts)


def relation_sql(columns: Columns, files: Sequence[Path]) -> tuple[str, str]:
    """Return all rows of the files under their own names, and what their number is called.

    No column's name begins with that name.
    """
    name = "$n"
    while any(column.name.lower().startswith(name) for column in columns):
        name += "_"
    listed = ", ".join(quoted(column.name) for column in columns)
    if _hidden(columns):
        number = "row_number() OVER ()"
    else:
        number = _ROW if len(files) == 1 else f"{_FILE} * {_ROWS_PER_FILE} + {_ROW}"
    return f"SELECT {listed}, {number} AS {quoted(name)} FROM {scan_sql(files)}", name


def scan_sql(files: Sequence[Path]) -> str:
    """Return a table function that reads the files, of which there are some, in order."""
    return f"read_parquet({file_list(tuple(map(str, files)))})"


def total_weight_sql(stored: Stored) -> str:
    """Return a statement for the mean bytes of a row's raw text.

    Of a large result it reads a few stretches, always the same ones: an estimate is enough, but
    every page must show the same one.
    """
    columns = stored.columns
    if stored.total <= COUNTED_ROWS:
        ranges = [f"SELECT {_listed(columns)} FROM {scan_sql(stored.files)}"]
    else:
        ranges = []
        for probe in range(_PROBES):
            low = stored.total * probe // _PROBES
            part = next(stored.parts(low, min(low + _PROBE_ROWS, stored.total)))
            ranges.append(_part_sql(stored, columns, part))
    fixed, measured = row_weight(columns, names(columns))
    return f"SELECT {fixed} + avg({measured}) FROM ({' UNION ALL '.join(ranges)})"


def cut_sql(span: Span, cap: int, extra: int) -> str:
    """Return a statement for how far the rows of a span fit into `cap` bytes.

    It gives `stop`, the number after the last row that fits, at least one row on; and `bytes`, the
    raw text of those rows. `extra` are bytes that each row has beside its raw text.
    """
    fixed, measured = row_weight(span.columns, names(span.columns))
    count = f"greatest(count(*) FILTER (s <= {cap}), 1)"
    return (
        f"SELECT {span.low} + {count} AS stop,"
        f" coalesce(max(s) FILTER (s <= {cap}), min(s)) - {extra} * {count} AS bytes"
        f" FROM (SELECT sum({fixed + extra} + {measured}) OVER"
        f" (ORDER BY n ROWS UNBOUNDED PRECEDING) AS s FROM ({span_sql(span)}))"
    )


def _part_sql(stored: Stored, columns: Columns, part: Part) -> str:
    if _hidden(stored.columns):
        span = Span(
            stored=stored, columns=columns, low=part.base + part.first, high=part.base + part.end
        )
        return _counted_sql(columns, [part.file], part.base, span)
    return (
        f"SELECT {_listed(columns)}, {_ROW} + {part.base} AS n FROM {scan_sql([part.file])}"
        f" WHERE {_ROW} >= {part.first} AND {_ROW} < {part.end}"
    )


def _counted_sql(columns: Columns, files: Sequence[Path], base: int, span: Span) -> str:
    """Return the rows of a span by counting those of whole files; the first one's row 0 is `base`.

    Every row is read to be counted, so this is for small files and for names that hide the number.
    """
    counted = (
        f"SELECT {_listed(columns)}, row_number() OVER () - 1 + {base} AS n FROM {scan_sql(files)}"
    )
    return f"SELECT * FROM ({counted}) WHERE n >= {span.low} AND n < {span.high}"


def _listed(columns: Columns) -> str:
    pairs = zip(columns, names(columns), strict=True)
    return ", ".join(f"{quoted(column.name)} AS {name}" for column, name in pairs)


def _hidden(columns: Columns) -> bool:
    """Return whether a column hides the number that DuckDB would give."""
    return any(column.name.lower() in (_ROW, _FILE) for column in columns)
