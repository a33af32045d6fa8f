"""Expressions: names resolved, types known, in the engine's words.

The rule: what has no entry in the table at the end is refused by its name. The tree may hold
anything that any dialect of the parser library knows; only what is written here passes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.errors import SqlRejectedError
from qanat.sql.call import Calls
from qanat.sql.dialect.duckdb import casts, operators, words
from qanat.sql.scope import AmbiguousError, Scope
from qanat.sql.source import Source
from qanat.sql.statement import Statement, Value, refusal
from qanat.sql.tokens import MARK
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
    TypeTextError,
    common,
    decimal,
    parse_type,
)

if TYPE_CHECKING:
    from qanat.sql.query import Queries

_COMPARISONS: Final = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">",
                       exp.GTE: ">="}  # fmt: skip
_ARITHMETIC: Final = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_UNITS: Final = {"second": DAYS, "minute": DAYS, "hour": DAYS, "day": DAYS, "month": MONTHS, "year": MONTHS}  # fmt: skip
_FRACTION: Final = re.compile(r":\d+\.(\d+)")
_ZONED: Final = re.compile(r"\d\d:\d\d\S*\s*([A-Za-z]\S*|[+-]\d\d?:?\d*)\s*$")
_MAX_BIGINT: Final = 2**63 - 1


class Expressions:
    """Translates the expressions of one text."""

    def __init__(self, statement: Statement, source: Source, queries: Queries) -> None:
        self.statement, self.source, self.queries = statement, source, queries
        self.calls = Calls(self)

    def value(self, node: exp.Expr, scope: Scope) -> Value:
        """Return an expression in the engine's words, with its type.

        Raises:
            SqlRejectedError: Something in it is unknown, ambiguous, ill-typed or not supported.
        """
        handler = _HANDLERS.get(type(node))
        try:
            if handler is None:
                raise self.refused(node, f"{_construct(node)} is not supported")
            made = handler(self, node, scope)
        except SqlRejectedError as error:
            self.statement.passed(error)
            made = Value("NULL", UNKNOWN)
        self.statement.checked(made.text, self.source, node)
        return made

    def refused(self, node: exp.Expr | None, message: str) -> SqlRejectedError:
        """Return the error that says `message` of a node of this text."""
        return refusal(self.source, node, message)

    def condition(self, node: exp.Expr, scope: Scope, what: str) -> str:
        """Return a boolean expression's text."""
        made = self.value(node, scope)
        if made.type not in {BOOLEAN, UNKNOWN}:
            raise self.refused(node, f"{what} must evaluate to a boolean: actual type {made.type}")
        return made.text

    def fitted(self, value: Value, wanted: Type) -> str:
        """Return a value as a type that it converts to by itself."""
        return casts.fit(value.text, value.type, wanted)

    def united(self, nodes: list[exp.Expr], values: list[Value], what: str) -> Type:
        """Return the type that all values convert to."""
        found = UNKNOWN
        for node, value in zip(nodes, values, strict=True):
            joined = common(found, value.type)
            if joined is None:
                raise self.refused(
                    node, f"All {what} must be the same type or coercible to a common type: "
                    f"{found}, {value.type}"
                )  # fmt: skip
            found = joined
        return found

    # Names.

    def column(self, node: exp.Expr, scope: Scope) -> Value:
        """Return a column, or a field of a row in one."""
        identifiers = _path(node)
        if identifiers is None:
            return self._field_of(node, scope)
        parts = [identifier.name.removeprefix(MARK) for identifier in identifiers]
        shown = ".".join(parts)
        try:
            found = scope.find(parts)
        except AmbiguousError:
            raise self.refused(node, f"Column '{shown}' is ambiguous") from None
        if found is None and scope.is_open():
            return Value("NULL", UNKNOWN)
        if found is None:
            near = scope.near(parts[-1])
            hint = f". Did you mean '{near}'?" if near else ""
            raise self._at_path(identifiers, f"Column '{shown}' cannot be resolved{hint}")
        column, used = found
        self._note(identifiers[used - 1], parts[used - 1])
        made = Value(column.text, column.type)
        for identifier in identifiers[used:]:
            made = self._field(identifier, made, shown)
        return made

    def _note(self, identifier: exp.Expr, name: str) -> None:
        meta = identifier.meta
        if "start" in meta:
            length = meta["end"] - meta["start"] + 1
            self.statement.note(name, self.source.position(meta["start"], length))

    def _at_path(self, identifiers: list[exp.Identifier], message: str) -> SqlRejectedError:
        first, last = identifiers[0].meta, identifiers[-1].meta
        if "start" in first and "end" in last:
            return self.source.error(message, first["start"], last["end"] - first["start"] + 1)
        return self.refused(identifiers[0], message)

    def _field_of(self, node: exp.Expr, scope: Scope) -> Value:
        field = node.args["expression"]
        if not isinstance(field, exp.Identifier):
            raise self.refused(node, f"{_construct(field)} is not supported here")
        return self._field(field, self.value(node.this, scope), field.name)

    def _field(self, node: exp.Identifier, row: Value, shown: str) -> Value:
        if row.type.name == "row":
            names = words.field_names(row.type)
            for (given, type_), name in zip(row.type.args, names, strict=True):
                if given is not None and given.lower() == node.name.lower():
                    return Value(f"struct_extract({row.text}, {words.string(name)})", type_)
        raise self.refused(node, f"Column '{shown}' cannot be resolved")

    # Literals.

    def literal(self, node: exp.Expr, _: Scope) -> Value:
        """Return a text or a number."""
        text: str = node.this
        if node.args["is_string"]:
            return Value(words.string(text), VARCHAR)
        text = text.replace("_", "")
        if "e" in text.lower():
            return Value(text, DOUBLE)
        if "." in text:
            whole, _dot, fraction = text.partition(".")
            whole = whole.lstrip("0")
            if len(whole) + len(fraction) > 38:
                raise self.refused(node, f"Invalid decimal literal: {text[:60]}")
            type_ = decimal(len(whole) + len(fraction), len(fraction))
            return Value(f"CAST('{whole or '0'}.{fraction}' AS {words.type_name(type_)})", type_)
        if len(text) > 40 or int(text) > _MAX_BIGINT:
            negative = isinstance(node.parent, exp.Neg) and text == str(_MAX_BIGINT + 1)
            if not negative:
                raise self.refused(node, f"Invalid numeric literal: {text[:60]}")
        return Value(text, INTEGER if int(text) < 2**31 else BIGINT)

    def boolean(self, node: exp.Expr, _: Scope) -> Value:
        """Return true or false."""
        return Value("true" if node.this else "false", BOOLEAN)

    def null(self, _node: exp.Expr, _: Scope) -> Value:
        """Return NULL."""
        return Value("NULL", UNKNOWN)

    def hexadecimal(self, node: exp.Expr, _: Scope) -> Value:
        """Return a varbinary literal."""
        return Value(words.varbinary(node.this), VARBINARY)

    def json(self, node: exp.Expr, scope: Scope) -> Value:
        """Return a JSON literal."""
        if not isinstance(node.this, exp.Literal):
            raise self.refused(node, "JSON takes a text written out")
        return Value(f"CAST({self.literal(node.this, scope).text} AS JSON)", JSON)

    def unicode(self, node: exp.Expr, _: Scope) -> Value:
        """Return a text with `\\XXXX` escapes."""
        if node.args.get("escape"):
            raise self.refused(node, "UESCAPE is not supported")
        text = re.sub(
            r"\\(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4})|(\\))",
            lambda m: "\\" if m[3] else chr(min(int(m[1] or m[2], 16), 0x10FFFF)),
            node.this,
        )
        if any("\ud800" <= c <= "\udfff" or c == "\0" for c in text):
            raise self.refused(node, "Invalid escaped character")
        return Value(words.string(text), VARCHAR)

    def interval(self, node: exp.Expr, _: Scope) -> Value:
        """Return an interval literal."""
        amount, sign = node.this, ""
        if isinstance(amount, exp.Neg):
            amount, sign = amount.this, "-"
        unit = str(node.args["unit"].name).lower() if node.args.get("unit") else ""
        if not isinstance(amount, exp.Literal) or isinstance(node.args.get("unit"),
                                                             exp.IntervalSpan):  # fmt: skip
            raise self.refused(node, "this form of INTERVAL is not supported")
        unit = unit.removesuffix("s") if unit.endswith("s") else unit
        if unit not in _UNITS or not re.fullmatch(r"[+-]?\d{1,9}", amount.name):
            raise self.refused(node, f"'{amount.name[:40]}' is not a valid interval literal")
        return Value(f"(INTERVAL '{sign}{int(amount.name)} {unit}')".replace("--", ""),
                     _UNITS[unit])  # fmt: skip

    # Operators.

    def paren(self, node: exp.Expr, scope: Scope) -> Value:
        """Return what stands in brackets."""
        return self.value(node.this, scope)

    def chain(self, node: exp.Expr, scope: Scope) -> Value:
        """Return arithmetic and concatenation; long chains lean left, so this is a loop."""
        spine = [node]
        while type(spine[-1].this) in _CHAINED:
            spine.append(spine[-1].this)
        made = self.value(spine[-1].this, scope)
        for link in reversed(spine):
            right = self.value(link.args["expression"], scope)
            pair = ((made.text, made.type), (right.text, right.type))
            sign = _ARITHMETIC.get(type(link), "||")
            try:
                text, type_ = (
                    operators.concatenated(*pair)
                    if sign == "||"
                    else operators.arithmetic(sign, *pair)
                )
            except operators.NoOperatorError as error:
                message = str(error) or f"Cannot apply operator: {made.type} {sign} {right.type}"
                raise self.refused(link, message) from None
            made = Value(text, type_)
            self.statement.checked(text, self.source, link)
        return made

    def negation(self, node: exp.Expr, scope: Scope) -> Value:
        """Return a number or an interval with its sign changed."""
        made = self.value(node.this, scope)
        if isinstance(node.this, exp.Literal) and node.this.name == str(_MAX_BIGINT + 1):
            return Value("CAST('-9223372036854775808' AS BIGINT)", BIGINT)
        try:
            return Value(*operators.negated(made.text, made.type))
        except operators.NoOperatorError as error:
            message = str(error) or f"Cannot negate {made.type}"
            raise self.refused(node, message) from None

    def comparison(self, node: exp.Expr, scope: Scope) -> Value:
        """Return a comparison, also with a row or with all or any rows of a query."""
        sign = _COMPARISONS[type(node)]
        right = node.args["expression"]
        if isinstance(right, exp.All | exp.Any):
            return self._quantified(node, scope, sign)
        return self._compared(node, sign, self.value(node.this, scope), self.value(right, scope))

    def _compared(self, node: exp.Expr, sign: str, left: Value, right: Value) -> Value:
        if "row" in {left.type.name, right.type.name} and sign in {"=", "<>"}:
            return self._rows_equal(node, sign, left, right)
        if {left.type.name, right.type.name} & {"row", "array", "map", "json"} and (
            not sign.startswith("IS")
        ):
            raise self.refused(
                node, f"comparing {left.type} and {right.type} is not supported by this engine"
            )
        try:
            text = operators.compared(sign, (left.text, left.type), (right.text, right.type))
        except operators.NoOperatorError:
            raise self.refused(
                node, f"Cannot apply operator: {left.type} {sign} {right.type}"
            ) from None
        return Value(text, BOOLEAN)

    def _rows_equal(self, node: exp.Expr, sign: str, left: Value, right: Value) -> Value:
        """Compare field by field: unknown where a field is NULL and no other one differs."""
        if common(left.type, right.type) is None:
            raise self.refused(node, f"Cannot apply operator: {left.type} {sign} {right.type}")
        sides = []
        for value in (left, right):
            names = words.field_names(value.type)
            sides.append([
                Value(f"struct_extract({value.text}, {words.string(name)})", type_)
                for name, (_, type_) in zip(names, value.type.args, strict=True)
            ])  # fmt: skip
        texts = [self._compared(node, "=", a, b).text for a, b in zip(*sides, strict=True)]
        joined = f"({' AND '.join(texts)})"
        return Value(f"(NOT {joined})" if sign == "<>" else joined, BOOLEAN)

    def _quantified(self, node: exp.Expr, scope: Scope, sign: str) -> Value:
        right = node.args["expression"]
        word = "ALL" if isinstance(right, exp.All) else "ANY"
        left = self.value(node.this, scope)
        query = self.queries.subquery(right.this, scope)
        wanted = common(left.type, query.outputs[0].type) if len(query.outputs) == 1 else None
        if wanted is None:
            raise self.refused(node, f"Cannot apply operator: {left.type} {sign} {word} (…)")
        output = query.outputs[0]
        column = casts.widen(f'q."{output.column}"', output.type, wanted)
        text = casts.widen(left.text, left.type, wanted)
        return Value(f"({text} {sign} {word} (SELECT {column} FROM ({query.text}) AS q))", BOOLEAN)

    def distinct_from(self, node: exp.Expr, scope: Scope) -> Value:
        """Return `IS [NOT] DISTINCT FROM`."""
        sign = "IS DISTINCT FROM" if isinstance(node, exp.NullSafeNEQ) else "IS NOT DISTINCT FROM"
        left, right = self.value(node.this, scope), self.value(node.args["expression"], scope)
        return self._compared(node, sign, left, right)

    def connector(self, node: exp.Expr, scope: Scope) -> Value:
        """Return conditions joined by AND or OR, however many, as one flat chain."""
        kind = type(node)
        word = "AND" if kind is exp.And else "OR"
        parts: list[exp.Expr] = []
        pending = [node]
        while pending:
            current = pending.pop()
            if type(current) is kind:
                pending += (current.args["expression"], current.this)
            else:
                parts.append(current)
        texts = [self.condition(part, scope, f"Logical expression term of {word}")
                 for part in parts]  # fmt: skip
        return Value(f"({f' {word} '.join(texts)})", BOOLEAN)

    def inversion(self, node: exp.Expr, scope: Scope) -> Value:
        """Return NOT."""
        return Value(f"(NOT {self.condition(node.this, scope, 'Value of NOT')})", BOOLEAN)

    def is_(self, node: exp.Expr, scope: Scope) -> Value:
        """Return IS NULL; Trino has no other IS."""
        if not isinstance(node.args["expression"], exp.Null):
            raise self.refused(node, "IS is only supported with NULL and DISTINCT FROM")
        return Value(f"({self.value(node.this, scope).text} IS NULL)", BOOLEAN)

    def between(self, node: exp.Expr, scope: Scope) -> Value:
        """Return BETWEEN."""
        if node.args.get("symmetric"):
            raise self.refused(node, "BETWEEN SYMMETRIC is not supported")
        value = self.value(node.this, scope)
        low = self._compared(node, ">=", value, self.value(node.args["low"], scope))
        high = self._compared(node, "<=", value, self.value(node.args["high"], scope))
        return Value(f"({low.text} AND {high.text})", BOOLEAN)

    def like(self, node: exp.Expr, scope: Scope) -> Value:
        """Return [NOT] LIKE, with its escape if it has one."""
        escape = ""
        if isinstance(node, exp.Escape):
            escape = f" ESCAPE {self._varchar(node.args['expression'], scope)}"
            node = node.this
            if not isinstance(node, exp.Like):
                raise self.refused(node, "ESCAPE is only supported with LIKE")
        word = "NOT LIKE" if node.args.get("negate") else "LIKE"
        value = self._varchar(node.this, scope)
        pattern = self._varchar(node.args["expression"], scope)
        return Value(f"({value} {word} {pattern}{escape})", BOOLEAN)

    def _varchar(self, node: exp.Expr, scope: Scope) -> str:
        made = self.value(node, scope)
        if made.type not in {VARCHAR, UNKNOWN}:
            raise self.refused(node, f"LIKE must be on varchar values: actual type {made.type}")
        return self.fitted(made, VARCHAR)

    def in_(self, node: exp.Expr, scope: Scope) -> Value:
        """Return IN, with values or a query."""
        word = "NOT IN" if node.args.get("negate") else "IN"
        if node.args.get("unnest") or node.args.get("field"):
            raise self.refused(node, "this form of IN is not supported")
        query = node.args.get("query")
        if query is not None:
            return self._in_query(node, query, word, scope)
        nodes = [node.this, *node.expressions]
        values = [self.value(part, scope) for part in nodes]
        wanted = self.united(nodes, values, "IN values")
        if wanted.name in {"row", "array", "map", "json"}:
            tests = [self._compared(node, "=", values[0], value).text for value in values[1:]]
            return Value(f"({'NOT ' if word != 'IN' else ''}({' OR '.join(tests)}))", BOOLEAN)
        first, *rest = (self.fitted(value, wanted) for value in values)
        return Value(f"({first} {word} ({', '.join(rest)}))", BOOLEAN)

    def _in_query(self, node: exp.Expr, query: exp.Expr, word: str, scope: Scope) -> Value:
        left = node.this.expressions if isinstance(node.this, exp.Tuple) else [node.this]
        values = [self.value(part, scope) for part in left]
        made = self.queries.subquery(query, scope)
        if len(made.outputs) != len(values):
            raise self.refused(
                node, f"IN compares {len(values)} values with {len(made.outputs)} columns"
            )
        selected = []
        for part, (value, output) in enumerate(zip(values, made.outputs, strict=True)):
            wanted = common(value.type, output.type)
            if wanted is None:
                raise self.refused(
                    node, f"value and result of subquery must be of the same type for IN "
                    f"expression: {value.type} vs {output.type}"
                )  # fmt: skip
            selected.append(casts.widen(f'q."{output.column}"', output.type, wanted))
            values[part] = Value(casts.widen(value.text, value.type, wanted), wanted)
        texts = ", ".join(value.text for value in values)
        tested = f"({texts})" if len(values) > 1 else texts
        body = f"SELECT {', '.join(selected)} FROM ({made.text}) AS q"
        return Value(f"({tested} {word} ({body}))", BOOLEAN)

    def exists(self, node: exp.Expr, scope: Scope) -> Value:
        """Return EXISTS."""
        return Value(f"EXISTS ({self.queries.subquery(node.this, scope).text})", BOOLEAN)

    def scalar(self, node: exp.Expr, scope: Scope) -> Value:
        """Return a query used as a value: one column, at most one row."""
        made = self.queries.subquery(node, scope)
        if len(made.outputs) != 1:
            raise self.refused(
                node, f"Multiple columns returned by subquery are not yet supported. Found "
                f"{len(made.outputs)}"
            )  # fmt: skip
        return Value(f"({made.text})", made.outputs[0].type)

    def case(self, node: exp.Expr, scope: Scope) -> Value:
        """Return CASE, in both forms."""
        operand = self.value(node.this, scope) if node.this is not None else None
        tests, nodes, values = [], [], []
        for branch in node.args["ifs"]:
            if operand is None:
                tests.append(self.condition(branch.this, scope, "CASE WHEN clause"))
            else:
                when = self.value(branch.this, scope)
                tests.append(self._compared(branch.this, "=", operand, when).text)
            nodes.append(branch.args["true"])
        default = node.args.get("default")
        if default is not None:
            nodes.append(default)
        values = [self.value(part, scope) for part in nodes]
        wanted = self.united(nodes, values, "CASE results")
        texts = [self.fitted(value, wanted) for value in values]
        branches = " ".join(f"WHEN {t} THEN {v}" for t, v in zip(tests, texts, strict=False))
        rest = f" ELSE {texts[-1]}" if default is not None else ""
        return Value(f"CASE {branches}{rest} END", wanted)

    def cast(self, node: exp.Expr, scope: Scope) -> Value:
        """Return CAST and TRY_CAST; also typed literals, which the parser reads as casts."""
        wanted, length = self.type_of(node.args["to"])
        made = self.value(node.this, scope)
        trying = isinstance(node, exp.TryCast)
        literal = node.this if isinstance(node.this, exp.Literal) else None
        if literal is not None and wanted.name.startswith("timestamp"):
            zone = _ZONED.search(literal.name)
            if zone is not None and zone[1].upper() not in casts.UTC_NAMES:
                raise self.refused(
                    node, "time zones other than UTC are not supported by this engine"
                )
        try:
            text = casts.cast(made.text, made.type, wanted, trying=trying)
        except casts.NoCastError:
            raise self.refused(node, f"Cannot cast {made.type} to {wanted}") from None
        if length is not None and made.type == VARCHAR:
            text = f"left({text}, {length})"
        elif length is not None:
            long = casts.fail(f"Value cannot be represented as varchar({length})")
            text = (
                f"CASE WHEN length({text}) > {length} THEN CAST({long} AS VARCHAR) ELSE {text} END"
            )
            text = f"TRY({text})" if trying else text
        return Value(text, wanted)

    def type_of(self, node: exp.Expr) -> tuple[Type, int | None]:
        """Return the type that a cast names, and the length of a varchar that is cut."""
        text = node.sql(dialect=TYPE_DIALECT)
        try:
            found = parse_type(text)
        except TypeTextError as error:
            raise self.refused(node, str(error)) from None
        if (
            any(p > 6 for p in _precisions(found))
            or "char(" in text.lower().replace("varchar(", "")
            or found.name in {"ipaddress", "hyperloglog", "unknown"}
        ):
            raise self.refused(node, f"type {text.lower()} is not supported by this engine")
        length = re.fullmatch(r"varchar\((\d+)\)", text.lower())
        return found, int(length[1]) if length else None

    def subscript(self, node: exp.Expr, scope: Scope) -> Value:
        """Return `array[i]`, `map[key]`, `row[i]`."""
        if len(node.expressions) != 1 or node.args.get("safe"):
            raise self.refused(node, "a subscript takes one index")
        index_node = node.expressions[0]
        base, index = self.value(node.this, scope), self.value(index_node, scope)
        if base.type.name == "row" and isinstance(index_node, exp.Literal):
            place = int(index_node.name) if index_node.name.isdigit() else 0
            if not 1 <= place <= len(base.type.args):
                raise self.refused(node, "Row index is out of bounds")
            name = words.field_names(base.type)[place - 1]
            text = f"struct_extract({base.text}, {words.string(name)})"
            return Value(text, base.type.args[place - 1][1])
        wanted = (
            BIGINT
            if base.type.name == "array"
            else base.type.args[0]
            if (base.type.name == "map")
            else None
        )
        if wanted is None or common(index.type, wanted) != wanted:
            raise self.refused(node, f"Cannot use {index.type} for subscript of {base.type}")
        return Value(self.calls.subscript(base, self.fitted(index, wanted)), base.type.element)

    def at_time_zone(self, node: exp.Expr, scope: Scope) -> Value:
        """Refuse AT TIME ZONE unless it changes nothing: a zone cannot be kept here."""
        made = self.value(node.this, scope)
        zone = node.args["zone"]
        if not (isinstance(zone, exp.Literal) and zone.name.upper() == "UTC"):
            raise self.refused(node, "AT TIME ZONE is only supported with 'UTC' by this engine")
        if made.type.name == "timestamp":
            return Value(f"CAST({made.text} AS TIMESTAMPTZ)",
                         Type(TIMESTAMPTZ.name, made.type.args))  # fmt: skip
        if made.type.name != TIMESTAMPTZ.name:
            raise self.refused(node, f"AT TIME ZONE is not defined on {made.type}")
        return made

    def row(self, node: exp.Expr, scope: Scope) -> Value:
        """Return `(a, b)` as a row."""
        return self.calls.row([self.value(part, scope) for part in node.expressions])

    def moment(self, node: exp.Expr, _: Scope) -> Value:
        """Return the current date or time: one moment for the whole statement."""
        self.statement.volatile = True
        precision = node.this.name if node.this is not None else "3"
        if isinstance(node, exp.CurrentDate):
            return Value("CAST(timezone('UTC', now()) AS DATE)", DATE)
        if not precision.isdigit() or int(precision) > 6:
            raise self.refused(node, "at most 6 decimals of a second are supported")
        if isinstance(node, exp.Localtimestamp):
            text = casts.rounded_moment("timezone('UTC', now())", int(precision))
            return Value(text, Type("timestamp", (int(precision),)))
        text = casts.rounded_moment("now()", int(precision))
        return Value(text, Type(TIMESTAMPTZ.name, (int(precision),)))

    def call(self, node: exp.Expr, scope: Scope) -> Value:
        """Return a function's call."""
        return self.calls.call(node, scope)


