"""How a text value of an upload becomes a value of a column: SQL expressions, one a type.

An expression is NULL for a text that does not fit. They are stricter than DuckDB's own casts,
which read '1.5' as the integer 2 and drop a time zone without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qanat.engines.duckdb.scan import literal
from qanat.engines.duckdb.types import duckdb_type

_VALUE: Final = "\x01"  #: stands for the text in an expression; no pattern holds it
_INTEGER: Final = "[+-]?[0-9]+"
_256_BIT: Final = "[+-]?0*[0-9]{1,78}"
_DOUBLE: Final = (
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(?i:inf|infinity)|(?i:nan)"
)
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZONE: Final = r"(Z| UTC| ?[+-][0-9]{2}(:?[0-9]{2})?)?"
_TIMESTAMP: Final = rf"{_DATE}([T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?{_ZONE})?"
_HEX: Final = "0[xX]([0-9a-fA-F]{2})*"
_BASE64: Final = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


def _if(pattern: str, value: str, otherwise: str = "NULL") -> str:
    fits = f"regexp_full_match({_VALUE},{literal(pattern)})"
    return f"CASE WHEN {fits} THEN {value} ELSE {otherwise} END"


def _cast(pattern: str, kind: str) -> str:
    return _if(pattern, f"TRY_CAST({_VALUE} AS {kind})")


def _between(low: int, high: int) -> str:
    big = f"TRY_CAST({_VALUE} AS BIGNUM)"
    bounds = f"'{low}'::BIGNUM AND '{high}'::BIGNUM"
    return _if(_256_BIT, f"CASE WHEN {big} BETWEEN {bounds} THEN {big} END")


_EXPRESSIONS: Final[Mapping[str, str]] = {
    "varchar": _VALUE,
    "boolean": f"CASE WHEN lower({_VALUE}) IN ('true','1') THEN true "
    f"WHEN lower({_VALUE}) IN ('false','0') THEN false END",
    "integer": _cast(_INTEGER, "INTEGER"),
    "bigint": _cast(_INTEGER, "BIGINT"),
    "uint256": _between(0, 2**256 - 1),
    "int256": _between(-(2**255), 2**255 - 1),
    "double": _cast(_DOUBLE, "DOUBLE"),
    "date": _cast(_DATE, "DATE"),
    # A time without a zone is in UTC, as every connection is.
    "timestamp": _if(_TIMESTAMP, f"CAST(TRY_CAST({_VALUE} AS TIMESTAMPTZ) AS TIMESTAMP)"),
    "varbinary": _if(_HEX, f"unhex(substr({_VALUE},3))", _if(_BASE64, f"from_base64({_VALUE})")),
}


def converted(text: str, kind: str) -> str:
    """Return the expression that makes of the SQL expression `text` a value of type `kind`."""
    expression = _EXPRESSIONS.get(kind, f"TRY_CAST({_VALUE} AS {duckdb_type(kind)})")
    return expression.replace(_VALUE, text)


#: What the first rows of a column look like → what all of them may still turn out to be.
_CANDIDATES: Final[Mapping[str, tuple[str, ...]]] = {
    "bigint": ("bigint", "double"),
    "double": ("double",),
    "boolean": ("boolean",),
    "date": ("date", "timestamp"),
    "timestamp": ("timestamp",),
}
INFERRED: Final = tuple(_CANDIDATES)  #: types a column may turn out to have, beside varchar
_KEPT_AS_TEXT: Final = "[+-]?0[0-9].*"  #: a code with leading zeros is no number
_BOOLEAN: Final = "(?i:true|false)"


def looks_like(text: str, kind: str) -> str:
    """Return the condition that `text` would be read as `kind` if nobody said what it is."""
    fits = f"({converted(text, kind)}) IS NOT NULL"
    if kind == "boolean":
        return f"regexp_full_match({text},{literal(_BOOLEAN)})"
    if kind in ("bigint", "double"):
        return f"({fits} AND NOT regexp_full_match({text},{literal(_KEPT_AS_TEXT)}))"
    return fits


def narrowed(kind: str | None) -> tuple[str, ...]:
    """Return what a column may be whose first rows look like `kind`; None: they are all empty."""
    return INFERRED if kind is None else _CANDIDATES.get(kind, ())
