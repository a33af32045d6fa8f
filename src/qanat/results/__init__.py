"""Rows that were written, read back for people: pages, filters, JSON, CSV, Parquet, Arrow."""
