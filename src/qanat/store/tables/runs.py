"""What was asked to run, how far it came, what it read and what it cost."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from qanat.store.tables.schema import Serial, flag, metadata

run = Table(
    "run",
    metadata,
    Column("accepted", Serial, primary_key=True, autoincrement=True),  # the only order of runs
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

run_view = Table(
    "run_view",  # the names a run locks
    metadata,
    Column("run", Text, ForeignKey("run.id"), nullable=False),
    Column("name", Text, ForeignKey("name.id"), nullable=False),
    Column("base_moves", BigInteger),  # the name's moves when the run started
    flag("writes"),  # 0: a check only reads it
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

dashboard_run = Table(
    "dashboard_run",  # the runs that refreshed a dashboard
    metadata,
    Column("run", Text, ForeignKey("run.id"), primary_key=True),
    Column("dashboard", BigInteger, ForeignKey("dashboard.id"), nullable=False, index=True),
    Column("parameters", Text, nullable=False),  # JSON object, as asked
)
