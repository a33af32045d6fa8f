"""The first rows of any relation as JSON: stored rows and mounted files alike."""

# ruff: noqa: S608  # statements are made of numbers, our own names and what is quoted
from __future__ import annotations

from dataclasses import dataclass

from qanat.engines import Reader, Relation
from qanat.engines.duckdb.scan import quoted, scan
from qanat.results.encode import row_json
from qanat.results.rows import names


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Some rows of a relation."""

    rows: bytes  #: a JSON array of objects
    row_count: int


def sample(
    reader: Reader, relation: Relation, *, limit: int, most_bytes: int, time_s: float
) -> Sample:
    """Return the first rows, fewer than `limit` if more of them pass `most_bytes`.

    Raises:
        LimitExceededError: Reading took too long or too much memory.
        EngineUnavailableError: The worker died, or the files are gone; asking again can help.
    """
    if not relation.files or not relation.columns:
        return Sample(rows=b"[]", row_count=0)
    called = names(relation.columns)
    listed = ", ".join(
        f"{quoted(column.name)} AS {name}"
        for column, name in zip(relation.columns, called, strict=True)
    )
    first = f"SELECT {listed} FROM {scan(relation)} LIMIT {limit}"
    numbered = f"SELECT {row_json(relation.columns, called)} AS r, row_number() OVER () AS n"
    weighed = "SELECT r, n, sum(strlen(r)) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) AS s"
    text, count = reader.text(
        f"SELECT '[' || string_agg(r, ',' ORDER BY n) || ']', count(*)"
        f" FROM ({weighed} FROM ({numbered} FROM ({first}))) WHERE s <= {most_bytes}",
        time_s,
    )
    return Sample(rows=text or b"[]", row_count=int(count or b"0"))
