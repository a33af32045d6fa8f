"""Queries: SELECT, VALUES, their combinations, WITH; FROM is in `relation`.

Every query that stands inside another names its columns so that no two are alike; what the user
called them, or did not, is kept beside (`Output`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlglot import exp

from qanat.errors import SqlRejectedError
from qanat.sql.dialect.duckdb import casts, words
from qanat.sql.expression import Expressions
from qanat.sql.relation import Relations
from qanat.sql.scope import Field, Named, Output, Relation, Scope
from qanat.sql.source import Source
from qanat.sql.statement import Statement, Translated, Value, refusal
from qanat.sql.tokens import MARK
from qanat.sql.types import UNKNOWN, Type, common
from qanat.sql.view import Views

MAX_BRANCHES: Final = 1000  #: of UNION and the like in one chain
MAX_COLUMNS: Final = 10_000

_SELECT_PARTS: Final = frozenset(
    "expressions from_ joins where group having order limit offset distinct with_ windows".split()
)
_COMBINATIONS: Final = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}
_COMBINED_PARTS: Final = frozenset("this expression distinct order limit offset with_".split())


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
                made = self._combination(node, outer)
            case exp.Values():
                made = self._values(node, outer)
            case _:
                raise self.refused(node, "a query is expected here")
        self.statement.checked(made.text, self.source, node)
        return made

    def _subquery(self, node: exp.Subquery, outer: Scope) -> Translated:
        self._only(node, frozenset({"this", "order", "limit", "offset", "with_"}))
        prefix, outer = self._with(node, outer)
        inner = self.query(node.this, outer)
        if not any(node.args.get(part) for part in ("order", "limit", "offset")):
            return replace(inner, text=f"{prefix}({inner.text})") if prefix else inner
        tail = self._tail(node, outer, inner.outputs, {})
        return Translated(f"{prefix}SELECT * FROM ({inner.text}) AS q{tail}", inner.outputs)

    def _only(self, node: exp.Expr, allowed: frozenset[str]) -> None:
        for part, value in node.args.items():
            if value and part not in allowed:
                where = value[0] if isinstance(value, list) else value
                place = where if isinstance(where, exp.Expr) else node
                word = part.strip("_").replace("_", " ").upper()
                raise self.refused(place, f"{word} is not supported")

    # WITH.

    def _with(self, node: exp.Expr, outer: Scope) -> tuple[str, Scope]:
        clause = node.args.get("with_")
        if clause is None:
            return "", outer
        ctes = dict(outer.ctes)
        texts = []
        for cte in clause.expressions:
            if not isinstance(cte, exp.CTE) or cte.args.get("scalar"):
                raise self.refused(cte, "only queries may stand in WITH")
            scope = Scope(parent=outer.parent, ctes=ctes)
            folded = cte.args["alias"].this.name.removeprefix(MARK).lower()
            engine_name = self.statement.fresh("c")
            if clause.args.get("recursive") and isinstance(cte.this, exp.Union):
                text, named = self._recursive(cte, scope, folded, engine_name)
            else:
                made = self.query(cte.this, scope)
                outputs = self.renamed(cte.args["alias"], made.outputs)
                text, named = made.text, Named(engine_name, outputs)
            columns = ", ".join(words.name(o.column) for o in named.outputs)
            texts.append(f"{engine_name}({columns}) AS ({text})")
            ctes = {**ctes, folded: named}
        word = "WITH RECURSIVE" if clause.args.get("recursive") else "WITH"
        return f"{word} {', '.join(texts)} ", Scope(
            parent=outer.parent, ctes=ctes, relations=outer.relations, merged=outer.merged
        )

    def _recursive(
        self, cte: exp.CTE, scope: Scope, folded: str, engine_name: str
    ) -> tuple[str, Named]:
        union = cte.this
        self._only(union, _COMBINED_PARTS - {"order", "limit", "offset", "with_"})
        first = self.query(union.this, scope)
        outputs = self.renamed(cte.args["alias"], first.outputs)
        named = Named(engine_name, outputs)
        step = self.query(
            union.args["expression"],
            Scope(parent=scope.parent, ctes={**scope.ctes, folded: named}),
        )
        if len(step.outputs) != len(outputs):
            raise self.refused(cte, "both parts of a recursive query must have the same columns")
        picked = []
        for made, wanted in zip(step.outputs, outputs, strict=True):
            if common(made.type, wanted.type) is None:
                raise self.refused(
                    cte, f"recursive column type mismatch: {wanted.type}, {made.type}"
                )
            picked.append(casts.widen(words.name(made.column), made.type, wanted.type))
        word = "UNION" if union.args.get("distinct") else "UNION ALL"
        return f"({first.text}) {word} (SELECT {', '.join(picked)} FROM ({step.text}) AS q)", named

    def renamed(self, alias: exp.Expr | None, outputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return outputs under the column names of an alias, `t(a, b)`; without any, as they are."""
        columns = alias.args.get("columns") if alias is not None else None
        if not columns:
            return outputs
        if len(columns) != len(outputs):
            raise self.refused(
                alias, f"Column alias list has {len(columns)} entries but the relation has "
                f"{len(outputs)} columns"
            )  # fmt: skip
        names = [column.name.removeprefix(MARK) for column in columns]
        unique = unique_names(names)
        return tuple(
            Output(name, o.type, column)
            for name, column, o in zip(names, unique, outputs, strict=True)
        )

    # SELECT.

    def _select(self, node: exp.Select, outer: Scope) -> Translated:
        self._only(node, _SELECT_PARTS)
        prefix, outer = self._with(node, outer)
        scope, source = self.relations.source(node, outer)
        scope.windows = self._windows(node)
        where = ""
        if clause := node.args.get("where"):
            condition = self.expressions.condition(clause.this, scope, "WHERE clause")
            where = f" WHERE {condition}"
        items = self._items(node, scope)
        if len(items) > MAX_COLUMNS:
            raise self.refused(node, f"a query may have at most {MAX_COLUMNS} columns")
        columns = unique_names([name for name, _, _ in items])
        outputs = tuple(
            Output(name, value.type, column)
            for (name, value, _), column in zip(items, columns, strict=True)
        )
        texts = [
            f"{value.text} AS {words.name(column)}"
            for (_, value, _), column in zip(items, columns, strict=True)
        ]
        group = self._group(node, scope, items)
        having = ""
        if clause := node.args.get("having"):
            having = f" HAVING {self.expressions.condition(clause.this, scope, 'HAVING clause')}"
        distinct = ""
        if clause := node.args.get("distinct"):
            self._only(clause, frozenset())
            distinct = "DISTINCT "
        selected = {o.column: value for o, (_, value, _) in zip(outputs, items, strict=True)}
        tail = self._tail(node, scope, outputs, selected, distinct=bool(distinct))
        text = f"{prefix}SELECT {distinct}{', '.join(texts)}{source}{where}{group}{having}{tail}"
        return Translated(text, outputs)

    def _windows(self, node: exp.Select) -> Mapping[str, exp.Window]:
        return {w.this.name.lower(): w for w in node.args.get("windows") or ()}

    def _items(self, node: exp.Select, scope: Scope) -> list[tuple[str | None, Value, exp.Expr]]:
        items: list[tuple[str | None, Value, exp.Expr]] = []
        for item in node.expressions:
            star = item if isinstance(item, exp.Star) else None
            if isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                star = item.this
            if star is not None:
                self._only(star, frozenset())
                items += [(f.name, Value(f.text, f.type), item) for f in self._star(item, scope)]
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
        return [f for f in found[0].fields if not f.hidden]

    def _group(
        self, node: exp.Select, scope: Scope, items: Sequence[tuple[str | None, Value, exp.Expr]]
    ) -> str:
        clause = node.args.get("group")
        if clause is None:
            return ""
        self._only(clause, frozenset({"expressions"}))
        texts = [self._grouping(part, scope, items) for part in clause.expressions]
        return f" GROUP BY {', '.join(texts)}"

    def _grouping(
        self,
        node: exp.Expr,
        scope: Scope,
        items: Sequence[tuple[str | None, Value, exp.Expr]],
    ) -> str:
        words_ = {exp.GroupingSets: "GROUPING SETS ", exp.Cube: "CUBE ", exp.Rollup: "ROLLUP "}
        if type(node) in words_ or isinstance(node, exp.Tuple):
            parts = [self._grouping(part, scope, items) for part in node.expressions]
            return f"{words_.get(type(node), '')}({', '.join(parts)})"
        if isinstance(node, exp.Paren):
            return f"({self._grouping(node.this, scope, items)})"
        if isinstance(node, exp.Literal) and not node.args["is_string"]:
            self._ordinal(node, len(items), "GROUP BY")
            return node.name
        return self.expressions.value(node, scope).text

    def _ordinal(self, node: exp.Literal, count: int, clause: str) -> int:
        place = int(node.name) if node.name.isdigit() and len(node.name) < 10 else 0
        if not 1 <= place <= count:
            raise self.refused(node, f"{clause} position {node.name[:40]} is not in select list")
        return place

    # ORDER BY, OFFSET and LIMIT.

    def _tail(
        self,
        node: exp.Expr,
        scope: Scope,
        outputs: tuple[Output, ...],
        selected: Mapping[str, Value],
        *,
        distinct: bool = False,
    ) -> str:
        order = node.args.get("order")
        text = ""
        if order is not None:
            terms = [self._order_term(t, scope, outputs, selected) for t in order.expressions]
            text = f" ORDER BY {', '.join(terms)}"
        limit, offset = node.args.get("limit"), node.args.get("offset")
        if (limit is not None or offset is not None) and order is None:
            self.statement.volatile = True
        if limit is not None:
            text += self._limit(limit)
        if offset is not None:
            text += f" OFFSET {self._count(offset.args['expression'], 'OFFSET')}"
        return text

    def _order_term(
        self,
        node: exp.Expr,
        scope: Scope,
        outputs: tuple[Output, ...],
        selected: Mapping[str, Value],
    ) -> str:
        inner = node.this if isinstance(node, exp.Ordered) else node
        nulls = "FIRST" if node.args.get("nulls_first") else "LAST"
        way = f"{'DESC' if node.args.get('desc') else 'ASC'} NULLS {nulls}"
        if node.args.get("with_fill"):
            raise self.refused(node, "WITH FILL is not supported")
        if isinstance(inner, exp.Literal) and not inner.args["is_string"]:
            return f"{self._ordinal(inner, len(outputs), 'ORDER BY')} {way}"
        if isinstance(inner, exp.Column) and inner.args.get("table") is None:
            name = inner.name.lower()
            places = [i for i, o in enumerate(outputs, 1) if o.name and o.name.lower() == name]
            if len({outputs[place - 1].column for place in places}) > 1 and not _same(
                [selected.get(outputs[place - 1].column) for place in places]
            ):
                raise self.refused(inner, f"Column '{inner.name}' is ambiguous")
            if places:
                return f"{places[0]} {way}"
        if not selected:
            fields = tuple(Field(o.name, o.type, words.name(o.column)) for o in outputs)
            named = Scope(parent=None, ctes=scope.ctes, relations=[Relation(None, fields)])
            return f"{self.expressions.value(inner, named).text} {way}"
        aliases = {
            o.name.lower(): Field(o.name, o.type, selected[o.column].text)
            for o in outputs
            if o.name
        }
        return f"{self.expressions.value(inner, scope.with_aliases(aliases)).text} {way}"

    def _limit(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Fetch):
            options = node.args.get("limit_options")
            if options is not None and (options.args.get("with_ties") or
                                        options.args.get("percent")):  # fmt: skip
                raise self.refused(node, "FETCH … WITH TIES is not supported")
            count = node.args.get("count")
            return f" LIMIT {self._count(count, 'FETCH FIRST') if count is not None else 1}"
        self._only(node, frozenset({"expression"}))
        count = node.args["expression"]
        if isinstance(count, exp.Var) and count.name.upper() == "ALL":
            return ""
        return f" LIMIT {self._count(count, 'LIMIT')}"

    def _count(self, node: exp.Expr, clause: str) -> int:
        if (
            isinstance(node, exp.Literal)
            and node.name.isdigit()
            and len(node.name) < 19
            and (not node.args["is_string"])
        ):
            return int(node.name)
        raise self.refused(node, f"{clause} takes a whole number")

    # VALUES and combinations.

    def _values(self, node: exp.Values, outer: Scope) -> Translated:
        self._only(node, frozenset({"expressions", "alias", "sample", "order", "limit", "offset"}))
        rows = [self._row_values(row, outer) for row in node.expressions]
        width = len(rows[0])
        if any(len(row) != width for row in rows):
            raise self.refused(node, "Values rows have mismatched sizes")
        types = []
        for place in range(width):
            found: Type = UNKNOWN
            for row, row_node in zip(rows, node.expressions, strict=True):
                joined = common(found, row[place].type)
                if joined is None:
                    raise self.refused(
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
        tail = self._tail(node, outer, outputs, {})
        return Translated(f"SELECT * FROM (VALUES {', '.join(texts)}) AS q({columns}){tail}",
                          outputs)  # fmt: skip

    def _row_values(self, node: exp.Expr, outer: Scope) -> list[Value]:
        is_row = isinstance(node, exp.Anonymous) and node.name.removeprefix(MARK).lower() == "row"
        parts = node.expressions if isinstance(node, exp.Tuple) or is_row else [node]
        return [self.expressions.value(part, outer) for part in parts]

    def _combination(self, node: exp.SetOperation, outer: Scope) -> Translated:
        prefix, outer = self._with(node, outer)
        branches: list[exp.Expr] = []
        links: list[exp.SetOperation] = []
        current: exp.Expr = node
        while isinstance(current, exp.SetOperation) and (
            current is node or not any(current.args.get(p) for p in ("with_", "order", "limit"))
        ):
            self._only(current, _COMBINED_PARTS)
            links.append(current)
            branches.append(current.args["expression"])
            current = current.this
        branches.append(current)
        if len(branches) > MAX_BRANCHES:
            raise self.refused(node, f"at most {MAX_BRANCHES} queries can be combined")
        made = [self.query(branch, outer) for branch in reversed(branches)]
        outputs = self._united(list(reversed(branches)), made)
        text = self._branch(made[0], outputs)
        previous = ""
        for link, branch in zip(reversed(links), made[1:], strict=True):
            word = _COMBINATIONS.get(type(link))
            if word is None:
                raise self.refused(link, "this combination of queries is not supported")
            word += "" if link.args.get("distinct") else " ALL"
            left = text if previous in {"", word} else f"({text})"
            text, previous = f"{left} {word} {self._branch(branch, outputs)}", word
        if any(node.args.get(part) for part in ("order", "limit", "offset")):
            tail = self._tail(node, outer, outputs, {})
            text = f"SELECT * FROM ({text}) AS q{tail}"
        return Translated(prefix + text, outputs)

    def _united(self, nodes: list[exp.Expr], made: list[Translated]) -> tuple[Output, ...]:
        first = made[0].outputs
        types = [output.type for output in first]
        for node, branch in zip(nodes, made, strict=True):
            if len(branch.outputs) != len(first):
                raise self.refused(
                    node, f"UNION query has different number of fields: {len(first)}, "
                    f"{len(branch.outputs)}"
                )  # fmt: skip
            for place, output in enumerate(branch.outputs):
                joined = common(types[place], output.type)
                if joined is None:
                    raise self.refused(
                        node, f"column {place + 1} in UNION query has incompatible types: "
                        f"{types[place]}, {output.type}"
                    )  # fmt: skip
                types[place] = joined
        return tuple(Output(o.name, t, o.column) for o, t in zip(first, types, strict=True))

    def _branch(self, made: Translated, outputs: tuple[Output, ...]) -> str:
        texts, same = [], True
        for given, wanted in zip(made.outputs, outputs, strict=True):
            column = words.name(given.column)
            text = casts.widen(column, given.type, wanted.type)
            same = same and text == column
            texts.append(f"{text} AS {words.name(wanted.column)}")
        if same:
            return f"({made.text})"
        return f"(SELECT {', '.join(texts)} FROM ({made.text}) AS q)"


def _same(values: Sequence[Value | None]) -> bool:
    return len({value.text if value else None for value in values}) == 1


def unique_names(names: Sequence[str | None]) -> list[str]:
    """Return a name for every column: unnamed ones `_colN` by place, repeated ones a suffix."""
    taken: set[str] = {name.lower() for name in names if name}
    used: set[str] = set()
    unique = []
    for place, name in enumerate(names):
        chosen = name or f"_col{place}"
        if chosen.lower() in used or (not name and chosen.lower() in taken):
            count = 1
            while f"{chosen}_{count}".lower() in used | taken:
                count += 1
            chosen = f"{chosen}_{count}"
        used.add(chosen.lower())
        unique.append(chosen)
    return unique
