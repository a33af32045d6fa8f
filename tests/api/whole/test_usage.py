"""Usage over HTTP: months, days and receipts agree to the last micro-credit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from qanat.config import Settings, UsageSettings
from qanat.names import Handle
from qanat.wiring import Server
from tests.api.whole.owner import Owner
from tests.conformance import seeds


def settings_in(place: Path) -> Settings:
    return Settings(
        data_dir=place, usage=UsageSettings(credits_included=2_500, bytes_allowed=1_000_000)
    )


@pytest.fixture
def used(server: Server, me: Owner) -> list[int]:
    """Receipts of the owner, in micro-credits; on the 24th of November 2026 except the last."""
    database, handle = server.opened.database, Handle(me.handle)
    run = seeds.run(database, handle)
    costs = [1_500_000, 250_001, 7]
    for node, cost in enumerate(costs, start=1):
        execution = seeds.execution(database, run, handle, 0, node=node)
        seeds.receipt(
            database, execution, handle, cost,
            at_us=seeds.AT if node < len(costs) else seeds.AT - 24 * 3600 * 1_000_000,
        )  # fmt: skip
    return costs


def test_the_current_month_is_one_whole_period_with_integral_limits(me: Owner) -> None:
    answer = me.request("POST", "/api/v1/usage")

    today = datetime.now(UTC).date()
    body = answer.json()
    assert list(body) == [
        "private_queries",
        "private_dashboards",
        "bytes_used",
        "bytes_allowed",
        "billing_periods",
    ]
    (period,) = body["billing_periods"]
    assert period["start_date"] == today.replace(day=1).isoformat()
    assert period["end_date"] > today.isoformat()
    assert '"credits_included":2500}' in answer.text
    assert body["bytes_allowed"] == 1_000_000


def test_a_range_gives_each_month_it_overlaps(me: Owner, used: list[int]) -> None:
    body = {"start_date": "2026-10-31", "end_date": "2026-12-01"}

    periods = me.ok("POST", "/usage", json=body)["billing_periods"]

    assert [(p["start_date"], p["end_date"]) for p in periods] == [
        ("2026-10-01", "2026-11-01"),
        ("2026-11-01", "2026-12-01"),
        ("2026-12-01", "2027-01-01"),
    ]
    assert [p["credits_used"] for p in periods] == [0, sum(used) / 1_000_000, 0]


def test_an_empty_text_counts_as_absent(me: Owner) -> None:
    both = me.ok("POST", "/usage", json={"start_date": "", "end_date": ""})
    assert len(both["billing_periods"]) == 1
    end = me.ok("POST", "/usage", json={"start_date": "", "end_date": "2025-03-05"})
    assert [p["start_date"] for p in end["billing_periods"]] == ["2025-03-01"]
    start = me.ok("POST", "/usage", json={"start_date": "2026-01-05", "end_date": ""})
    assert start["billing_periods"][0]["start_date"] == "2026-01-01"


@pytest.mark.parametrize(
    "body",
    [
        {"start_date": "yesterday"},
        {"start_date": "2026-13-01"},
        {"start_date": "20260101"},
        {"start_date": "0001-01-01"},
        {"end_date": "9999-12-31"},
        {"start_date": "2026-02-01", "end_date": "2026-01-01"},
        {"start_date": "2000-01-01", "end_date": "2026-01-01"},
        {"start_date": 20260101},
    ],
)
def test_days_that_are_none_are_400(me: Owner, body: dict[str, object]) -> None:
    me.refused(400, "POST", "/usage", json=body)


def test_days_receipts_and_the_month_agree(me: Owner, used: list[int]) -> None:
    days = me.ok("GET", "/usage/days?from=2026-11-01&to=2026-11-30")
    assert (days["from"], days["to"], len(days["days"])) == ("2026-11-01", "2026-11-30", 30)
    assert days["credits_used"] == sum(used) / 1_000_000
    assert days["credits_included"] == 2_500
    by_date = {day["date"]: day for day in days["days"]}
    assert by_date["2026-11-24"] == {"date": "2026-11-24", "credits": 1.750001, "executions": 2}
    assert by_date["2026-11-23"]["credits"] == 0.000007
    assert by_date["2026-11-01"] == {"date": "2026-11-01", "credits": 0, "executions": 0}
    assert [(one["title"], one["query_id"]) for one in days["top"]] == [("SQL", 0)]

    receipts = me.ok("GET", "/usage/receipts?date=2026-11-24&limit=1")
    assert (receipts["total"], receipts["credits"]) == (2, 1.750001)
    assert [one["credits"] for one in receipts["receipts"]] == [1.5]
    rest = me.ok("GET", "/usage/receipts?date=2026-11-24&offset=1&query_id=0")
    assert [one["credits"] for one in rest["receipts"]] == [0.250001]
    assert rest["receipts"][0]["ended_at"] == "2026-11-24T00:00:00.000000Z"
    assert me.ok("GET", "/usage/receipts?date=2026-11-24&query_id=5")["receipts"] == []


def test_anothers_use_is_not_seen(other: Owner, used: list[int]) -> None:
    assert other.ok("GET", "/usage/days?from=2026-11-24&to=2026-11-24")["credits_used"] == 0
    assert other.ok("GET", "/usage/receipts?date=2026-11-24")["total"] == 0


def test_days_without_a_range_are_this_months(me: Owner) -> None:
    days = me.ok("GET", "/usage/days")
    today = datetime.now(UTC).date()
    assert days["from"] == today.replace(day=1).isoformat()
    assert len(days["days"]) >= 28


@pytest.mark.parametrize(
    "path",
    [
        "/usage/days?from=x",
        "/usage/days?from=2026-01-01&to=2025-01-01",
        "/usage/days?from=2020-01-01&to=2026-01-01",
        "/usage/receipts",
        "/usage/receipts?date=x",
        "/usage/receipts?date=2026-01-01&query_id=x",
    ],
)
def test_a_range_that_is_none_is_400(me: Owner, path: str) -> None:
    me.refused(400, "GET", path)
