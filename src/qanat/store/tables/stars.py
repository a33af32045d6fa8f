"""What owners marked to find again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, PrimaryKeyConstraint, Table, Text

from qanat.store.tables.schema import metadata

star = Table(
    "star",
    metadata,
    Column("owner", Text, ForeignKey("owner.handle"), nullable=False),  # who marked it
    Column("kind", Text, nullable=False),  # query, dashboard
    Column("thing", BigInteger, nullable=False),  # id of the query or dashboard; none is deleted
    Column("starred_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("owner", "kind", "thing"),
    sqlite_with_rowid=False,
)
