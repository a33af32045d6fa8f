"""The invariants of protocol.md, as queries that must find nothing.

`qanat doctor` asks them of a store at rest, the tests after every step and every kill. What a
finding names is enough to look at it; none is ever mended here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import (
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)

from qanat.store import tables as t
from qanat.store.database import Prepared, Transaction

_UNFINISHED: Final = ("pending", "executing")
_ENDED: Final = ("completed", "failed", "cancelled")


def _simple() -> Mapping[str, Select[Any]]:
    """What each invariant forbids, as a query for it; the words name what is found."""
    name, run, attempt, execution, receipt = t.name, t.run, t.attempt, t.execution, t.receipt
    going = attempt.c.state.in_(["executing", "stopping"])
    paid = exists().where(
        receipt.c.execution == attempt.c.execution, receipt.c.attempt == attempt.c.number
    )
    return {
        "I1: a name points at a snapshot with a file that is not whole": select(name.c.label)
        .join(t.snapshot_file, t.snapshot_file.c.snapshot == name.c.snapshot)
        .join(t.file, t.file.c.id == t.snapshot_file.c.file)
        .where(t.file.c.state != "whole"),
        "I1: a name points at a file that is not synced": select(name.c.label)
        .join(t.snapshot_file, t.snapshot_file.c.snapshot == name.c.snapshot)
        .join(t.file, t.file.c.id == t.snapshot_file.c.file)
        .where(t.file.c.synced == 0),
        "I2: a name is held by a run that is not executing": select(name.c.label)
        .join(run, run.c.id == name.c.writer_run)
        .where(run.c.state != "executing"),
        "I2: a name is held by a run that does not lock it": select(name.c.label).where(
            name.c.writer_run.is_not(None),
            ~exists().where(t.run_view.c.run == name.c.writer_run, t.run_view.c.name == name.c.id),
        ),
        "I2: an ended run has an executing attempt": select(attempt.c.id)
        .join(execution, execution.c.id == attempt.c.execution)
        .join(run, run.c.id == execution.c.run)
        .where(run.c.state.in_(_ENDED), attempt.c.state == "executing"),
        "I2: a completed or pending run has a pin": select(t.pin.c.run)
        .join(run, run.c.id == t.pin.c.run)
        .where(run.c.state.in_(["completed", "pending"])),
        "I3: an execution has more than one executing attempt": select(attempt.c.execution)
        .where(attempt.c.state == "executing")
        .group_by(attempt.c.execution)
        .having(func.count() > 1),
        "I4: an ended attempt has no receipt": select(attempt.c.id).where(~going, ~paid),
        "I4: a going attempt has a receipt": select(attempt.c.id).where(going, paid),
        "I4: a receipt belongs to no attempt": select(receipt.c.execution).where(
            receipt.c.attempt > 0,
            ~exists().where(
                attempt.c.execution == receipt.c.execution, attempt.c.number == receipt.c.attempt
            ),
        ),
        "I4: a lost attempt or a reuse costs something": select(receipt.c.execution)
        .outerjoin(
            attempt,
            and_(attempt.c.execution == receipt.c.execution, attempt.c.number == receipt.c.attempt),
        )
        .where(
            receipt.c.micro_credits != 0,
            or_(receipt.c.attempt == 0, attempt.c.state == "lost"),
        ),
        "I6: the moves of a name are not its rows in move": select(name.c.label)
        .outerjoin(t.move, t.move.c.name == name.c.id)
        .group_by(name.c.id, name.c.label, name.c.moves)
        .having(func.count(t.move.c.moment) != name.c.moves),
        "I6: a move is later than the store's moment": select(t.move.c.name).where(
            t.move.c.moment > select(t.store.c.moment).scalar_subquery()
        ),
        "I8: the events of an epoch have a gap": select(t.event.c.run)
        .join(run, and_(run.c.id == t.event.c.run, run.c.epoch == t.event.c.epoch))
        .group_by(t.event.c.run, t.event.c.epoch, run.c.seq)
        .having(
            or_(
                func.min(t.event.c.seq) != 1,
                func.max(t.event.c.seq) != run.c.seq,
                func.count() != run.c.seq,
            )
        ),
        "a node and its execution disagree": select(t.node.c.execution)
        .join(execution, execution.c.id == t.node.c.execution)
        .where(
            t.node.c.state != execution.c.state,
            ~and_(t.node.c.state == "completed", execution.c.state == "expired"),
        ),
        "an executing node has no executing attempt": select(t.node.c.execution).where(
            t.node.c.state == "executing",
            ~exists().where(
                attempt.c.execution == t.node.c.execution, attempt.c.state == "executing"
            ),
        ),
        "a completed execution has no rows": select(execution.c.id).where(
            execution.c.state == "completed", execution.c.snapshot.is_(None)
        ),
        "an unfinished run counts its open nodes wrongly": select(run.c.id)
        .outerjoin(t.node, and_(t.node.c.run == run.c.id, t.node.c.state.in_(_UNFINISHED)))
        .where(run.c.state.in_(_UNFINISHED))
        .group_by(run.c.id, run.c.open_nodes)
        .having(func.count(t.node.c.id) != run.c.open_nodes),
        "a snapshot has no file row": select(t.snapshot_file.c.snapshot)
        .join(t.file, t.file.c.id == t.snapshot_file.c.file)
        .where(t.file.c.state == "writing"),
        "an ended run has an unfinished node": select(t.node.c.run)
        .join(run, run.c.id == t.node.c.run)
        .where(run.c.state.in_(_ENDED), t.node.c.state.in_(_UNFINISHED)),
    }


_CHECKS: Final = {words: Prepared(query.limit(20)) for words, query in _simple().items()}
_MOVES: Final = Prepared(
    select(t.move.c.name, t.move.c.moment, t.move.c.from_snapshot, t.move.c.to_snapshot).order_by(
        t.move.c.name, t.move.c.moment
    )
)
_MOVES_OF_RUNS: Final = Prepared(
    select(t.move.c.run, t.move.c.moment).where(t.move.c.run.is_not(None))
)
#: A deleted name points nowhere, so that its rows can be collected; that is no move.
_NAMES: Final = Prepared(
    select(t.name.c.id, t.name.c.label, t.name.c.snapshot).where(t.name.c.deleted_us.is_(None))
)
_WHOLE: Final = Prepared(select(t.file.c.id, t.file.c.size_bytes).where(t.file.c.state == "whole"))
_EVERY_FILE: Final = Prepared(select(t.file.c.id))
_WAITING: Final = Prepared(
    select(t.node.c.run, t.node.c.id, t.node.c.state, t.node.c.waiting_on, t.node.c.dependencies)
    .join(t.run, t.run.c.id == t.node.c.run)
    .where(t.run.c.state.in_(_UNFINISHED))
)
_PUBLISHED: Final = Prepared(
    select(t.run.c.id, t.run.c.published)
    .where(t.run.c.published.is_not(None))
    .order_by(t.run.c.accepted)
)
_PINS: Final = Prepared(
    select(t.pin.c.run, t.pin.c.name, t.pin.c.snapshot, t.run.c.moment).join(
        t.run, t.run.c.id == t.pin.c.run
    )
)
_AS_OF: Final = Prepared(
    select(t.move.c.to_snapshot)
    .where(t.move.c.name == bindparam("name"), t.move.c.moment <= bindparam("moment"))
    .order_by(t.move.c.moment.desc())
    .limit(1)
)


def violations(tx: Transaction) -> list[str]:
    """Return what contradicts the invariants; empty for a store in order."""
    found = [
        f"{words}: {', '.join(str(value) for value in row)}"
        for words, check in _CHECKS.items()
        for row in tx.tuples(check)
    ]
    found.extend(_broken_chains(tx))
    found.extend(_wrong_counts(tx))
    found.extend(_half_published(tx))
    found.extend(_wrong_pins(tx))
    return found


def _broken_chains(tx: Transaction) -> Iterable[str]:
    at: dict[str, str | None] = {}
    for name, moment, before, after in tx.tuples(_MOVES):
        if name in at and at[name] != before:
            yield f"I6: the moves of name {name} have a gap at moment {moment}"
        elif name not in at and before is not None:
            yield f"I6: the first move of name {name} comes from somewhere"
        at[name] = after
    for id_, label, snapshot in tx.tuples(_NAMES):
        if at.get(id_) != snapshot:
            yield f"I6: {label} does not point where its last move went"


def _wrong_counts(tx: Transaction) -> Iterable[str]:
    runs: dict[str, dict[int, tuple[str, int, list[int]]]] = defaultdict(dict)
    for run, id_, state, waiting_on, dependencies in tx.tuples(_WAITING):
        runs[run][id_] = (state, waiting_on, json.loads(dependencies))
    for run, nodes in runs.items():
        for id_, (_, waiting_on, dependencies) in nodes.items():
            open_ = sum(1 for above in dependencies if nodes[above][0] != "completed")
            if open_ != waiting_on:
                yield f"node {id_} of run {run} waits on {waiting_on}, not on {open_}"


def _half_published(tx: Transaction) -> Iterable[str]:
    moments: dict[str, set[int]] = defaultdict(set)
    for run, moment in tx.tuples(_MOVES_OF_RUNS):
        moments[run].add(moment)
    published = dict(tx.tuples(_PUBLISHED))
    for run, taken in moments.items():
        if taken != {published.get(run)}:
            yield f"I1: run {run} moved names at moments {sorted(taken)}"
    for run in published.keys() - moments.keys():
        yield f"I1: run {run} is published and moved nothing"


def _wrong_pins(tx: Transaction) -> Iterable[str]:
    for run, name, snapshot, moment in tx.tuples(_PINS):
        if tx.value(_AS_OF, name=name, moment=moment) != snapshot:
            yield f"I5: run {run} pinned what name {name} was not at moment {moment}"


def missing_files(tx: Transaction, lying: Mapping[str, int]) -> list[str]:
    """Return what is wrong between the store and the files that lie on disk (id → bytes)."""
    found = []
    for file, size in tx.tuples(_WHOLE):
        if file not in lying:
            found.append(f"I7: file {file} is gone")
        elif lying[file] != size:
            found.append(f"I7: file {file} has {lying[file]} bytes, not {size}")
    return found


def orphans(tx: Transaction, lying: Iterable[str]) -> list[str]:
    """Return the files on disk that no row names; the next collection removes them."""
    known = {row[0] for row in tx.tuples(_EVERY_FILE)}
    return sorted(set(lying) - known)
