"""The latest result of a query (contract section 4, protocol 5).

It is the newest completed execution of a published run, of the query's current text and with the
values that are asked for; only if there is none, the newest execution of that text in whatever
state. What is private to another owner is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import bindparam, or_, select

from qanat.errors import NotFoundError
from qanat.model.access import Caller
from qanat.names import ExecutionId
from qanat.store import tables as t
from qanat.store.codec import load_strings
from qanat.store.database import Prepared, Transaction
from qanat.store.queries import Query
from qanat.store.versions import same_text_since

#: Clients compare it byte for byte.
NONE_YET: Final = "not found: No execution found for the latest version of the given query"
_LOOKED_AT: Final = 10_000  #: executions that are compared with the values asked for

_visible: Final = or_(
    t.execution.c.is_private == 0, t.execution.c.owner == bindparam("owner_handle")
)
_PUBLISHED: Final = Prepared(
    select(t.execution.c.id, t.execution.c.parameters)
    .join(t.latest, t.latest.c.execution == t.execution.c.id)
    .where(
        t.latest.c.query == bindparam("query_id"),
        t.latest.c.query_version >= bindparam("since"),
        t.execution.c.state == "completed",
        _visible,
    )
    .order_by(t.latest.c.moment.desc(), t.latest.c.accepted.desc())
    .limit(bindparam("most"))
)
_ANY: Final = Prepared(
    select(t.execution.c.id, t.execution.c.parameters)
    .join(t.run, t.run.c.id == t.execution.c.run)
    .where(
        t.execution.c.query == bindparam("query_id"),
        t.execution.c.query_version >= bindparam("since"),
        _visible,
    )
    .order_by(t.run.c.accepted.desc(), t.execution.c.node.desc())
    .limit(bindparam("most"))
)


def latest(tx: Transaction, caller: Caller, query: Query, values: Mapping[str, str]) -> ExecutionId:
    """Return the execution that holds the query's latest result.

    `values` restrict it to executions that ran with them; parameters not in it do not count.

    Raises:
        NotFoundError: There is none.
    """
    since = same_text_since(tx, query)
    most = _LOOKED_AT if values else 1
    for statement in (_PUBLISHED, _ANY):
        for id_, text in tx.tuples(
            statement, query_id=query.id, since=since, owner_handle=caller.handle, most=most
        ):
            if not values or values.items() <= load_strings(text).items():
                return ExecutionId(id_)
    raise NotFoundError(NONE_YET)
