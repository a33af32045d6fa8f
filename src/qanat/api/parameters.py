"""Parameters of paths and queries that several routes share, as the document describes them."""

from __future__ import annotations

from typing import Annotated

from litestar.params import Parameter

QueryIdText = Annotated[str, Parameter(title="Query", description="Id of a saved query: a number")]
RunIdText = Annotated[str, Parameter(title="Run", description="Id of a pipeline execution: a ULID")]
ExecutionIdText = Annotated[str, Parameter(title="Execution", description="A ULID")]
Limit = Annotated[
    int | None, Parameter(description="Entries at most; an out-of-range value is lowered")
]
Offset = Annotated[int | None, Parameter(description="Entries to pass over")]
KeyIdText = Annotated[str, Parameter(title="Key", description="Id of a key: a ULID")]
