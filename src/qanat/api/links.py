"""How the answers of some operations name what others ask for, as links of the OpenAPI document.

An operation is linked to from an answer when the answer holds every parameter of its path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

#: (method, path) → parameter of paths → the field of the answer that it is.
HELD: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("post", "/api/v1/query"): {"query_id": "query_id"},
    ("post", "/api/v1/query/{query_id}/execute"): {
        "execution_id": "execution_id",
        "pipeline_execution_id": "pipeline_execution_id",
    },
    ("post", "/api/v1/sql/execute"): {
        "execution_id": "execution_id",
        "pipeline_execution_id": "pipeline_execution_id",
    },
    ("post", "/api/v1/query/{query_id}/pipeline/execute"): {
        "pipeline_execution_id": "pipeline_execution_id",
    },
    ("post", "/api/v1/pipelines/execute"): {"pipeline_execution_id": "pipeline_execution_id"},
    ("post", "/api/v1/materialized-views"): {"name": "name", "execution_id": "execution_id"},
    ("post", "/api/v1/uploads"): {
        "namespace": "namespace",
        "table_name": "table_name",
        "slug": "full_name",
    },
    ("post", "/api/v1/staged-uploads"): {"staged_id": "staged_id"},
    ("put", "/api/v1/endpoints/{slug}"): {"handle": "handle", "slug": "slug"},
    ("post", "/api/v1/queries/{query_id}/visualizations"): {"visualization_id": "id"},
    ("post", "/api/v1/query/{query_id}/visualization"): {"visualization_id": "id"},
    ("post", "/api/v1/dashboards"): {"dashboard_id": "dashboard_id"},
    ("post", "/api/v1/keys"): {"key_id": "id"},
}


def linked(paths: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the paths of a document with links in their answers."""
    made = {path: dict(operations) for path, operations in paths.items()}
    for (method, path), held in HELD.items():
        operation = made.get(path, {}).get(method)
        if operation is None:
            continue
        links = _links(paths, held)
        answers = dict(operation["responses"])
        answers["200"] = {**answers["200"], "links": links}
        made[path][method] = {**operation, "responses": answers}
    return made


def _links(
    paths: Mapping[str, Mapping[str, Any]], held: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    links = {}
    for path, operations in paths.items():
        asked = re.findall(r"\{(\w+)\}", path)
        if not asked or not set(asked) <= set(held):
            continue
        for operation in operations.values():
            links[operation["operationId"]] = {
                "operationId": operation["operationId"],
                "parameters": {name: f"$response.body#/{held[name]}" for name in asked},
            }
    return links
