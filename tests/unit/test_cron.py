"""Cron expressions that a view may have: at least 15 minutes, at most a week between fires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qanat import cron
from qanat.errors import InvalidRequestError


@pytest.mark.parametrize(
    "expression",
    [
        "*/15 * * * *",
        "0 */6 * * *",
        "  5   4 * * sun ",
        "0 0 1,8,15,22,29 * *",
        "0,15,30,45 * * * *",
        "50 23 * * *",
        "0 12 * * 1#1,1#2,1#3,1#4,1#5",
    ],
)
def test_what_fires_between_a_quarter_of_an_hour_and_a_week_apart_is_taken(
    expression: str,
) -> None:
    assert cron.check(expression) == " ".join(expression.split())


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("* * * * *", "1 minutes apart"),
        ("*/14 * * * *", "4 minutes apart"),
        ("0,50 * * * *", "10 minutes apart"),
        ("0 0 1 * *", "28 days"),
        ("0 0 1,8,15,22 * *", "days between"),
        ("0 0 29 2 *", "days between"),
        ("0 0 31 2 *", "Bad day-of-month"),
        ("0 0 * * 1#5", "days between"),
        ("0 0 0 * *", "Bad day-of-month"),
        ("0 * * * * *", "five fields"),
        ("@daily", "five fields"),
        ("", "five fields"),
        ("a b c d e", "Bad minute"),
        ("0 " + "1," * 200 + "2 * * *", "five fields"),
    ],
)
def test_what_fires_too_often_too_rarely_or_never_is_refused(expression: str, why: str) -> None:
    with pytest.raises(InvalidRequestError, match=why):
        cron.check(expression)


def test_gaps_are_measured_across_midnight() -> None:
    """23:55 and 00:05 are ten minutes apart."""
    with pytest.raises(InvalidRequestError, match="5 minutes apart"):
        cron.check("0,55 0,23 * * *")


def test_the_next_fire_follows_the_moment_in_utc() -> None:
    after = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert cron.next_fire("0 */6 * * *", after) == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert cron.next_fire("0 10 * * *", after) - after == timedelta(days=1)


def test_the_last_fire_is_the_moment_itself_or_before_it() -> None:
    fire = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    for later in (timedelta(), timedelta(seconds=30), timedelta(hours=5, minutes=59, seconds=59)):
        assert cron.last_fire("0 */6 * * *", fire + later) == fire
    assert cron.last_fire("0 */6 * * *", fire - timedelta(seconds=1)) == fire - timedelta(hours=6)
