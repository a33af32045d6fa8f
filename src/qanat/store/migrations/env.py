"""Alembic's entry: runs revisions on the connection that `upgrade` gives it."""

from alembic import context

from qanat.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
