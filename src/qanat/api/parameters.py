"""Parameters of paths and queries that several routes share, as the document describes them."""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter, QueryParameter

QueryIdText = Annotated[
    str, PathParameter(title="Query", description="Id of a saved query: a number")
]
RunIdText = Annotated[
    str, PathParameter(title="Run", description="Id of a pipeline execution: a ULID")
]
ExecutionIdText = Annotated[str, PathParameter(title="Execution", description="A ULID")]
Limit = Annotated[
    int | None, QueryParameter(description="Entries at most; an out-of-range value is lowered")
]
Offset = Annotated[int | None, QueryParameter(description="Entries to pass over")]
KeyIdText = Annotated[str, PathParameter(title="Key", description="Id of a key: a ULID")]
VisualizationIdText = Annotated[
    str, PathParameter(title="Visualization", description="Id of a visualization: a number")
]
DashboardIdText = Annotated[
    str, PathParameter(title="Dashboard", description="Id of a dashboard: a number")
]
NodeIdText = Annotated[str, PathParameter(title="Node", description="Id of a node in its run")]
VersionText = Annotated[str, PathParameter(title="Version", description="A number, from 1")]
Starred = Annotated[
    str | None, QueryParameter(description="true: only what the key's owner starred")
]
Search = Annotated[str | None, QueryParameter(description="Part of a name, or an id")]
