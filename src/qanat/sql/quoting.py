"""Names as they are written in SQL."""

from __future__ import annotations

import re
from typing import Final

from qanat.names import Label

_WORDS: Final = """
    alter and as between by case cast constraint create cross cube current_catalog current_date
    current_path current_role current_schema current_time current_timestamp current_user
    deallocate delete describe distinct drop else end escape except execute exists extract false
    for from full group grouping having in inner insert intersect into is join json_array
    json_exists json_object json_query json_table json_value left like listagg localtime
    localtimestamp natural normalize not null on or order outer prepare recursive right rollup
    select skip table then trim true uescape union unnest using values when where with
    fetch glob grant ilike lateral match_recognize notnull partitioned_by regexp returning revoke
    rlike rollback tablesample uncache xor
"""
#: Trino's, from its documentation ("Keywords and identifiers"), and what our parser adds to them.
RESERVED: Final = frozenset(_WORDS.split())
_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*")


def written(label: Label) -> str:
    """Return a label as SQL has it: parts that are no plain names are quoted."""
    return ".".join(
        part if _PLAIN.fullmatch(part) and part not in RESERVED else f'"{part}"'
        for part in label.split(".")
    )
