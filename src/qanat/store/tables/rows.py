"""Where rows are: servers, the files they write, the snapshots of files, the moves of names."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from qanat.store.tables.schema import flag, metadata

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

snapshot = Table(
    "snapshot",
    metadata,
    Column("id", Text, primary_key=True),
    Column("columns", Text, nullable=False),  # JSON array of [name, type]
    Column("row_count", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("fingerprint", Text),  # NULL: volatile, truncated or too fresh a source
    flag("reusable"),
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
    flag("synced"),
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
