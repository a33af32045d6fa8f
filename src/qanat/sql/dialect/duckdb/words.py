"""DuckDB's spelling of names, literals and types.

The rule: only `slot` makes text of the form `"$k"`. Names and literals of users are spelled so
that this form cannot occur in them, whatever they hold.
"""

from __future__ import annotations

import re
from typing import Final

from qanat.sql.types import Type

_SLOT_LIKE: Final = re.compile(r'(?:^|")\$_*[0-9]+(?:"|$)')
_TYPES: Final = {
    "varbinary": "BLOB", "real": "FLOAT", "timestamp": "TIMESTAMP", "time": "TIME",
    "timestamp with time zone": "TIMESTAMPTZ", "time with time zone": "TIMETZ",
    "interval day to second": "INTERVAL", "interval year to month": "INTERVAL",
    "uint256": "BIGNUM", "int256": "BIGNUM", "unknown": "VARCHAR",
}  # fmt: skip


def slot(index: int) -> str:
    """Return what stands for relation `index` in a template."""
    return f'"${index}"'


def name(text: str) -> str:
    """Return an identifier, quoted."""
    return '"' + _unlike_slots(text).replace('"', '""') + '"'


def key(text: str) -> str:
    """Return the literal that names the field of a struct whose identifier is `name(text)`."""
    return string(_unlike_slots(text))


def _unlike_slots(text: str) -> str:
    """Return a name in which nothing looks like a slot; different names stay different."""
    return text.replace("$", "$_") if _SLOT_LIKE.search(text) else text


def string(text: str) -> str:
    """Return a varchar literal."""
    prefix = ""
    if "\\" in text:
        # An E literal is read alike by DuckDB and by who looks for the slots of a template.
        prefix, text = "E", text.replace("\\", "\\\\")
    quoted = f"{prefix}'" + text.replace("'", "''") + "'"
    if '"$' not in quoted:
        return quoted
    return "(" + quoted.replace('"$', f"\"' || {prefix}'$") + ")"


def varbinary(digits: str) -> str:
    """Return a varbinary literal from its hexadecimal digits."""
    return f"unhex('{digits}')" if digits else "CAST('' AS BLOB)"


def type_name(type_: Type) -> str:
    """Return DuckDB's name of a type."""
    if type_.name == "array":
        return f"{type_name(type_.element)}[]"
    if type_.name == "map":
        return f"MAP({type_name(type_.args[0])}, {type_name(type_.args[1])})"
    if type_.name == "row":
        kinds = [type_name(t) for _, t in type_.args]
        if _has_no_names(type_):
            return f"TUPLE({', '.join(kinds)})"
        pairs = zip(field_names(type_), kinds, strict=True)
        return f"STRUCT({', '.join(f'{name(n)} {kind}' for n, kind in pairs)})"
    if type_.name == "decimal":
        return f"DECIMAL({type_.args[0]}, {type_.args[1]})"
    return _TYPES.get(type_.name, type_.name.upper())


def row_of(type_: Type, values: list[str]) -> str:
    """Return a row of this type with these values."""
    if _has_no_names(type_):
        return f"row({', '.join(values)})"
    pairs = zip(field_names(type_), values, strict=True)
    return f"struct_pack({', '.join(f'{name(n)} := {value}' for n, value in pairs)})"


def field(row: str, type_: Type, place: int) -> str:
    """Return the field of a row of this type that stands at `place`, counted from 0."""
    if _has_no_names(type_):
        return f"struct_extract_at({row}, {place + 1})"
    return f"struct_extract({row}, {key(field_names(type_)[place])})"


def renames(given: Type, wanted: Type) -> bool:
    """Return whether a cast gives fields other names: DuckDB finds them by those, not by places."""
    if given.name != wanted.name or given.name not in {"array", "map", "row"}:
        return False
    if given.name != "row":
        return any(map(renames, given.args, wanted.args))
    if not (_has_no_names(given) or _has_no_names(wanted)):
        old, new = ([name.lower() for name in field_names(row)] for row in (given, wanted))
        if old != new:
            return True
    return any(renames(a, b) for (_, a), (_, b) in zip(given.args, wanted.args, strict=True))


def _has_no_names(row: Type) -> bool:
    return all(given is None for given, _ in row.args)


def field_names(row: Type) -> list[str]:
    """Return the names of a row's fields as DuckDB holds them where some have names: all do then.

    They are unique, and none is empty.
    """
    taken: set[str] = set()
    names = []
    for index, (given, _) in enumerate(row.args):
        chosen = given if given and given.lower() not in taken else f"field{index}"
        while chosen.lower() in taken:
            chosen += "_"
        taken.add(chosen.lower())
        names.append(chosen)
    return names
