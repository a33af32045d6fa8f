"""The types into which the Go client decodes, field by field.

Its decoder leaves out what it does not know and what is absent, and gives up the whole answer at
one field of another type: a number with a point where a whole one is read, a text for a number.
"""

from __future__ import annotations

import re
from typing import Any, Final

Shape = type | str | list["Shape"] | dict[str, "Shape"]  #: of JSON; a list has one, for each item

INT32: Final = "int32"
TIME: Final = "time"
ANY: Final = "any"
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

_ERROR: Final[Shape] = {
    "type": str,
    "message": str,
    "metadata": {"line": int, "column": int},
}
_METADATA: Final[Shape] = {
    "column_names": [str],
    "result_set_bytes": int,
    "row_count": int,
    "total_result_set_bytes": int,
    "total_row_count": int,
    "datapoint_count": int,
}
_TIMES: Final[dict[str, Shape]] = {
    "submitted_at": TIME,
    "expires_at": TIME,
    "execution_started_at": TIME,
    "execution_ended_at": TIME,
    "cancelled_at": TIME,
}
RESULTS: Final[Shape] = {
    **_TIMES,
    "query_id": int,
    "state": str,
    "is_execution_finished": bool,
    "error": _ERROR,
    "result": {"rows": [{}], "metadata": _METADATA},
    "next_offset": int,
    "next_uri": str,
}
STATUS: Final[Shape] = {
    **_TIMES,
    "execution_id": str,
    "query_id": int,
    "state": str,
    "error": _ERROR,
    "result_metadata": _METADATA,
}
_NODE: Final[Shape] = {
    "id": int,
    "query_execution_status": {"status": str, "query_id": int, "execution_id": str},
}
PIPELINE: Final[Shape] = {"status": str, "node_executions": [_NODE]}
VIEW: Final[Shape] = {
    "id": str,
    "sql_id": str,
    "owner_user_id": int,
    "owner_team_id": int,
    "query_id": int,
    "is_private": bool,
    "last_execution_ids": [str],
    "table_size_bytes": int,
    "schedule": {
        "cron_expression": str, "performance": str, "next_execution_time": str, "expires_at": str,
    },
}  # fmt: skip
VIEWS: Final[Shape] = {"materialized_views": [VIEW], "next_offset": INT32}
_COLUMN: Final[Shape] = {
    "name": str, "type": str, "nullable": bool, "description": str, "metadata": {},
}  # fmt: skip
_OWNER: Final[Shape] = {"handle": str, "type": str}
UPLOADS: Final[Shape] = {
    "tables": [
        {
            "full_name": str,
            "is_private": bool,
            "table_size_bytes": str,
            "created_at": TIME,
            "updated_at": TIME,
            "purged_at": TIME,
            "owner": _OWNER,
            "columns": [_COLUMN],
        }
    ]
}
CREATED: Final[Shape] = {
    "namespace": str, "table_name": str, "full_name": str, "example_query": str,
    "already_existed": bool, "message": str,
}  # fmt: skip
CSV_UPLOADED: Final[Shape] = {
    "success": bool, "table_name": str, "full_name": str, "example_query": str,
}  # fmt: skip
INSERTED: Final[Shape] = {"name": str, "rows_written": int, "bytes_written": int}
DATASET: Final[Shape] = {
    "type": str,
    "full_name": str,
    "is_private": bool,
    "columns": [_COLUMN],
    "owner": _OWNER,
    "metadata": {},
    "created_at": str,
    "updated_at": str,
}
DATASETS: Final[Shape] = {"datasets": [DATASET], "total": int}
FOUND: Final[Shape] = {
    "total": INT32,
    "results": [
        {
            "full_name": str,
            "category": str,
            "dataset_type": str,
            "blockchains": [str],
            "visibility": str,
            "owner_scope": str,
            "description": str,
            "schema": ANY,
            "metadata": {"page_rank_score": float, "description": str},
        }
    ],
    "pagination": {"limit": INT32, "offset": INT32, "next_offset": INT32, "has_more": bool},
}
_POSITION: Final[Shape] = {"row": INT32, "col": INT32, "size_x": INT32, "size_y": INT32}
DASHBOARD: Final[Shape] = {
    "dashboard_id": int,
    "name": str,
    "slug": str,
    "is_private": bool,
    "tags": [str],
    "dashboard_url": str,
    "visualization_widgets": [{"widget_id": int, "visualization_id": int, "position": _POSITION}],
    "text_widgets": [{"widget_id": int, "text": str, "position": _POSITION}],
    "param_widgets": [
        {
            "widget_id": str,
            "key": str,
            "query_id": int,
            "visualization_widget_id": int,
            "position": _POSITION,
        }
    ],
}
_PARAMETER: Final[Shape] = {"key": str, "type": str, "value": str, "enumOptions": [str]}
QUERY: Final[Shape] = {
    "query_id": int,
    "name": str,
    "description": str,
    "query_sql": str,
    "owner": str,
    "is_private": bool,
    "is_archived": bool,
    "is_unsaved": bool,
    "is_temp": bool,
    "version": int,
    "query_engine": str,
    "tags": [str],
    "parameters": [_PARAMETER],
}
VISUALIZATION: Final[Shape] = {
    "id": int,
    "query_id": int,
    "name": str,
    "description": str,
    "type": str,
    "options": {},
    "created_at": str,
    "updated_at": str,
}
VISUALIZATIONS: Final[Shape] = {"results": [VISUALIZATION], "total_count": INT32}
USAGE: Final[Shape] = {
    "private_queries": int,
    "private_dashboards": int,
    "bytes_used": int,
    "bytes_allowed": int,
    "billing_periods": [
        {"start_date": str, "end_date": str, "credits_used": float, "credits_included": int}
    ],
}


def decodes(answer: Any, shape: Shape, at: str = "answer") -> None:  # noqa: ANN401  # any JSON
    """Check that an answer can be decoded into a type."""
    if shape == ANY:
        return
    if shape == INT32:
        assert type(answer) is int, f"{at}: {answer!r}"
        assert -(2**31) <= answer < 2**31, f"{at}: {answer!r}"
    elif shape == TIME:
        assert isinstance(answer, str), f"{at}: {answer!r}"
        assert _TIME.fullmatch(answer), f"{at}: {answer!r}"
    elif shape is float:
        assert type(answer) in (int, float), f"{at}: {answer!r}"
    elif isinstance(shape, dict):
        assert type(answer) is dict, f"{at}: {answer!r}"
        for name in shape.keys() & answer.keys():
            decodes(answer[name], shape[name], f"{at}.{name}")
    elif isinstance(shape, list):
        assert type(answer) is list, f"{at}: {answer!r}"
        for item in answer:
            decodes(item, shape[0], f"{at}[]")
    else:
        assert type(answer) is shape, f"{at}: {answer!r}"
