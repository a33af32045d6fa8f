"""Literals, and the moments that a statement sees as constants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.sql.dialect.duckdb import casts, words
from qanat.sql.scope import Scope
from qanat.sql.statement import Value
from qanat.sql.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAYS,
    DOUBLE,
    INTEGER,
    JSON,
    MONTHS,
    TIMESTAMPTZ,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    Type,
    decimal,
)

if TYPE_CHECKING:
    from qanat.sql.expression import Expressions

_UNITS: Final = {"second": DAYS, "minute": DAYS, "hour": DAYS, "day": DAYS, "month": MONTHS,
                 "year": MONTHS}  # fmt: skip
MAX_BIGINT: Final = 2**63 - 1
_DECIMAL: Final = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def literal(it: Expressions, node: exp.Expr, _: Scope) -> Value:
    """Return a text or a number."""
    text: str = node.this
    if node.args["is_string"]:
        return Value(words.string(text), VARCHAR)
    text = text.replace("_", "")
    if "e" in text.lower():
        return Value(text, DOUBLE)
    if "." in text:
        made = _decimal(text)
        if made is None:
            raise it.refused(node, f"Invalid decimal literal: {text[:60]}")
        return made
    if len(text) > 40 or int(text) > MAX_BIGINT:
        negative = isinstance(node.parent, exp.Neg) and text == str(MAX_BIGINT + 1)
        if not negative:
            raise it.refused(node, f"Invalid numeric literal: {text[:60]}")
    return Value(text, INTEGER if int(text) < 2**31 else BIGINT)


def decimal_literal(it: Expressions, node: exp.Expr) -> Value:
    """Return `DECIMAL '…'`: its digits, not the 38 of a cast to decimal, are its type."""
    text: str = node.expressions[0].name
    found = _DECIMAL.fullmatch(text)
    made = _decimal(found[2]) if found is not None else None
    if found is None or made is None:
        raise it.refused(node, f"'{text[:60]}' is not a valid DECIMAL literal")
    return Value(f"(- {made.text})", made.type) if found[1] == "-" else made


def _decimal(text: str) -> Value | None:
    """Return a decimal without a sign; zeros before its other digits do not count."""
    whole, _dot, fraction = text.partition(".")
    whole = whole.lstrip("0")
    if len(whole) + len(fraction) > 38:
        return None
    type_ = decimal(len(whole) + len(fraction), len(fraction))
    if whole and fraction:
        return Value(f"{whole}.{fraction}", type_)  # DuckDB gives it the same type
    return Value(f"CAST('{whole or '0'}.{fraction}' AS {words.type_name(type_)})", type_)


def boolean(_it: Expressions, node: exp.Expr, _: Scope) -> Value:
    """Return true or false."""
    return Value("true" if node.this else "false", BOOLEAN)


def null(_it: Expressions, _node: exp.Expr, _: Scope) -> Value:
    """Return NULL."""
    return Value("NULL", UNKNOWN)


def hexadecimal(_it: Expressions, node: exp.Expr, _: Scope) -> Value:
    """Return a varbinary literal."""
    return Value(words.varbinary(node.this), VARBINARY)


def json(it: Expressions, node: exp.Expr, scope: Scope) -> Value:
    """Return a JSON literal."""
    if not isinstance(node.this, exp.Literal):
        raise it.refused(node, "JSON takes a text written out")
    return Value(f"CAST({literal(it, node.this, scope).text} AS JSON)", JSON)


def unicode(it: Expressions, node: exp.Expr, _: Scope) -> Value:
    """Return a text with Unicode escapes."""
    if node.args.get("escape"):
        raise it.refused(node, "UESCAPE is not supported")
    text = re.sub(
        r"\\(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4})|(\\))",
        lambda m: "\\" if m[3] else chr(min(int(m[1] or m[2], 16), 0x10FFFF)),
        node.this,
    )
    if any("\ud800" <= c <= "\udfff" or c == "\0" for c in text):
        raise it.refused(node, "Invalid escaped character")
    return Value(words.string(text), VARCHAR)


def interval(it: Expressions, node: exp.Expr, _: Scope) -> Value:
    """Return an interval literal."""
    amount, sign = node.this, ""
    if isinstance(amount, exp.Neg):
        amount, sign = amount.this, "-"
    unit = str(node.args["unit"].name).lower() if node.args.get("unit") else ""
    if not isinstance(amount, exp.Literal) or isinstance(node.args.get("unit"),
                                                         exp.IntervalSpan):  # fmt: skip
        raise it.refused(node, "this form of INTERVAL is not supported")
    unit = unit.removesuffix("s") if unit.endswith("s") else unit
    if unit not in _UNITS or not re.fullmatch(r"[+-]?\d{1,9}", amount.name):
        raise it.refused(node, f"'{amount.name[:40]}' is not a valid interval literal")
    return Value(f"(INTERVAL '{sign}{int(amount.name)} {unit}')".replace("--", ""),
                 _UNITS[unit])  # fmt: skip


def moment(it: Expressions, node: exp.Expr, _: Scope) -> Value:
    """Return the current date or time: one moment for the whole statement."""
    it.statement.volatile = True
    precision = node.this.name if node.this is not None else "3"
    if isinstance(node, exp.CurrentDate):
        return Value("CAST(timezone('UTC', now()) AS DATE)", DATE)
    if not precision.isdigit() or int(precision) > 6:
        raise it.refused(node, "at most 6 decimals of a second are supported")
    if isinstance(node, exp.Localtimestamp):
        text = casts.rounded_moment("timezone('UTC', now())", int(precision))
        return Value(text, Type("timestamp", (int(precision),)))
    text = casts.rounded_moment("now()", int(precision))
    return Value(text, Type(TIMESTAMPTZ.name, (int(precision),)))
