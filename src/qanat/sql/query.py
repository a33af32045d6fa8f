"""Queries: SELECT, VALUES, their combinations, WITH; FROM is in `relation`.

Every query that stands inside another names its columns so that no two are alike; what the user
called them, or did not, is kept beside (`Output`).
"""

# ruff: noqa: S608  # SQL is made here of names, types and literals spelled by `words`

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlglot import exp

from qanat.errors import SqlRejectedError
from qanat.sql import combination, ctes, grouping, ordering
from qanat.sql.dialect.duckdb import words
from qanat.sql.expression import Expressions
from qanat.sql.relation import Relations
from qanat.sql.scope import Field, Output, Scope
from qanat.sql.source import Source
from qanat.sql.statement import Statement, Translated, Value, refusal
from qanat.sql.tokens import MARK
from qanat.sql.types import UNKNOWN
from qanat.sql.view import Views

MAX_COLUMNS: Final = 10_000

_SELECT_PARTS: Final = frozenset(
    {
        "expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset",
        "distinct", "with_", "windows",
    }
)  # fmt: skip
#: The alias, joins and sample of a sub-select belong to the FROM that it stands in.
_SUBQUERY_PARTS: Final = frozenset(
    {"this", "order", "limit", "offset", "with_", "alias", "joins", "sample"}
)


