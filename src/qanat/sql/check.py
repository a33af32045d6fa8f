"""Everything that is wrong with a statement, for an editor that marks it while it is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from qanat.errors import InvalidRequestError, SqlRejectedError
from qanat.sql.compile import analyse
from qanat.sql.interface import Catalog, Parameter, Problem, QueryViews
from qanat.sql.parameters import auto_declare, default_text

_SUGGESTED: Final = re.compile(r"(Column|Function) '([^']+)' .*\. Did you mean '([^']+)'\?")
_FOLLOWS: Final = re.compile(r".*(the type of .* is not known|\b(of|on) unknown\b).*")
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check(
    sql: str, parameters: Sequence[Parameter], catalog: Catalog, query_views: QueryViews
) -> list[Problem]:
    """Return what is wrong with a statement, with its parameters' defaults in place, in order."""
    values = {
        parameter.key: default_text(parameter) or _stand_in(parameter)
        for parameter in auto_declare(sql, parameters)
    }
    problems: list[SqlRejectedError] = []
    try:
        analyse(sql, values, catalog, query_views, problems)
    except SqlRejectedError as error:
        problems.append(error)
    except InvalidRequestError as error:
        problems.append(SqlRejectedError(str(error)))
    # Behind a name that is not there nothing has a type, which is no fault of its own.
    own = [error for error in problems if not _FOLLOWS.fullmatch(error.message)]
    found = {_problem(error) for error in own or problems}
    return sorted(found, key=lambda p: (p.line or 0, p.column or 0, p.message))


def _stand_in(parameter: Parameter) -> str:
    """Return a value for a parameter without a default: one that most places can hold."""
    if parameter.options:
        return parameter.options[0]
    return "2024-01-01 00:00:00" if parameter.type == "datetime" else "1"


def suggestion(error: SqlRejectedError) -> str | None:
    """Return what was probably meant, as text for the place of the error; None if nothing is near.

    The place of a column holds what stands before its name, `t.` of `t.amout`, which stays.
    """
    found = _SUGGESTED.match(error.message)
    if found is None or error.position is None:
        return None
    kind, wrong, near = found.groups()
    if kind == "Function":
        return near if error.position.length == len(wrong) else None
    return ".".join(
        part if _PLAIN.fullmatch(part) else '"' + part.replace('"', '""') + '"'
        for part in (*wrong.split(".")[:-1], near)
    )


def _problem(error: SqlRejectedError) -> Problem:
    position = error.position
    return Problem(
        line=position.line if position else None,
        column=position.column if position else None,
        length=position.length if position else None,
        message=error.message,
        suggestion=suggestion(error),
    )
