"""Who is at fault for an error of the engine, which decides whether trying again can help."""

from __future__ import annotations

import duckdb
import pytest

from qanat.engines.duckdb.faults import fault_of


@pytest.mark.parametrize(
    ("error", "blame"),
    [
        (
            duckdb.IOException("IO Error: Parquet files do not support negative intervals"),
            "statement",
        ),
        (duckdb.IOException("IO Error: A file does not support such values"), "statement"),
        (
            duckdb.NotImplementedException("Empty STRUCT columns are not supported in Parquet"),
            "statement",
        ),
        (duckdb.IOException('IO Error: Could not write "x": No space left on device'), "engine"),
        (duckdb.IOException('IO Error: Cannot open file "x": No such file or directory'), "engine"),
        (duckdb.IOException("IO Error: No magic bytes found at end of file 'x'"), "engine"),
        (duckdb.IOException("IO Error: failed to allocate data of size 1.0 GiB"), "memory"),
        (duckdb.InternalException("INTERNAL Error: Attempted to access index 1"), "engine"),
    ],
)  # fmt: skip
def test_what_a_file_cannot_hold_is_the_fault_of_the_statement(
    error: duckdb.Error, blame: str
) -> None:
    """Another attempt would meet it again. What the disk says may be another thing next time."""
    assert fault_of(error).blame == blame
