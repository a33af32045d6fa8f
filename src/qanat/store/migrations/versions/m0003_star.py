"""Stars: the queries and dashboards that an owner marked to find again.

What each column holds, and in what unit, is said in `qanat.store.tables`. Additive: the release
of revision 0002 would run unchanged on these tables, but refuses a schema that it does not know.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "star",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thing", sa.BigInteger(), nullable=False),
        sa.Column("starred_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["owner.handle"], name=op.f("fk_star_owner")),
        sa.PrimaryKeyConstraint("owner", "kind", "thing", name=op.f("pk_star")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("star")
