"""Nothing reaches an engine that is not one safe query of known names."""

from __future__ import annotations

import pytest

from qanat.errors import SqlRejectedError
from tests.unit.sql.catalog import compiled
from tests.unit.sql.refused import REFUSED


def test_the_list_of_attempts_is_long_enough() -> None:
    """The issue asks for at least 80 written attempts."""
    assert len(set(REFUSED)) == len(REFUSED) >= 80


@pytest.mark.parametrize("sql", REFUSED)
def test_an_attempt_is_refused_with_a_message(sql: str) -> None:
    """Whatever the way in, the compiler makes no template of it."""
    with pytest.raises(SqlRejectedError) as caught:
        compiled(sql)
    assert caught.value.message
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("sql", REFUSED)
def test_an_attempt_is_refused_through_a_parameter_too(sql: str) -> None:
    """Substitution comes before parsing, so that a value is judged like any other text."""
    with pytest.raises(SqlRejectedError):
        compiled("{{p}}", p=sql)
    with pytest.raises(SqlRejectedError):
        compiled("SELECT * FROM ({{p}}) AS t", p=sql)
