"""FROM: tables, views, CTEs, query views, sub-selects, UNNEST, and the joins between them."""

# ruff: noqa: S608  # SQL is made here of names, types and literals spelled by `words`

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from qanat.errors import SqlRejectedError
from qanat.model.types import Columns
from qanat.names import Label
from qanat.sql.dialect.duckdb import operators, words
from qanat.sql.reference import reference_of
from qanat.sql.scope import Field, Output, Relation, Scope
from qanat.sql.tokens import MARK
from qanat.sql.types import BIGINT, Type, TypeTextError, common, parse_type

if TYPE_CHECKING:
    from qanat.sql.query import Queries

_TABLE_PARTS = frozenset({"this", "db", "catalog", "alias", "joins", "sample"})
_JOIN_PARTS = frozenset({"this", "side", "kind", "method", "on", "using"})


class Relations:
    """Translates the FROM clauses of one text."""

    def __init__(self, queries: Queries) -> None:
        self.queries = queries
        self.statement, self.source_text = queries.statement, queries.source
        self.refused = queries.refused

    def source(self, node: exp.Select, outer: Scope) -> tuple[Scope, str]:
        """Return the scope that a SELECT's expressions see, and its FROM in the engine's words."""
        scope = Scope(parent=outer.parent, ctes=outer.ctes)
        clause = node.args.get("from_")
        if clause is None:
            return scope, ""
        text = self._joined(clause.this, node.args.get("joins") or [], scope)
        return scope, f" FROM {text}"

    def _joined(self, first: exp.Expr, joins: list[exp.Join], scope: Scope) -> str:
        text = self._one(first, scope)
        for join in joins:
            text = self._join(text, join, scope)
        return text

    def _one(self, node: exp.Expr, scope: Scope) -> str:
        """Return one relation with the joins written inside it; add it to the scope."""
        match node:
            case exp.Table():
                self.queries.only(node, _TABLE_PARTS)
                text = self._table(node, scope)
            case exp.Subquery() if isinstance(node.this, exp.Table | exp.Subquery) and (
                isinstance(node.this, exp.Table) or node.this.args.get("joins")
            ):
                if node.args.get("alias") is not None:
                    raise self.refused(node, "joins in brackets cannot have a name")
                text = f"({self._one(node.this, scope)})"
            case exp.Subquery() | exp.Values():
                text = self._derived(node, scope)
            case exp.Unnest():
                text = self._unnest(node, scope)
            case exp.Lateral():
                text = self._lateral(node, scope)
            case _:
                raise self.refused(node, "this cannot stand in FROM")
        for join in node.args.get("joins") or ():
            text = self._join(text, join, scope)
        return text

    def _join(self, left: str, node: exp.Join, scope: Scope) -> str:
        self.queries.only(node, _JOIN_PARTS)
        method = (node.args.get("method") or "").upper()
        side = (node.args.get("side") or "").upper()
        kind = (node.args.get("kind") or "").upper()
        if method not in {"", "ASOF"} or kind not in {"", "INNER", "OUTER", "CROSS"}:
            raise self.refused(node, f"{method or kind} JOIN is not supported")
        if method and side not in {"", "LEFT"}:
            raise self.refused(node, f"ASOF {side} JOIN is not supported")
        before = len(scope.relations)
        right = self._one(node.this, scope)
        on, using = node.args.get("on"), node.args.get("using")
        if using:
            condition = self._using(using, side, scope, before)
        elif on is not None:
            condition = self.queries.expressions.condition(on, scope, "JOIN ON clause")
        else:
            if method or side:
                raise self.refused(node.this, "a join needs ON or USING")
            return f"{left} CROSS JOIN {right}"
        word = " ".join(part for part in (method, side or ("" if method else "INNER")) if part)
        return f"{left} {word} JOIN {right} ON {condition}"

    def _using(self, using: list[exp.Expr], side: str, scope: Scope, before: int) -> str:
        tests = []
        for column in using:
            name = column.name
            left = self._in(scope.relations[:before], name, column, scope.merged)
            right = self._in(scope.relations[before:], name, column, {})
            wanted = common(left.type, right.type)
            if wanted is None:
                raise self.refused(column, f"Column types of '{name}' do not match in USING")
            pair = (left.text, left.type), (right.text, right.type)
            tests.append(operators.compared("=", *pair))
            text = {"RIGHT": right.text, "FULL": f"coalesce({left.text}, {right.text})"}.get(
                side, left.text
            )
            type_ = {"RIGHT": right.type, "FULL": wanted}.get(side, left.type)
            scope.merged[name.lower()] = Field(left.name, type_, text)
        return f"({' AND '.join(tests)})"

    def _in(
        self, relations: list[Relation], name: str, node: exp.Expr, merged: dict[str, Field]
    ) -> Field:
        if name.lower() in merged:
            return merged[name.lower()]
        found = [
            f for r in relations for f in r.fields if f.name and f.name.lower() == name.lower()
        ]
        if len(found) != 1:
            problem = "is ambiguous" if found else "cannot be resolved"
            raise self.refused(node, f"Column '{name}' {problem}")
        return found[0]

    # The kinds of relations.

    def _add(
        self,
        scope: Scope,
        node: exp.Expr,
        outputs: tuple[Output, ...],
        path: tuple[str, ...] = (),
    ) -> tuple[str, str]:
        """Put a relation in scope; return its engine alias, and column aliases if it needs any."""
        alias = node.args.get("alias")
        name = None
        engine_alias = self.statement.fresh("t")
        given = self.queries.renamed(alias, outputs)
        if alias is not None and alias.this is not None:
            name, path = alias.this.name.removeprefix(MARK).lower(), ()
        fields = tuple(
            Field(o.name, o.type, f"{engine_alias}.{words.name(o.column)}") for o in given
        )
        scope.relations.append(Relation(name, fields, path))
        # Also a stored column may look like a slot; then all are called by names that do not.
        listed = [words.name(output.column) for output in given]
        plain = all(text == f'"{o.column}"' for text, o in zip(listed, outputs, strict=True))
        return engine_alias, "" if plain else f"({', '.join(listed)})"

    def _table(self, node: exp.Table, scope: Scope) -> str:
        reference = reference_of(node, self.source_text)
        if isinstance(reference, str):
            raise self.refused(node, reference)
        folded = str(reference.label)
        parts = tuple(folded.split("."))
        named = scope.ctes.get(folded) if node.args.get("db") is None else None
        if named is not None:
            text, outputs = named.name, named.outputs
            parts = (folded,)
        elif reference.query is not None:
            try:
                view = self.queries.views.view(reference, node)
            except SqlRejectedError as error:
                return self._unknown(node, scope, (folded,), error)
            text, outputs = view.name, view.outputs
            parts = (folded,)
        else:
            columns = self.statement.catalog(reference.label)
            if columns is None:
                missing = self.refused(_name(node), f"Table '{folded}' does not exist")
                return self._unknown(node, scope, parts, missing)
            text, outputs = self._stored(reference.label, columns)
        self.statement.note(folded, reference.position)
        alias, renamed = self._add(scope, node, outputs, parts)
        sample = node.args.get("sample")
        text = self._sampled(text, sample) if sample is not None else text
        return f"{text} AS {alias}{renamed}"

    def _unknown(
        self, node: exp.Table, scope: Scope, path: tuple[str, ...], error: SqlRejectedError
    ) -> str:
        """Go past a relation that does not exist, if that may be: it may have any column."""
        self.statement.passed(error)
        alias = node.args.get("alias")
        name = alias.this.name if alias is not None and alias.this is not None else None
        folded = name.removeprefix(MARK).lower() if name else None
        scope.relations.append(Relation(folded, (), path, is_open=True))
        return "q"

    def _stored(self, label: Label, columns: Columns) -> tuple[str, tuple[Output, ...]]:
        if label not in self.statement.slots:
            self.statement.slots[label] = len(self.statement.slots)
        outputs = tuple(Output(c.name, _known(c.type), c.name) for c in columns)
        return words.slot(self.statement.slots[label]), outputs

    def _sampled(self, text: str, sample: exp.Expr) -> str:
        self.queries.only(sample, frozenset({"method", "percent"}))
        percent = sample.args.get("percent")
        method = sample.args.get("method")
        if (
            method is None
            or method.name.upper() not in {"BERNOULLI", "SYSTEM"}
            or not isinstance(percent, exp.Literal)
            or percent.args["is_string"]
        ):
            raise self.refused(sample, "TABLESAMPLE takes BERNOULLI or SYSTEM and a percentage")
        share = float(percent.name)
        if not 0 <= share <= 100:
            raise self.refused(sample, "Sample percentage must be between 0 and 100")
        self.statement.volatile = True
        return f"(SELECT * FROM {text} AS q WHERE random() * 100 < {share!r})"

    def _derived(self, node: exp.Expr, scope: Scope) -> str:
        made = self.queries.query(node, Scope(parent=scope.parent, ctes=scope.ctes))
        alias, renamed = self._add(scope, node, made.outputs)
        text = f"({made.text})"
        sample = node.args.get("sample")
        text = self._sampled(text, sample) if sample is not None else text
        return f"{text} AS {alias}{renamed}"

    def _lateral(self, node: exp.Lateral, scope: Scope) -> str:
        self.queries.only(node, frozenset({"this", "alias", "joins"}))
        if not isinstance(node.this, exp.Subquery):
            raise self.refused(node, "LATERAL takes a query")
        seen = Scope(parent=scope.parent, relations=list(scope.relations),
                     merged=dict(scope.merged), ctes=scope.ctes)  # fmt: skip
        made = self.queries.query(node.this, Scope(parent=seen, ctes=scope.ctes))
        alias, renamed = self._add(scope, node, made.outputs)
        return f"LATERAL ({made.text}) AS {alias}{renamed}"

    def _unnest(self, node: exp.Unnest, scope: Scope) -> str:
        self.queries.only(node, frozenset({"expressions", "alias", "offset", "joins"}))
        seen = Scope(parent=scope.parent, relations=list(scope.relations),
                     merged=dict(scope.merged), ctes=scope.ctes)  # fmt: skip
        lists: list[tuple[str, Type]] = []
        lengths = []
        for part in node.expressions:
            value = self.queries.expressions.value(part, seen)
            if value.type.name == "map":
                lists.append((f"map_keys({value.text})", value.type.args[0]))
                lists.append((f"map_values({value.text})", value.type.args[1]))
                lengths.append(f"cardinality({value.text})")
            elif value.type.name == "array" and value.type.element.name == "row":
                element = value.type.element
                for place, (_, type_) in enumerate(element.args):
                    picked = f"lambda r: {words.field('r', element, place)}"
                    lists.append((f"list_transform({value.text}, {picked})", type_))
                lengths.append(f"len({value.text})")
            elif value.type.name == "array":
                lists.append((value.text, value.type.element))
                lengths.append(f"len({value.text})")
            else:
                raise self.refused(part, f"Cannot unnest type: {value.type}")
        offset = node.args.get("offset")
        if offset:
            longest = lengths[0] if len(lengths) == 1 else f"greatest({', '.join(lengths)})"
            lists.append((f"range(1, coalesce({longest}, 0) + 1)", BIGINT))
        outputs = tuple(Output(None, t, f"u{i}") for i, (_, t) in enumerate(lists))
        alias_node = node.args.get("alias")
        if isinstance(offset, exp.Identifier) and alias_node is not None:
            columns = alias_node.args.get("columns") or []
            alias_node.set("columns", [*columns, offset])
        alias, renamed = self._add(scope, node, outputs)
        parts = ", ".join(f"unnest({text}) AS u{i}" for i, (text, _) in enumerate(lists))
        return f"LATERAL (SELECT {parts}) AS {alias}{renamed}"


def _name(node: exp.Table) -> exp.Expr:
    """Return the first word of a table's name: where an error about it points."""
    parts: list[exp.Expr | None] = [node.args.get(key) for key in ("catalog", "db", "this")]
    return next(part for part in parts if part is not None)


def _known(text: str) -> Type:
    """Return the type of a stored column; one that is not known here keeps its words."""
    try:
        return parse_type(text)
    except TypeTextError:
        return Type(text)
