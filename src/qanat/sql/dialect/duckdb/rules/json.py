"""Functions on JSON, which DuckDB keeps as text."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from qanat.sql.dialect.duckdb.rules.base import Call, RefusedError, Rule, let, plain
from qanat.sql.dialect.duckdb.words import string
from qanat.sql.types import VARCHAR, Type

_PATH: Final = re.compile(r"""\$((?:\.[A-Za-z_][\w]*|\["[^"\\]+"\]|\[\d{1,9}\])*)""", re.ASCII)
_STEP: Final = re.compile(r"""\.([A-Za-z_]\w*)|\["([^"\\]+)"\]|\[(\d+)\]""", re.ASCII)


def path(constant: str | None, name: str) -> str:
    """Return DuckDB's form of a JSON path that the user wrote out.

    Raises:
        RefusedError: It is computed, or has filters or wildcards.
    """
    found = _PATH.fullmatch(constant.strip()) if constant is not None else None
    if found is None:
        raise RefusedError(
            f"{name} takes a path of names and places written out, such as '$.a.b[0]'"
        )
    made = "$"
    for key, quoted, index in _STEP.findall(found[1]):
        made += f"[{index}]" if index else f'."{key or quoted}"'
    return string(made)


def _value(call: Call) -> str:
    """The first argument as JSON; NULL where it is not JSON."""
    value = call.arguments[0]
    return value if call.types[0].name == "json" else f"TRY_CAST({value} AS JSON)"


def _extract(call: Call) -> tuple[str, Type]:
    where = path(call.constants[1], call.name)
    return f"json_extract({_value(call)}, {where})", call.result


def _scalar(call: Call) -> tuple[str, Type]:
    found = f"json_extract({_value(call)}, {path(call.constants[1], call.name)})"
    body = (
        "CASE WHEN json_type(j) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN"
        " json_extract_string(j, '$') END"
    )
    return let(found, "j", body), call.result


def _length(call: Call) -> tuple[str, Type]:
    body = "CASE WHEN json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) END"
    return let(_value(call), "j", body), call.result


def _contains(call: Call) -> tuple[str, Type]:
    body = (
        "CASE WHEN json_type(j) = 'ARRAY' THEN list_contains(list_transform("
        "json_extract(j, '$[*]'), lambda e: CASE WHEN json_type(e) = 'VARCHAR' THEN"
        " json_extract_string(e, '$') END),"
        f" {call.arguments[1]}) END"
    )
    return let(_value(call), "j", body), call.result


def _size(call: Call) -> tuple[str, Type]:
    found = f"json_extract({_value(call)}, {path(call.constants[1], call.name)})"
    body = (
        "CASE json_type(j) WHEN 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) WHEN 'OBJECT'"
        " THEN len(json_keys(j)) ELSE CASE WHEN j IS NOT NULL THEN 0 END END"
    )
    return let(found, "j", body), call.result


def _is_scalar(call: Call) -> tuple[str, Type]:
    body = "CASE WHEN j IS NOT NULL THEN json_type(j) NOT IN ('OBJECT', 'ARRAY') END"
    return let(_value(call), "j", body), call.result


def json_path_call(node: exp.Expr) -> tuple[str, Type] | None:
    """Return the template and type of a JSON_QUERY or JSON_VALUE; None if it is not supported."""
    is_query = isinstance(node, exp.JSONExtract)
    where = node.args.get("expression" if is_query else "path")
    known = {"this", "expression", "json_query", "quote", "only_json_types"} if is_query else {
        "this", "path", "returning",
    }  # fmt: skip
    unknown = {part for part, value in node.args.items() if value} - known
    if (is_query and not node.args.get("json_query")) or unknown:
        return None
    if not isinstance(where, exp.Literal) or not where.args["is_string"]:
        return None
    try:
        written = re.sub(r"^\s*lax\s+", "", where.this)
        found = f"json_extract(TRY_CAST({{0}} AS JSON), {path(written, 'json')})"
    except RefusedError:
        return None
    found = found.replace("{", "{{").replace("}", "}}").replace("{{0}}", "{0}")
    if not is_query:
        body = (
            "CASE WHEN json_type(j) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN"
            " json_extract_string(j, '$') END"
        )
        return let(found, "j", body), VARCHAR
    quote = node.args.get("quote")
    if quote is not None and quote.args.get("scalar"):
        return None
    text = (
        "json_extract_string(j, '$')"
        if quote is not None and (quote.args.get("option") == "OMIT")
        else "CAST(j AS VARCHAR)"
    )
    return let(found, "j", f"CASE WHEN json_type(j) <> 'NULL' THEN {text} END"), VARCHAR


RULES: dict[str, Rule] = {
    "json_parse": plain("json(CAST({0} AS JSON))"),
    "json_format": plain("CAST({0} AS VARCHAR)"),
    "json_extract": _extract,
    "json_extract_scalar": _scalar,
    "json_array_length": _length,
    "json_array_contains": _contains,
    "json_size": _size,
    "is_json_scalar": _is_scalar,
}
