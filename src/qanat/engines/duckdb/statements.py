"""What a worker does with its connection, task by task.

A statement from outside is never run before DuckDB's own parser has found it, standing alone, to be
one SELECT: then nothing in it can close the parenthesis it is put in. A task that fails leaves no
file.
"""

# ruff: noqa: S608  # text is made here of quoted(), literal() and type names only

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Final

import duckdb

from qanat.engines import Bound, Relation
from qanat.engines.duckdb.messages import Copy, Describe, Described, Fault, Reply, Text, Write
from qanat.engines.duckdb.scan import bind, bind_names, literal, quoted
from qanat.engines.duckdb.types import duckdb_type, kept_type, trino_type
from qanat.model.types import Column

VIEW_OPTIONS: Final = "FORMAT parquet,PARQUET_VERSION v2,COMPRESSION snappy"
#: Pages are cut from results, so a row group is small enough to be read for one page.
RESULT_OPTIONS: Final = "FORMAT parquet,PARQUET_VERSION v2,COMPRESSION zstd,ROW_GROUP_SIZE 60000"


class TaskFailedError(Exception):
    """A task ended early, and it is known why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


class Parsed:
    """COPY statements as DuckDB parsed them; a view that is refreshed again is not parsed again.

    Parsing is a fifth of what a small statement costs. A parsed statement takes some 50 bytes for
    each character of its text.
    """

    def __init__(self, characters: int = 1_000_000) -> None:
        """Keep statements of so many characters together, and none of more than a tenth of it."""
        self._most = self._left = characters
        self._kept: OrderedDict[str, duckdb.Statement] = OrderedDict()

    def __len__(self) -> int:
        """Return how many statements are kept."""
        return len(self._kept)

    def copy(self, con: duckdb.DuckDBPyConnection, select: str, options: str) -> duckdb.Statement:
        """Return the statement that copies `select` to the file that its parameter `to` names.

        Raises:
            TaskFailedError: `select` is more than one SELECT.
        """
        text = f"COPY ({select}\n) TO $to ({options})"
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
            return found
        statements = con.extract_statements(text)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.COPY:
            raise TaskFailedError(Fault(blame="statement", text="only one SELECT is allowed"))
        found = statements[0]
        if len(text) <= self._most // 10:
            self._kept[text] = found
            self._left -= len(text)
            while self._left < 0:
                self._left += len(self._kept.popitem(last=False)[0])
        return found


def write(con: duckdb.DuckDBPyConnection, task: Write, parsed: Parsed) -> Reply:
    """Run a statement into its file."""
    described = task.described or _described(con, task.statement, bind(task.statement))
    select, files = bind_names(task.statement)
    options = RESULT_OPTIONS if task.statement.for_people else VIEW_OPTIONS
    try:
        rows, size = _copied(
            con,
            parsed.copy(con, f"{described.before}{select}\n{described.after}", options),
            files,
            task.path,
            result_bytes=task.result_bytes,
        )
    except duckdb.IOException:
        _raise_if_gone(task.statement)
        raise
    return Reply(
        serial=task.serial,
        described=None if task.described else described,
        row_count=rows,
        size_bytes=size,
    )


def copied(
    con: duckdb.DuckDBPyConnection, select: str, path: str, options: str, *, result_bytes: int
) -> tuple[int, int]:
    """Copy a SELECT to the new file `path`; return its rows and its bytes, or leave no file."""
    statement = Parsed().copy(con, select, options)
    return _copied(con, statement, {}, path, result_bytes=result_bytes)


def _copied(
    con: duckdb.DuckDBPyConnection,
    statement: duckdb.Statement,
    files: dict[str, list[str]],
    path: str,
    *,
    result_bytes: int,
) -> tuple[int, int]:
    file = Path(path)
    values: dict[str, object] = {"to": path}
    for name in statement.named_parameters - {"to"}:
        if name not in files:
            raise TaskFailedError(Fault(blame="statement", text=f"there is no parameter ${name}"))
        values[name] = files[name]
    try:
        row = con.execute(statement, values).fetchone()
        size = file.stat().st_size
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    if size > result_bytes:
        file.unlink()
        raise TaskFailedError(
            Fault(blame="result_bytes", text=f"the result is larger than {result_bytes} bytes")
        )
    return (int(row[0]) if row else 0), size


def _raise_if_gone(statement: Bound) -> None:
    for relation in statement.slots:
        for path in relation.files:
            if not Path(path).exists():
                blame, what = (
                    ("engine", "rows are missing")
                    if relation.ours
                    else ("source", "a mounted file is gone")
                )
                raise TaskFailedError(Fault(blame=blame, text=what))  # type: ignore[arg-type]  # one of two literals


def describe(con: duckdb.DuckDBPyConnection, task: Describe) -> Reply:
    """Work out what a statement gives."""
    described = _described(con, task.statement, bind(task.statement))
    return Reply(serial=task.serial, described=described)


def one_select(con: duckdb.DuckDBPyConnection, text: str) -> duckdb.Statement:
    """Return `text` parsed, if it is one SELECT and nothing else."""
    parsed = con.extract_statements(text)
    if len(parsed) != 1 or parsed[0].type != duckdb.StatementType.SELECT:
        raise TaskFailedError(Fault(blame="statement", text="only one SELECT is allowed"))
    return parsed[0]


def _described(con: duckdb.DuckDBPyConnection, statement: Bound, text: str) -> Described:
    try:
        relation = con.sql(one_select(con, text))
    except duckdb.IOException:
        _raise_if_gone(statement)
        raise
    found = [str(kind) for kind in relation.types]
    names = statement.columns or _unique(relation.columns)
    if len(names) != len(found):
        raise TaskFailedError(Fault(blame="engine", text="the statement gives other columns"))
    columns, casts = [], []
    for at, (name, kind) in enumerate(zip(names, found, strict=True)):
        said = statement.types[at] if at < len(statement.types) else None
        shown = trino_type(kind, said)
        columns.append(Column(name, shown))
        kept = kept_type(duckdb_type(shown))
        if kept != kind:
            casts.append(f"CAST({quoted(name)} AS {kept}) AS {quoted(name)}")
    # Every token costs the parser some microseconds at each run, so nothing is said twice.
    renamed = list(relation.columns) != list(names)
    aliases = f" AS _ ({','.join(map(quoted, names))})" if renamed else ""
    replaced = f" REPLACE ({','.join(casts)})" if casts else ""
    if not renamed and not casts:
        return Described(columns=tuple(columns))
    return Described(
        columns=tuple(columns), before=f"SELECT *{replaced} FROM (", after=f"){aliases}"
    )


def _unique(names: list[str]) -> tuple[str, ...]:
    """Return names that are unique without regard to case: a later double gets a suffix."""
    seen: set[str] = set()
    unique = []
    for name in names:
        fresh, number = name, 1
        while fresh.lower() in seen:
            fresh, number = f"{name}_{number}", number + 1
        seen.add(fresh.lower())
        unique.append(fresh)
    return tuple(unique)


def text(con: duckdb.DuckDBPyConnection, task: Text) -> Reply:
    """Give the one row of a statement of ours."""
    row = con.execute(task.sql).fetchone()
    if row is None:
        raise TaskFailedError(Fault(blame="engine", text="a statement for people gave no row"))
    return Reply(serial=task.serial, values=tuple(map(_as_text, row)))


def _as_text(value: object) -> bytes | None:
    match value:
        case None:
            return None
        case bytes():
            return value
        case bool():
            return b"true" if value else b"false"
    return str(value).encode()


def copy(con: duckdb.DuckDBPyConnection, task: Copy) -> Reply:
    """Copy rows to a file or a pipe that the server has made."""
    row = con.execute(f"COPY ({task.sql}\n) TO {literal(task.path)} ({task.options})").fetchone()
    return Reply(serial=task.serial, row_count=int(row[0]) if row else 0)


def files_of(relations: tuple[Relation, ...]) -> tuple[str, ...]:
    """Return every file that relations read."""
    return tuple(path for relation in relations for path in relation.files)
