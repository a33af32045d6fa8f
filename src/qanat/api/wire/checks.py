"""Checking SQL without running it (docs/api/extensions.md section 3)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from qanat.api.wire.common import Wire, maybe
from qanat.api.wire.nodes import ResultColumn
from qanat.api.wire.parameters import ParameterShape
from qanat.errors import Position
from qanat.store.lineage import RelationKind


class CheckSql(Wire):
    """A text to check, with the values or the declared parameters that hold."""

    sql: str
    query_id: int | UnsetType = UNSET
    query_parameters: dict[str, Any] | UnsetType = UNSET
    parameters: list[ParameterShape] | UnsetType = UNSET


class SqlProblem(Wire):
    """What is wrong, and where."""

    message: str
    line: int | UnsetType = UNSET
    column: int | UnsetType = UNSET
    length: int | UnsetType = UNSET
    suggestion: str | UnsetType = UNSET


class SqlRead(Wire):
    """A relation that the text names, and where."""

    name: str
    kind: RelationKind
    line: int
    column: int


class CheckedSql(Wire):
    """What is known of a text without running it."""

    ok: bool
    errors: list[SqlProblem]
    columns: list[ResultColumn]
    parameters: list[str]
    reads: list[SqlRead]


def problem(message: str, at: Position | None, suggestion: str | None = None) -> SqlProblem:
    """Return an error; without a place it has no length either."""
    return SqlProblem(
        message=message,
        line=UNSET if at is None else at.line,
        column=UNSET if at is None else at.column,
        length=UNSET if at is None else at.length,
        suggestion=maybe(suggestion),
    )
