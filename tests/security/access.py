"""Who may do what: one table for the tests and for docs/api/access.md.

`python -m tests.security.access` writes the page. The rules behind it: without a key nothing is
looked at (401); a key that may only read changes nothing (403); what is private to another owner
does not exist (404); what is public of another owner is read and run, not changed (403).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

PAGE: Final = Path(__file__).parents[2] / "docs" / "api" / "access.md"

Kind = Literal[
    "query", "graph", "execution", "run", "view", "upload", "visualization", "dashboard", "key",
    "staged", "endpoint",
]  # fmt: skip
Values = Mapping[str, Any]  #: of the parameters of a path: name → value
Asked = Mapping[str, Any]  #: what httpx takes: json, content, params, headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an endpoint answers to whom."""

    method: str
    path: str  #: below /api
    scope: Literal["none", "read", "write"]
    on: Kind | None = None  #: what its path or its body names
    own: int = 200
    archived: int | None = None  #: the caller's own, archived; None: it cannot be
    public: int | None = None  #: another owner's; None: such a thing is never public
    private: int | None = None  #: another owner's
    ask: Callable[[Values], Asked] = field(default=lambda _: {})

    @property
    def name(self) -> str:
        """Return how the page calls the endpoint."""
        return f"{self.method} {self.path}"


def _json(**body: Any) -> Callable[[Values], Asked]:  # noqa: ANN401  # any JSON
    return lambda _: {"json": body}


def _read(path: str, on: Kind | None = None, **more: Any) -> Rule:  # noqa: ANN401  # Rule's fields
    return Rule(method="GET", path=path, scope="read", on=on, **more)


def _rule(
    method: str,
    path: str,
    scope: Literal["none", "read", "write"],
    on: Kind | None = None,
    **more: Any,  # noqa: ANN401  # Rule's fields
) -> Rule:
    return Rule(method=method, path=path, scope=scope, on=on, **more)


def _of_query(path: str) -> Rule:
    return _read(path, "query", archived=200, public=200, private=404)


def _of_execution(path: str) -> Rule:
    return _read(path, "execution", archived=200, public=200, private=404)


def _of_run(path: str, **more: Any) -> Rule:  # noqa: ANN401  # Rule's fields
    """Runs are their owner's alone, whatever they ran."""
    return _read(path, "run", archived=200, public=404, private=404, **more)


def _uploads(prefix: str, table: str, csv: str) -> tuple[Rule, ...]:
    one = f"/v1/{prefix}/{{namespace}}/{{table_name}}"
    own = {"public": 403, "private": 404}
    columns = [{"name": "a", "type": "bigint"}]
    return (
        _rule("POST", table, "write", ask=lambda v: {"json": {
            "namespace": v["handle"], "table_name": v["fresh"], "schema": columns}}),
        _rule("POST", csv, "write", ask=lambda v: {"json": {
            "table_name": v["fresh"], "data": "a\n1\n"}}),
        _rule("POST", f"{one}/insert", "write", "upload", **own, ask=lambda _: {
            "content": "a\n1\n", "headers": {"Content-Type": "text/csv"}}),
        _rule("POST", f"{one}/clear", "write", "upload", **own),
        _rule("DELETE", one, "write", "upload", **own),
    )  # fmt: skip


