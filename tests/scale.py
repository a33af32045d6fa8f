"""How often tests repeat themselves: small numbers by default, an issue's own with SCALE=full."""

from __future__ import annotations

import os


def scaled(small: int, full: int) -> int:
    """Return how many repetitions this run of the tests makes."""
    return full if os.environ.get("QANAT_TEST_SCALE") == "full" else small
