"""What conformance tests put into an empty store before they begin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import bindparam, insert, update

from qanat.model.access import Caller, Scope
from qanat.names import ExecutionId, Handle, KeyId, QueryId, RunId, ServerId, new_ulid
from qanat.store import keys, queries, recovery
from qanat.store import tables as t
from qanat.store.codec import dump
from qanat.store.database import Database, Prepared, Transaction

NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)
AT: Final = 1_795_478_400_000_000  #: NOW in microseconds
SERVER: Final = ServerId("S1")

_ADD_RUN = Prepared(
    insert(t.run),
    [
        "id", "owner", "kind", "cause", "query", "state", "epoch", "seq", "open_nodes",
        "definitions", "accepted_us", "ended_us",
    ],
)  # fmt: skip
_ADD_EXECUTION = Prepared(
    insert(t.execution),
    [
        "id", "run", "node", "owner", "query", "query_version", "is_private", "parameters",
        "params_hash", "tier", "state", "snapshot", "submitted_us",
    ],
)  # fmt: skip
_ADD_NODE = Prepared(
    insert(t.node),
    [
        "run", "id", "kind", "query", "label", "tier", "dependencies", "state", "waiting_on",
        "length", "execution",
    ],
)  # fmt: skip
_ADD_RECEIPT = Prepared(
    insert(t.receipt),
    [
        "execution", "attempt", "owner", "tier", "cpu_us", "bytes_scanned", "bytes_written",
        "peak_memory_bytes", "micro_credits", "ended_us",
    ],
)  # fmt: skip
_ADD_SNAPSHOT = Prepared(
    insert(t.snapshot),
    ["id", "columns", "row_count", "size_bytes", "inputs", "created_us"],
)
_END = Prepared(
    update(t.run)
    .where(t.run.c.id == bindparam("run"))
    .values(state=bindparam("to"), ended_us=bindparam("at"))
)


def new_id() -> str:
    return new_ulid(NOW)


def found_store(database: Database) -> None:
    """Make the store's row and one live server."""

    def work(tx: Transaction) -> None:
        recovery.create_store(tx, place_id="P", boot_id="B")
        recovery.enter(tx, SERVER, at_us=AT, lease_us=1)

    database.write(work)


def caller(database: Database, handle: str, scope: Scope = Scope.WRITE) -> Caller:
    """Make an owner with a key."""
    secret = keys.new_secret()

    def work(tx: Transaction) -> Caller:
        made = keys.create(tx, handle=handle, scope=scope, secret=secret, at_us=AT)
        found = keys.by_hash(tx, keys.hash_of(secret))
        assert found is not None
        assert found.key == KeyId(made.entry.id)
        return found

    return database.write(work)


def query(
    database: Database,
    owner: Caller,
    name: str = "Prices",
    *,
    is_private: bool = False,
    is_archived: bool = False,
    is_temp: bool = False,
) -> QueryId:
    head = queries.Head(name=name, is_private=is_private, is_archived=is_archived, is_temp=is_temp)
    text = queries.Text(sql="SELECT 1 AS n")
    return database.write(lambda tx: queries.create(tx, owner, head, text, at_us=AT))


def run(database: Database, owner: Handle, *, state: str = "completed", at_us: int = AT) -> RunId:
    id_ = RunId(new_id())
    database.write(
        lambda tx: tx.run(
            _ADD_RUN,
            id=id_,
            owner=owner,
            kind="pipeline",
            cause="api",
            query=0,
            state=state,
            epoch=1,
            seq=1,
            open_nodes=0,
            definitions="{}",
            accepted_us=at_us,
            ended_us=None if state in ("pending", "executing") else at_us + 1,
        )
    )
    return id_


def end(database: Database, run_id: RunId, *, state: str, at_us: int) -> None:
    database.write(lambda tx: tx.run(_END, run=run_id, to=state, at=at_us))


def execution(
    database: Database,
    run_id: RunId,
    owner: Handle,
    query_id: int,
    *,
    node: int = 1,
    view: str | None = None,
    rows: int = 5,
    state: str = "completed",
    is_private: bool = False,
    parameters: dict[str, str] | None = None,
) -> ExecutionId:
    """Make an execution with its node and its rows."""
    id_, snapshot = ExecutionId(new_id()), new_id()

    def work(tx: Transaction) -> None:
        tx.run(
            _ADD_SNAPSHOT,
            id=snapshot,
            columns='[["n","bigint"]]',
            row_count=rows,
            size_bytes=rows * 10,
            inputs="{}",
            created_us=AT,
        )
        tx.run(
            _ADD_EXECUTION,
            id=id_,
            run=run_id,
            node=node,
            owner=owner,
            query=query_id,
            query_version=1,
            is_private=int(is_private),
            parameters=dump(parameters or {}),
            params_hash="",
            tier="medium",
            state=state,
            snapshot=snapshot if state == "completed" else None,
            submitted_us=AT,
        )
        tx.run(
            _ADD_NODE,
            run=run_id,
            id=node,
            kind="view" if view else "query",
            query=query_id,
            label=view,
            tier="medium",
            dependencies="[]",
            state=state,
            waiting_on=0,
            length=1,
            execution=id_,
        )

    database.write(work)
    return id_


def receipt(
    database: Database,
    execution_id: ExecutionId,
    owner: Handle,
    micro_credits: int,
    *,
    attempt: int = 1,
    at_us: int = AT,
) -> None:
    database.write(
        lambda tx: tx.run(
            _ADD_RECEIPT,
            execution=execution_id,
            attempt=attempt,
            owner=owner,
            tier="medium",
            cpu_us=1_500_000,
            bytes_scanned=100,
            bytes_written=10,
            peak_memory_bytes=1 << 20,
            micro_credits=micro_credits,
            ended_us=at_us,
        )
    )
