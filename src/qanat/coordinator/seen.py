"""What one caller may read: saved queries and named tables, each looked up once in a transaction.

One rule: what is private to another owner is not there, be it named by the request, by a view or
inside SQL text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qanat.coordinator.texts import Texts, Values
from qanat.errors import ForbiddenError, NotFoundError, SqlRejectedError
from qanat.model.access import Caller
from qanat.names import Label
from qanat.sql.interface import Lineage, Reference, ViewedQuery
from qanat.store import lookup
from qanat.store.database import Transaction


class Seen:
    """What a caller sees within one reading transaction."""

    def __init__(self, tx: Transaction, caller: Caller, texts: Texts) -> None:
        self._tx, self._caller, self._texts = tx, caller, texts
        self._queries: dict[int, dict[str, Any] | None] = {}
        self._names: dict[str, Mapping[str, Any] | None] = {}

    def query(self, id_: int) -> dict[str, Any] | None:
        """Return a saved query, if the caller sees it."""
        if id_ not in self._queries:
            self._queries[id_] = lookup.query(self._tx, id_)
        found = self._queries[id_]
        if found is None or not self._caller.sees(
            found["owner"], is_private=bool(found["is_private"])
        ):
            return None
        return found

    def name(self, label: str) -> Mapping[str, Any] | None:
        """Return the view or upload of that label, if the caller sees it."""
        if label not in self._names:
            found = lookup.name(self._tx, label) if label.startswith("dune.") else None
            if found is not None and not self._caller.sees(
                found["owner"], is_private=bool(found["is_private"])
            ):
                found = None
            elif found is not None and found["kind"] == "view":
                self._queries.setdefault(found["query"], lookup.query_of_view(found))
            self._names[label] = found
        return self._names[label]

    def owns(self, name: Mapping[str, Any]) -> bool:
        """Return whether a view or upload is the caller's own."""
        return bool(name["owner"] == self._caller.handle)

    def own_view(self, label: Label) -> Mapping[str, Any]:
        """Return a view of the caller's own.

        Raises:
            NotFoundError, ForbiddenError: There is no such view, or it is another's.
        """
        view = self.name(label)
        if view is None or view["kind"] != "view":
            raise NotFoundError("Materialized view not found")
        if not self.owns(view):
            raise ForbiddenError(f"{label} belongs to {view['owner']}: only its owner refreshes it")
        return view

    def lineage(self, query: int, version: int, sql: str, values: Values) -> Lineage:
        """Return what the SQL of a query reads, also through other queries that the caller sees.

        Query 0 is SQL that is not saved.
        """
        key = (query, version, values.hash)
        return self._texts.lineage(key, sql, values.texts, self._viewed, self._is_current)

    def _viewed(self, reference: Reference) -> ViewedQuery:
        query = None if reference.query is None else self.query(reference.query)
        if query is None:
            raise SqlRejectedError(f"Query '{reference.query}' does not exist", reference.position)
        if query["is_archived"] or query["is_temp"]:
            raise SqlRejectedError(
                f"Query '{reference.query}' is archived or not saved", reference.position
            )
        sql, parameters = self._texts.of(self._tx, query["id"], query["version"])
        return ViewedQuery(
            query=query["id"], version=query["version"], sql=sql, parameters=parameters
        )

    def _is_current(self, lineage: Lineage) -> bool:
        for id_, version in lineage.queries:
            query = self.query(id_)
            if query is None or query["version"] != version or query["is_archived"]:
                return False
        return True
