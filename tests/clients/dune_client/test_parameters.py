"""Parameters declared for the client, read by it, and sent back as it read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import requests
from dune_client.client import DuneClient
from dune_client.query import QueryBase
from dune_client.types import QueryParameter

from tests.clients.dune_client.refused import status_of
from tests.clients.served import Served


def declared(server: Served, sql: str, *parameters: dict[str, Any]) -> int:
    """Save a query with parameters, as other clients than this one may; its id."""
    body = {"name": "declared", "query_sql": sql, "parameters": parameters}
    return int(server.call("POST", "/query", body)["query_id"])


def test_what_other_clients_declare_is_read(dune: DuneClient, server: Served) -> None:
    """A moment of half a second, and several values that came as one text."""
    query = declared(
        server,
        "SELECT 1 AS a",
        {"key": "d", "type": "datetime", "value": "2024-01-01T00:00:00.5Z"},
        {"key": "m", "type": "enum", "enumOptions": ["a", "b"], "value": ["a", "b"]},
        {"key": "none", "type": "enum", "enumOptions": ["a"], "value": [], "isMultiselect": True},
    )
    assert dune.get_query(query).base.parameters() == [
        QueryParameter.date_type("d", datetime(2024, 1, 1)),  # noqa: DTZ001  # as users write it
        QueryParameter.enum_type("m", "a,b"),
        QueryParameter.enum_type("none", ""),
    ]


def test_a_query_runs_with_all_that_was_read_of_it(dune: DuneClient, server: Served) -> None:
    """Also where nothing is chosen, and where an option has a comma."""
    query = declared(
        server,
        "SELECT '{{e}}' AS e, '{{m}}' AS m, '{{c}}' AS c",
        {"key": "e", "type": "enum", "enumOptions": ["a"]},
        {"key": "m", "type": "enum", "enumOptions": ["a", "b"], "isMultiselect": True},
        {"key": "c", "type": "enum", "enumOptions": ["a", "b,c"], "value": ["a", "b,c"]},
    )
    ran = dune.run_query(dune.get_query(query).base, ping_frequency=0)
    assert ran.get_rows() == [{"e": "", "m": "", "c": "a,b,c"}]


def test_small_and_large_numbers_are_created_and_read(dune: DuneClient, server: Served) -> None:
    """Python writes them with an exponent, and reads none."""
    numbers = {"small": 1.5e-7, "large": 1e20, "five": 5, "half": 0.5}
    made = dune.create_query(
        "numbers",
        "SELECT {{small}} AS small, {{large}} AS large, {{five}} AS five, {{half}} AS half",
        params=[QueryParameter.number_type(name, value) for name, value in numbers.items()],
    )
    assert {p.key: p.value for p in made.base.parameters()} == numbers
    stored = server.call("GET", f"/query/{made.base.query_id}")["parameters"]
    assert [p["value"] for p in stored] == ["0.00000015", "100000000000000000000.0", "5", "0.5"]
    dune.run_query(QueryBase(made.base.query_id), ping_frequency=0)
    dune.run_query(made.base, ping_frequency=0)
    ran = server.call("GET", f"/query/{made.base.query_id}/executions")["executions"]
    assert ran[0]["query_parameters"] == ran[1]["query_parameters"]


def test_an_enum_is_created_with_its_values_as_options(dune: DuneClient, server: Served) -> None:
    """This client sends a key, a type and a value, and no options."""
    made = dune.create_query(
        "chosen",
        "SELECT '{{one}}' AS one, '{{several}}' AS several",
        params=[
            QueryParameter.enum_type("one", "a"),
            QueryParameter.enum_type("several", ["b", "c"]),
        ],
    )
    one, several = server.call("GET", f"/query/{made.base.query_id}")["parameters"]
    assert one == {"key": "one", "type": "enum", "value": "a", "enumOptions": ["a"]}
    assert several == {
        "key": "several",
        "type": "enum",
        "value": "b,c",
        "values": ["b", "c"],
        "enumOptions": ["b", "c"],
        "isMultiselect": True,
    }
    ran = dune.run_query(made.base, ping_frequency=0)
    assert ran.get_rows() == [{"one": "a", "several": "b,c"}]


def test_an_enum_that_was_read_is_saved_again_with_its_options(
    dune: DuneClient, server: Served
) -> None:
    choice = {
        "key": "several",
        "type": "enum",
        "value": "a,b,c",
        "values": ["a", "b,c"],
        "enumOptions": ["a", "b,c", "d"],
        "isMultiselect": True,
        "description": "which",
    }
    query = declared(server, "SELECT '{{several}}' AS a", choice)
    dune.update_query(query, params=dune.get_query(query).base.params)
    assert server.call("GET", f"/query/{query}")["parameters"] == [choice]

    dune.update_query(query, params=[QueryParameter.enum_type("several", ["d", "a"])])
    (found,) = server.call("GET", f"/query/{query}")["parameters"]
    assert found == {**choice, "value": "d,a", "values": ["d", "a"]}
    with pytest.raises(requests.HTTPError) as refused:
        dune.update_query(query, params=[QueryParameter.enum_type("several", "z")])
    assert status_of(refused) == (
        400,
        """{"error":"parameter 'several' takes one of (a, b,c, d), not 'z'"}""",
    )
