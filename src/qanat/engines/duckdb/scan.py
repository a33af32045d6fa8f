"""The text that reads a relation, and where it goes in a statement. Text only: no engine is asked.

A slot is bound in one of two ways. Where every `"$k"` of a text plainly stands as a table, as the
compiler writes it (`FROM "$0" AS t`, `JOIN "$1" AS u`), the text that reads its relation takes its
place: that is what DuckDB plans fastest. Everywhere else (`"$0"` is also somebody's column or
alias, stands after a comma, or has no alias) the slots become common table expressions around the
untouched text, so that SQL's own scopes say what each name means. Strings and comments are never
touched. What neither way can mend is a text that names its own table `"$0"`: it hides the slot, and
the compiler must not write one.
"""

# ruff: noqa: S608  # text is made here of quoted(), literal() and type names only

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from qanat.engines import Bound, Relation
from qanat.engines.duckdb.types import changes_in_parquet, duckdb_type
from qanat.model.types import Column

_LEXEME: Final = re.compile(
    r"""(?P<gap>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<text>[eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<slot>"\$(?P<k>0|[1-9]\d*)")
      | (?P<name>"(?:[^"]|"")*")
      | (?P<word>\w+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
#: Columns that DuckDB gives every file beside its own; a path must not be read by name.
_HIDDEN: Final = re.compile(r"\b(?:filename|file_row_number|file_index)\b", re.IGNORECASE)


def quoted(name: str) -> str:
    """Return `name` as an identifier."""
    if "\0" in name:
        raise ValueError("a name holds no zero character")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as a string literal."""
    if "\0" in text:
        raise ValueError("a literal holds no zero character")
    return "'" + text.replace("'", "''") + "'"


def file_list(files: tuple[str, ...]) -> str:
    """Return paths as a list literal.

    Raises:
        ValueError: A path holds a character that DuckDB would expand.
    """
    for path in files:
        if any(character in path for character in "*?["):
            raise ValueError("the path of a file of rows holds no pattern")
    return "[" + ",".join(map(literal, files)) + "]"


def scan(relation: Relation) -> str:
    """Return the DuckDB text that reads `relation`, to stand where a table may stand."""
    return _scan(relation, file_list(relation.files), bare=False)


def _scan(relation: Relation, files: str, *, bare: bool) -> str:
    """As `scan`; `files` is the text that names the files."""
    columns = relation.columns
    if not relation.files:
        nulls = ",".join(
            f"CAST(NULL AS {duckdb_type(c.type)}) AS {quoted(c.name)}" for c in columns
        )
        return f"(SELECT {nulls} WHERE false)"
    if relation.format != "parquet":
        return _text_scan(relation, files)
    if not relation.ours:  # the types of a mounted file need not be the ones that were recorded
        return f"(SELECT {','.join(map(_cast, columns))} FROM read_parquet({files}))"
    changed = [c for c in columns if changes_in_parquet(duckdb_type(c.type))]
    if changed:
        casts = ",".join(map(_cast, changed))
        return f"(SELECT * REPLACE ({casts}) FROM read_parquet({files}))"
    return f"read_parquet({files})" if bare else f"(FROM read_parquet({files}))"


def _cast(column: Column) -> str:
    name = quoted(column.name)
    return f"CAST({name} AS {duckdb_type(column.type)}) AS {name}"


def _text_scan(relation: Relation, files: str) -> str:
    pairs = ",".join(f"{literal(c.name)}:{literal(duckdb_type(c.type))}" for c in relation.columns)
    if relation.format == "csv":
        return f"(FROM read_csv({files},columns={{{pairs}}},{CSV_DIALECT}))"
    return f"(FROM read_json({files},columns={{{pairs}}},format='newline_delimited'))"


#: How mounted and uploaded CSV is written: RFC 4180, with a header. Nothing is guessed.
CSV_DIALECT: Final = (
    "auto_detect=false,header=true,delim=',',quote='\"',escape='\"',nullstr='',"
    "allow_quoted_nulls=false,max_line_size=8388608,buffer_size=16777216"
)


@lru_cache(maxsize=2048)
def _pieces(text: str) -> tuple[tuple[str, ...], tuple[int, ...], bool] | None:
    """Take `text` apart at its slots: the pieces around them, the slots, whether columns may hide.

    None if a slot does not plainly stand as a table; see the module's text.
    """
    lexemes = [m for m in _LEXEME.finditer(text) if m.lastgroup != "gap" and not m["gap"]]
    pieces, slots, start = [], [], 0
    words = [m[0].upper() if m["word"] else m[0] for m in lexemes]
    for at, lexeme in enumerate(lexemes):
        if not lexeme["slot"]:
            continue
        before = words[at - 1] if at else ""
        tabular = before == "JOIN" or (before == "FROM" and words[at - 2 : at - 1] != ["DISTINCT"])
        if not tabular or words[at + 1 : at + 2] != ["AS"]:
            return None
        pieces.append(text[start : lexeme.start()])
        slots.append(int(lexeme["k"]))
        start = lexeme.end()
    pieces.append(text[start:])
    return tuple(pieces), tuple(slots), _HIDDEN.search(text) is None


def bind(statement: Bound) -> str:
    """Return the text of `statement` with its slots filled: one SELECT that DuckDB can run."""
    return _filled(statement, [file_list(relation.files) for relation in statement.slots])


def bind_names(statement: Bound) -> tuple[str, dict[str, list[str]]]:
    """As `bind`, with a parameter in the place of each list of files; the lists by their names.

    The text is then the same whenever the statement is, so it need not be parsed again.

    Raises:
        ValueError: As `file_list`.
    """
    names = []
    lists: dict[str, list[str]] = {}
    for k, relation in enumerate(statement.slots):
        if relation.files:
            file_list(relation.files)
            lists[f"files_{k}"] = list(relation.files)
        names.append(f"$files_{k}")
    return _filled(statement, names), lists


def _filled(statement: Bound, files: list[str]) -> str:
    if not statement.slots:
        return statement.text
    apart = _pieces(statement.text)
    if apart is None or any(slot >= len(statement.slots) for slot in apart[1]):
        tables = ",".join(
            f'"${k}" AS NOT MATERIALIZED (FROM {_scan(relation, named, bare=False)})'
            for k, (relation, named) in enumerate(zip(statement.slots, files, strict=True))
        )
        return f"WITH {tables} SELECT * FROM ({statement.text}\n)"
    pieces, slots, bare = apart
    scans = [
        _scan(relation, named, bare=bare)
        for relation, named in zip(statement.slots, files, strict=True)
    ]
    filled = [pieces[0]]
    for slot, piece in zip(slots, pieces[1:], strict=True):
        filled += (scans[slot], piece)
    return "".join(filled)
