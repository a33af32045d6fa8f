"""Declared parameters: a default is kept only if it may be sent and if clients can read it back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import run_query, save


def declared(me: Owner, parameter: dict[str, Any]) -> dict[str, Any]:
    """Save a query with one parameter, and return that as it is read back."""
    query = save(me, "SELECT 1 AS a", parameters=[parameter])
    (found,) = me.ok("GET", f"/query/{query}")["parameters"]
    return dict(found)


def refusal(me: Owner, parameter: dict[str, Any]) -> str:
    """Return why a query with this parameter is not saved."""
    body = {"name": "q", "query_sql": "SELECT 1 AS a", "parameters": [parameter]}
    return me.refused(400, "POST", "/query", json=body)


def test_a_moment_is_kept_in_whole_seconds(me: Owner) -> None:
    """The Python client reads `YYYY-MM-DD hh:mm:ss` and nothing else."""
    for value in ("2024-01-01T00:00:00.5Z", "2024-01-01 01:00:00.999999+01:00", "2024-01-01"):
        found = declared(me, {"key": "d", "type": "datetime", "value": value})
        assert found["value"] == "2024-01-01 00:00:00"


@pytest.mark.parametrize("none", [{}, {"value": ""}, {"value": None}])
def test_a_number_and_a_moment_need_a_default_and_others_do_not(
    me: Owner, none: dict[str, Any]
) -> None:
    """No text is left that the Python client would read as one."""
    why = refusal(me, {"key": "n", "type": "number", **none})
    assert why == "parameter 'n' needs a value, such as 0"
    why = refusal(me, {"key": "d", "type": "datetime", **none})
    assert why == "parameter 'd' needs a value, such as 2024-01-31 17:30:00"
    assert declared(me, {"key": "t", "type": "text", **none})["value"] == ""
    assert declared(me, {"key": "e", "type": "enum", "enumOptions": ["a"], **none})["value"] == ""


def test_a_parameter_that_is_still_being_written_is_checked_without_a_default(me: Owner) -> None:
    asked = [{"key": "n", "type": "number", "value": ""}]
    body = {"sql": "SELECT {{n}} AS n", "parameters": asked, "query_parameters": {"n": "1"}}
    assert me.ok("POST", "/sql/check", json=body)["ok"]


@pytest.mark.parametrize("kind", ["number", "datetime"])
@pytest.mark.parametrize(
    "several",
    [{"value": ["1", "2"]}, {"values": ["1"], "value": "1"}, {"value": "1", "isMultiselect": True}],
)
def test_a_list_is_for_text_and_enum_alone(me: Owner, kind: str, several: dict[str, Any]) -> None:
    """The Python client would read the joined text as one number, as one moment."""
    why = refusal(me, {"key": "p", "type": kind, **several})
    assert why.startswith(f"parameter 'p' takes one {kind}, not a list: ")


@pytest.mark.parametrize(
    "default",
    [
        {"value": ["z"]},
        {"value": ["a", "z"], "isMultiselect": True},
        {"value": "a,z", "isMultiselect": True},
        {"value": "a", "values": ["z"], "isMultiselect": True},
    ],
)
def test_each_value_of_a_default_is_one_of_the_options(me: Owner, default: dict[str, Any]) -> None:
    """Otherwise what was read could not be sent to run the query."""
    why = refusal(me, {"key": "e", "type": "enum", "enumOptions": ["a", "b"], **default})
    assert why == "parameter 'e' takes one of (a, b), not 'z'"


def test_one_value_is_not_a_list(me: Owner) -> None:
    only = {"key": "e", "type": "enum", "enumOptions": ["a"], "isMultiselect": False}
    assert refusal(me, {**only, "value": ["a"]}) == "parameter 'e' takes one value, not a list"
    assert "isMultiselect" not in declared(me, {**only, "value": "a"})


def test_several_free_values_need_no_options(me: Owner) -> None:
    free = {"key": "e", "type": "enum", "enumOptions": ["a"], "isFreeformAllowed": True}
    assert declared(me, {**free, "value": ["x", "y"]})["values"] == ["x", "y"]
    found = declared(me, {"key": "t", "type": "text", "value": ["x", "y"]})
    assert (found["value"], found["values"], found["isMultiselect"]) == ("x,y", ["x", "y"], True)


@pytest.mark.parametrize(
    ("default", "text", "values"),
    [
        ({"value": "a,b"}, "a,b", ["a", "b"]),
        ({"value": "b"}, "b", ["b"]),
        ({"value": "c,d"}, "c,d", ["c,d"]),
        ({"value": ["a", "c,d"]}, "a,c,d", ["a", "c,d"]),
        ({"value": ""}, "", []),
        ({"value": []}, "", []),
        ({"value": "", "values": []}, "", []),
        ({}, "", []),
    ],
)
def test_several_values_are_read_as_a_text_and_as_a_list(
    me: Owner, default: dict[str, Any], text: str, values: list[str]
) -> None:
    """However they were sent, and also when there are none."""
    several = {"key": "e", "type": "enum", "enumOptions": ["a", "b", "c,d"], "isMultiselect": True}
    found = declared(me, {**several, **default})
    assert (found["value"], found["values"], found["isMultiselect"]) == (text, values, True)


@pytest.mark.parametrize(
    "parameter",
    [
        {"key": "p", "type": "enum", "enumOptions": ["a"]},
        {"key": "p", "type": "enum", "enumOptions": ["a"], "isMultiselect": True},
        {"key": "p", "type": "enum", "enumOptions": ["a", "b,c"], "value": ["a", "b,c"]},
        {"key": "p", "type": "number", "value": "1.50"},
        {"key": "p", "type": "datetime", "value": "2024-01-01T00:00:00.5Z"},
        {"key": "p", "type": "text"},
    ],
)
def test_a_value_that_was_read_means_the_default_when_it_is_sent(
    me: Owner, parameter: dict[str, Any]
) -> None:
    """Clients read a query, and run it with all that they read."""
    query = save(me, "SELECT '{{p}}' AS p", parameters=[parameter])
    read = me.ok("GET", f"/query/{query}")["parameters"][0]["value"]
    run_query(me, query)
    run_query(me, query, p=read)
    entries = me.ok("GET", f"/query/{query}/executions")["executions"]
    assert [one["query_parameters"] for one in entries] == [{"p": read}, {"p": read}]


def test_nothing_is_no_choice_where_the_default_is_one(me: Owner) -> None:
    query = save(
        me,
        "SELECT '{{e}}' AS a",
        parameters=[{"key": "e", "type": "enum", "value": "a", "enumOptions": ["a"]}],
    )
    body = {"query_parameters": {"e": ""}}
    why = me.refused(400, "POST", f"/query/{query}/execute", json=body)
    assert why == "parameter 'e' takes one of (a), not ''"


@pytest.mark.parametrize(
    ("sent", "options", "value"),
    [
        ({"value": "a"}, ["a"], "a"),
        ({"value": ["b", "a", "b"]}, ["b", "a"], "b,a,b"),
        ({"values": ["b", "a"]}, ["b", "a"], "b,a"),
        ({"value": "a,b"}, ["a,b"], "a,b"),
        ({"value": "a,b", "isMultiselect": True}, ["a", "b"], "a,b"),
        ({"value": 5}, ["5"], "5"),
    ],
)
def test_an_enum_without_options_has_its_values_as_options(
    me: Owner, sent: dict[str, Any], options: list[str], value: str
) -> None:
    """The Python client has no way of sending any."""
    found = declared(me, {"key": "e", "type": "enum", **sent})
    assert (found["enumOptions"], found["value"]) == (options, value)


@pytest.mark.parametrize(
    "sent", [{}, {"value": ""}, {"value": []}, {"value": "a", "enumOptions": []}]
)
def test_an_enum_with_nothing_to_choose_is_refused(me: Owner, sent: dict[str, Any]) -> None:
    why = refusal(me, {"key": "e", "type": "enum", **sent})
    assert why == "parameter 'e': an enum needs enumOptions, or a value"


CHOICE: dict[str, Any] = {
    "key": "e",
    "type": "enum",
    "value": "a,b",
    "values": ["a", "b"],
    "enumOptions": ["a", "b", "c"],
    "isMultiselect": True,
    "isFreeformAllowed": True,
    "description": "which",
}


@pytest.mark.parametrize(
    ("sent", "change"),
    [
        ({"value": "a,b"}, {}),
        ({}, {}),
        ({"value": "c"}, {"value": "c", "values": ["c"]}),
        ({"value": ["c", "a"]}, {"value": "c,a", "values": ["c", "a"]}),
        ({"description": "new"}, {"description": "new"}),
    ],
)
def test_an_enum_keeps_what_a_client_does_not_send(
    me: Owner, sent: dict[str, Any], change: dict[str, Any]
) -> None:
    """Options and what goes with them, when a query is changed."""
    query = save(me, "SELECT '{{e}}' AS a", parameters=[CHOICE])
    sent = {"key": "e", "type": "enum", **sent}
    me.ok("PATCH", f"/query/{query}", json={"parameters": [sent]})
    assert me.ok("GET", f"/query/{query}")["parameters"] == [{**CHOICE, **change}]


def test_an_enum_that_is_sent_with_options_is_replaced_whole(me: Owner) -> None:
    query = save(me, "SELECT '{{e}}' AS a", parameters=[CHOICE])
    fresh = {"key": "e", "type": "enum", "value": "z", "enumOptions": ["z"]}
    me.ok("PATCH", f"/query/{query}", json={"parameters": [fresh]})
    assert me.ok("GET", f"/query/{query}")["parameters"] == [fresh]
    none = {**fresh, "enumOptions": []}
    me.refused(400, "PATCH", f"/query/{query}", json={"parameters": [none]})


def test_a_list_that_a_query_feeds_is_fed_by_it_still(me: Owner) -> None:
    """Clients that know of options send an empty list of them."""
    fed = {"queryId": save(me, "SELECT 'x' AS a"), "columnName": "a"}
    parameter = {"key": "e", "type": "enum", "value": "x", "enumFromResults": fed}
    query = save(me, "SELECT '{{e}}' AS a", parameters=[parameter])
    plain: dict[str, Any] = {"key": "e", "type": "enum", "value": "y"}
    for sent in ({**plain, "enumOptions": []}, plain):
        me.ok("PATCH", f"/query/{query}", json={"parameters": [sent]})
        (found,) = me.ok("GET", f"/query/{query}")["parameters"]
        assert found == {**parameter, "value": "y"}


#: As JSON has it, and as it is put into the SQL.
WRITTEN = [
    ("0.00001", "0.00001"),
    ("12345678901234567890.50", "12345678901234567890.50"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("-1.5E-7", "-1.5E-7"),
    ("7", "7"),
    ("true", "true"),
]


@pytest.mark.parametrize(("number", "text"), WRITTEN)
def test_a_number_is_put_into_the_sql_as_it_was_written(me: Owner, number: str, text: str) -> None:
    """Wherever a value may be sent."""
    query = save(me, "SELECT '{{t}}' AS t")
    values = f'{{"query_parameters":{{"t":{number}}}}}'
    execution = f'{{"query_id":{query},"query_parameters":{{"t":{number}}}}}'
    graph = f'{{"pipeline":{{"nodes":[{{"id":1,"query_execution":{execution}}}]}}}}'
    bare = quote(f'{{"t":{number}}}')
    me.ok("POST", f"/query/{query}/execute", content=values)
    me.ok("POST", f"/query/{query}/execute?query_parameters={bare}")
    me.ok("POST", f"/query/{query}/pipeline/execute", content=values)
    me.ok("POST", "/pipelines/execute", content=graph)
    entries = me.ok("GET", f"/query/{query}/executions")["executions"]
    assert [one["query_parameters"] for one in entries] == [{"t": text}] * 4


@pytest.mark.parametrize(
    ("number", "text", "number_text"),
    [
        ("0.00001", "0.00001", "0.00001"),
        ("12345678901234567890.50", "12345678901234567890.50", "12345678901234567890.50"),
        ("1e5", "1e5", "100000.0"),
        ('"1.5e-07"', "1.5e-07", "0.00000015"),
        ('".5"', ".5", ".5"),
    ],
)
def test_a_default_is_kept_as_it_was_written_and_a_number_plainly(
    me: Owner, number: str, text: str, number_text: str
) -> None:
    """The Python client reads no number with an exponent."""
    shapes = ",".join(
        f'{{"key":"{kind}","type":"{kind}","value":{number}}}' for kind in ("text", "number")
    )
    body = f'{{"name":"q","query_sql":"","parameters":[{shapes}]}}'
    query = me.ok("POST", "/query", content=body)["query_id"]
    found = me.ok("GET", f"/query/{query}")["parameters"]
    assert [one["value"] for one in found] == [text, number_text]


def test_numbers_by_name_alone_are_numbers_as_they_were_written(me: Owner) -> None:
    """The TypeScript client's form."""
    long = "1" * 401
    body = f'{{"name":"q","query_sql":"","query_parameters":{{"n":0.00001,"t":"{long}","x":null}}}}'
    query = me.ok("POST", "/query", content=body)["query_id"]
    found = me.ok("GET", f"/query/{query}")["parameters"]
    assert found == [
        {"key": "n", "type": "number", "value": "0.00001"},
        {"key": "t", "type": "text", "value": long},
    ]


