"""VALUES, and queries joined by UNION, INTERSECT and EXCEPT."""

# ruff: noqa: S608  # SQL is made here of names, types and literals spelled by `words`

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.sql import ctes, ordering
from qanat.sql.dialect.duckdb import casts, words
from qanat.sql.scope import Output, Scope
from qanat.sql.statement import Translated, Value
from qanat.sql.tokens import MARK
from qanat.sql.types import UNKNOWN, Type, common

if TYPE_CHECKING:
    from qanat.sql.query import Queries

MAX_BRANCHES: Final = 1000  #: of UNION and the like in one chain

_WORDS: Final[dict[type[exp.Expr], str]] = {
    exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT",
}  # fmt: skip
PARTS: Final = frozenset({"this", "expression", "distinct", "order", "limit", "offset", "with_"})


def values(it: Queries, node: exp.Values, outer: Scope) -> Translated:
    """Return VALUES: rows written out."""
    it.only(
        node, frozenset({"expressions", "alias", "joins", "sample", "order", "limit", "offset"})
    )
    rows = [_row_values(it, row, outer) for row in node.expressions]
    if not rows or not rows[0]:
        raise it.refused(node, "syntax error: VALUES has at least one row of one value")
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise it.refused(node, "Values rows have mismatched sizes")
    types = []
    for place in range(width):
        found: Type = UNKNOWN
        for row, row_node in zip(rows, node.expressions, strict=True):
            joined = common(found, row[place].type)
            if joined is None:
                raise it.refused(
                    row_node, f"Values rows have mismatched types: {found} vs "
                    f"{row[place].type}"
                )  # fmt: skip
            found = joined
        types.append(found)
    texts = [
        "(" + ", ".join(casts.widen(v.text, v.type, t) for v, t in
                        zip(row, types, strict=True)) + ")"
        for row in rows
    ]  # fmt: skip
    outputs = tuple(Output(None, type_, f"_col{place}") for place, type_ in enumerate(types))
    columns = ", ".join(words.name(o.column) for o in outputs)
    tail = ordering.tail(it, node, outer, outputs, {})
    return Translated(f"SELECT * FROM (VALUES {', '.join(texts)}) AS q({columns}){tail}",
                      outputs)  # fmt: skip


def _row_values(it: Queries, node: exp.Expr, outer: Scope) -> list[Value]:
    is_row = isinstance(node, exp.Anonymous) and node.name.removeprefix(MARK).lower() == "row"
    parts = node.expressions if isinstance(node, exp.Tuple) or is_row else [node]
    return [it.expressions.value(part, outer) for part in parts]


def combination(it: Queries, node: exp.SetOperation, outer: Scope) -> Translated:
    """Return a chain of combined queries; long chains lean left, so this is a loop."""
    prefix, outer = ctes.with_clause(it, node, outer)
    branches: list[exp.Expr] = []
    links: list[exp.SetOperation] = []
    current: exp.Expr = node
    while isinstance(current, exp.SetOperation) and (
        current is node or not any(current.args.get(p) for p in ("with_", "order", "limit"))
    ):
        it.only(current, PARTS)
        links.append(current)
        branches.append(current.args["expression"])
        current = current.this
    branches.append(current)
    if len(branches) > MAX_BRANCHES:
        raise it.refused(node, f"at most {MAX_BRANCHES} queries can be combined")
    made = [it.query(branch, outer) for branch in reversed(branches)]
    outputs = _united(it, list(reversed(branches)), made)
    text = _branch(made[0], outputs)
    previous = ""
    for link, branch in zip(reversed(links), made[1:], strict=True):
        word = _WORDS.get(type(link))
        if word is None:
            raise it.refused(link, "this combination of queries is not supported")
        word += "" if link.args.get("distinct") else " ALL"
        left = text if previous in {"", word} else f"({text})"
        text, previous = f"{left} {word} {_branch(branch, outputs)}", word
    if any(node.args.get(part) for part in ("order", "limit", "offset")):
        tail = ordering.tail(it, node, outer, outputs, {})
        text = f"SELECT * FROM ({text}) AS q{tail}"
    return Translated(prefix + text, outputs)


def _united(it: Queries, nodes: list[exp.Expr], made: list[Translated]) -> tuple[Output, ...]:
    first = made[0].outputs
    types = [output.type for output in first]
    for node, branch in zip(nodes, made, strict=True):
        if len(branch.outputs) != len(first):
            raise it.refused(
                node, f"UNION query has different number of fields: {len(first)}, "
                f"{len(branch.outputs)}"
            )  # fmt: skip
        for place, output in enumerate(branch.outputs):
            joined = common(types[place], output.type)
            if joined is None:
                raise it.refused(
                    node, f"column {place + 1} in UNION query has incompatible types: "
                    f"{types[place]}, {output.type}"
                )  # fmt: skip
            types[place] = joined
    return tuple(Output(o.name, t, o.column) for o, t in zip(first, types, strict=True))


def _branch(made: Translated, outputs: tuple[Output, ...]) -> str:
    texts, same = [], True
    for given, wanted in zip(made.outputs, outputs, strict=True):
        column = words.name(given.column)
        text = casts.widen(column, given.type, wanted.type)
        same = same and text == column
        texts.append(f"{text} AS {words.name(wanted.column)}")
    if same:
        return f"({made.text})"
    return f"(SELECT {', '.join(texts)} FROM ({made.text}) AS q)"
