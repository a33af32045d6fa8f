"""What people and programs are shown: tables and JSON on standard output, the rest on the error.

Text from a server or from a table's rows is never printed as it came: a control character in it
could write over the terminal. Here it comes out as its escape.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

import msgspec
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from qanat.cli.layout import Need, fitted
from qanat.names import is_ulid

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_NUMBERS: Final = frozenset(
    ["tinyint", "smallint", "integer", "bigint", "double", "real", "decimal", "uint256", "int256"]
)
#: Types whose values are never cut.
_WHOLE: Final = _NUMBERS | {"boolean", "date", "time", "timestamp", "interval", "uuid"}
_NULL: Final = "NULL"
_LEAST: Final = 12  #: cells that are left of a text, and of a column's name
_GAP: Final = 2  #: cells between columns
_PIPE_WIDTH: Final = 4_096  #: a table that goes to a file is not cut at a terminal's edge


def printable(text: str) -> str:
    """Return `text` with control characters as escapes; tabs and line ends stay."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return `text` printable and in one line."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def console(stream: TextIO | None = None, *, width: int | None = None) -> Console:
    """Return a console on `stream` (standard output), as wide as it needs if it is no terminal."""
    target = stream or sys.stdout
    return Console(
        file=target,
        width=width or (None if target.isatty() else _PIPE_WIDTH),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of a table."""

    name: str
    kind: str = ""  #: a Trino type; numbers stand to the right. Empty: a text
    rank: int = 0  #: left out on narrow terminals, the greatest first; 0: always shown


def fields(names: Sequence[str], kinds: Sequence[str]) -> list[Field]:
    """Return the columns of a result."""
    return [Field(name=name, kind=kind) for name, kind in zip(names, kinds, strict=True)]


def table(
    columns: Sequence[Field],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    wraps: bool,
    elsewhere: str = "--json",
) -> None:
    """Print a table as wide as it needs, or as the terminal is.

    Where that is too little, texts are wrapped or cut, then columns that may be left out are, and
    it is said that they are `elsewhere`; else each row is printed as lines of a name and a value.
    """
    cells = [[_text(value) for value in row] for row in rows]
    needs = [_need(column, [row[at] for row in cells]) for at, column in enumerate(columns)]
    room = terminal_width()
    widths = [need.full for need in needs] if room is None else fitted(needs, room, _GAP)
    target = console(width=room or _whole(needs))
    if title:
        target.print()
        target.print(Text(one_line(title), style="italic"), soft_wrap=True)
    if widths is None:
        _blocks(target, columns, cells)
        return
    drawn = Table(
        box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False, pad_edge=False
    )
    shown = [at for at, width in enumerate(widths) if width]
    for at in shown:
        drawn.add_column(
            Text(one_line(columns[at].name), overflow="fold"),
            width=widths[at],
            justify="right" if _is_number(columns[at].kind) else "left",
            overflow="fold",
        )
    for row in cells:
        for cell in row:
            cell.no_wrap, cell.overflow = not wraps, "fold" if wraps else "ellipsis"
        drawn.add_row(*(row[at] for at in shown))
    target.print(drawn)
    if len(shown) < len(columns):
        names = ", ".join(columns[at].name for at, width in enumerate(widths) if not width)
        to_stderr(f"no room for {names}: see {elsewhere}, or make the terminal wider")


def _blocks(target: Console, columns: Sequence[Field], cells: Sequence[Sequence[Text]]) -> None:
    names = [one_line(column.name) for column in columns]
    longest = max(cell_len(name) for name in names)
    if not cells:
        target.print(Text(", ".join(names)), soft_wrap=True)
    for number, row in enumerate(cells):
        if number:
            target.print()
        for name, cell in zip(names, row, strict=True):
            target.print(Text(f"{name}: ".ljust(longest + 2)) + cell, soft_wrap=True)


def _need(column: Field, cells: Sequence[Text]) -> Need:
    head = cell_len(one_line(column.name))
    body = max((cell.cell_len for cell in cells), default=0)
    is_whole = _first_word(column.kind) in _WHOLE or all(
        is_ulid(cell.plain) for cell in cells if cell.plain not in ("", _NULL)
    )
    # A name is wrapped where it is longer than what stands below it.
    least = max(body if is_whole else min(body, _LEAST), min(head, _LEAST), 1)
    return Need(least=least, full=max(body, head, 1), rank=column.rank)


def terminal_width() -> int | None:
    """Return how wide the terminal is that tables go to; None: they go to none."""
    return console().width if sys.stdout.isatty() else None


def _whole(needs: Sequence[Need]) -> int:
    return max(_PIPE_WIDTH, sum(need.full + _GAP for need in needs))


def _first_word(kind: str) -> str:
    return re.split(r"[ (]", kind, maxsplit=1)[0]


def _is_number(kind: str) -> bool:
    return _first_word(kind) in _NUMBERS


def _text(value: object) -> Text:
    return Text(_cell(value), style="dim" if value is None else "")


def _cell(value: object) -> str:
    if value is None:
        return _NULL
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
