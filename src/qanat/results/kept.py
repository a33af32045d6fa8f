"""What was made once and may be asked for again, up to so many bytes.

Only what never changes is kept here, so nothing has to be thrown out because it is old. However
many ask for the same thing at a time, it is made once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_LARGEST: Final = 8  #: nothing larger than the whole divided by this is kept
_ENTRY_BYTES: Final = 500  #: of a key and its place in the books


class Kept(Generic[T]):
    """Values by key; the least recently used go first. Safe to call from several threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._making: dict[Hashable, Future[T]] = {}
        self._size = 0

    def peek(self, key: Hashable) -> tuple[T] | None:
        """Return the value of a key, if it is there; None if not."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return (found[0],)

    def of(self, key: Hashable, make: Callable[[], tuple[T, int]]) -> T:
        """Return the value of a key, made if it is not there; `make` also says its bytes.

        What `make` raises is raised, also to those who waited for it.
        """
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
                return found[0]
            making = self._making.get(key)
            ours = making is None
            if making is None:
                making = self._making[key] = Future()
        if not ours:
            return making.result()
        try:
            value, size = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            making.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._keep(key, value, size + _ENTRY_BYTES)
        making.set_result(value)
        return value

    def _keep(self, key: Hashable, value: T, size: int) -> None:
        if size > self._most_bytes // _LARGEST:
            return
        self._values[key] = (value, size)
        self._size += size
        while self._size > self._most_bytes:
            _, (_, gone) = self._values.popitem(last=False)
            self._size -= gone
