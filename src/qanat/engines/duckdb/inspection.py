"""What mounted files hold: their columns and how many rows, found once when they are mounted.

What is found here is said in full whenever the files are read: nothing is guessed while a
statement runs.
"""

# ruff: noqa: S608  # text is made here of quoted(), literal() and type names only

from __future__ import annotations

import contextlib
import json
import re
from functools import partial
from pathlib import Path
from typing import Final

import duckdb

from qanat.engines.duckdb.faults import cleaned
from qanat.engines.duckdb.lines import MAX_RECORD
from qanat.engines.duckdb.messages import Described, Fault, Inspect, Reply
from qanat.engines.duckdb.scan import file_list
from qanat.engines.duckdb.statements import TaskFailedError
from qanat.engines.duckdb.types import trino_type
from qanat.model.types import Column

#: What is guessed of a text file's columns; the rest is as CSV_DIALECT says.
_CSV: Final = (
    "header=true,delim=',',quote='\"',escape='\"',nullstr='',allow_quoted_nulls=false,"
    "sample_size=100000,max_line_size=8388608,buffer_size=16777216,"
    "auto_type_candidates=['BOOLEAN','BIGINT','DOUBLE','DATE','TIMESTAMP','VARCHAR']"
)
_BATCH: Final = 1_000  #: files whose schemas are compared in one statement
_MALFORMED: Final = re.compile(r"Malformed JSON at byte (\d+) of input: (.*?)\.")


def inspect(con: duckdb.DuckDBPyConnection, task: Inspect) -> Reply:
    """Find the columns and the number of rows of files that must agree about their columns."""
    try:
        source = _source(task)
        relation = con.sql(f"FROM {source}")
        names, kinds = list(relation.columns), [str(kind) for kind in relation.types]
        if len({name.lower() for name in names}) != len(names):
            raise _refused("two of the columns have one name")
        if task.format == "parquet":
            _compare(con, task.files)
            rows = _one(con, f"SELECT sum(num_rows) FROM parquet_file_metadata({_list(task)})")
        else:
            rows = _one(con, f"SELECT count(*) FROM {source}")
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
        fault = _malformed(con, task.files) if task.format == "ndjson" else None
        raise _refused(
            fault or f"the files cannot be read as {task.format}: {cleaned(str(error))}"
        ) from None
    columns = tuple(Column(name, trino_type(kind)) for name, kind in zip(names, kinds, strict=True))
    return Reply(serial=task.serial, described=Described(columns=columns), row_count=rows)


def _list(task: Inspect) -> str:
    return file_list(task.files)


def _source(task: Inspect) -> str:
    match task.format:
        case "parquet":
            return f"read_parquet({file_list(task.files[:1])})"
        case "csv":
            return f"read_csv({_list(task)},{_CSV})"
    return f"read_json({_list(task)},format='newline_delimited',sample_size=100000)"


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0] or 0) if row else 0


def _compare(con: duckdb.DuckDBPyConnection, files: tuple[str, ...]) -> None:
    """Refuse files whose columns differ in name, type or order."""
    first: object = None
    for start in range(0, len(files), _BATCH):
        batch = file_list(files[start : start + _BATCH])
        shapes = con.execute(
            "SELECT DISTINCT list((lower(name), coalesce(type, ''), coalesce(converted_type, ''),"
            " coalesce(num_children, 0), coalesce(precision, 0), coalesce(scale, 0)) ORDER BY n)"
            " FROM (SELECT *, row_number() OVER () AS n"
            f" FROM parquet_schema({batch}) WHERE column_id > 0)"
            " GROUP BY file_name"
        ).fetchall()
        first = first or shapes[0]
        if any(shape != first for shape in shapes):
            raise _refused("the files disagree about their columns")


def _malformed(con: duckdb.DuckDBPyConnection, files: tuple[str, ...]) -> str | None:
    """Return where the first line stands that is not JSON, and why; None if there is none.

    Found here, because DuckDB's own message counts one line too many, and no empty ones.
    """
    fault = None
    for number, file in enumerate(files, start=1):
        with contextlib.suppress(OSError):  # gone meanwhile: what DuckDB said stands
            fault = _malformed_line(con, Path(file))
        if fault is not None:
            return fault if len(files) == 1 else f"file {number} of {len(files)}, {fault}"
    return None


def _malformed_line(con: duckdb.DuckDBPyConnection, path: Path) -> str | None:
    with path.open("rb") as file:
        pieces = iter(partial(file.readline, MAX_RECORD + 1), b"")
        for line, piece in enumerate(pieces, start=1):
            if len(piece) > MAX_RECORD:
                return f"line {line}: longer than {MAX_RECORD >> 20} MiB"
            try:
                text = piece.decode("utf-8-sig" if line == 1 else "utf-8")
            except UnicodeDecodeError as error:
                return f"line {line}: not JSON: byte {error.start + 1} is not UTF-8"
            why = _why_not_json(con, text) if text.strip() else None
            if why is not None:
                return f"line {line}: not JSON: {why}"
    return None


def _why_not_json(con: duckdb.DuckDBPyConnection, text: str) -> str | None:
    """Return what DuckDB has against a line; it is asked only about those that may be at fault."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        pass
    else:
        if "\\u" not in text:  # Python takes half of a surrogate pair
            return None
    try:
        con.execute("SELECT CAST(? AS JSON)", [text])
    except duckdb.ConversionException as error:
        found = _MALFORMED.search(str(error))
        if found is None:
            return "it cannot be read"
        before = text.encode()[: int(found[1])].decode(errors="ignore")
        return f"{found[2]} at column {len(before) + 1}"
    return None


def _refused(text: str) -> TaskFailedError:
    return TaskFailedError(Fault(blame="statement", text=text))
