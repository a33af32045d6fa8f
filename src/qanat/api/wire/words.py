"""The closed lists of words that answers use and no other module names.

An answer's field that is of one of them, or of an enumeration of the model, says so in its type:
the document then lists what a client may meet. Requests stay text, so that a wrong word is refused
with our own sentence.
"""

from __future__ import annotations

from typing import Literal, cast

Tier = Literal["small", "medium", "large"]
Trigger = Literal["api", "schedule", "dashboard"]  #: what started a run
QueryState = Literal[
    "QUERY_STATE_PENDING",
    "QUERY_STATE_EXECUTING",
    "QUERY_STATE_COMPLETED",
    "QUERY_STATE_FAILED",
    "QUERY_STATE_CANCELLED",
    "QUERY_STATE_EXPIRED",
]


def tier_word(stored: str) -> Tier:
    """Return a tier as the wire has it; only `model.pipeline.tier_of` lets one be stored."""
    return cast("Tier", stored)
