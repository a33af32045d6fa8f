"""Makes what an endpoint may name, for an owner: a query, its run, a view, a table, a chart."""

from __future__ import annotations

import itertools
from typing import Any, Final

from tests.api.whole.owner import Owner
from tests.api.whole.waiting import run_ended, save
from tests.security.access import Kind, Values

#: Part of every name of what is private, so that no answer to another owner may hold it.
HIDDEN: Final = "hidden_thing"
_numbers: Final = itertools.count(1)


class Things:
    """What one owner has; reading endpoints share a thing, changing ones get a fresh one."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self._made: dict[tuple[Kind, bool, bool], Values] = {}

    def shared(self, kind: Kind, *, private: bool, archived: bool) -> Values:
        """Return a thing that nobody changes."""
        key = (kind, private, archived)
        if key not in self._made:
            self._made[key] = self.fresh(kind, private=private, archived=archived)
        return self._made[key]

    def fresh(self, kind: Kind, *, private: bool, archived: bool) -> Values:
        """Make a thing; the values by which paths and bodies name it."""
        name = f"{HIDDEN if private else 'shown'}_{next(_numbers)}"
        match kind:
            case "view":
                return self._view(name, private=private)
            case "upload":
                return self._upload(name, private=private)
            case "dashboard":
                return self._dashboard(name, private=private, archived=archived)
            case "key":
                made = self.owner.ok("POST", "/keys", json={"name": name, "scope": "read"})
                return {"key_id": made["id"]}
            case "staged":
                made = self.owner.ok(
                    "POST", f"/staged-uploads?format=csv&file_name={name}.csv", content="a\n1\n"
                )
                return {"staged_id": made["staged_id"]}
            case _:
                return self._of_query(kind, name, private=private, archived=archived)

    def _of_query(self, kind: Kind, name: str, *, private: bool, archived: bool) -> Values:
        query = save(self.owner, "SELECT 1 AS a", name=name, is_private=private)
        values: dict[str, Any] = {"query_id": query, "version": 1}
        if kind in ("query", "execution", "run", "endpoint"):
            run = self.owner.ok("POST", f"/query/{query}/pipeline/execute")["pipeline_execution_id"]
            ended = run_ended(self.owner, run)
            (node,) = ended["node_executions"]
            values |= {
                "pipeline_execution_id": run,
                "node_id": node["id"],
                "execution_id": node["query_execution_status"]["execution_id"],
            }
        if kind == "graph":
            graph = {"nodes": [{"id": 1, "query_execution": {"query_id": query}}]}
            self.owner.ok("PUT", f"/query/{query}/pipeline", json={"pipeline": graph})
        if kind == "endpoint":
            slug = name.replace("_", "-")
            self.owner.ok("PUT", f"/endpoints/{slug}", json={"query_id": query})
            values |= {"handle": self.owner.handle, "slug": slug}
        if kind == "visualization":
            values["visualization_id"] = self._chart(query, name)
        if archived:
            self.owner.ok("POST", f"/query/{query}/archive")
        return values

    def _chart(self, query: int, name: str) -> int:
        made = self.owner.ok(
            "POST", f"/queries/{query}/visualizations", json={"name": name, "type": "table"}
        )
        return int(made["id"])

    def _view(self, name: str, *, private: bool) -> Values:
        query = save(self.owner, "SELECT 1 AS a", name=name, is_private=private)
        made = self.owner.ok(
            "POST",
            "/materialized-views",
            json={"name": f"result_{name}", "query_id": query, "is_private": private},
        )
        status = self.owner.ok("GET", f"/execution/{made['execution_id']}/status")
        run_ended(self.owner, status["pipeline_execution_id"])
        return {"name": made["name"]}

    def _upload(self, name: str, *, private: bool) -> Values:
        made = self.owner.ok(
            "POST",
            "/uploads",
            json={
                "namespace": self.owner.handle,
                "table_name": name,
                "schema": [{"name": "a", "type": "bigint"}],
                "is_private": private,
            },
        )
        return {"namespace": self.owner.handle, "table_name": name, "slug": made["full_name"]}

    def _dashboard(self, name: str, *, private: bool, archived: bool) -> Values:
        query = save(self.owner, "SELECT 1 AS a", name=name, is_private=private)
        made = self.owner.ok(
            "POST",
            "/dashboards",
            json={
                "name": name,
                "is_private": private,
                "visualization_ids": [self._chart(query, name)],
            },
        )
        id_ = made["dashboard_id"]
        if archived:
            self.owner.ok("POST", f"/dashboards/{id_}/archive")
        return {"dashboard_id": id_, "owner": self.owner.handle, "slug": made["slug"]}
