"""Calls of functions: looked up by name, matched with their signatures, put in engine words.

The rule: a function that is not listed in `functions` does not exist, whatever the engine has by
that name; and what a listed function becomes is written in `dialect`, never the name itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from qanat.errors import SqlRejectedError
from qanat.sql import functions
from qanat.sql.dialect.duckdb import casts, operators, rules, words
from qanat.sql.scope import Field, Relation, Scope, nearest
from qanat.sql.signatures import Bindings, Signature, describe, filled, matches, signature, wanted
from qanat.sql.statement import Value
from qanat.sql.tokens import MARK
from qanat.sql.types import BIGINT, BOOLEAN, UNKNOWN, VARCHAR, Type, array

if TYPE_CHECKING:
    from qanat.sql.expression import Expressions

_PARTS_OF_SPECIAL: Final = {"json_query": "JSON_QUERY", "json_value": "JSON_VALUE"}


@dataclass(slots=True)
class Written:
    """A call as the user wrote it, its wrappings opened."""

    node: exp.Expr
    name: str = ""
    arguments: list[exp.Expr] = field(default_factory=list)
    distinct: bool = False
    order: list[exp.Expr] = field(default_factory=list)
    filter: exp.Expr | None = None
    ignore_nulls: bool = False
    window: exp.Window | None = None


class Calls:
    """Translates the calls of one text."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.statement = expressions.statement
        self.refused = expressions.refused

    def call(self, node: exp.Expr, scope: Scope) -> Value:
        """Return a call in the engine's words."""
        written = self._open(node)
        if written.name in _SPECIAL:
            self._plain(written)
            return _SPECIAL[written.name](self, written, scope)
        function = functions.FUNCTIONS.get(written.name)
        rule = rules.RULES.get(written.name)
        if function is None or rule is None:
            raise self._unknown(written)
        self._check_form(written, function)
        if function.volatile or (
            function.kind == "aggregate" and function.ordered and not written.order
        ):
            self.statement.volatile = True
        if (
            written.name == "count"
            and written.arguments
            and isinstance(written.arguments[0], exp.Star)
        ):
            written.arguments = []
        chosen, bound, values = self._match(written, function, scope)
        made = rules.Call(
            name=written.name,
            arguments=tuple(value.text for value in values),
            types=tuple(value.type for value in values),
            result=rules.RESULTS[written.name](tuple(v.type for v in values))
            if written.name in rules.RESULTS
            else filled(chosen.result, bound),
            constants=tuple(_constant(argument) for argument in written.arguments),
            aggregate=self._aggregate(written, scope),
            prefix="DISTINCT " if written.distinct else "",
            order=self._order(written.order, scope),
            ignore_nulls=written.ignore_nulls,
        )
        try:
            text, type_ = rule(made)
        except rules.RefusedError as error:
            raise self.refused(node, str(error)) from None
        except (casts.NoCastError, operators.NoOperatorError) as error:
            raise self.refused(
                node, str(error) or f"{written.name} of {describe(made.types)} is not supported"
            ) from None
        return Value(text, type_)

    # Reading.

    def _open(self, node: exp.Expr) -> Written:
        written = Written(node)
        inner = node
        while True:
            match inner:
                case exp.Window():
                    written.window, inner = inner, inner.this
                case exp.Filter():
                    written.filter, inner = inner.args["expression"].this, inner.this
                case exp.IgnoreNulls():
                    written.ignore_nulls, inner = True, inner.this
                case exp.RespectNulls():
                    inner = inner.this
                case exp.WithinGroup():
                    written.order, inner = list(inner.args["expression"].expressions), inner.this
                case _:
                    break
        written.node = inner
        self._arguments(written, inner)
        return written

    def _arguments(self, written: Written, node: exp.Expr) -> None:
        special = _NODES.get(type(node))
        if special is not None:
            written.name, parts = special
            written.arguments = [node.args[part] for part in parts if node.args.get(part)]
            return
        if not isinstance(node, exp.Anonymous):
            raise self.refused(node, f"{type(node).__name__.upper()} is not supported here")
        written.name = node.name.removeprefix(MARK).lower()
        arguments = list(node.expressions)
        for place, argument in enumerate(arguments):
            inner = argument
            if isinstance(inner, exp.Order):
                written.order, inner = list(inner.expressions), inner.this
            if isinstance(inner, exp.Distinct):
                if inner.args.get("on") is not None or len(arguments) > 1:
                    raise self.refused(node, "DISTINCT is not supported here")
                written.distinct = True
                arguments = [*inner.expressions]
                break
            arguments[place] = inner
        written.arguments = arguments

    def _plain(self, written: Written) -> None:
        if written.distinct or written.order or written.filter or written.window:
            raise self.refused(written.node, f"{written.name} is not an aggregate function")

    def _check_form(self, written: Written, function: functions.Function) -> None:
        if function.kind == "scalar":
            self._plain(written)
        if function.kind == "window" and written.window is None:
            raise self.refused(written.node, f"Window function {written.name} requires an OVER")
        if written.ignore_nulls and function.kind != "window":
            raise self.refused(written.node, "IGNORE NULLS is only supported by window functions")
        if function.kind == "window" and (written.distinct or written.order):
            raise self.refused(written.node, f"{written.name} takes no DISTINCT or ORDER BY")

    def _unknown(self, written: Written) -> SqlRejectedError:
        name = written.name
        if name in functions.UNSUPPORTED or name in functions.FUNCTIONS:
            message = f"Function '{name}' is not supported by this engine"
        else:
            message = f"Function '{name[:100]}' not registered"
            near = nearest(name, list(rules.RULES))
            message += f". Did you mean '{near}'?" if near else ""
        return self.refused(written.node, message)

    # Matching.

    def _match(
        self, written: Written, function: functions.Function, scope: Scope
    ) -> tuple[Signature, Bindings, list[Value]]:
        lambdas = [isinstance(argument, exp.Lambda) for argument in written.arguments]
        values = [
            Value("", UNKNOWN) if is_lambda else self.expressions.value(argument, scope)
            for argument, is_lambda in zip(written.arguments, lambdas, strict=True)
        ]
        for text in function.signatures:
            chosen = signature(text)
            bound = self._fits(chosen, values, lambdas)
            if bound is None:
                continue
            for place, is_lambda in enumerate(lambdas):
                if is_lambda:
                    values[place] = self._lambda(written, place, chosen, bound, scope)
            for place, value in enumerate(values):
                pattern = chosen.at(place)
                assert pattern is not None  # `takes` counted them
                if not lambdas[place]:
                    to = wanted(pattern, value.type, bound)
                    values[place] = Value(casts.fit(value.text, value.type, to), to)
            return chosen, bound, values
        given = describe([value.type for value in values])
        expected = ", ".join(text.partition(" -> ")[0] for text in function.signatures)
        raise self.refused(
            written.node, f"Unexpected parameters ({given}) for function {written.name}. "
            f"Expected: {expected}"
        )  # fmt: skip

    def _fits(self, chosen: Signature, values: list[Value], lambdas: list[bool]) -> Bindings | None:
        if not chosen.takes(len(values)):
            return None
        bound: Bindings = {}
        for place, (value, is_lambda) in enumerate(zip(values, lambdas, strict=True)):
            pattern = chosen.at(place)
            if pattern is None or (pattern.name == "function") != is_lambda:
                return None
            if not is_lambda and not matches(pattern, value.type, bound):
                return None
        return bound

    def _lambda(
        self, written: Written, place: int, chosen: Signature, bound: Bindings, scope: Scope
    ) -> Value:
        node = written.arguments[place]
        pattern = chosen.at(place)
        assert pattern is not None  # `_fits` saw a function there
        *inputs, output = pattern.args
        if len(node.expressions) != len(inputs):
            raise self.refused(
                written.node, f"Expected a lambda that takes {len(inputs)} argument(s) but got "
                f"{len(node.expressions)}"
            )  # fmt: skip
        fields, names = [], []
        for parameter, part in zip(node.expressions, inputs, strict=True):
            engine_name = self.statement.fresh("l")
            names.append(engine_name)
            fields.append(Field(parameter.name, filled(part, bound), engine_name))
        inner = Scope(scope, [Relation(None, tuple(fields))], ctes=scope.ctes)
        body = self.expressions.value(node.this, inner)
        if not matches(output, body.type, bound):
            raise self.refused(node, f"a lambda of type {body.type} does not fit here")
        result = filled(output, bound)
        text = f"lambda {', '.join(names)}: {casts.fit(body.text, body.type, result)}"
        return Value(text, body.type)

    # Aggregates and windows.

    def _order(self, terms: list[exp.Expr], scope: Scope) -> str:
        if not terms:
            return ""
        texts = []
        for term in terms:
            inner = term.this if isinstance(term, exp.Ordered) else term
            nulls = "FIRST" if term.args.get("nulls_first") else "LAST"
            way = "DESC" if term.args.get("desc") else "ASC"
            texts.append(f"{self.expressions.value(inner, scope).text} {way} NULLS {nulls}")
        return f" ORDER BY {', '.join(texts)}"

    def _aggregate(self, written: Written, scope: Scope) -> str:
        """Return what follows an aggregate's brackets: FILTER and OVER."""
        text = ""
        if written.filter is not None:
            condition = self.expressions.condition(written.filter, scope, "FILTER clause")
            text = f" FILTER (WHERE {condition})"
        if written.window is not None:
            text += f" OVER ({self._window(written, written.window, scope)})"
        return text

    def _window(self, written: Written, node: exp.Window, scope: Scope) -> str:
        if node.args.get("first") is not None or node.args.get("over") not in {None, "OVER"}:
            raise self.refused(node, "this form of OVER is not supported")
        name = node.args.get("alias")
        if name is not None:
            base = scope.windows.get(name.name.lower())
            if base is None or base.args.get("alias") is not None:
                raise self.refused(name, f"Window '{name.name}' is not defined")
            merged = {k: node.args.get(k) or base.args.get(k)
                      for k in ("partition_by", "order", "spec")}  # fmt: skip
        else:
            merged = {k: node.args.get(k) for k in ("partition_by", "order", "spec")}
        parts = []
        if merged["partition_by"]:
            texts = [self.expressions.value(part, scope).text for part in merged["partition_by"]]
            parts.append(f"PARTITION BY {', '.join(texts)}")
        if merged["order"] is not None:
            parts.append(self._order(merged["order"].expressions, scope).strip())
        elif functions.FUNCTIONS[written.name].kind == "window":
            self.statement.volatile = True
        if merged["spec"] is not None:
            parts.append(self._frame(merged["spec"], scope))
        return " ".join(parts)

    def _frame(self, node: exp.Expr, scope: Scope) -> str:
        kind = str(node.args.get("kind") or "").upper()
        if kind not in {"ROWS", "RANGE", "GROUPS"} or node.args.get("exclude") is not None:
            raise self.refused(node, "this window frame is not supported")
        start = self._bound(node, "start", scope)
        if node.args.get("end") is None:
            return f"{kind} {start}"
        return f"{kind} BETWEEN {start} AND {self._bound(node, 'end', scope)}"

    def _bound(self, node: exp.Expr, which: str, scope: Scope) -> str:
        value, side = node.args.get(which), str(node.args.get(f"{which}_side") or "").upper()
        if isinstance(value, str):
            word = f"{value.upper()} {side}".strip()
            if word in {"CURRENT ROW", "UNBOUNDED PRECEDING", "UNBOUNDED FOLLOWING"}:
                return word
        elif isinstance(value, exp.Expr) and side in {"PRECEDING", "FOLLOWING"}:
            return f"{self.expressions.value(value, scope).text} {side}"
        raise self.refused(node, "this window frame is not supported")

    # Constructs that look like calls.

    def subscript(self, base: Value, index: str) -> str:
        """Return an element that must exist."""
        return rules.subscript(base.text, base.type, index)

    def row(self, values: list[Value]) -> Value:
        """Return a row of unnamed fields."""
        type_ = Type("row", tuple((None, value.type) for value in values))
        names = words.field_names(type_)
        parts = ", ".join(
            f"{words.name(name)} := {casts.fit(v.text, v.type, v.type)}"
            for name, v in zip(names, values, strict=True)
        )
        return Value(f"struct_pack({parts})", type_)

    def _array(self, written: Written, scope: Scope) -> Value:
        values = [self.expressions.value(part, scope) for part in written.arguments]
        element = self.expressions.united(written.arguments, values, "ARRAY elements")
        texts = [casts.widen(v.text, v.type, element) for v in values]
        if not texts:
            return Value(f"CAST([] AS {words.type_name(array(element))})", array(element))
        return Value(f"[{', '.join(texts)}]", array(element))

    def _row(self, written: Written, scope: Scope) -> Value:
        if not written.arguments:
            raise self.refused(written.node, "a row has at least one field")
        return self.row([self.expressions.value(part, scope) for part in written.arguments])

    def _if(self, written: Written, scope: Scope) -> Value:
        if len(written.arguments) not in {2, 3}:
            raise self.refused(written.node, "if takes two or three arguments")
        condition = self.expressions.condition(written.arguments[0], scope, "IF condition")
        nodes = written.arguments[1:]
        values = [self.expressions.value(part, scope) for part in nodes]
        type_ = self.expressions.united(nodes, values, "IF results")
        texts = [casts.fit(v.text, v.type, type_) for v in values]
        rest = f" ELSE {texts[1]}" if len(texts) == 2 else ""
        return Value(f"CASE WHEN {condition} THEN {texts[0]}{rest} END", type_)

    def _try(self, written: Written, scope: Scope) -> Value:
        if len(written.arguments) != 1:
            raise self.refused(written.node, "try takes one argument")
        value = self.expressions.value(written.arguments[0], scope)
        return Value(f"TRY({value.text})", value.type)

    def _nullif(self, written: Written, scope: Scope) -> Value:
        if len(written.arguments) != 2:
            raise self.refused(written.node, "nullif takes two arguments")
        left, right = (self.expressions.value(part, scope) for part in written.arguments)
        try:
            test = operators.compared("=", (left.text, left.type), (right.text, right.type))
        except operators.NoOperatorError:
            raise self.refused(
                written.node, f"Types are not comparable with nullif: {left.type} vs {right.type}"
            ) from None
        if left.type == right.type:
            return Value(f"nullif({left.text}, {right.text})", left.type)
        return Value(f"CASE WHEN NOT coalesce({test}, false) THEN {left.text} END", left.type)

    def _mod(self, written: Written, scope: Scope) -> Value:
        if len(written.arguments) != 2:
            raise self.refused(written.node, "mod takes two arguments")
        left, right = (self.expressions.value(part, scope) for part in written.arguments)
        try:
            pair = (left.text, left.type), (right.text, right.type)
            return Value(*operators.arithmetic("%", *pair))
        except operators.NoOperatorError:
            raise self.refused(
                written.node, f"mod of {left.type} and {right.type} is not supported"
            ) from None

    def _extract(self, written: Written, scope: Scope) -> Value:
        node = written.node
        unit = node.this.name.lower()
        name = {"day_of_month": "day", "dow": "day_of_week", "doy": "day_of_year",
                "yow": "year_of_week"}.get(unit, unit)  # fmt: skip
        if name not in _EXTRACTED:
            raise self.refused(node, f"Invalid EXTRACT field: {unit[:40]}")
        call = exp.Anonymous(this=name, expressions=[node.args["expression"].copy()])
        call.parent = node
        return self.call(call, scope)

    def _trim(self, written: Written, scope: Scope) -> Value:
        node = written.node
        side = str(node.args.get("position") or "BOTH").upper()
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side, "trim")
        texts = []
        for part in (node.this, node.args.get("expression")):
            if part is not None:
                value = self.expressions.value(part, scope)
                if value.type not in {VARCHAR, UNKNOWN}:
                    raise self.refused(node, f"trim is not defined on {value.type}")
                texts.append(casts.fit(value.text, value.type, VARCHAR))
        if len(texts) == 1:
            texts.append(words.string(rules.BLANKS))
        return Value(f"{name}({', '.join(texts)})", VARCHAR)

    def _json(self, written: Written, scope: Scope) -> Value:
        made = rules.json_path_call(written.node)
        if made is None:
            raise self.refused(
                written.node, f"this form of {_PARTS_OF_SPECIAL[written.name]} is not supported"
            )
        value = self.expressions.value(written.node.this, scope)
        if value.type not in {VARCHAR, UNKNOWN}:
            raise self.refused(written.node, f"{written.name} is not defined on {value.type}")
        template, type_ = made
        text = template.format(casts.fit(value.text, value.type, VARCHAR))
        returning = written.node.args.get("returning")
        if isinstance(returning, exp.Expr):
            type_, _ = self.expressions.type_of(returning)
            try:
                text = casts.cast(text, VARCHAR, type_, trying=True)
            except casts.NoCastError:
                raise self.refused(written.node, f"Cannot cast varchar to {type_}") from None
        return Value(text, type_)


