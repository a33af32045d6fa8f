"""Alembic revisions; `upgrade` brings a database to the newest, under the store's lock."""
