"""Requests that came with an Idempotency-Key, and what they were answered."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, insert, select

from qanat.errors import UnprocessableError
from qanat.store import tables as t
from qanat.store.codec import dump, load
from qanat.store.database import Prepared, Transaction

_REQUEST: Final = Prepared(
    select(t.request.c.body_hash, t.request.c.answer).where(
        t.request.c.owner == bindparam("owner"), t.request.c.key == bindparam("key")
    )
)
_ADD_REQUEST: Final = Prepared(insert(t.request), ["owner", "key", "body_hash", "answer", "at_us"])


def known_answer(tx: Transaction, owner: str, idempotency: tuple[str, str] | None) -> Any | None:  # noqa: ANN401  # any JSON
    """Return the answer that an idempotency key has already got.

    Raises:
        UnprocessableError: The key was used with another request.
    """
    if idempotency is None:
        return None
    key, body_hash = idempotency
    found = tx.row(_REQUEST, owner=owner, key=key)
    if found is None:
        return None
    if found["body_hash"] != body_hash:
        raise UnprocessableError("this Idempotency-Key was used before with another request")
    return load(found["answer"])


def remember(
    tx: Transaction, owner: str, idempotency: tuple[str, str] | None, answer: object, *, at_us: int
) -> None:
    """Have an idempotency key get `answer` from now on."""
    if idempotency is not None:
        key, hashed = idempotency
        row = {"owner": owner, "key": key, "body_hash": hashed, "answer": dump(answer)}
        tx.run(_ADD_REQUEST, **row, at_us=at_us)
