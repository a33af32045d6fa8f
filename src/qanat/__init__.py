"""Qanat: a self-hosted query-pipeline server."""

__version__ = "0.1.0"