class Queries:
    """Translates the queries of one text."""

    def __init__(self, statement: Statement, source: Source) -> None:
        self.statement, self.source = statement, source
        self.expressions = Expressions(statement, source, self)
        self.relations = Relations(self)
        self.views = Views(self)

    def within(self, source: Source) -> Queries:
        """Return the translator of another text of the same statement."""
        return Queries(self.statement, source)

    def refused(self, node: exp.Expr | None, message: str) -> SqlRejectedError:
        """Return the error that says `message` of a node of this text."""
        return refusal(self.source, node, message)

    def subquery(self, node: exp.Expr, scope: Scope) -> Translated:
        """Return a query inside an expression; it may refer to the columns of `scope`."""
        return self.query(node, Scope(parent=scope, ctes=scope.ctes))

    def query(self, node: exp.Expr, outer: Scope) -> Translated:
        """Return any query; `outer` is what it may see from outside itself."""
        match node:
            case exp.Subquery():
                made = self._subquery(node, outer)
            case exp.Select():
                made = self._select(node, outer)
            case exp.SetOperation():
                made = combination.combination(self, node, outer)
            case exp.Values():
                made = combination.values(self, node, outer)
            case _:
                raise self.refused(node, "a query is expected here")
        self.statement.checked(made.text, self.source, node)
        return made

    def _subquery(self, node: exp.Subquery, outer: Scope) -> Translated:
        self.only(node, _SUBQUERY_PARTS)
        prefix, outer = ctes.with_clause(self, node, outer)
        inner = self.query(node.this, outer)
        if not any(node.args.get(part) for part in ("order", "limit", "offset")):
            return replace(inner, text=f"{prefix}({inner.text})") if prefix else inner
        tail = ordering.tail(self, node, outer, inner.outputs, {})
        return Translated(f"{prefix}SELECT * FROM ({inner.text}) AS q{tail}", inner.outputs)

    def only(self, node: exp.Expr, allowed: frozenset[str]) -> None:
        """Refuse a node that has other parts than `allowed`: the library knows many dialects."""
        for part, value in node.args.items():
            if value and part not in allowed:
                where = value[0] if isinstance(value, list) else value
                place = where if isinstance(where, exp.Expr) else node
                word = part.strip("_").replace("_", " ").upper()
                raise self.refused(place, f"{word} is not supported")

    def renamed(self, alias: exp.Expr | None, outputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return outputs under the column names of an alias, `t(a, b)`, if it has any."""
        columns = alias.args.get("columns") if alias is not None else None
        if not columns:
            return outputs
        if len(columns) != len(outputs):
            raise self.refused(
                alias, f"Column alias list has {len(columns)} entries but the relation has "
                f"{len(outputs)} columns"
            )  # fmt: skip
        if not all(isinstance(column, exp.Identifier) for column in columns):
            raise self.refused(alias, "a column alias is a name")
        names = [column.name.removeprefix(MARK) for column in columns]
        unique = unique_names(names)
        return tuple(
            Output(name, o.type, column)
            for name, column, o in zip(names, unique, outputs, strict=True)
        )

    # SELECT.

    def _select(self, node: exp.Select, outer: Scope) -> Translated:
        self.only(node, _SELECT_PARTS)
        prefix, outer = ctes.with_clause(self, node, outer)
        scope, source = self.relations.source(node, outer)
        scope.windows = self._windows(node)
        where = ""
        if clause := node.args.get("where"):
            condition = self.expressions.condition(clause.this, scope, "WHERE clause")
            where = f" WHERE {condition}"
        items = self._items(node, scope)
        if not items:
            # The columns of what was gone past are not known, so `*` may stand for none.
            if node.expressions and self.statement.problems:
                raise self.statement.problems[-1]
            raise self.refused(node, "syntax error: a query selects at least one column")
        columns = unique_names([name for name, _, _ in items])
        outputs = tuple(
            Output(name, value.type, column)
            for (name, value, _), column in zip(items, columns, strict=True)
        )
        texts = [
            f"{value.text} AS {words.name(column)}"
            for (_, value, _), column in zip(items, columns, strict=True)
        ]
        group = grouping.group(self, node, scope, items)
        having = ""
        if clause := node.args.get("having"):
            having = f" HAVING {self.expressions.condition(clause.this, scope, 'HAVING clause')}"
        distinct = ""
        if clause := node.args.get("distinct"):
            self.only(clause, frozenset())
            distinct = "DISTINCT "
        selected = {o.column: value for o, (_, value, _) in zip(outputs, items, strict=True)}
        tail = ordering.tail(self, node, scope, outputs, selected)
        text = f"{prefix}SELECT {distinct}{', '.join(texts)}{source}{where}{group}{having}{tail}"
        return Translated(text, outputs)

    def _windows(self, node: exp.Select) -> Mapping[str, exp.Window]:
        return {w.this.name.lower(): w for w in node.args.get("windows") or ()}

    def _items(self, node: exp.Select, scope: Scope) -> list[tuple[str | None, Value, exp.Expr]]:
        if len(node.expressions) > MAX_COLUMNS:
            raise self.refused(node, f"a query may have at most {MAX_COLUMNS} columns")
        items: list[tuple[str | None, Value, exp.Expr]] = []
        for item in node.expressions:
            star = item if isinstance(item, exp.Star) else None
            if isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                star = item.this
            if star is not None:
                self.only(star, frozenset())
                items += [(f.name, Value(f.text, f.type), item) for f in self._star(item, scope)]
                if len(items) > MAX_COLUMNS:
                    raise self.refused(node, f"a query may have at most {MAX_COLUMNS} columns")
                continue
            name, inner = None, item
            if isinstance(item, exp.Alias):
                name, inner = item.args["alias"].name.removeprefix(MARK), item.this
                if not name:
                    raise self.refused(item, "a column needs a name")
            elif isinstance(item, exp.Column | exp.Dot):
                last = item.this if isinstance(item, exp.Column) else item.expression
                name = last.name.removeprefix(MARK)
            value = self.expressions.value(inner, scope)
            if value.type == UNKNOWN:
                value = Value(f"CAST({value.text} AS VARCHAR)", UNKNOWN)
            items.append((name, value, item))
        return items

    def _star(self, item: exp.Expr, scope: Scope) -> Sequence[Field]:
        if isinstance(item, exp.Star):
            if not scope.relations:
                raise self.refused(item, "SELECT * not allowed in queries without FROM clause")
            return scope.star()
        parts = [item.args.get(key) for key in ("catalog", "db", "table")]
        path = [part.name.lower().removeprefix(MARK) for part in parts if part is not None]
        found = scope.relations_named(path)
        if not found:
            raise self.refused(item.args["table"], f"Unable to resolve reference {'.'.join(path)}")
        return found[0].fields


def unique_names(names: Sequence[str | None]) -> list[str]:
    """Return a name for every column: unnamed ones `_colN` by place, repeated ones a suffix."""
    given = {name.lower() for name in names if name}
    used: set[str] = set()
    counts: dict[str, int] = {}
    unique = []
    for place, name in enumerate(names):
        base = chosen = name or f"_col{place}"
        while chosen.lower() in used or (chosen is not name and chosen.lower() in given):
            counts[base.lower()] = counts.get(base.lower(), 0) + 1
            chosen = f"{base}_{counts[base.lower()]}"
        used.add(chosen.lower())
        unique.append(chosen)
    return unique
