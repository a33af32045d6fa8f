"""What each function of `qanat.sql.functions` becomes in DuckDB, a module per family.

The rule: a rule gives the very value and type that Trino gives, or refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from qanat.sql.dialect.duckdb.rules import aggregates, collections, json, numbers, texts, times
from qanat.sql.dialect.duckdb.rules.base import BLANKS, Call, RefusedError, Rule, plain
from qanat.sql.dialect.duckdb.rules.collections import subscript
from qanat.sql.dialect.duckdb.rules.json import json_path_call
from qanat.sql.dialect.duckdb.words import string
from qanat.sql.types import Type


def _typeof(call: Call) -> tuple[str, Type]:
    text = str(call.types[0]).replace(",", ", ")
    if "varchar" in text:
        raise RefusedError("typeof of a varchar is not supported: lengths are not tracked")
    return string(re.sub(r"(decimal\(\d+), ", r"\1,", text)), call.result


RULES: Final[dict[str, Rule]] = {
    "coalesce": plain("coalesce({all})"),
    "typeof": _typeof,
    **numbers.RULES,
    **texts.RULES,
    **times.RULES,
    **collections.RULES,
    **json.RULES,
    **aggregates.RULES,
}

#: The result type of functions whose signature does not tell it.
RESULTS: Final[dict[str, Callable[[tuple[Type, ...]], Type]]] = {
    **numbers.RESULTS,
    **aggregates.RESULTS,
}

__all__ = [
    "BLANKS",
    "RESULTS",
    "RULES",
    "Call",
    "RefusedError",
    "Rule",
    "json_path_call",
    "subscript",
]
