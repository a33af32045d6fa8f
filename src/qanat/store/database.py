"""One database: SQLite or PostgreSQL behind the same three verbs.

Statements are SQLAlchemy Core expressions made at module level. A `Prepared` compiles one per
dialect the first time it is used and from then on hands text and parameters straight to the
driver, which is what makes a node step cheap.

`write` runs a function in one transaction and runs it again from its beginning when the database
asks for it (busy, deadlock): the function must have no effect but on the transaction. Effects on
memory are registered with `Transaction.after_commit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert

from qanat.errors import QanatError

T = TypeVar("T")

_DIALECTS: Final[Mapping[str, Dialect]] = {
    "sqlite": SQLiteDialect_pysqlite(paramstyle="named"),
    "postgresql": PGDialect_psycopg(paramstyle="pyformat"),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
}


class StoreUnavailableError(QanatError):
    """The database did not answer; whether a commit took place is unknown. Read it back."""


class Prepared:
    """A statement, compiled once per dialect.

    An INSERT names its columns by `columns`; every other value is a `bindparam`, or a literal
    inside the expression, which stays its default.
    """

    def __init__(self, clause: ClauseElement, columns: Iterable[str] = ()) -> None:
        self._clause = clause
        self._columns = tuple(columns)
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def compiled(self, dialect: str) -> tuple[str, dict[str, Any]]:
        """Return the statement's text for `dialect` and the values it already has."""
        found = self._compiled.get(dialect)
        if found is None:
            made = self._made(dialect)
            given = {name for bind, name in made.bind_names.items() if bind.required}
            text, values = str(made), made.params
            if any(isinstance(value, list) for value in values.values()):
                # Lists are spelled out; that wants some value for what is given later.
                spelled = made.construct_expanded_state(dict.fromkeys(given))
                text, values = spelled.statement, dict(spelled.parameters)
            own = {name: value for name, value in values.items() if name not in given}
            found = self._compiled[dialect] = (text, own)
        return found

    def _made(self, dialect: str) -> SQLCompiler:
        made = self._clause.compile(
            dialect=_DIALECTS[dialect],
            column_keys=list(self._columns) if isinstance(self._clause, Insert) else None,
        )
        assert isinstance(made, SQLCompiler)
        return made


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    @property
    def rowcount(self) -> int: ...  # noqa: D102  # the drivers' own
    @property
    def description(self) -> Any: ...  # noqa: D102, ANN401  # as above
    def fetchall(self) -> list[Any]: ...  # noqa: D102  # as above


class Transaction:
    """What a function may do inside a transaction. `dialect` is `sqlite` or `postgresql`."""

    def __init__(
        self,
        dialect: str,
        execute: Callable[[str, Mapping[str, Any]], Cursor],
        execute_many: Callable[[str, list[dict[str, Any]]], object],
    ) -> None:
        self.dialect = dialect
        self._execute = execute
        self._execute_many = execute_many
        self.hooks: list[Callable[[], None]] = []
        self.doubts: list[Callable[[], None]] = []

    def run(self, statement: Prepared, **values: object) -> int:
        """Carry out a statement; how many rows it changed."""
        text, own = statement.compiled(self.dialect)
        return self._execute(text, {**own, **values}).rowcount

    def many(self, statement: Prepared, rows: Iterable[Mapping[str, Any]]) -> None:
        """Carry out a statement once for each of `rows`."""
        text, own = statement.compiled(self.dialect)
        filled = [{**own, **row} for row in rows]
        if filled:
            self._execute_many(text, filled)

    def tuples(self, statement: Prepared, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows as tuples."""
        text, own = statement.compiled(self.dialect)
        return self._execute(text, {**own, **values}).fetchall()

    def rows(self, statement: Prepared, **values: object) -> list[dict[str, Any]]:
        """Return the rows as column name → value."""
        text, own = statement.compiled(self.dialect)
        cursor = self._execute(text, {**own, **values})
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, statement: Prepared, **values: object) -> dict[str, Any] | None:
        """Return the first row, if there is one."""
        found = self.rows(statement, **values)
        return found[0] if found else None

    def value(self, statement: Prepared, **values: object) -> Any:  # noqa: ANN401  # a column's
        """Return the first column of the first row, None if there is no row."""
        found = self.tuples(statement, **values)
        return found[0][0] if found else None

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Call `effect` once the transaction has been committed, and never otherwise."""
        self.hooks.append(effect)

    def after_silence(self, effect: Callable[[], None]) -> None:
        """Call `effect` if it is not known whether the transaction was committed."""
        self.doubts.append(effect)


class Database(Protocol):
    """A database that holds one store."""

    dialect: str

    def write(self, work: Callable[[Transaction], T], *, durable: bool = True) -> T:
        """Return what `work` returns, its changes committed.

        With `durable`, they survive a power cut before this returns; without, they survive the
        death of the process, and a later durable commit makes them survive more.

        Raises:
            StoreUnavailableError: The database went away; the commit may have taken place.
        """
        ...

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Return what `work` returns; it sees one moment of the database and changes nothing."""
        ...

    def checkpoint(self) -> None:
        """Do the housekeeping that commits leave undone. Cheap when there is nothing to do."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class Hold(Protocol):
    """What keeps every other server off a store, where it can be lost."""

    def beat(self, prolong: Callable[[Transaction], bool]) -> bool:
        """Look after the hold, and prolong this server's life; False: another has the store.

        `prolong` says whether nobody has declared this server dead. After False every write
        raises.

        Raises:
            StoreUnavailableError: The database went away; beat again.
        """
        ...
