"""Declared parameters of a query, as clients send and read them (contract section 7.5).

What is read back must be readable by the Python client: a number is plain digits, a moment is
`YYYY-MM-DD hh:mm:ss`, both always there; an enum's default is among its options.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, cast

from msgspec import UNSET, UnsetType, structs

from qanat.api.wire.common import Wire, bounded, maybe
from qanat.errors import InvalidRequestError
from qanat.model.parameters import Parameter
from qanat.sql.parameters import NUMBER_CHARS, SEVERAL, chosen, plain_number, value_text

PARAMETERS: Final = 200
KEY_CHARS: Final = 200
VALUE_CHARS: Final = 100_000
_TYPES: Final = {
    "text": "text",
    "number": "number",
    "datetime": "datetime",
    "date": "datetime",
    "enum": "enum",
    "list": "enum",
}
_EXAMPLES: Final = {"number": "0", "datetime": "2024-01-31 17:30:00"}
_NUMERIC: Final = re.compile(r"[+-]?\d+(\.\d*)?", re.ASCII)


class OptionsQuery(Wire):
    """The query whose latest result lists what an enum may be."""

    queryId: int  # noqa: N815  # Dune's name
    columnName: str  # noqa: N815  # Dune's name


class ParameterShape(Wire):
    """A declared parameter. `value` may come as a list for a multi-select."""

    key: str
    type: str | UnsetType = UNSET
    value: str | float | int | bool | list[str] | UnsetType | None = UNSET
    values: list[str] | UnsetType | None = UNSET
    enumOptions: list[str] | UnsetType | None = UNSET  # noqa: N815  # Dune's name
    isMultiselect: bool | UnsetType | None = UNSET  # noqa: N815  # Dune's name
    isFreeformAllowed: bool | UnsetType | None = UNSET  # noqa: N815  # Dune's name
    enumFromResults: OptionsQuery | UnsetType | None = UNSET  # noqa: N815  # Dune's name
    description: str | UnsetType | None = UNSET


def parameters_of(
    shapes: Sequence[ParameterShape] | UnsetType,
    given: Mapping[str, Any] | UnsetType,
    *,
    stored: Sequence[Parameter] = (),
    is_draft: bool = False,
) -> tuple[Parameter, ...] | None:
    """Return the parameters that a request declares; None if it says nothing of them.

    Args:
        shapes: As Dune's API has them.
        given: What the TypeScript client sends instead: name → default.
        stored: Those that they replace.
        is_draft: They are not saved: a default may still be missing.

    Raises:
        InvalidRequestError: One is malformed, named.
    """
    if isinstance(shapes, Sequence):
        known = {parameter.key: parameter for parameter in stored}
        made = tuple(_parameter(shape, known, is_draft=is_draft) for shape in shapes)
    elif isinstance(given, Mapping):
        made = tuple(_guessed(name, value) for name, value in given.items())
        if not made:
            return None
    else:
        return None
    keys = [parameter.key for parameter in made]
    if len(made) > PARAMETERS:
        raise InvalidRequestError(f"at most {PARAMETERS} parameters")
    for key in keys:
        if keys.count(key) > 1:
            raise InvalidRequestError(f"parameter '{key[:100]}' is declared twice")
    return made


def _guessed(name: str, value: Any) -> Parameter:  # noqa: ANN401  # any JSON
    text = value if isinstance(value, str) else ""
    if isinstance(value, bool) or not isinstance(value, int | float | str | list):
        raise InvalidRequestError(f"parameter '{name[:100]}' takes text")
    if isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            raise InvalidRequestError(f"parameter '{name[:100]}' takes text")
        text = ",".join(value)
    elif not isinstance(value, str):
        text = str(value)
    is_number = len(text) <= NUMBER_CHARS and bool(_NUMERIC.fullmatch(text))
    shape = ParameterShape(key=name, type="number" if is_number else "text", value=text)
    return _parameter(shape, {}, is_draft=False)


def _parameter(
    shape: ParameterShape, stored: Mapping[str, Parameter], *, is_draft: bool
) -> Parameter:
    key = shape.key.strip()
    bounded("a parameter's key", key, KEY_CHARS)
    if not key or "{" in key or "}" in key or "\n" in key:
        raise InvalidRequestError("a parameter needs a key without braces and line ends")
    asked = _or(shape.type, "text")
    kind = _TYPES.get(asked)
    if kind is None:
        raise InvalidRequestError(f"parameter '{key}': there is no type '{asked[:40]}'")
    if kind == "enum":
        shape = _with_options(shape, stored.get(key))
    options = tuple(_or(shape.enumOptions, []))
    source = shape.enumFromResults if isinstance(shape.enumFromResults, OptionsQuery) else None
    if kind == "enum" and not options and source is None:
        raise InvalidRequestError(f"parameter '{key}': an enum needs enumOptions, or a value")
    sent = shape.value if isinstance(shape.value, list) else _or(shape.values, None) or None
    made = Parameter(
        key=key,
        type=cast("Literal['text', 'number', 'datetime', 'enum']", kind),
        options=options,
        is_multiselect=_or(shape.isMultiselect, sent is not None),
        is_freeform_allowed=_or(shape.isFreeformAllowed, False),
        description=_or(shape.description, "") or None,
        from_query=None if source is None else source.queryId,
        from_column=None if source is None else source.columnName,
    )
    default = _text(shape.value) if sent is None else sent
    for text in (made.description or "", *made.options, *_listed(default), ",".join(sent or ())):
        bounded(f"parameter '{key}'", text, VALUE_CHARS)
    return _with_default(made, default, is_draft=is_draft)


def _with_options(shape: ParameterShape, stored: Parameter | None) -> ParameterShape:
    """Return an enum with the options that were not sent: the Python client never sends them.

    They, and what else was not sent, stay as they are stored; of a new one its values are options.
    """
    if isinstance(shape.enumFromResults, OptionsQuery) or _or(shape.enumOptions, []):
        return shape
    kept = {}
    if stored is not None and stored.type == "enum":
        kept = structs.asdict(parameter_shown(stored))
    if isinstance(shape.enumOptions, list):
        # Whoever sends none wants none; of a list that a query feeds there are none to send.
        return structs.replace(shape, enumFromResults=kept.get("enumFromResults", UNSET))
    if not kept:
        return structs.replace(shape, enumOptions=_options(shape))
    sent = {name: one for name, one in structs.asdict(shape).items() if one not in (UNSET, None)}
    if sent.get("value", kept["value"]) != kept["value"]:
        kept["values"] = UNSET
    return ParameterShape(**{**kept, **sent})


def _options(shape: ParameterShape) -> list[str]:
    """Return the values that an enum has by default, each once."""
    if isinstance(shape.value, list):
        values = shape.value
    else:
        text = _text(shape.value)
        joined = text.split(",") if _or(shape.isMultiselect, False) else [text]
        values = _or(shape.values, []) or joined
    return [value for value in dict.fromkeys(values) if value]


def _with_default(made: Parameter, default: str | list[str], *, is_draft: bool) -> Parameter:
    """Return a parameter with its default, in the form in which clients can read it back."""
    if made.is_multiselect and made.type not in SEVERAL:
        raise InvalidRequestError(
            f"parameter '{made.key}' takes one {made.type}, not a list:"
            " several values are for the types text and enum"
        )
    if default == "":
        if made.type in SEVERAL or is_draft:
            return made
        example = _EXAMPLES[made.type]
        raise InvalidRequestError(f"parameter '{made.key}' needs a value, such as {example}")
    text = value_text(made, default)
    if made.type == "number":
        text = plain_number(text) or text
    if made.type == "datetime":
        text = text.partition(".")[0]
    values = _values(made, default) if made.is_multiselect else ()
    return replace(made, value=text, values=values)


def _values(made: Parameter, default: str | list[str]) -> tuple[str, ...]:
    return chosen(made, default) if isinstance(default, str) else tuple(default)


def _listed(default: str | list[str]) -> list[str]:
    return [default] if isinstance(default, str) else default


def _text(value: object) -> str:
    if value is UNSET or value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _or(value: Any, default: Any) -> Any:  # noqa: ANN401  # a field's type
    return default if value is UNSET or value is None else value


def parameter_shown(made: Parameter) -> ParameterShape:
    """Return a parameter as clients read it."""
    source: OptionsQuery | UnsetType = UNSET
    if made.from_query is not None:
        source = OptionsQuery(queryId=made.from_query, columnName=made.from_column or "")
    values: list[str] | UnsetType = UNSET
    if made.is_multiselect:
        values = list(made.values or chosen(made, made.value))
    return ParameterShape(
        key=made.key,
        type=made.type,
        value=made.value,
        values=values,
        enumOptions=list(made.options) or UNSET,
        isMultiselect=made.is_multiselect or UNSET,
        isFreeformAllowed=made.is_freeform_allowed or UNSET,
        enumFromResults=source,
        description=maybe(made.description),
    )
