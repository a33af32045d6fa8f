"""Nothing but the three small grammars gets through."""

from __future__ import annotations

import time
from typing import Final

import pytest

from qanat.config import LimitSettings
from qanat.errors import InvalidRequestError
from qanat.model.types import Column
from qanat.results.options import parse_options
from tests.unit.results.hostile import COLUMNS, FILTERS, SORTS

HELD: Final = (
    Column("id", "bigint"),
    Column("name", "varchar"),
    Column("hash", "varbinary"),
    Column("at", "timestamp(3)"),
)


@pytest.mark.parametrize(
    ("option", "text"),
    [
        *(("filters", text) for text in FILTERS),
        *(("sort_by", text) for text in SORTS),
        *(("columns", text) for text in COLUMNS),
    ],
    ids=lambda text: text[:40].encode("unicode_escape").decode(),
)
def test_a_hostile_text_is_refused_quickly_and_says_which_option_is_meant(
    option: str, text: str
) -> None:
    started = time.process_time()
    with pytest.raises(InvalidRequestError, match=f"^{option}: "):
        parse_options({option: [text]}, HELD, LimitSettings())
    assert time.process_time() - started < 1
