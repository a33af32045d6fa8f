"""What the Go client and the `dune` command demand of an answer before they believe it.

Their decoders are strict where others are not (contract sections 3, 6 and 18): an answer that
breaks one of these rules ends their program or makes them poll for ever.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tests.clients import go_types

TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
ULID: Final = re.compile("01[0-9A-HJKMNP-TV-Z]{24}")


def started(answer: dict[str, Any]) -> str:
    """Check the answer to an execute call; the execution's id."""
    assert ULID.fullmatch(answer["execution_id"])
    assert answer["state"].startswith("QUERY_STATE_")
    return str(answer["execution_id"])


def _times(answer: dict[str, Any]) -> None:
    state = answer["state"]
    assert state.startswith("QUERY_STATE_")
    for name, value in answer.items():
        if name.endswith("_at"):
            assert TIME.fullmatch(value), f"{name}: {value}"
    assert ("cancelled_at" in answer) == (state == "QUERY_STATE_CANCELLED")
    if state == "QUERY_STATE_COMPLETED":
        assert "execution_ended_at" in answer


def status(answer: dict[str, Any]) -> None:
    """Check the status of an execution."""
    go_types.decodes(answer, go_types.STATUS)
    assert answer["execution_id"]
    assert type(answer["query_id"]) is int
    _times(answer)
    assert ("result_metadata" in answer) == (answer["state"] == "QUERY_STATE_COMPLETED")


def results(answer: dict[str, Any]) -> None:
    """Check a page of results."""
    go_types.decodes(answer, go_types.RESULTS)
    assert type(answer["is_execution_finished"]) is bool
    _times(answer)
    if answer["state"] == "QUERY_STATE_COMPLETED":
        metadata = answer["result"]["metadata"]
        assert len(answer["result"]["rows"]) == metadata["row_count"]
        assert len(metadata["column_names"]) == len(metadata["column_types"])
    else:
        assert "result" not in answer
    assert ("next_offset" in answer) == ("next_uri" in answer)


def no_nulls(answer: object) -> None:
    """Check that a field is absent rather than null; rows and kept options may hold them."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            assert value is not None, name
            if name not in ("rows", "options"):
                no_nulls(value)
    elif isinstance(answer, list):
        for value in answer:
            no_nulls(value)
