"""What is kept stays within its bytes, is made once, and a failure is not kept."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from qanat.results.kept import Kept


def test_what_was_used_longest_ago_goes_first() -> None:
    kept: Kept[str] = Kept(10_000)
    for key in "abcdefghi":
        kept.of(key, lambda: ("value", 700))
    assert kept.peek("a") is None  # with their keys, nine are more than the whole
    assert kept.peek("b") == ("value",)
    kept.of("j", lambda: ("value", 700))
    assert kept.peek("b") == ("value",)
    assert kept.peek("c") is None


def test_what_is_too_large_is_returned_and_not_kept() -> None:
    kept: Kept[str] = Kept(10_000)
    kept.of("small", lambda: ("small", 0))
    assert kept.of("large", lambda: ("large", 5_000)) == "large"
    assert kept.peek("large") is None
    assert kept.peek("small") == ("small",)


def test_a_value_is_made_once_however_many_wait_for_it() -> None:
    kept: Kept[int] = Kept(10_000)
    made, begun, go_on = [], threading.Event(), threading.Event()

    def make() -> tuple[int, int]:
        made.append(1)
        begun.set()
        assert go_on.wait(10)
        return len(made), 1

    with ThreadPoolExecutor(5) as threads:
        first = threads.submit(kept.of, "k", make)
        assert begun.wait(10)
        others = [threads.submit(kept.of, "k", make) for _ in range(4)]
        go_on.set()
        assert [one.result(10) for one in (first, *others)] == [1] * 5
    assert kept.peek("k") == (1,)


def test_a_failure_reaches_who_asked_and_the_next_one_tries_again() -> None:
    kept: Kept[str] = Kept(10_000)

    def fail() -> tuple[str, int]:
        raise ValueError("no rows")

    with pytest.raises(ValueError, match="no rows"):
        kept.of("k", fail)
    assert kept.of("k", lambda: ("rows", 1)) == "rows"
