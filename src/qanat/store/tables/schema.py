"""The one schema that every table belongs to, and the columns that tables share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite numbers only an INTEGER primary key by itself.
Serial = BigInteger().with_variant(Integer, "sqlite")


def flag(name: str) -> Column[int]:
    """Return a column that is 0 or 1, and 0 unless told."""
    return Column(name, Integer, nullable=False, server_default="0")
