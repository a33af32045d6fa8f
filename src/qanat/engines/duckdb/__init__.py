"""DuckDB, embedded: the engine and its reader. DuckDB itself runs only in worker processes."""

from qanat.engines.duckdb.engine import DuckDbEngine
from qanat.engines.duckdb.reader import DuckDbReader

__all__ = ["DuckDbEngine", "DuckDbReader"]
