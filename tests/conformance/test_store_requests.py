"""Answers remembered for idempotency keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from qanat.errors import UnprocessableError
from qanat.store import keys, requests
from qanat.store.database import Database, Transaction

KEY = ("key-1", "hash of the body")


def ask(tx: Transaction, answer: str, key: tuple[str, str] = KEY) -> Any:  # noqa: ANN401  # as stored
    """Return the answer of a key, which is `answer` if it has none."""
    known = requests.known_answer(tx, "me", key)
    if known is None:
        requests.remember(tx, "me", key, answer, at_us=1)
        return answer
    return known


@pytest.fixture(autouse=True)
def me(database: Database) -> None:
    database.write(lambda tx: keys.ensure_owner(tx, "me", 1))


def test_a_key_keeps_its_first_answer(database: Database) -> None:
    assert database.write(lambda tx: ask(tx, "first")) == "first"
    assert database.write(lambda tx: ask(tx, "second")) == "first"
    with pytest.raises(UnprocessableError, match="Idempotency-Key"):
        database.write(lambda tx: ask(tx, "third", ("key-1", "another body")))


def test_one_key_used_twice_at_once_has_one_answer(database: Database) -> None:
    """Both look before either has written; on SQLite the second can only look afterwards."""
    both_have_looked = Barrier(2)

    def work(tx: Transaction, answer: str) -> Any:  # noqa: ANN401  # as stored
        known = requests.known_answer(tx, "me", KEY)
        if known is not None:
            return known
        if database.dialect == "postgresql":
            try:
                both_have_looked.wait(10)
            except BrokenBarrierError:  # the second try has nobody to wait for
                pytest.fail("looked again and found nothing")
        requests.remember(tx, "me", KEY, answer, at_us=1)
        return answer

    with ThreadPoolExecutor(2) as threads:
        answers = list(
            threads.map(lambda answer: database.write(lambda tx: work(tx, answer)), ["a", "b"])
        )
    assert len(set(answers)) == 1
