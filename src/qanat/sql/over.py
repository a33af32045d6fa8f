"""What may follow a call: ORDER BY, FILTER, OVER with its window and frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from qanat.sql import functions
from qanat.sql.scope import Scope
from qanat.sql.written import Written

if TYPE_CHECKING:
    from qanat.sql.call import Calls


def order(it: Calls, terms: list[exp.Expr], scope: Scope) -> str:
    """Return an ORDER BY within a call or a window."""
    if not terms:
        return ""
    texts = []
    for term in terms:
        inner = term.this if isinstance(term, exp.Ordered) else term
        nulls = "FIRST" if term.args.get("nulls_first") else "LAST"
        way = "DESC" if term.args.get("desc") else "ASC"
        texts.append(f"{it.expressions.value(inner, scope).text} {way} NULLS {nulls}")
    return f" ORDER BY {', '.join(texts)}"


def suffix(it: Calls, written: Written, scope: Scope) -> str:
    """Return what follows the brackets of a call: FILTER and OVER."""
    text = ""
    if written.filter is not None:
        condition = it.expressions.condition(written.filter, scope, "FILTER clause")
        text = f" FILTER (WHERE {condition})"
    if written.window is not None:
        text += f" OVER ({_window(it, written, written.window, scope)})"
    return text


def _window(it: Calls, written: Written, node: exp.Window, scope: Scope) -> str:
    if node.args.get("first") is not None or node.args.get("over") not in {None, "OVER"}:
        raise it.refused(node, "this form of OVER is not supported")
    name = node.args.get("alias")
    if name is not None:
        base = scope.windows.get(name.name.lower())
        if base is None or base.args.get("alias") is not None:
            raise it.refused(name, f"Window '{name.name}' is not defined")
        merged = {k: node.args.get(k) or base.args.get(k)
                  for k in ("partition_by", "order", "spec")}  # fmt: skip
    else:
        merged = {k: node.args.get(k) for k in ("partition_by", "order", "spec")}
    parts = []
    if merged["partition_by"]:
        texts = [it.expressions.value(part, scope).text for part in merged["partition_by"]]
        parts.append(f"PARTITION BY {', '.join(texts)}")
    if merged["order"] is not None:
        parts.append(order(it, merged["order"].expressions, scope).strip())
    elif functions.FUNCTIONS[written.name].kind == "window":
        it.statement.volatile = True
    if merged["spec"] is not None:
        parts.append(_frame(it, merged["spec"], scope))
    return " ".join(parts)


def _frame(it: Calls, node: exp.Expr, scope: Scope) -> str:
    kind = str(node.args.get("kind") or "").upper()
    if kind not in {"ROWS", "RANGE", "GROUPS"} or node.args.get("exclude") is not None:
        raise it.refused(node, "this window frame is not supported")
    start = _bound(it, node, "start", scope)
    if node.args.get("end") is None:
        return f"{kind} {start}"
    return f"{kind} BETWEEN {start} AND {_bound(it, node, 'end', scope)}"


def _bound(it: Calls, node: exp.Expr, which: str, scope: Scope) -> str:
    value, side = node.args.get(which), str(node.args.get(f"{which}_side") or "").upper()
    if isinstance(value, str):
        word = f"{value.upper()} {side}".strip()
        if word in {"CURRENT ROW", "UNBOUNDED PRECEDING", "UNBOUNDED FOLLOWING"}:
            return word
    elif isinstance(value, exp.Expr) and side in {"PRECEDING", "FOLLOWING"}:
        return f"{it.expressions.value(value, scope).text} {side}"
    raise it.refused(node, "this window frame is not supported")