def _constant(node: exp.Expr) -> str | None:
    """Return the text of a literal, None of anything else."""
    if isinstance(node, exp.Literal):
        return str(node.this)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return f"-{node.this.this}"
    if isinstance(node, exp.Anonymous) and node.name.removeprefix(MARK) == "array":
        parts = [_constant(part) for part in node.expressions]
        return (
            f"[{', '.join(part for part in parts if part is not None)}]"
            if all(part is not None and part.replace(".", "", 1).isdigit() for part in parts)
            else None
        )
    return None


_EXTRACTED: Final = frozenset(
    "year quarter month week day day_of_week day_of_year year_of_week hour minute second".split()
)
# Nodes that the library makes of call syntax with words in it, and the function each one is.
_NODES: Final[dict[type[exp.Expr], tuple[str, tuple[str, ...]]]] = {
    exp.Substring: ("substr", ("this", "start", "length")),
    exp.StrPosition: ("strpos", ("this", "substr", "occurrence")),
    exp.Extract: ("extract", ()),
    exp.Trim: ("trim from", ()),
    exp.JSONExtract: ("json_query", ()),
    exp.JSONValue: ("json_value", ()),
}
_SPECIAL: Final = {
    "array": Calls._array, "row": Calls._row, "if": Calls._if, "try": Calls._try,  # noqa: SLF001
    "nullif": Calls._nullif, "mod": Calls._mod, "extract": Calls._extract, "trim from": Calls._trim,  # noqa: SLF001
    "json_query": Calls._json, "json_value": Calls._json,  # noqa: SLF001 - this module's own table
}  # fmt: skip
SPECIAL_NAMES: Final = frozenset({"if", "mod", "try", "nullif", "row", "json_query", "json_value"})

__all__ = ["BIGINT", "BOOLEAN", "SPECIAL_NAMES", "Calls"]
