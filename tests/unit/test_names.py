"""Ids and names: what their texts may be."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.clock import from_us, to_us
from qanat.names import dune_label, is_handle, is_ulid, new_ulid

moments = st.integers(0, 253_370_764_800_000_000).map(from_us)  # to the year 9999


@given(now=moments)
def test_a_new_id_is_a_ulid_and_no_two_are_the_same(now: datetime) -> None:
    first, second = new_ulid(now), new_ulid(now)

    assert is_ulid(first)
    assert first != second
    assert first[:10] == second[:10]  # stamped with the same moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01JD8K3N5Q8R7T2V4W6X8Y0Z1",  # 25
        "01JD8K3N5Q8R7T2V4W6X8Y0Z1AA",  # 27
        "01jd8k3n5q8r7t2v4w6x8y0z1a",  # lower case
        "81JD8K3N5Q8R7T2V4W6X8Y0Z1A",  # past the greatest
        "01JD8K3N5Q8R7T2V4W6X8Y0Z1I",  # no letter of the alphabet
        "01JD8K3N5Q8R7T2V4W6X8Y0Z1A\n",
        "../../../etc/passwd",
    ],
)
def test_what_could_lead_elsewhere_is_no_ulid(text: str) -> None:
    assert not is_ulid(text)


@given(text=st.text(max_size=70))
def test_a_handle_is_what_sql_can_name_unquoted_or_it_is_refused(text: str) -> None:
    assert is_handle(text) == bool(re.fullmatch("[a-z0-9_]{1,64}", text))


@pytest.mark.parametrize("text", ["", "Me", "a-b", "a.b", "me\n", "é", "a" * 65])
def test_a_handle_that_sql_could_not_name_is_refused(text: str) -> None:
    assert not is_handle(text)


def test_labels_fold_to_lower_case() -> None:
    assert dune_label("Acme", "Result_Trades") == "dune.acme.result_trades"


@given(us=st.integers(0, 253_370_764_800_000_000))
def test_the_store_keeps_every_microsecond(us: int) -> None:
    assert to_us(from_us(us)) == us
