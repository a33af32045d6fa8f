"""Every endpoint answers every kind of caller as the table says, and the page shows the table."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from qanat.api import ROUTES
from qanat.config import Settings
from qanat.model.access import Scope
from qanat.names import is_ulid
from qanat.wiring import Server, build
from tests.api.conftest import Client
from tests.api.whole.owner import Owner
from tests.security.access import PAGE, RULES, Rule, Values, page
from tests.security.things import HIDDEN, Things

_fresh: Final = itertools.count(1)
NOBODYS: Final = "01JD8K3N5Q8R7T2V4W6X8Y0Z1A"
#: A key that is nobody's.
UNKNOWN: Final = "qk_" + "A" * 43


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The callers: an owner with keys of both scopes, and another owner who has things."""

    server: Server
    writer: Owner
    reader: Owner
    mine: Things
    theirs: Things


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    """One server for the whole table."""
    with build(Settings(data_dir=tmp_path_factory.mktemp("access"))) as server:
        server.coordinator.start_threads()
        writer = Owner(server, "writer")
        yield Cast(
            server=server,
            writer=writer,
            reader=Owner(server, "writer", Scope.READ),
            mine=Things(writer),
            theirs=Things(Owner(server, "stranger")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A cell of the table: whose thing, in which state, and what must come."""

    theirs: bool = False
    private: bool = False
    archived: bool = False
    expected: int


def _cases(rule: Rule) -> Iterator[Case]:
    for private in (False, True) if rule.on else (False,):
        yield Case(private=private, expected=rule.own)
        if rule.archived is not None:
            yield Case(private=private, archived=True, expected=rule.archived)
    states = (False, True) if rule.archived is not None else (False,)
    for archived in states:
        if rule.private is not None:
            yield Case(theirs=True, private=True, archived=archived, expected=rule.private)
    if rule.public is not None:
        yield Case(theirs=True, expected=rule.public)


def _values(cast: Cast, rule: Rule, case: Case) -> Values:
    made: Values = {}
    if rule.on is not None:
        things = cast.theirs if case.theirs else cast.mine
        make = things.shared if rule.method == "GET" else things.fresh
        made = make(rule.on, private=case.private, archived=case.archived)
    return {
        "handle": cast.writer.handle, "slug": "none", "fresh": f"fresh_{next(_fresh)}",
        "secret": cast.writer.key, **made,
    }  # fmt: skip


def _ask(caller: Client, rule: Rule, values: Values) -> httpx.Response:
    return caller.request(rule.method, f"/api{rule.path.format_map(values)}", **rule.ask(values))


def _unknown(values: Values) -> Values:
    """Return values of the same form that name nothing."""

    def other(name: str, value: object) -> object:
        if isinstance(value, int):
            return value if name in ("version", "node_id") else 987_654_321
        if name in ("handle", "fresh", "secret", "namespace", "owner"):
            return value
        return NOBODYS if is_ulid(str(value)) else re.sub(r"\w+$", "nothing", str(value))

    return {name: other(name, value) for name, value in values.items()}


def _without(text: str, values: Values, blank: str) -> str:
    """Return a text with the names that were asked for blanked."""
    named = [str(value) for name, value in values.items() if name not in ("version", "node_id")]
    for value in sorted(named, key=len, reverse=True):
        text = text.replace(value, blank)
    return text


def _is_error(answer: httpx.Response) -> bool:
    return answer.status_code == 200 or list(answer.json()) == ["error"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_an_endpoint_answers_as_the_table_says(cast: Cast, rule: Rule) -> None:
    """Keys of both scopes, on the caller's things and on another's, in every state."""
    wrong = []
    for case in _cases(rule):
        for caller in (cast.writer, cast.reader):
            expected = case.expected
            if caller is cast.reader and rule.scope == "write":
                expected = 403
            values = _values(cast, rule, case)
            answer = _ask(caller, rule, values)
            who = "a reader" if caller is cast.reader else "a writer"
            if answer.status_code != expected or not _is_error(answer):
                wrong.append(f"{who}, {case}: {answer.status_code} {answer.text[:200]}")
            if case.theirs and case.private:
                unknown = _unknown(values)
                told, blank = _ask(caller, rule, unknown), "…"
                if _without(answer.text, values, blank) != _without(told.text, unknown, blank):
                    wrong.append(f"{who}, {case}: {answer.text[:200]}, unknown: {told.text[:200]}")
    assert wrong == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_without_a_good_key_nothing_is_looked_at(cast: Cast, rule: Rule) -> None:
    """401 comes before the path, the body and what they name are read."""
    if rule.scope == "none":
        values = _values(cast, rule, Case(expected=rule.own))
        assert _ask(Client(cast.server.app, None), rule, values).status_code == rule.own
        return
    malformed = re.sub(r"\{\w+\}", "nonsense", rule.path)
    for key in (None, UNKNOWN, "nonsense", ""):
        answer = Client(cast.server.app, key).request(
            rule.method, f"/api{malformed}", content=b"{not json"
        )
        assert (answer.status_code, answer.text) == (401, '{"error":"invalid API Key"}'), key


def test_the_lists_hold_nothing_that_is_private_to_another(cast: Cast) -> None:
    """Made here, so that there is something to be hidden, whatever ran before."""
    for kind in ("query", "view", "upload", "dashboard"):
        cast.theirs.shared(kind, private=True, archived=False)
        cast.theirs.shared(kind, private=False, archived=False)
    lists = [rule for rule in RULES if rule.on is None and rule.scope == "read"]
    for rule in lists:
        values = _values(cast, rule, Case(expected=rule.own))
        assert not re.search(rf"stranger\W[^}}]*{HIDDEN}", _ask(cast.writer, rule, values).text), (
            rule.name
        )


def test_the_table_has_every_route_and_no_other() -> None:
    served = {
        (method, re.sub(r":\w+\}", "}", path).removeprefix("/api"))
        for route in ROUTES
        for path in route.paths
        for method in map(str, route.http_methods)
        if method != "OPTIONS"
    } | {("GET", "/openapi.json")}
    assert {(rule.method, rule.path) for rule in RULES} == served


def test_the_page_shows_the_table() -> None:
    assert Path(PAGE).read_text(encoding="utf-8") == page(), "type: python -m tests.security.access"
