"""Parameters declared for the client, read by it, and sent back as it read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dune_client.client import DuneClient
from dune_client.types import QueryParameter

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
