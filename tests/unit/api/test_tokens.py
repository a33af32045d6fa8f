"""Failed sign-ins are counted by address, and forgotten after a minute."""

from __future__ import annotations

import pytest

from qanat.api import tokens
from qanat.api.tokens import ADDRESSES, FAILURES, Failures
from qanat.errors import TooManyRequestsError
from tests.clock import FakeClock


@pytest.fixture
def failures(clock: FakeClock) -> Failures:
    return Failures(clock)


def fail(failures: Failures, address: str, times: int) -> None:
    for _ in range(times):
        failures.enter(address)


def test_an_address_waits_until_its_first_failure_is_a_minute_old(
    failures: Failures, clock: FakeClock
) -> None:
    fail(failures, "a", 1)
    clock.advance(seconds=20)
    fail(failures, "a", FAILURES - 1)

    with pytest.raises(TooManyRequestsError) as refused:
        failures.enter("a")
    assert refused.value.retry_after_s == 40
    failures.enter("b")

    clock.advance(seconds=40)
    failures.enter("a")
    with pytest.raises(TooManyRequestsError):
        failures.enter("a")


def test_an_attempt_that_succeeds_is_taken_back(failures: Failures) -> None:
    fail(failures, "a", FAILURES - 1)
    for _ in range(5):
        failures.enter("a")
        failures.forgive("a")

    failures.enter("a")
    with pytest.raises(TooManyRequestsError):
        failures.enter("a")


def test_memory_is_bounded_whatever_addresses_come(failures: Failures) -> None:
    for number in range(ADDRESSES + 10):
        failures.enter(str(number))

    assert len(failures._failed) == ADDRESSES


def test_tokens_differ_and_are_long() -> None:
    made = {tokens.new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(len(token) >= 43 for token in made)
