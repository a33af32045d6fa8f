"""The schema today. Migrations must end here, on both databases; a test holds them to it.

Times are microseconds since 1970-01-01 UTC (`…_us`), money is micro-credits, JSON is text that
this package writes and reads. Foreign keys are reachability: what refers to a snapshot keeps it
from being collected. Columns called "plain text" refer to things that may be gone.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite numbers only an INTEGER primary key by itself.
_Serial = BigInteger().with_variant(Integer, "sqlite")


def _flag(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


store = Table(
    "store",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("moment", BigInteger, nullable=False),  # numbers the changes of names
    Column("boot_id", Text, nullable=False),  # of the machine, when it last served this store
    Column("place", Text, nullable=False),  # id of the rows directory; its marker holds the same
    CheckConstraint("id = 1", name="single"),
)

server = Table(
    "server",
    metadata,
    Column("id", Text, primary_key=True),  # new at each start
    Column("state", Text, nullable=False),  # live, dead
    Column("started_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),  # by the database's clock
    sqlite_with_rowid=False,
)

owner = Table(
    "owner",
    metadata,
    Column("number", _Serial, primary_key=True, autoincrement=True),
    Column("handle", Text, nullable=False, unique=True),
    Column("created_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),  # SHA-256 of the key, hexadecimal
    Column("owner", Text, ForeignKey("owner.handle"), nullable=False),
    Column("scope", Text, nullable=False),  # read, write
    Column("label", Text, nullable=False, server_default=""),
    Column("hint", Text, nullable=False, server_default=""),  # the key's first characters
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),  # coarse: written at most once a minute
    Column("revoked_us", BigInteger),
)

session = Table(
    "session",
    metadata,
    Column("hash", Text, primary_key=True),  # SHA-256 of the cookie
    Column("key", Text, ForeignKey("api_key.id"), nullable=False, index=True),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

query = Table(
    "query",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("owner", Text, ForeignKey("owner.handle"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("tags", Text, nullable=False),  # JSON array of text
    Column("version", Integer, nullable=False),  # the newest; from 1
    _flag("is_private"),
    _flag("is_archived"),
    _flag("is_temp"),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

query_version = Table(
    "query_version",
    metadata,
    Column("query", BigInteger, ForeignKey("query.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("sql", Text, nullable=False),
    Column("parameters", Text, nullable=False),  # JSON array of sql.interface.Parameter
    Column("reads", Text, nullable=False),  # JSON: lineage as text; see store.queries
    Column("created_us", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),  # handle
    PrimaryKeyConstraint("query", "version"),
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("id", Text, primary_key=True),
    Column("columns", Text, nullable=False),  # JSON array of [name, type]
    Column("row_count", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("fingerprint", Text),  # NULL: volatile, truncated or too fresh a source
    _flag("reusable"),
    Column("inputs", Text, nullable=False),  # JSON: label → snapshot id; plain text
    Column("created_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_snapshot_fingerprint", snapshot.c.fingerprint, sqlite_where=text("reusable = 1"))

file = Table(
    "file",
    metadata,
    Column("id", Text, primary_key=True),  # the attempt's
    Column("server", Text, ForeignKey("server.id"), nullable=False),
    Column("state", Text, nullable=False),  # writing, whole, garbage
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("row_count", BigInteger, nullable=False, server_default="0"),
    _flag("synced"),
    Column("due_us", BigInteger),  # garbage: not removed before
    sqlite_with_rowid=False,
)
Index(
    "ix_file_state",
    file.c.state,
    sqlite_where=text("state <> 'whole'"),
    postgresql_where=text("state <> 'whole'"),
)
Index(
    "ix_file_unsynced",
    file.c.synced,
    sqlite_where=text("synced = 0"),
    postgresql_where=text("synced = 0"),
)

snapshot_file = Table(
    "snapshot_file",
    metadata,
    Column("snapshot", Text, ForeignKey("snapshot.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("file", Text, ForeignKey("file.id"), nullable=False, index=True),
    PrimaryKeyConstraint("snapshot", "position"),
    sqlite_with_rowid=False,
)

run = Table(
    "run",
    metadata,
    Column("accepted", _Serial, primary_key=True, autoincrement=True),  # the only order of runs
    Column("id", Text, nullable=False, unique=True),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),  # pipeline, query, sql, refresh
    Column("cause", Text, nullable=False),  # api, schedule
    Column("query", BigInteger, nullable=False),  # the target; 0: ad-hoc SQL or a free graph
    Column("state", Text, nullable=False),
    Column("error", Text),  # JSON of model.state.Failure
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),  # the last event's number in this epoch
    Column("moment", BigInteger),  # when its names were pinned
    Column("published", BigInteger),  # the moment of its moves, if it moved any
    Column("open_nodes", Integer, nullable=False),  # not yet final
    Column("resumed_from", Text),  # plain text
    Column("accepted_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("error_line", Text),  # the error's first line, for lists
    sqlite_autoincrement=True,
)
Index(
    "ix_run_unfinished",
    run.c.state,
    sqlite_where=text("state IN ('pending', 'executing')"),
    postgresql_where=text("state IN ('pending', 'executing')"),
)
Index("ix_run_owner_accepted", run.c.owner, run.c.accepted)
Index("ix_run_query_accepted", run.c.query, run.c.accepted)

run_definition = Table(
    "run_definition",  # apart, because each step rewrites the row of its run
    metadata,
    Column("run", Text, ForeignKey("run.id"), primary_key=True),
    Column("definitions", Text, nullable=False),  # JSON of coordinator.definitions
)

name = Table(
    "name",
    metadata,
    Column("id", Text, primary_key=True),
    Column("namespace", Text, nullable=False),
    Column("label", Text, nullable=False),  # folded full name: dune.<namespace>.<table>
    Column("kind", Text, nullable=False),  # view, upload
    Column("owner", Text, ForeignKey("owner.handle"), nullable=False),
    _flag("is_private"),
    Column("description", Text, nullable=False, server_default=""),
    Column("columns", Text),  # uploads: declared, JSON array of [name, type, nullable]
    Column("snapshot", Text, ForeignKey("snapshot.id")),  # NULL: no rows were ever published
    Column("moves", BigInteger, nullable=False, server_default="0"),
    Column("writer_run", Text, ForeignKey("run.id")),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Column("deleted_us", BigInteger),
)
Index(
    "uq_name_namespace_label",
    name.c.namespace,
    name.c.label,
    unique=True,
    sqlite_where=text("deleted_us IS NULL"),
    postgresql_where=text("deleted_us IS NULL"),
)
Index("ix_name_label", name.c.label)
Index("ix_name_snapshot", name.c.snapshot)
Index(
    "ix_name_writer_run",
    name.c.writer_run,
    sqlite_where=text("writer_run IS NOT NULL"),
    postgresql_where=text("writer_run IS NOT NULL"),
)

view = Table(
    "view",
    metadata,
    Column("name", Text, ForeignKey("name.id"), primary_key=True),
    Column("query", BigInteger, ForeignKey("query.id"), nullable=False, index=True),
    Column("tier", Text, nullable=False),
    Column("cron", Text),
    Column("cron_until_us", BigInteger),
    Column("next_us", BigInteger, index=True),  # the next fire; NULL: not scheduled
    Column("passed_over_us", BigInteger),  # a fire that found the last run unfinished
    Column("scheduled_run", Text),  # the last run a schedule started; plain text
)

run_view = Table(
    "run_view",  # the names a run locks
    metadata,
    Column("run", Text, ForeignKey("run.id"), nullable=False),
    Column("name", Text, ForeignKey("name.id"), nullable=False),
    Column("base_moves", BigInteger),  # the name's moves when the run started
    _flag("writes"),  # 0: a check only reads it
    PrimaryKeyConstraint("run", "name"),
    sqlite_with_rowid=False,
)
Index("ix_run_view_name", run_view.c.name)

run_read = Table(
    "run_read",  # the names a run will pin when it starts
    metadata,
    Column("run", Text, ForeignKey("run.id"), nullable=False),
    Column("name", Text, ForeignKey("name.id"), nullable=False),
    PrimaryKeyConstraint("run", "name"),
    sqlite_with_rowid=False,
)

pin = Table(
    "pin",
    metadata,
    Column("run", Text, ForeignKey("run.id"), nullable=False),
    Column("name", Text, ForeignKey("name.id"), nullable=False),
    Column("snapshot", Text, ForeignKey("snapshot.id"), index=True),  # NULL: it had no rows
    PrimaryKeyConstraint("run", "name"),
    sqlite_with_rowid=False,
)

source_pin = Table(
    "source_pin",
    metadata,
    Column("run", Text, ForeignKey("run.id"), nullable=False),
    Column("source", Text, nullable=False),  # label
    Column("version", Text, nullable=False),  # hash of the file list
    Column("files", Text, nullable=False),  # JSON of model.snapshot.SourceVersion
    PrimaryKeyConstraint("run", "source"),
    sqlite_with_rowid=False,
)

execution = Table(
    "execution",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run", Text, ForeignKey("run.id"), nullable=False, index=True),
    Column("node", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("query", BigInteger, nullable=False),  # 0: ad-hoc SQL
    Column("query_version", Integer, nullable=False),
    Column("is_private", Integer, nullable=False),  # readable by its owner only
    Column("parameters", Text, nullable=False),  # JSON object, defaults filled in
    Column("params_hash", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text),  # JSON of model.state.Failure
    Column("snapshot", Text, ForeignKey("snapshot.id"), index=True),
    Column("submitted_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("expires_us", BigInteger),
    sqlite_with_rowid=False,
)
Index("ix_execution_query_submitted", execution.c.query, execution.c.submitted_us)
Index("ix_execution_expires", execution.c.expires_us)

node = Table(
    "node",
    metadata,
    Column("run", Text, ForeignKey("run.id"), nullable=False),
    Column("id", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # query, view
    Column("query", BigInteger, nullable=False),
    Column("name", Text, ForeignKey("name.id")),  # of a view node
    Column("label", Text),  # of a view node, as it was called then
    Column("tier", Text, nullable=False),
    Column("dependencies", Text, nullable=False),  # JSON array of node ids
    Column("state", Text, nullable=False),
    Column("waiting_on", Integer, nullable=False),
    Column("length", Integer, nullable=False),  # nodes on the longest path below, itself included
    Column("fingerprint", Text),
    Column("execution", Text, ForeignKey("execution.id"), nullable=False),
    Column("reason", Text),  # why it was not computed
    PrimaryKeyConstraint("run", "id"),
    sqlite_with_rowid=False,
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Text, primary_key=True),  # also the file's
    Column("execution", Text, ForeignKey("execution.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),  # from 1
    Column("server", Text, ForeignKey("server.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("error", Text),  # why this attempt ended, if not well
    sqlite_with_rowid=False,
)
Index(
    "ix_attempt_going",
    attempt.c.state,
    sqlite_where=text("state IN ('executing', 'stopping')"),
    postgresql_where=text("state IN ('executing', 'stopping')"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("execution", Text, ForeignKey("execution.id"), nullable=False),
    Column("attempt", Integer, nullable=False),  # its number; 0: reused
    Column("owner", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("cpu_us", BigInteger, nullable=False),  # CPU microseconds
    Column("bytes_scanned", BigInteger, nullable=False),
    Column("bytes_written", BigInteger, nullable=False),
    Column("peak_memory_bytes", BigInteger, nullable=False),
    Column("micro_credits", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("execution", "attempt"),
    sqlite_with_rowid=False,
)
Index("ix_receipt_owner_ended", receipt.c.owner, receipt.c.ended_us)

latest = Table(
    "latest",
    metadata,
    Column("query", BigInteger, ForeignKey("query.id"), nullable=False),
    Column("params_hash", Text, nullable=False),
    Column("query_version", Integer, nullable=False),
    Column("moment", BigInteger, nullable=False),  # the run's pinned moment
    Column("accepted", BigInteger, nullable=False),  # the run's
    Column("execution", Text, ForeignKey("execution.id"), nullable=False, index=True),
    PrimaryKeyConstraint("query", "params_hash"),
    sqlite_with_rowid=False,
)

move = Table(
    "move",
    metadata,
    Column("moment", BigInteger, nullable=False),
    Column("name", Text, ForeignKey("name.id"), nullable=False),
    Column("from_snapshot", Text),  # plain text
    Column("to_snapshot", Text),  # plain text
    Column("run", Text, index=True),  # NULL: an upload's insert, load or clear
    Column("moved_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("moment", "name"),
    sqlite_with_rowid=False,
)
Index("ix_move_name_moment", move.c.name, move.c.moment)

event = Table(
    "event",
    metadata,
    Column("run", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("node", Integer),  # what changed; NULL: the run itself
    PrimaryKeyConstraint("run", "epoch", "seq"),
    ForeignKeyConstraint(["run"], ["run.id"]),
    sqlite_with_rowid=False,
)

request = Table(
    "request",
    metadata,
    Column("owner", Text, nullable=False),
    Column("key", Text, nullable=False),  # of the Idempotency-Key header
    Column("body_hash", Text, nullable=False),
    Column("answer", Text, nullable=False),  # JSON
    Column("at_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("owner", "key"),
    sqlite_with_rowid=False,
)

pipeline = Table(
    "pipeline",  # configured: a graph stored for a query
    metadata,
    Column("query", BigInteger, ForeignKey("query.id"), primary_key=True, autoincrement=False),
    Column("nodes", Text, nullable=False),  # JSON as the wire has it
    Column("version", Integer, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Column("updated_by", Text, nullable=False),
)

endpoint = Table(
    "endpoint",  # custom: a name of its owner's for the latest result of a query
    metadata,
    Column("owner", Text, ForeignKey("owner.handle"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("query", BigInteger, ForeignKey("query.id"), nullable=False, index=True),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("owner", "slug"),
    sqlite_with_rowid=False,
)

visualization = Table(
    "visualization",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("query", BigInteger, ForeignKey("query.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("options", Text, nullable=False),  # JSON, opaque to the server
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

dashboard = Table(
    "dashboard",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("owner", Text, ForeignKey("owner.handle"), nullable=False, index=True),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    _flag("is_private"),
    _flag("is_archived"),
    Column("tags", Text, nullable=False),  # JSON array of text
    Column("widgets", Text, nullable=False),  # JSON: visualization, text and param widgets
    Column("revision", Integer, nullable=False, server_default="1"),  # grows with each change
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
Index("uq_dashboard_owner_slug", dashboard.c.owner, dashboard.c.slug, unique=True)

dashboard_run = Table(
    "dashboard_run",  # the runs that refreshed a dashboard
    metadata,
    Column("run", Text, ForeignKey("run.id"), primary_key=True),
    Column("dashboard", BigInteger, ForeignKey("dashboard.id"), nullable=False, index=True),
    Column("parameters", Text, nullable=False),  # JSON object, as asked
)
