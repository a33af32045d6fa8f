"""The query string of a result: read, checked, and written for the next page."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.config import LimitSettings
from qanat.errors import InvalidRequestError
from qanat.model.types import Column, Columns
from qanat.results.columns import columns_text, parse_columns
from qanat.results.options import PageOptions, parse_options, to_query

HELD: Final = (
    Column("id", "bigint"),
    Column("Name", "varchar"),
    Column("a, b", "varchar"),
    Column('say "hi"', "varchar"),
    Column("back\\slash", "varchar"),
    Column(" space ", "varchar"),
    Column("🦆", "varchar"),
)


def read(held: Columns = HELD, /, **query: str) -> PageOptions:
    return parse_options({name: [value] for name, value in query.items()}, held, LimitSettings())


def test_nothing_asked_is_the_whole_result() -> None:
    assert read() == PageOptions()


def test_options_that_are_not_ours_are_ignored() -> None:
    assert read(api_key="x", performance="large", **{"params.day": "1"}) == PageOptions()


@pytest.mark.parametrize("name", ["limit", "offset", "sample_count"])
@pytest.mark.parametrize(
    "text", ["", "-1", "1.5", "x", "1e3", "0x1", " 1", "1 ", "+1", "\u0661", "9" * 101]
)
def test_a_number_is_whole_and_not_negative(name: str, text: str) -> None:
    with pytest.raises(InvalidRequestError, match=name):
        read(**{name: text})


def test_a_huge_limit_is_a_limit_that_is_lowered_later() -> None:
    assert (read(limit="9" * 100).limit or 0) > 10**15


@pytest.mark.parametrize("name", ["allow_partial_results", "ignore_max_datapoints_per_request"])
@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("TRUE", True), ("1", True), ("False", False), ("0", False), ("false", False)],
)
def test_a_flag_is_read_in_any_case(name: str, text: str, value: bool) -> None:
    options = read(**{name: text})
    assert value in (options.allow_partial_results, options.ignore_max_datapoints)
    assert (options == PageOptions()) is not value


@pytest.mark.parametrize("text", ["yes", "", "2", "tru", "null"])
def test_a_flag_is_nothing_else(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="allow_partial_results"):
        read(allow_partial_results=text)


@pytest.mark.parametrize("other", [{"limit": "1"}, {"offset": "0"}, {"filters": "id = 1"}])
def test_a_sample_is_not_paged_and_not_filtered(other: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestError, match="sample_count"):
        read(sample_count="5", **other)


def test_a_sample_may_choose_columns_and_an_order_and_is_not_larger_than_a_page() -> None:
    options = read(sample_count="500000", columns="id", sort_by="id desc")
    assert (options.sample_count, options.columns, options.sort_by) == (100_000, ("id",), "id desc")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("id", ("id",)),
        ("Name,id", ("Name", "id")),
        (" name , ID ", ("Name", "id")),
        ("id,name,id", ("id", "Name")),
        ('"a, b",id', ("a, b", "id")),
        ('"say \\"hi\\""', ('say "hi"',)),
        ('"say ""hi"""', ('say "hi"',)),
        ('"back\\\\slash"', ("back\\slash",)),
        ("back\\slash", ("back\\slash",)),
        ('" space ",🦆', (" space ", "🦆")),
    ],
)
def test_columns_keep_the_order_asked_for_and_their_stored_names(
    text: str, names: tuple[str, ...]
) -> None:
    assert read(columns=text).columns == names


def test_lists_that_come_in_several_values_are_one_list() -> None:
    options = parse_options(
        {"columns": ["id", "Name"], "sort_by": ["id desc", "name"]}, HELD, LimitSettings()
    )
    assert options.columns == ("id", "Name")
    assert options.sort_by == "id desc,name"


def test_a_name_is_matched_as_written_before_it_is_matched_in_another_case() -> None:
    held = (Column("A", "bigint"), Column("a", "bigint"))
    assert read(held, columns="a,A").columns == ("a", "A")


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, unique=True)
)
def test_any_names_can_be_listed(names: list[str]) -> None:
    held = tuple(Column(name, "bigint") for name in names)
    assert parse_columns(columns_text(tuple(names)), held) == tuple(names)


texts = st.sampled_from(["id = 1", "name = 'a&b=c#%20+ é'", "\"a, b\" LIKE '%' OR id IS NULL"])
orders = st.sampled_from(["id", 'id desc, "say ""hi"""', '"🦆" asc'])


@given(
    options=st.builds(
        PageOptions,
        limit=st.none() | st.integers(0, 10**6),
        offset=st.integers(0, 10**9),
        columns=st.lists(st.sampled_from([c.name for c in HELD]), unique=True).map(tuple),
        filters=st.none() | texts,
        sort_by=st.none() | orders,
        allow_partial_results=st.booleans(),
        ignore_max_datapoints=st.booleans(),
    ),
    offset=st.integers(0, 10**9),
)
def test_the_next_page_asks_for_the_same_but_for_the_offset(
    options: PageOptions, offset: int
) -> None:
    """contract 6.4: every active option is carried, percent-encoded."""
    query = to_query(options, offset)
    assert all(ord(letter) < 128 and letter not in ' "#<>' for letter in query)
    again = parse_options(parse_qs(query, strict_parsing=True), HELD, LimitSettings())
    assert again.offset == offset
    assert again == PageOptions(
        limit=options.limit,
        offset=offset,
        columns=options.columns,
        filters=options.filters,
        sort_by=options.sort_by,
        allow_partial_results=options.allow_partial_results,
        ignore_max_datapoints=options.ignore_max_datapoints,
    )
