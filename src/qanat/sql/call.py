"""Calls of functions: looked up by name, matched with their signatures, put in engine words.

The rule: a function that is not listed in `functions` does not exist, whatever the engine has by
that name; and what a listed function becomes is written in `dialect`, never the name itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from qanat.errors import SqlRejectedError
from qanat.sql import functions, over, special
from qanat.sql.dialect.duckdb import casts, operators, rules, words
from qanat.sql.scope import Field, Relation, Scope, nearest
from qanat.sql.signatures import Bindings, Signature, describe, filled, matches, signature, wanted
from qanat.sql.statement import Value
from qanat.sql.types import UNKNOWN, Type
from qanat.sql.written import Written, constant, open_call, refuse_rows

if TYPE_CHECKING:
    from qanat.sql.expression import Expressions


class Calls:
    """Translates the calls of one text."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.statement = expressions.statement
        self.refused = expressions.refused

    def call(self, node: exp.Expr, scope: Scope) -> Value:
        """Return a call in the engine's words."""
        written = open_call(self, node)
        if written.name in special.SPECIAL:
            refuse_rows(self, written)
            return special.SPECIAL[written.name](self, written, scope)
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
            and not written.distinct
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
            constants=tuple(constant(argument) for argument in written.arguments),
            aggregate=over.suffix(self, written, scope),
            prefix="DISTINCT " if written.distinct else "",
            order=over.order(self, written.order, scope),
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

    def _check_form(self, written: Written, function: functions.Function) -> None:
        if function.kind == "scalar":
            refuse_rows(self, written)
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

    # Constructs that look like calls.

    def subscript(self, base: Value, index: str) -> str:
        """Return an element that must exist."""
        return rules.subscript(base.text, base.type, index)

    def row(self, values: list[Value]) -> Value:
        """Return a row of unnamed fields."""
        type_ = Type("row", tuple((None, value.type) for value in values))
        return Value(words.row_of(type_, [value.text for value in values]), type_)
