"""What is shown to be copied can be read."""

from __future__ import annotations

import pytest
from sqlglot.dialects.trino import Trino

from qanat.names import Label
from qanat.sql.interface import Reference, ViewedQuery
from qanat.sql.lineage import lineage
from qanat.sql.quoting import RESERVED, written

WORDS = sorted(
    RESERVED
    | {word.lower() for word in Trino.Tokenizer.KEYWORDS if word.replace("_", "").isalpha()}
)


def _none(reference: Reference) -> ViewedQuery:
    raise AssertionError(reference)


@pytest.mark.parametrize("name", ["dune.1inch.prices", "dune.me.prices", "dune.a_1._x"])
def test_a_label_is_quoted_where_it_must_be(name: str) -> None:
    read = lineage(f"SELECT * FROM {written(Label(name))} LIMIT 10", {}, _none)
    assert list(read.relations) == [name]
    assert ('"' in written(Label(name))) == ("1inch" in name)


def test_every_keyword_may_be_the_name_of_a_table() -> None:
    unread = []
    for word in WORDS:
        label = Label(f"dune.me.{word}")
        if list(lineage(f"SELECT * FROM {written(label)} LIMIT 10", {}, _none).relations) != [
            label
        ]:
            unread.append(word)
    assert unread == []