RULES: Final[tuple[Rule, ...]] = (
    _rule("GET", "/health", "none"),
    _rule("GET", "/docs", "none"),
    _rule("GET", "/openapi.json", "none"),
    # executions
    _rule("POST", "/v1/query/{query_id}/execute", "read", "query",
          archived=403, public=200, private=404),
    _rule("POST", "/v1/sql/execute", "read", ask=_json(sql="SELECT 1 AS a")),
    _rule("POST", "/v1/sql/check", "read", ask=_json(sql="SELECT 1 AS a")),
    _of_execution("/v1/execution/{execution_id}/status"),
    _rule("POST", "/v1/execution/{execution_id}/cancel", "read", "execution",
          archived=200, public=404, private=404),
    *(_of_execution("/v1/execution/{execution_id}/results" + form)
      for form in ("", "/csv", "/parquet", "/arrow")),
    *(_of_query("/v1/query/{query_id}/results" + form)
      for form in ("", "/csv", "/parquet", "/arrow")),
    _read("/v1/endpoints/{handle}/{slug}/results", "endpoint",
          archived=200, public=200, private=404),
    _read("/v1/endpoints"),
    _rule("PUT", "/v1/endpoints/{slug}", "write", "query", archived=403, public=403, private=404,
          ask=lambda v: {"json": {"query_id": v["query_id"]}}),
    _rule("DELETE", "/v1/endpoints/{slug}", "write", "endpoint",
          archived=200, public=404, private=404),
    # pipelines
    _of_query("/v1/query/{query_id}/pipeline"),
    _rule("PUT", "/v1/query/{query_id}/pipeline", "write", "query",
          archived=403, public=403, private=404, ask=lambda v: {"json": {"pipeline": {"nodes": [
              {"id": 1, "query_execution": {"query_id": v["query_id"]}}]}}}),
    _rule("DELETE", "/v1/query/{query_id}/pipeline", "write", "graph",
          archived=200, public=403, private=404),
    _rule("POST", "/v1/query/{query_id}/pipeline/execute", "read", "query",
          archived=403, public=200, private=404),
    _rule("POST", "/v1/pipelines/execute", "read", "query", archived=403, public=200, private=404,
          ask=lambda v: {"json": {"query_id": v["query_id"]}}),
    _rule("POST", "/v1/pipelines/plan", "read", "query", archived=200, public=200, private=404,
          ask=lambda v: {"json": {"query_id": v["query_id"]}}),
    _read("/v1/pipelines"),
    _of_run("/v1/pipelines/executions/{pipeline_execution_id}/status"),
    # runs
    _read("/v1/pipelines/executions"),
    _of_run("/v1/pipelines/executions/{pipeline_execution_id}"),
    _of_run("/v1/pipelines/executions/{pipeline_execution_id}/nodes/{node_id}"),
    _rule("POST", "/v1/pipelines/executions/{pipeline_execution_id}/cancel", "read", "run",
          archived=200, public=404, private=404),
    _of_run("/v1/pipelines/executions/{pipeline_execution_id}/compare",
            ask=lambda v: {"params": {"with": v["pipeline_execution_id"]}}),
    _of_run("/v1/pipelines/executions/{pipeline_execution_id}/events"),
    # queries
    _rule("POST", "/v1/query", "write", ask=_json(name="q", query_sql="SELECT 1 AS a")),
    _of_query("/v1/query/{query_id}"),
    _rule("PATCH", "/v1/query/{query_id}", "write", "query",
          archived=403, public=403, private=404, ask=_json(name="new")),
    _rule("POST", "/v1/query/{query_id}/archive", "write", "query",
          archived=200, public=403, private=404),
    _rule("POST", "/v1/query/{query_id}/unarchive", "write", "query",
          archived=200, public=403, private=404),
    _rule("POST", "/v1/query/{query_id}/private", "write", "query",
          archived=200, public=403, private=404),
    _rule("POST", "/v1/query/{query_id}/unprivate", "write", "query",
          archived=200, public=403, private=404),
    _read("/v1/queries"),
    _of_query("/v1/query/{query_id}/versions"),
    _of_query("/v1/query/{query_id}/versions/{version}"),
    _of_query("/v1/query/{query_id}/executions"),
    _of_query("/v1/query/{query_id}/lineage"),
    # materialized views
    _rule("POST", "/v1/materialized-views", "write", "query",
          archived=403, public=200, private=404,
          ask=lambda v: {"json": {"name": f"result_{v['fresh']}", "query_id": v["query_id"]}}),
    _read("/v1/materialized-views"),
    _read("/v1/materialized-views/{name}", "view", public=200, private=404),
    _rule("POST", "/v1/materialized-views/{name}/refresh", "read", "view",
          public=403, private=404),
    _rule("DELETE", "/v1/materialized-views/{name}", "write", "view", public=403, private=404),
    _read("/v1/freshness"),
    # uploads
    _read("/v1/uploads"),
    *_uploads("uploads", "/v1/uploads", "/v1/uploads/csv"),
    _read("/v1/tables"),
    *_uploads("table", "/v1/table/create", "/v1/table/upload/csv"),
    _rule("POST", "/v1/staged-uploads", "write", ask=lambda _: {
        "content": "a\n1\n", "params": {"format": "csv", "file_name": "a.csv"}}),
    _rule("POST", "/v1/staged-uploads/{staged_id}/commit", "write", "staged", private=404,
          ask=lambda v: {"json": {
              "table_name": v["fresh"], "columns": [{"name": "a", "type": "bigint"}]}}),
    _rule("DELETE", "/v1/staged-uploads/{staged_id}", "write", "staged", private=404),
    # datasets, catalog
    _read("/v1/datasets"),
    _read("/v1/datasets/{slug}", "upload", public=200, private=404),
    _rule("POST", "/v1/datasets/search", "read", ask=_json(query="*")),
    _rule("POST", "/v1/datasets/search-by-contract", "read",
          ask=_json(contract_address="0x" + "ab" * 20)),
    _read("/v1/catalog"),
    *(_read(f"/v1/catalog/{{name}}{part}", "view", public=200, private=404)
      for part in ("", "/sample", "/history")),
    _read("/v1/functions"),
    _read("/v1/namespaces"),
    # visualizations, dashboards
    *(_rule("POST", f"/v1/{path}", "write", "query",
            archived=403, public=403, private=404, ask=_json(name="v", type="table"))
      for path in ("queries/{query_id}/visualizations", "query/{query_id}/visualization")),
    _of_query("/v1/queries/{query_id}/visualizations"),
    _read("/v1/visualizations/{visualization_id}", "visualization",
          archived=200, public=200, private=404),
    _rule("PUT", "/v1/visualizations/{visualization_id}", "write", "visualization",
          archived=403, public=403, private=404,
          ask=_json(name="w", type="table", description="", options={})),
    _rule("DELETE", "/v1/visualizations/{visualization_id}", "write", "visualization",
          archived=403, public=403, private=404),
    _rule("POST", "/v1/dashboards", "write", "visualization", public=200, private=400,
          ask=lambda v: {"json": {"name": "d", "visualization_ids": [v["visualization_id"]]}}),
    _read("/v1/dashboards"),
    _read("/v1/dashboards/{dashboard_id}", "dashboard", archived=200, public=200, private=404),
    _read("/v1/dashboards/by-slug/{owner}/{slug}", "dashboard",
          archived=200, public=200, private=404),
    _rule("PATCH", "/v1/dashboards/{dashboard_id}", "write", "dashboard",
          archived=403, public=403, private=404, ask=_json(name="new")),
    _rule("POST", "/v1/dashboards/{dashboard_id}/archive", "write", "dashboard",
          archived=200, public=403, private=404),
    _rule("POST", "/v1/dashboards/{dashboard_id}/refresh", "read", "dashboard",
          archived=403, public=200, private=404),
    _read("/v1/dashboards/{dashboard_id}/results", "dashboard",
          archived=200, public=200, private=404),
    # stars
    _read("/v1/stars"),
    _rule("PUT", "/v1/stars/query/{query_id}", "write", "query",
          archived=200, public=200, private=404),
    _rule("PUT", "/v1/stars/dashboard/{dashboard_id}", "write", "dashboard",
          archived=200, public=200, private=404),
    _rule("DELETE", "/v1/stars/query/{query_id}", "write", "query",
          archived=200, public=200, private=200),
    _rule("DELETE", "/v1/stars/dashboard/{dashboard_id}", "write", "dashboard",
          archived=200, public=200, private=200),
    # usage, keys, sessions
    _rule("POST", "/v1/usage", "read"),
    _read("/v1/usage/days"),
    _read("/v1/usage/receipts", ask=lambda _: {"params": {"date": "2026-11-24"}}),
    _read("/whoami"),
    _read("/v1/keys"),
    _rule("POST", "/v1/keys", "write", ask=_json(name="k", scope="read")),
    _rule("DELETE", "/v1/keys/{key_id}", "write", "key", private=404),
    _rule("POST", "/v1/session", "none", ask=lambda v: {"json": {"api_key": v["secret"]}}),
    _read("/v1/session"),
    _rule("DELETE", "/v1/session", "none"),
)  # fmt: skip

_HEAD: Final = """\
# Access

What each endpoint answers to whom, written from the table that the tests go through cell by cell
(`python -m tests.security.access` writes this page). All paths are below `/api`.

- Without a key, or with one that is unknown or revoked: 401, before anything else is looked at.
  *none*: no key is asked for.
- A key of *read* scope gets 403 from every endpoint that needs *write*, whatever it names.
- *own*: a key of sufficient scope, on a thing of its own handle. *archived*: its own, archived.
- *public*, *private*: a thing of another handle. What is private to another handle does not
  exist: the answer is that for an unknown id, word for word (404; 400 where a body names it
  beside other things; 200 where a star is taken off, whether or not there was one).
- -: the endpoint names no such thing, or such a thing cannot be archived, or is never public.

| endpoint | scope | names | own | archived | public | private |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Return docs/api/access.md."""
    rows = []
    for rule in RULES:
        cells = (rule.own, rule.archived, rule.public, rule.private)
        shown = " | ".join("-" if cell is None else str(cell) for cell in cells)
        rows.append(f"| `{rule.name}` | {rule.scope} | {rule.on or '-'} | {shown} |\n")
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
