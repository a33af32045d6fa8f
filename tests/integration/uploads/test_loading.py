"""Files from outside into tables: merged as they grow, and whole whatever fails in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from qanat.coordinator.uploads import FILES, Described, Uploads
from qanat.engines import Limits, Load, Written
from qanat.engines.duckdb import DuckDbEngine
from qanat.errors import (
    ConflictError,
    EngineUnavailableError,
    FileLostError,
    InvalidRequestError,
    NotFoundError,
    TooManyRequestsError,
)
from qanat.model.access import Caller
from qanat.model.snapshot import Snapshot
from qanat.names import AttemptId, Label, NameId
from qanat.store import invariants, loading, uploads
from qanat.store import tables as t
from qanat.store.database import Database, Prepared, Transaction
from qanat.store.uploads import DeclaredColumn, NewUpload
from tests.clock import FakeClock
from tests.conformance import seeds

LIMITS = Limits(threads=1, memory_bytes=512 << 20, time_s=60.0, result_bytes=1 << 30)
NAME = Label("dune.me.prices")
COLUMNS = (
    DeclaredColumn(name="n", type="bigint", nullable=False),
    DeclaredColumn(name="big", type="uint256"),
    DeclaredColumn(name="raw", type="varbinary"),
    DeclaredColumn(name="at", type="timestamp"),
)
_FILE_STATES = Prepared(select(t.file.c.id, t.file.c.state, t.file.c.synced))
BIGGEST = 2**256 - 1


@dataclass
class Faulty:
    """The real engine, with faults where a test wants them: the next ones to come, in order."""

    engine: DuckDbEngine
    load_faults: list[Exception] = field(default_factory=list)
    sync_faults: list[Exception] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)

    def load(self, attempt: AttemptId, load: Load, limits: Limits) -> Written:
        written = self.engine.load(attempt, load, limits)
        if self.load_faults:
            raise self.load_faults.pop(0)
        return written

    def sync(self, files: tuple[AttemptId, ...]) -> None:
        if self.sync_faults:
            raise self.sync_faults.pop(0)
        self.engine.sync(files)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDbEngine]:
    made = DuckDbEngine(data_dir=tmp_path_factory.mktemp("rows"), slots=1, cores=1)
    yield made
    made.close()


@pytest.fixture
def faulty(engine: DuckDbEngine) -> Faulty:
    return Faulty(engine)


@pytest.fixture
def me(database: Database) -> Caller:
    seeds.found_store(database)
    return seeds.caller(database, "me")


@pytest.fixture
def loader(database: Database, faulty: Faulty, clock: FakeClock) -> Uploads:
    return Uploads(database, faulty, clock, seeds.SERVER, LIMITS, free_disk_bytes=0)  # type: ignore[arg-type]  # all of an engine's methods, by delegation


@pytest.fixture
def table(database: Database, me: Caller) -> NewUpload:
    new = NewUpload(
        id=NameId(seeds.new_id()),
        namespace="me",
        table="prices",
        owner=me.handle,
        is_private=False,
        description="",
        columns=COLUMNS,
    )
    database.write(lambda tx: uploads.create(tx, new, at_us=seeds.AT))
    return new


@pytest.fixture
def place(engine: DuckDbEngine) -> Path:
    """Where files lie that the engine may read."""
    path = engine.path(AttemptId("0" * 26)).parents[2] / "tmp" / "uploads"
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(autouse=True)
def _in_order(database: Database, me: Caller) -> Iterator[None]:
    """Whatever a test did, the store is in order after it."""
    yield
    assert database.read(invariants.violations) == []


def write(place: Path, content: str) -> Path:
    file = place / seeds.new_id()
    file.write_text(content, encoding="utf-8")
    return file


def rows_of(database: Database) -> Snapshot | None:
    def work(tx: Transaction) -> Snapshot | None:
        found = uploads.find(tx, NAME)
        assert found is not None
        return loading.snapshot(tx, found.snapshot)

    return database.read(work)


def states(database: Database) -> list[str]:
    return sorted(state for _, state, _ in database.read(lambda tx: tx.tuples(_FILE_STATES)))


def append(loader: Uploads, me: Caller, place: Path, number: int) -> None:
    line = f"n,big,raw,at\n{number},{BIGGEST},0x00ff,2026-01-02 03:04:05\n"
    loader.load_upload(me, NAME, write(place, line), "csv", mode="append")


def test_many_inserts_are_merged_and_no_value_changes(
    loader: Uploads,
    database: Database,
    engine: DuckDbEngine,
    me: Caller,
    table: NewUpload,
    place: Path,
) -> None:
    """A reader never opens more than `FILES` files, and the widest types survive the merge."""
    for number in range(FILES + 2):
        append(loader, me, place, number)

    snapshot = rows_of(database)

    assert snapshot is not None
    assert len(snapshot.files) == 3
    assert snapshot.row_count == FILES + 2
    assert [column.type for column in snapshot.columns][1] == "uint256"
    assert states(database) == ["whole"] * (FILES + 3)
    sizes = dict(engine.files())
    assert snapshot.size_bytes == sum(sizes[file] for file in snapshot.files)
    files = ",".join(f"'{engine.path(file)}'" for file in snapshot.files)
    (found,) = engine.reader.text(
        f"SELECT count(DISTINCT n) || ' ' || min(big::VARCHAR) || ' ' || max(big::VARCHAR)"
        f" || ' ' || hex(min(raw)) || ' ' || max(\"at\") FROM read_parquet([{files}])",
        10.0,
    )
    assert found == f"{FILES + 2} {BIGGEST} {BIGGEST} 00FF 2026-01-02 03:04:05".encode()


def test_a_worker_that_dies_is_replaced_and_the_file_is_read_again(
    loader: Uploads, faulty: Faulty, database: Database, me: Caller, table: NewUpload, place: Path
) -> None:
    faulty.load_faults = [EngineUnavailableError("died")]
    faulty.sync_faults = [FileLostError(("x",))]

    append(loader, me, place, 1)

    snapshot = rows_of(database)
    assert snapshot is not None
    assert snapshot.row_count == 1
    assert states(database) == ["garbage", "garbage", "whole"]


def test_an_engine_that_stays_away_leaves_the_table_and_only_garbage(
    loader: Uploads, faulty: Faulty, database: Database, me: Caller, table: NewUpload, place: Path
) -> None:
    append(loader, me, place, 1)
    before = rows_of(database)
    faulty.load_faults = [EngineUnavailableError("died")] * 3

    with pytest.raises(EngineUnavailableError):
        append(loader, me, place, 2)

    assert rows_of(database) == before
    assert states(database) == ["garbage"] * 3 + ["whole"]


def test_a_row_that_does_not_fit_leaves_only_garbage(
    loader: Uploads, database: Database, me: Caller, table: NewUpload, place: Path
) -> None:
    bad = write(place, "n\n1\nx\n")

    with pytest.raises(InvalidRequestError, match="line 3"):
        loader.load_upload(me, NAME, bad, "csv", mode="append")

    assert rows_of(database) is None
    assert states(database) == ["garbage"]


def test_a_table_deleted_while_a_file_is_parsed_gets_nothing(
    loader: Uploads, faulty: Faulty, database: Database, me: Caller, table: NewUpload, place: Path
) -> None:
    undisturbed = faulty.load

    def load_and_delete(attempt: AttemptId, load: Load, limits: Limits) -> Written:
        written = undisturbed(attempt, load, limits)
        database.write(lambda tx: uploads.delete(tx, table.id, at_us=seeds.AT))
        return written

    faulty.load = load_and_delete  # type: ignore[method-assign]  # the moment that a test needs

    with pytest.raises(ConflictError):
        append(loader, me, place, 1)

    assert states(database) == ["garbage"]


def test_a_file_that_makes_its_table_makes_both_or_neither(
    loader: Uploads, database: Database, me: Caller, place: Path
) -> None:
    described = Described(namespace="me", table="prices", is_private=True, description="d")
    with pytest.raises(InvalidRequestError):
        loader.load_upload(
            me, NAME, write(place, "a,b\n1\n"), "csv",
            mode="replace", infer=True, described=described,
        )  # fmt: skip
    assert database.read(lambda tx: uploads.find(tx, NAME)) is None

    loaded = loader.load_upload(
        me, NAME, write(place, "a\n1\n"), "csv", mode="replace", infer=True, described=described
    )

    found = database.read(lambda tx: uploads.find(tx, NAME))
    assert found is not None
    assert (found.is_private, found.description, found.moves) == (True, "d", 1)
    assert [(column.name, column.type) for column in found.columns] == [("a", "bigint")]
    assert loaded.row_count == 1


def test_a_full_disk_refuses_before_anything_is_written(
    database: Database,
    engine: DuckDbEngine,
    clock: FakeClock,
    me: Caller,
    table: NewUpload,
    place: Path,
) -> None:
    loader = Uploads(database, engine, clock, seeds.SERVER, LIMITS, free_disk_bytes=1 << 62)

    with pytest.raises(TooManyRequestsError) as refused:
        append(loader, me, place, 1)

    assert refused.value.retry_after_s == 60
    assert states(database) == []


def test_a_table_that_is_not_there_is_not_found(loader: Uploads, me: Caller, place: Path) -> None:
    with pytest.raises(NotFoundError, match=r"Table dune\.me\.prices not found"):
        append(loader, me, place, 1)
    with pytest.raises(NotFoundError):
        loader.clear_upload(me, NAME)