@pytest.mark.parametrize("number", ["1e999999", '"1e999999"', "1e-999999", "1" * 401])
def test_a_number_does_not_become_longer_than_a_number_may_be(me: Owner, number: str) -> None:
    """A few characters with a large exponent stand for a text of any length."""
    shape = f'{{"key":"n","type":"number","value":{number}}}'
    body = f'{{"name":"q","query_sql":"","parameters":[{shape}]}}'
    me.refused(400, "POST", "/query", content=body)
    query = save(me, "SELECT {{n}} AS n", parameters=[{"key": "n", "type": "number", "value": "1"}])
    body = f'{{"query_parameters":{{"n":{number}}}}}'
    me.refused(400, "POST", f"/query/{query}/execute", content=body)


def test_null_is_no_value(me: Owner) -> None:
    """The default holds; where there is none, the value is missing."""
    query = save(me, "SELECT {{n}} AS n", parameters=[{"key": "n", "type": "number", "value": "1"}])
    none = {"query_parameters": {"n": None}}
    me.ok("POST", f"/query/{query}/execute", json=none)
    me.ok("POST", f"/query/{query}/execute", params={"query_parameters": '{"n":null}'})
    node = {"id": 1, "query_execution": {"query_id": query, **none}}
    me.ok("POST", "/pipelines/execute", json={"pipeline": {"nodes": [node]}})
    entries = me.ok("GET", f"/query/{query}/executions")["executions"]
    assert [one["query_parameters"] for one in entries] == [{"n": "1"}] * 3
    assert me.ok("POST", "/sql/check", json={"sql": "SELECT 1 AS a", **none})["ok"]
    why = me.refused(400, "POST", "/sql/execute", json={"sql": "SELECT {{n}} AS n", **none})
    assert why == "missing parameters (n)"


@pytest.mark.parametrize("value", [[1], {"a": 1}, [], ["1", "2"], True])
def test_what_is_no_number_is_refused_in_plain_words(me: Owner, value: object) -> None:
    query = save(me, "SELECT {{n}} AS n", parameters=[{"key": "n", "type": "number", "value": "1"}])
    body = {"query_parameters": {"n": value}}
    why = me.refused(400, "POST", f"/query/{query}/execute", json=body)
    assert why in ("parameter 'n' takes a number", "parameter 'n' takes one number, not a list")
