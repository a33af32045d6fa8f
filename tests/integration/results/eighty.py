"""Eighty rows for pages: where keys repeat and have NULLs, and where files of them may end."""

from __future__ import annotations

from typing import Final

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