def _path(node: exp.Expr) -> list[exp.Identifier] | None:
    """Return the identifiers of a dotted name; None if it begins with something else."""
    tail: list[exp.Identifier] = []
    while isinstance(node, exp.Dot):
        if not isinstance(node.expression, exp.Identifier):
            return None
        tail.append(node.expression)
        node = node.this
    if isinstance(node, exp.Column):
        parts = [node.args.get(key) for key in ("catalog", "db", "table", "this")]
        found = [part for part in parts if part is not None]
    elif isinstance(node, exp.Identifier):
        found = [node]
    else:
        return None
    if not all(isinstance(part, exp.Identifier) for part in found):
        return None
    return [*found, *reversed(tail)]


def _precisions(type_: Type) -> list[int]:
    if type_.name in {"timestamp", "time", "timestamp with time zone", "time with time zone"}:
        return [type_.args[0]]
    inner = [part[1] if isinstance(part, tuple) else part for part in type_.args]
    return [p for part in inner if isinstance(part, Type) for p in _precisions(part)]


def _construct(node: exp.Expr) -> str:
    words_ = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__)
    return words_.upper()


_E = Expressions
_Handler = Callable[[Expressions, exp.Expr, Scope], Value]
_CHAINED: Final = frozenset({*_ARITHMETIC, exp.DPipe})
_HANDLERS: Final[dict[type[exp.Expr], _Handler]] = {
    exp.Column: _E.column, exp.Identifier: _E.column, exp.Dot: _E.column,
    exp.Literal: _E.literal, exp.Boolean: _E.boolean, exp.Null: _E.null,
    exp.HexString: _E.hexadecimal, exp.ParseJSON: _E.json, exp.UnicodeString: _E.unicode, exp.Interval: _E.interval,
    exp.Paren: _E.paren, exp.Neg: _E.negation, exp.Not: _E.inversion,
    exp.NullSafeEQ: _E.distinct_from, exp.NullSafeNEQ: _E.distinct_from,
    exp.And: _E.connector, exp.Or: _E.connector, exp.Is: _E.is_, exp.Between: _E.between,
    exp.Like: _E.like, exp.Escape: _E.like, exp.In: _E.in_, exp.Exists: _E.exists,
    exp.Subquery: _E.scalar, exp.Select: _E.scalar, exp.Case: _E.case, exp.Cast: _E.cast,
    exp.TryCast: _E.cast, exp.Bracket: _E.subscript, exp.AtTimeZone: _E.at_time_zone,
    exp.Tuple: _E.row, exp.CurrentDate: _E.moment, exp.CurrentTimestamp: _E.moment,
    exp.Localtimestamp: _E.moment, exp.Anonymous: _E.call, exp.Window: _E.call,
    exp.Filter: _E.call, exp.WithinGroup: _E.call, exp.IgnoreNulls: _E.call,
    exp.RespectNulls: _E.call, exp.Extract: _E.call, exp.Trim: _E.call,
    exp.Substring: _E.call, exp.StrPosition: _E.call, exp.JSONExtract: _E.call,
    exp.JSONValue: _E.call,
    **dict.fromkeys(_COMPARISONS, _E.comparison), **dict.fromkeys(_CHAINED, _E.chain),
}  # fmt: skip
TYPE_DIALECT: Final = "trino"
