"""Custom endpoints: a saved query's latest result under a name of its owner's.

What each column holds, and in what unit, is said in `qanat.store.tables`. Additive: the release
of revision 0001 would run unchanged on these tables, but refuses a schema that it does not know.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "endpoint",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("query", sa.BigInteger(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["owner.handle"], name=op.f("fk_endpoint_owner")),
        sa.ForeignKeyConstraint(["query"], ["query.id"], name=op.f("fk_endpoint_query")),
        sa.PrimaryKeyConstraint("owner", "slug", name=op.f("pk_endpoint")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_endpoint_query"), "endpoint", ["query"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_endpoint_query"), table_name="endpoint")
    op.drop_table("endpoint")
