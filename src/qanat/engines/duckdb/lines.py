"""The text of an upload seen line by line: its header, and where in it a row stands.

DuckDB parses uploads; this finds what to tell people when it has refused one. Lines are counted
from 1, as an editor counts them. Memory is bounded by the longest record that DuckDB accepts.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, TextIO

MAX_RECORD: Final = 8 << 20  #: characters of one line or JSON object


class BadLineError(Exception):
    """A line that cannot be read."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")


def header(path: Path) -> list[str]:
    """Return the names in a CSV file's first record, as they stand.

    Raises:
        BadLineError: There is none, or it cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            names = next(_reader(file), [])
        except csv.Error as error:
            raise BadLineError(1, str(error)) from None
        except UnicodeDecodeError:
            raise _not_utf8(path, "CSV") from None
    if any("\0" in name for name in names):
        raise BadLineError(1, "this is not CSV text: it holds zero bytes; save it as UTF-8 text")
    if not any(name.strip() for name in names):
        raise BadLineError(1, "a header line with the names of the columns is required")
    return [name.strip() for name in names]


def _reader(file: TextIO) -> Iterator[list[str]]:
    """Return what reads records; a line of more than MAX_RECORD characters is read in pieces."""
    csv.field_size_limit(MAX_RECORD)
    return csv.reader(iter(partial(file.readline, MAX_RECORD + 1), ""), strict=True)


def line_of_row(path: Path, row: int, *, width: int) -> int:
    """Return the line on which the CSV row number `row` (from 1, without the header) starts.

    Empty lines are no rows where a row has several values.

    Raises:
        BadLineError: A record before it, or the row itself, is malformed.
    """
    number, start = -1, 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = _reader(file)
        try:
            for record in reader:
                if len(record) == width or (width == 1 and not record):
                    number += 1
                    if number == row:
                        return start
                elif record:
                    what = f"{width} values are expected, not {len(record)}"
                    raise BadLineError(start, what)
                start = reader.line_num + 1  # type: ignore[attr-defined]  # csv's own type is private
        except csv.Error as error:
            what = str(error).replace("unexpected end of data", "a quote is not closed")
            raise BadLineError(start, what) from None
        except UnicodeDecodeError:
            raise _not_utf8(path, "CSV") from None
    return 0


def _not_utf8(path: Path, kind: str) -> BadLineError:
    """Return what to say of a file that is no text, or text of another encoding."""
    line, byte = _bad_byte(path)
    what = f"this is not {kind} text: byte {byte} is not UTF-8; save it as UTF-8 text"
    return BadLineError(line, what)


def _bad_byte(path: Path) -> tuple[int, int]:
    """Return the line of the first byte that is not UTF-8, and its number in the line, from 1."""
    line, before, rest = 1, 0, b""
    with path.open("rb") as file:
        for piece in iter(partial(file.readline, MAX_RECORD + 1), b""):
            is_whole = piece.endswith(b"\n")
            body = rest + piece
            try:
                _, used = codecs.utf_8_decode(body, "strict", is_whole)
            except UnicodeDecodeError as error:
                return line, before + error.start + 1
            if is_whole:
                line, before, rest = line + 1, 0, b""
            else:  # a character may go on in the line's next piece
                before, rest = before + used, body[used:]
    return line, before + 1


def line_of_object(path: Path, row: int) -> int:
    """Return the line on which the object number `row` (from 1) of an NDJSON file stands.

    Raises:
        BadLineError: A line before it, or the line itself, is not JSON.
    """
    number = 0
    with path.open(encoding="utf-8-sig") as file:
        try:
            for line, body in enumerate(iter(partial(file.readline, MAX_RECORD + 1), ""), start=1):
                if not body.strip():
                    continue
                if not _is_json(body):
                    raise BadLineError(line, "this is not a JSON object")
                number += 1
                if number == row:
                    return line
        except UnicodeDecodeError:
            raise _not_utf8(path, "JSON") from None
    return 0


def _is_json(body: str) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def is_closed_array(path: Path) -> bool:
    """Return whether a JSON array comes to its end; DuckDB reads one that was cut off."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read().rstrip().endswith(b"]")


def is_array(path: Path) -> bool:
    """Return whether a JSON file is one array, not an object a line."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        while piece := file.read(4096):
            if stripped := piece.lstrip():
                return stripped.startswith("[")
    return False
