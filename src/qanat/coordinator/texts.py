"""Texts of query versions, and what each reads. Versions never change, so both are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Final, Generic, TypeVar

import msgspec

from qanat.errors import NotFoundError
from qanat.sql.interface import Lineage, Parameter, QueryViews
from qanat.sql.lineage import lineage
from qanat.sql.parameters import params_hash, resolve
from qanat.store import lookup
from qanat.store.database import Transaction

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_parameters: Final = msgspec.json.Decoder(tuple[Parameter, ...])


@dataclass(frozen=True, slots=True)
class Values:
    """Parameters with the text of their values, and the hash of them."""

    texts: dict[str, str]
    hash: str

    @classmethod
    def of(cls, texts: dict[str, str]) -> Values:
        """Return values with their hash."""
        return cls(texts, params_hash(texts))


class Kept(Generic[K, V]):
    """The most recently used values of a function; safe among threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return the value kept for `key`, if it is still there."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def put(self, key: K, value: V) -> V:
        """Keep `value`, letting go of the one unused for longest; `value`."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def of(self, key: K, make: Callable[[], V]) -> V:
        """Return the value kept for `key`, made now if there is none."""
        found = self.get(key)
        return self.put(key, make()) if found is None else found


class Texts:
    """SQL and parameters of query versions."""

    def __init__(self, most: int = 20_000) -> None:
        self._texts: Kept[tuple[int, int], tuple[str, tuple[Parameter, ...]]] = Kept(most)
        self._lineages: Kept[Hashable, Lineage] = Kept(most)
        self._defaults: Kept[tuple[int, int], Values] = Kept(most)

    def of(self, tx: Transaction, query: int, version: int) -> tuple[str, tuple[Parameter, ...]]:
        """Return the SQL and the declared parameters of a version.

        Raises:
            NotFoundError: There is no such version.
        """

        def read() -> tuple[str, tuple[Parameter, ...]]:
            found = lookup.query_text(tx, query, version)
            if found is None:
                raise NotFoundError("Query not found")
            return found[0], _parameters.decode(found[1])

        return self._texts.of((query, version), read)

    def defaults(
        self, query: int, version: int, sql: str, declared: tuple[Parameter, ...]
    ) -> Values:
        """Return the values of a version's parameters when a request gives none."""
        return self._defaults.of(
            (query, version), lambda: Values.of(resolve(declared, {}, sql=sql))
        )

    def known(self, query: int, version: int) -> str | None:
        """Return the SQL of a version if it is in memory."""
        found = self._texts.get((query, version))
        return None if found is None else found[0]

    def lineage(
        self,
        key: tuple[int, int, str],
        sql: str,
        values: dict[str, str],
        views: QueryViews,
        is_current: Callable[[Lineage], bool],
    ) -> Lineage:
        """Return what `sql` reads. `key` (query, version, hash of the values) is a saved one's.

        What goes through query views is kept only for as long as `is_current` says that those
        are still at the versions seen.
        """
        if key[0] == 0:
            return lineage(sql, values, views)
        found = self._lineages.get(key)
        if found is not None and is_current(found):
            return found
        made = lineage(sql, values, views)
        return made if made.error else self._lineages.put(key, made)
