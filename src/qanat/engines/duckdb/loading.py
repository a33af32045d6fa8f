"""Files from outside into rows: all of them or none, and by line and column why none.

The file is read as text, each value is converted by one expression, and a value that does not fit
ends the copy. Only then is it read again to find which one that was.
"""

# ruff: noqa: S608  # text is made here of quoted(), literal() and type names only

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from qanat.engines import Load
from qanat.engines.duckdb import lines
from qanat.engines.duckdb.conversions import INFERRED, converted, looks_like, narrowed
from qanat.engines.duckdb.messages import Described, Fault, Parse, Reply
from qanat.engines.duckdb.scan import CSV_DIALECT, file_list, literal, quoted
from qanat.engines.duckdb.statements import VIEW_OPTIONS, TaskFailedError, copied
from qanat.engines.duckdb.types import duckdb_type, trino_type
from qanat.model.types import Column, Columns

_BAD: Final = "a value does not fit"
_SAMPLE: Final = 10_000  #: rows from which a column's type is guessed before all are asked
_SHOWN: Final = 80  #: characters of a bad value in a message
_COLUMNS: Final = 10_000  #: of one file
_MALFORMED: Final = (duckdb.InvalidInputException, duckdb.ConversionException)


class _Field:
    """A column of the new table, and the expression of its text in the file."""

    def __init__(self, column: Column, text: str, *, required: bool, check: str = "") -> None:
        self.column, self.text, self.required = column, text, required
        #: A condition under which the text is no value at all.
        self.refused = check
        self.value = converted(text, column.type)

    def bad(self) -> str:
        """Return the condition that a row does not fit here."""
        wrong = f"({self.text} IS NOT NULL AND ({self.value}) IS NULL)"
        missing = f" OR {self.text} IS NULL" if self.required else ""
        refused = f" OR {self.refused}" if self.refused else ""
        return f"({wrong}{missing}{refused})"

    def selected(self) -> str:
        """Return the value, or an error in its place."""
        kind = duckdb_type(self.column.type)
        failed = f"CAST(error({literal(_BAD)}) AS {kind})"
        value = self.value
        if self.refused:
            value = f"CASE WHEN {self.refused} THEN {failed} ELSE {value} END"
        if self.required:
            value = f"coalesce({value},{failed})"
        elif self.column.type != "varchar":
            value = f"coalesce({value},CASE WHEN {self.text} IS NOT NULL THEN {failed} END)"
        return f"{value} AS {quoted(self.column.name)}"


def parse(con: duckdb.DuckDBPyConnection, task: Parse) -> Reply:
    """Parse a file into a new one."""
    reading = {"csv": _csv, "ndjson": _json, "parquet": _parquet}[task.load.format]
    try:
        return reading(con, task)
    except lines.BadLineError as error:
        raise _refused(str(error)) from None


def _refused(text: str) -> TaskFailedError:
    return TaskFailedError(Fault(blame="request", text=text))


def _written(con: duckdb.DuckDBPyConnection, task: Parse, select: str, columns: Columns) -> Reply:
    rows, size = copied(con, select, task.path, VIEW_OPTIONS, result_bytes=task.result_bytes)
    described = Described(columns=columns)
    return Reply(serial=task.serial, described=described, row_count=rows, size_bytes=size)


# -- CSV


def _csv(con: duckdb.DuckDBPyConnection, task: Parse) -> Reply:
    path = Path(task.load.path)
    names = lines.header(path)
    if len(names) > _COLUMNS:
        raise _refused(f"line 1: {len(names)} columns are too many")
    texts = [f"c{number}" for number in range(len(names))]
    pairs = ",".join(f"{name}:'VARCHAR'" for name in texts)
    source = f"read_csv({file_list((task.load.path,))},columns={{{pairs}}},{CSV_DIALECT})"
    at = _positions(names)
    try:
        if task.load.columns is None:
            columns = _inferred(con, source, names, texts)
            fields = [
                _Field(column, texts[at[column.name.lower()]], required=False) for column in columns
            ]
        else:
            fields = _matched(task.load, at, texts)
        select = f"SELECT {','.join(field.selected() for field in fields)} FROM {source}"
        return _written(con, task, select, tuple(field.column for field in fields))
    except _MALFORMED as error:
        return _explain(con, source, _failing(task.load, at, texts), str(error), path, len(names))


