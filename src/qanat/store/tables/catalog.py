"""What owners keep: keys, saved queries, names of tables, and what is made of them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from qanat.store.tables.schema import Serial, flag, metadata

owner = Table(
    "owner",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=True),
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
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("owner", Text, ForeignKey("owner.handle"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("tags", Text, nullable=False),  # JSON array of text
    Column("version", Integer, nullable=False),  # the newest; from 1
    flag("is_private"),
    flag("is_archived"),
    flag("is_temp"),
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

name = Table(
    "name",
    metadata,
    Column("id", Text, primary_key=True),
    Column("namespace", Text, nullable=False),
    Column("label", Text, nullable=False),  # folded full name: dune.<namespace>.<table>
    Column("kind", Text, nullable=False),  # view, upload
    Column("owner", Text, ForeignKey("owner.handle"), nullable=False),
    flag("is_private"),
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
    Column("id", Serial, primary_key=True, autoincrement=True),
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
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("owner", Text, ForeignKey("owner.handle"), nullable=False, index=True),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    flag("is_private"),
    flag("is_archived"),
    Column("tags", Text, nullable=False),  # JSON array of text
    Column("widgets", Text, nullable=False),  # JSON: visualization, text and param widgets
    Column("revision", Integer, nullable=False, server_default="1"),  # grows with each change
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
Index("uq_dashboard_owner_slug", dashboard.c.owner, dashboard.c.slug, unique=True)
