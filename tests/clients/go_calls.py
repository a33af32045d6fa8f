"""Calls in the form of the Go client, and their answers held to the rules of its decoders."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.clients import go_rules
from tests.clients.served import PAGE, Served


def ask(server: Served, method: str, path: str, body: object = None) -> httpx.Response:
    """Send a request as Go does: its JSON has no content type."""
    content = None if body is None else json.dumps(body).encode()
    return server.http.request(method, f"/api{path}", content=content)


def answered(server: Served, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
    """Return the JSON of an answer; it must be 200, the only success that Go knows."""
    answer = ask(server, method, path, body)
    assert answer.status_code == 200, answer.text
    go_rules.no_nulls(answer.json())
    return answer.json()


def over(server: Served, execution: str) -> dict[str, Any]:
    """Poll the results until they say that they are finished, as the client does."""

    def poll() -> bool:
        go_rules.status(answered(server, "GET", f"/v1/execution/{execution}/status"))
        page = answered(server, "GET", f"/v1/execution/{execution}/results?limit={PAGE}")
        go_rules.results(page)
        return bool(page["is_execution_finished"])

    server.wait_for(poll)
    return dict(answered(server, "GET", f"/v1/execution/{execution}/results?limit={PAGE}"))