def _positions(names: Sequence[str]) -> dict[str, int]:
    """Return where each name of a header stands, folded; empty ones at its end are left out."""
    last = max(number for number, name in enumerate(names) if name)
    found: dict[str, int] = {}
    for number, name in enumerate(names[: last + 1]):
        if not name:
            raise _refused(f"line 1: column {number + 1} has no name")
        if "\n" in name or "\r" in name:
            raise _refused(f"line 1: the name of column {number + 1} holds a line break")
        if name.lower() in found:
            raise _refused(f"line 1: column '{name}' appears twice")
        found[name.lower()] = number
    return found


def _matched(load: Load, at: dict[str, int], texts: Sequence[str]) -> list[_Field]:
    columns = load.columns or ()
    known = {column.name.lower() for column in columns}
    for name in at:
        if name not in known:
            raise _refused(f"line 1: the table has no column '{name}'")
    fields = []
    for column in columns:
        number = at.get(column.name.lower())
        required = column.name in load.required
        if number is None and required:
            raise _refused(f"line 1: column '{column.name}' is missing and may not be null")
        text = "CAST(NULL AS VARCHAR)" if number is None else texts[number]
        if required and column.type == "varchar":
            text = f"coalesce({text},'')"  # nothing between two commas is an empty text
        fields.append(_Field(column, text, required=required))
    return fields


def _failing(load: Load, at: dict[str, int], texts: Sequence[str]) -> list[_Field]:
    return _matched(load, at, texts) if load.columns is not None else []


def _explain(
    con: duckdb.DuckDBPyConnection,
    source: str,
    fields: Sequence[_Field],
    error: str,
    path: Path,
    width: int,
) -> Reply:
    """Raise the failure that names the first row at fault."""
    found = None
    if _BAD in error:
        found = _first_bad(con, source, fields)
    if found is None:
        lines.line_of_row(path, -1, width=width)  # raises at the first malformed record
        raise _refused("the text is not CSV as RFC 4180 describes it")
    row, message = found
    raise _refused(f"line {lines.line_of_row(path, row, width=width)}: {message}")


