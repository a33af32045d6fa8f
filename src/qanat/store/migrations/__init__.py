"""Alembic revisions; `upgrade` brings a database to the newest one.

A server applies them at start, under the store's lock: the data directory's on SQLite, an
advisory lock on PostgreSQL. Revision 0001 is the schema of the first release; what comes later
is additive, so that a data directory of the previous commit opens with the next.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from qanat.errors import StartupError

HEAD: Final = "0003"  #: the newest revision; a test holds it to the files
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
        StartupError: The store was written by a newer Qanat, or does not answer.
    """
    engine = create_engine(engine_url(url, data_dir))
    try:
        with engine.connect() as connection:
            if _revision(connection) == HEAD:
                return
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            _upgrade(connection)
            connection.commit()
    except OperationalError as error:
        raise StartupError(
            f"store.url: the store cannot be opened: {str(error.orig).strip()}"
        ) from error
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection) -> None:
    # Imported when there is something to do: most starts find the newest schema.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = _revision(connection)
    if current is not None and current not in known:
        raise StartupError(
            f"this data was written by a newer Qanat (schema {current}): install that version"
        )
    command.upgrade(config, "head")
