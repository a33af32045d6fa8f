"""DuckDB's words for what a statement means: names, types, conversions, operators, functions."""
