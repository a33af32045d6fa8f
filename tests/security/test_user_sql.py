"""SQL that reads or writes past its owner's tables is refused at every door of the server.

An attempt counts as refused when its execution failed, or was never accepted; and when nothing
of the machine, of its settings or of another owner came back or was left behind.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.security.attempts import QUOTED_VALUES
from tests.security.conftest import Guarded
from tests.unit.results.hostile import COLUMNS, FILTERS, SORTS
from tests.unit.sql.refused import REFUSED

HARMLESS: Final = "SELECT a FROM dune.me.t"
#: Written by attempts of the list, were they carried out.
OUTSIDE: Final = (Path("/tmp/x"),)


@pytest.fixture
def untouched(guarded: Guarded) -> Iterator[None]:
    """See that a test leaves no file where none may be, and no key, table or query more."""

    def state() -> tuple[object, ...]:
        call = guarded.server.call
        return (
            guarded.files(),
            [path.exists() for path in OUTSIDE],
            call("GET", "/keys")["keys"],
            [table["full_name"] for table in call("GET", "/uploads")["tables"]],
            guarded.server.as_key(guarded.victim, "GET", "/uploads")["tables"],
        )

    before = state()
    yield
    assert state() == before


def _said(guarded: Guarded, door: str, attempt: str, text: str) -> None:
    found = [secret for secret in guarded.secrets() if secret in text]
    assert found == [], f"{door}: {attempt[:200]!r} reveals {found}: {text[:500]}"
    if guarded.target.data_dir not in attempt:
        assert guarded.target.data_dir not in text, f"{door}: {attempt[:200]!r}: {text[:500]}"


def _get(guarded: Guarded, path: str) -> tuple[int, str]:
    """Read a path of any length; most clients refuse to send long ones."""
    server = guarded.server
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"X-Dune-Api-Key": str(server.key)})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


class Door:
    """A way in for SQL: how an execution of an attempt is started through it."""

    def __init__(self, guarded: Guarded, name: str, start: Callable[[str], Any]) -> None:
        self.guarded, self.name, self.start = guarded, name, start

    def outcome(self, execution: str) -> tuple[str, str]:
        """Return the state an execution ended in, and all that may be read of it."""
        server = self.guarded.server
        status = server.wait_execution(execution)
        results = server.call("GET", f"/execution/{execution}/results")
        node = server.call("GET", f"/pipelines/executions/{status['pipeline_execution_id']}")
        return status["state"], json.dumps([status, results, node])

    def refuses(self, attempts: tuple[str, ...]) -> int:
        """See that every attempt is refused; how many came as far as an execution."""
        started: dict[str, str] = {}
        for attempt in attempts:
            answer = self.start(attempt)
            _said(self.guarded, self.name, attempt, answer.text)
            if answer.status_code == 200:
                started[attempt] = answer.json()["execution_id"]
            else:
                assert 400 <= answer.status_code < 500, f"{self.name}: {attempt}: {answer.text}"
        for attempt, execution in started.items():
            state, text = self.outcome(execution)
            assert state == "QUERY_STATE_FAILED", f"{self.name}: {attempt[:200]!r}: {text[:500]}"
            _said(self.guarded, self.name, attempt, text)
        return len(started)

    def lets_pass(self, sql: str) -> None:
        """See that the door is open: what is harmless completes."""
        answer = self.start(sql)
        assert answer.status_code == 200, answer.text
        state, text = self.outcome(answer.json()["execution_id"])
        assert state == "QUERY_STATE_COMPLETED", text


def _post(guarded: Guarded, path: str, body: object) -> Any:  # noqa: ANN401  # httpx's
    return guarded.server.http.post(f"/api/v1{path}", json=body)


def _save(guarded: Guarded, sql: str) -> int:
    return guarded.server.save(sql, "door")


def _doors(guarded: Guarded) -> list[Door]:
    alone = _save(guarded, "{{p}}")
    within = _save(guarded, "SELECT * FROM ({{p}}) AS t")

    def of_query(query: int) -> Callable[[str], Any]:
        return lambda text: _post(
            guarded, f"/query/{query}/execute", {"query_parameters": {"p": text}}
        )

    def argument(text: str) -> Any:  # noqa: ANN401  # httpx's
        quoted = text.replace("'", "\\'").replace('"', '""')
        sql = f"SELECT * FROM \"query_{within}(p='{quoted}')\" AS v"
        return _post(guarded, "/sql/execute", {"sql": sql})

    def viewed(text: str) -> Any:  # noqa: ANN401  # httpx's
        return _post(
            guarded, "/sql/execute", {"sql": f"SELECT * FROM query_{_save(guarded, text)} AS v"}
        )

    return [
        Door(guarded, "SQL", lambda text: _post(guarded, "/sql/execute", {"sql": text})),
        Door(guarded, "a parameter", of_query(alone)),
        Door(guarded, "a parameter in a subquery", of_query(within)),
        Door(guarded, "a query view", viewed),
        Door(guarded, "an argument of a query view", argument),
    ]


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("untouched")
def test_no_attempt_passes_any_door_for_sql(
    guarded: Guarded, capsys: pytest.CaptureFixture[str]
) -> None:
    attempts = (*REFUSED, *guarded.target.texts())
    assert len(set(attempts)) >= 80
    told = []
    for door in _doors(guarded):
        door.lets_pass(HARMLESS)
        told.append(f"{door.name}: {door.refuses(attempts)} failed executions")
    with capsys.disabled():
        print(f"\n  user SQL: {len(set(attempts))} attempts, each through 5 doors, all refused")
        print("".join(f"    {line}\n" for line in told), end="")


@pytest.mark.usefixtures("untouched")
def test_no_value_breaks_out_of_its_quotes_to_another_owners_rows(guarded: Guarded) -> None:
    query = _save(guarded, "SELECT a FROM dune.me.t WHERE word = '{{p}}'")
    door = Door(
        guarded,
        "a quoted parameter",
        lambda text: _post(guarded, f"/query/{query}/execute", {"query_parameters": {"p": text}}),
    )
    door.lets_pass("plain")
    door.refuses(QUOTED_VALUES)


@pytest.mark.usefixtures("untouched")
def test_a_check_of_sql_reveals_nothing_either(guarded: Guarded) -> None:
    for attempt in (*REFUSED, *guarded.target.texts()):
        answer = _post(guarded, "/sql/check", {"sql": attempt})
        assert answer.status_code == 200, answer.text
        assert answer.json()["ok"] is False, attempt
        _said(guarded, "check", attempt, answer.text)


@pytest.mark.usefixtures("untouched")
def test_no_view_is_filled_by_an_attempt(guarded: Guarded) -> None:
    """A view's statement takes the way of a refresh, and stays unpublished."""
    numbers = itertools.count()

    def upsert(text: str) -> Any:  # noqa: ANN401  # httpx's
        body = {"name": f"result_try_{next(numbers)}", "query_id": _save(guarded, text)}
        return _post(guarded, "/materialized-views", body)

    Door(guarded, "a view", upsert).refuses(guarded.target.texts())
    for view in guarded.server.call("GET", "/materialized-views")["materialized_views"]:
        assert view["table_size_bytes"] == 0, view


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("untouched")
def test_no_filter_order_or_column_list_is_more_than_it_should_be(
    guarded: Guarded, capsys: pytest.CaptureFixture[str]
) -> None:
    server = guarded.server
    query = server.save(
        "SELECT id, name, hash, at FROM (VALUES (1, 'a', 0x01, TIMESTAMP '2024-01-01 00:00:00'))"
        " AS t (id, name, hash, at)"
    )
    execution = server.call("POST", f"/query/{query}/execute")["execution_id"]
    assert server.wait_execution(execution)["state"] == "QUERY_STATE_COMPLETED"
    for option, text in (("filters", "id = 1"), ("sort_by", "id desc"), ("columns", "id,name")):
        server.call("GET", f"/execution/{execution}/results?{option}={quote(text)}")
    asked = 0
    for place in (f"execution/{execution}/results", f"execution/{execution}/results/csv",
                  f"query/{query}/results"):  # fmt: skip
        for option, texts in (("filters", FILTERS), ("sort_by", SORTS), ("columns", COLUMNS)):
            for text in texts:
                written = quote(text, errors="surrogatepass")
                status, answer = _get(guarded, f"/api/v1/{place}?{option}={written}")
                about = f"{place} {option}={text[:80]!r}"
                assert 400 <= status < 500, f"{about}: {status} {answer}"
                _said(guarded, about, text, answer)
                asked += 1
    with capsys.disabled():
        print(f"\n  results: {asked} hostile filters, orders and column lists, all refused")
