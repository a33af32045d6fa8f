"""What people and programs are shown: tables and JSON on standard output, the rest on the error.

Text from a server or from a table's rows is never printed as it came: a control character in it
could write over the terminal. Here it comes out as its escape.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_NUMBERS: Final = frozenset(
    ["tinyint", "smallint", "integer", "bigint", "double", "real", "decimal", "uint256", "int256"]
)
_PIPE_WIDTH: Final = 4_096  #: a table that goes to a file is not cut at a terminal's edge


def printable(text: str) -> str:
    """Return `text` with control characters as escapes; tabs and line ends stay."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return `text` printable and in one line."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def console(stream: TextIO | None = None) -> Console:
    """Return a console on `stream` (standard output), as wide as it needs if it is no terminal."""
    target = stream or sys.stdout
    return Console(
        file=target,
        width=None if target.isatty() else _PIPE_WIDTH,
        markup=False,
        highlight=False,
        emoji=False,
    )


def to_stderr(text: str) -> None:
    """Print a line beside what programs read."""
    print(printable(text), file=sys.stderr, flush=True)


def to_stdout(text: str) -> None:
    """Print a line of the answer."""
    print(printable(text), flush=True)


def to_json(answer: object) -> None:
    """Print an answer for programs: one JSON document and a line end."""
    raw = bytes(answer) if isinstance(answer, bytes | msgspec.Raw) else msgspec.json.encode(answer)
    sys.stdout.write(raw.decode() + "\n")
    sys.stdout.flush()


def table(
    columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]], *, title: str = ""
) -> None:
    """Print a table. Columns are names and Trino types; numbers stand to the right."""
    drawn = Table(
        box=SIMPLE_HEAD,
        title=Text(title) if title else None,
        title_justify="left",
        padding=(0, 1),
        collapse_padding=True,
    )
    for name, kind in columns:
        is_number = kind.split("(")[0] in _NUMBERS
        # Where the terminal is narrow, columns that may wrap shrink first: a cut text can still
        # be read, a cut number is another number. No cell wraps, as each says so itself.
        drawn.add_column(_text(name), justify="right" if is_number else "left", no_wrap=is_number)
    for row in rows:
        drawn.add_row(*(_text(value) for value in row))
    console().print(drawn)


def _text(value: object) -> Text:
    style = "dim" if value is None else ""
    return Text(_cell(value), style=style, no_wrap=True, overflow="ellipsis")


def _cell(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return one_line(msgspec.json.encode(value).decode())


def size(count: float) -> str:
    """Return bytes as people read them: `1.2 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def seconds(value: float) -> str:
    """Return a duration as people read it: `0.42 s`, `3 min 20 s`."""
    if value < 60:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