def _first_bad(
    con: duckdb.DuckDBPyConnection, source: str, fields: Sequence[_Field], extra: str = ""
) -> tuple[int, str] | None:
    """Return the number of the first row that does not fit, and why."""
    conditions = [field.bad() for field in fields]
    tests = " OR ".join([*conditions, *([extra] if extra else [])])
    chosen = " ".join(
        f"WHEN {condition} THEN {number}" for number, condition in enumerate(conditions)
    )
    values = " ".join(
        f"WHEN {condition} THEN CAST({field.text} AS VARCHAR)"
        for condition, field in zip(conditions, fields, strict=True)
    )
    row = con.execute(
        f"SELECT n, CASE {chosen} END, left(CASE {values} END,{_SHOWN}) "
        f"FROM (SELECT *, row_number() OVER () AS n FROM {source}) WHERE {tests} ORDER BY n LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    if row[1] is None:
        return int(row[0]), ""
    column = fields[row[1]].column
    if row[2] is None:
        return int(row[0]), f"column '{column.name}' may not be null"
    return int(row[0]), f"column '{column.name}': '{row[2]}' is not a {column.type}"


def _inferred(
    con: duckdb.DuckDBPyConnection, source: str, names: Sequence[str], texts: Sequence[str]
) -> Columns:
    """Return columns of the narrowest types that all rows fit."""
    sample = f"(SELECT * FROM {source} LIMIT {_SAMPLE})"
    first = _fitting(con, sample, [(text, INFERRED) for text in texts])
    candidates = [narrowed(kind) for kind in first]
    kinds = _fitting(con, source, list(zip(texts, candidates, strict=True)))
    return tuple(
        Column(name, kind or "varchar") for name, kind in zip(names, kinds, strict=True) if name
    )


def _fitting(
    con: duckdb.DuckDBPyConnection, source: str, asked: Sequence[tuple[str, tuple[str, ...]]]
) -> list[str | None]:
    """Return for each text the first of its candidates that all rows fit, else varchar.

    None if there is no value at all.
    """
    tests = [
        f"bool_and({looks_like(text, kind)}) FILTER ({text} IS NOT NULL)"
        for text, kinds in asked
        for kind in kinds
    ]
    counts = [f"count({text})" for text, _ in asked]
    row = con.execute(f"SELECT {','.join([*counts, *tests])} FROM {source}").fetchone() or ()
    answers = iter(row[len(asked) :])
    found: list[str | None] = []
    for (_, kinds), values in zip(asked, row, strict=False):
        fits = [kind for kind in kinds if next(answers)]
        found.append((fits[0] if fits else "varchar") if values else None)
    return found


# -- JSON


def _json(con: duckdb.DuckDBPyConnection, task: Parse) -> Reply:
    columns = task.load.columns
    if columns is None:
        raise _refused("the columns of JSON rows must be given")
    path = Path(task.load.path)
    shape = "array" if lines.is_array(path) else "newline_delimited"
    if shape == "array" and not lines.is_closed_array(path):
        raise _refused("the JSON array is cut off")
    source = (
        f"read_json_objects({file_list((task.load.path,))},format='{shape}',"
        f"maximum_object_size={lines.MAX_RECORD})"
    )
    fields = [_member(column, required=column.name in task.load.required) for column in columns]
    known = ",".join(literal(column.name) for column in columns)
    strange = f"(json_type(json)<>'OBJECT' OR NOT list_has_all([{known}],json_keys(json)))"
    checked = f"(FROM {source} WHERE CASE WHEN {strange} THEN error({literal(_BAD)}) ELSE true END)"
    select = f"SELECT {','.join(field.selected() for field in fields)} FROM {checked}"
    try:
        return _written(con, task, select, columns)
    except _MALFORMED as error:
        found = _first_bad(con, source, fields, strange) if _BAD in str(error) else None
        if found is None:
            if shape == "newline_delimited":
                lines.line_of_object(path, -1)  # raises at the first malformed line
            raise _refused("this is not JSON, or one of its objects is too long") from None
        row, message = found
        message = message or f"an object with no other keys than {known} is expected"
        place = f"item {row}" if shape == "array" else f"line {lines.line_of_object(path, row)}"
        raise _refused(f"{place}: {message}") from None


def _member(column: Column, *, required: bool) -> _Field:
    """Return the field that reads one key; its text is NULL where the key is absent or null."""
    key = column.name.replace("\\", "\\\\").replace('"', '\\"')
    path = literal(f'$."{key}"')
    text = f"json_extract_string(json,{path})"
    nested = f"coalesce(json_type(json,{path}) IN ('OBJECT','ARRAY'),false)"
    return _Field(column, text, required=required, check=nested)


# -- Parquet


def _parquet(con: duckdb.DuckDBPyConnection, task: Parse) -> Reply:
    source = f"read_parquet({file_list((task.load.path,))})"
    try:
        relation = con.sql(f"FROM {source}")
    except (duckdb.InvalidInputException, duckdb.IOException):
        raise _refused("this is not a Parquet file") from None
    kinds = {
        name.lower(): str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)
    }
    columns = task.load.columns
    if columns is None:
        columns = tuple(Column(name, trino_type(kinds[name.lower()])) for name in relation.columns)
    known = {column.name.lower() for column in columns}
    for name in relation.columns:
        if name.lower() not in known:
            raise _refused(f"the table has no column '{name}'")
    selected = []
    for column in columns:
        kind = duckdb_type(column.type)
        name = quoted(column.name)
        value = f"CAST({name if column.name.lower() in kinds else 'NULL'} AS {kind})"
        if column.name in task.load.required:
            value = f"coalesce({value},CAST(error({literal(_BAD)}) AS {kind}))"
        selected.append(f"{value} AS {name}")
    try:
        return _written(con, task, f"SELECT {','.join(selected)} FROM {source}", columns)
    except duckdb.Error as error:
        if isinstance(error, duckdb.InterruptException | duckdb.OutOfMemoryException):
            raise
        raise _refused("a value does not fit the columns of the table") from None
