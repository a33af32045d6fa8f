"""What a saved query reads, written down when it is saved. Blocks.

The text is not judged: one that cannot be read as SQL is saved all the same and reads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from qanat.errors import NotFoundError, QanatError, SqlRejectedError
from qanat.model.access import Caller
from qanat.model.parameters import Parameter
from qanat.names import QueryId
from qanat.sql.interface import Reference, ViewedQuery
from qanat.sql.lineage import lineage, references
from qanat.sql.parameters import default_text, substitute
from qanat.sql.source import Source
from qanat.store import queries
from qanat.store.database import Database
from qanat.store.queries import Read


def reads_of(
    database: Database, caller: Caller, sql: str, parameters: Sequence[Parameter]
) -> tuple[Read, ...]:
    """Return the relations that a text names, with defaults put in: its own, then query views'."""
    values = {parameter.key: default_text(parameter) for parameter in parameters}

    def viewed(reference: Reference) -> ViewedQuery:
        id_ = reference.query or QueryId(0)
        try:
            found = database.read(lambda tx: queries.read(tx, caller, id_))
        except NotFoundError as error:
            raise SqlRejectedError(str(error), reference.position) from error
        return ViewedQuery(
            query=id_,
            version=found.version,
            sql=found.text.sql,
            parameters=found.text.parameters,
        )

    own: dict[str, Read] = {}
    try:
        for reference in references(Source(substitute(sql, values))):
            name = reference.label if reference.query is None else f"query_{reference.query}"
            read = Read(
                name=name,
                line=reference.position.line,
                column=reference.position.column,
                query=reference.query,
            )
            own.setdefault(name, read)
        found = lineage(sql, values, viewed)
    except (QanatError, RecursionError):
        return ()
    inner = (Read(name=label) for label in found.relations if label not in own)
    return (*own.values(), *inner)
