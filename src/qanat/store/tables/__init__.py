"""The schema today. Migrations must end here, on both databases; a test holds them to it.

Tables refer to tables of other parts, so the schema is read whole: `from qanat.store import tables
as t`. Times are microseconds since 1970-01-01 UTC (`…_us`), money is micro-credits, JSON is text
that the store writes and reads. Foreign keys are reachability: what refers to a snapshot keeps it
from being collected. Columns called "plain text" refer to things that may be gone.
"""

from qanat.store.tables.catalog import (
    api_key,
    dashboard,
    endpoint,
    name,
    owner,
    pipeline,
    query,
    query_version,
    session,
    view,
    visualization,
)
from qanat.store.tables.rows import (
    file,
    move,
    server,
    snapshot,
    snapshot_file,
    store,
)
from qanat.store.tables.runs import (
    attempt,
    dashboard_run,
    event,
    execution,
    latest,
    node,
    pin,
    receipt,
    request,
    run,
    run_definition,
    run_read,
    run_view,
    source_pin,
)
from qanat.store.tables.schema import metadata
from qanat.store.tables.stars import star

__all__ = [
    "api_key",
    "attempt",
    "dashboard",
    "dashboard_run",
    "endpoint",
    "event",
    "execution",
    "file",
    "latest",
    "metadata",
    "move",
    "name",
    "node",
    "owner",
    "pin",
    "pipeline",
    "query",
    "query_version",
    "receipt",
    "request",
    "run",
    "run_definition",
    "run_read",
    "run_view",
    "server",
    "session",
    "snapshot",
    "snapshot_file",
    "source_pin",
    "star",
    "store",
    "view",
    "visualization",
]
