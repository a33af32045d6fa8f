"""Alembic revisions; `upgrade` brings a database to the newest one.

A server applies them at start, under the store's lock: the data directory's on SQLite, an
advisory lock on PostgreSQL. Revision 0001 is the schema of the first release; what comes later
is additive, so that a data directory of the previous commit opens with the next.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from qanat.errors import StartupError

HERE: Final = Path(__file__).parent
_ADVISORY_LOCK: Final = 7_160_327_114  #: any number that nobody else uses


def engine_url(url: str, data_dir: Path) -> str:
    """Return the library's address of the store that settings name `url`."""
    if url == "sqlite":
        return f"sqlite:///{data_dir / 'state.db'}"
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def upgrade(url: str, data_dir: Path) -> None:
    """Bring the store to the newest revision.

    Raises:
        StartupError: The store was written by a newer Qanat.
    """
    engine = create_engine(engine_url(url, data_dir))
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            _upgrade(connection)
            connection.commit()
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise StartupError(
            f"this data was written by a newer Qanat (schema {current}): install that version"
        )
    command.upgrade(config, "head")
