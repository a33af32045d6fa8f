"""The engine's own walls, tried with SQL that no compiler has seen.

What the SQL package refuses is another test's; here each text goes straight to a worker. It must
fail or give away nothing, and no file may appear but the one of its attempt.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from qanat.engines import Bound, Relation
from qanat.engines.duckdb import DuckDbEngine
from qanat.errors import EngineUnavailableError, QanatError, SqlRejectedError
from qanat.model.types import Column
from tests.rows import LIMITS, answer, fresh, made, written

#: {home} is a directory beside the data directory; {rows} the one where rows lie.
REFUSED = [
    # files
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM '{home}/secret.csv'",
    "SELECT * FROM read_csv_auto('{home}/secret.csv')",
    "SELECT * FROM read_parquet('{home}/secret.parquet')",
    "SELECT * FROM parquet_metadata('{home}/secret.parquet')",
    "SELECT * FROM parquet_schema('{home}/secret.parquet')",
    "SELECT * FROM read_json('{home}/secret.json')",
    "SELECT * FROM read_text('{rows}/../../secret.csv')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM read_text('/proc/self/cmdline')",
    "SELECT * FROM read_text('/proc/1/maps')",
    "SELECT * FROM read_text('file:///etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM glob('{home}/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM read_text('https://example.com/')",
    "SELECT * FROM read_parquet('s3://bucket/key')",
    # files, written
    "COPY (SELECT 1 AS a) TO '{home}/out.csv'",
    "COPY (SELECT 1 AS a) TO '{rows}/out.csv'",
    "SELECT 1 AS a) TO '{rows}/out.csv' (FORMAT csv); --",
    "SELECT 1 AS a) TO '{rows}/out.parquet' (FORMAT parquet",
    "SELECT 1; COPY (SELECT 1 AS a) TO '{rows}/out.csv'",
    "EXPORT DATABASE '{rows}/out'",
    "IMPORT DATABASE '{rows}'",
    "ATTACH '{rows}/out.db' AS other",
    "ATTACH ':memory:' AS other",
    "CREATE TABLE t AS SELECT 1 AS a",
    "CREATE VIEW v AS SELECT 1 AS a",
    "CREATE MACRO lower(x) AS 'mine'",
    "CREATE OR REPLACE TEMP MACRO sum(x) AS 1",
    "INSERT INTO t VALUES (1)",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
    # settings
    "SET threads = 64",
    "SET memory_limit = '1TB'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET allowed_directories = ['/']",
    "SET VARIABLE a = 1",
    "RESET memory_limit",
    "PRAGMA threads = 64",
    "PRAGMA enable_logging",
    "CALL enable_logging()",
    "CALL enable_profiling()",
    "USE memory",
    # code and secrets
    "INSTALL httpfs",
    "LOAD httpfs",
    "INSTALL '{rows}/x.duckdb_extension'",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "SELECT getenv('HOME')",
    "SELECT * FROM pg_read_file('/etc/passwd')",
    # the worker itself
    "BEGIN TRANSACTION",
    "CHECKPOINT",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "EXPLAIN ANALYZE SELECT 1",
    "SELECT 1; SELECT 2",
    "",
    ";",
    "-- nothing",
]  # fmt: skip

#: What runs, and must not tell anything that a user should not know.
HARMLESS = [
    "SELECT name || value AS t FROM duckdb_settings()",
    "SELECT current_setting('secret_directory') AS t",
    "SELECT database_name || coalesce(path, '') AS t FROM duckdb_databases()",
    "SELECT sql AS t FROM duckdb_tables()",
    "SELECT name || scope AS t FROM duckdb_secrets()",
    "SELECT name AS t FROM which_secret('s3://b/k', 's3')",
    "SELECT extension_name || install_path AS t FROM duckdb_extensions()",
    "SELECT message AS t FROM duckdb_logs()",
    "SELECT path AS t FROM duckdb_temporary_files()",
    "SELECT function_name AS t FROM duckdb_functions()",
    "SELECT name AS t FROM duckdb_variables()",
    "SELECT version() AS t",
    "SELECT current_user || current_database() || current_schema() AS t",
    "SELECT current_query() AS t",
]


@pytest.fixture(scope="module")
def secrets(engine: DuckDbEngine, home: Path) -> Path:
    """Files beside the data directory."""
    (home / "secret.csv").write_text("a,b\nhush,1\n", encoding="utf-8")
    (home / "secret.json").write_text('{"a":"hush"}\n', encoding="utf-8")
    with duckdb.connect() as other:
        other.execute(f"COPY (SELECT 'hush' AS a) TO '{home}/secret.parquet' (FORMAT parquet)")
    return home


def _tree(home: Path) -> set[str]:
    return {str(path) for path in home.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("text", REFUSED)
def test_a_forbidden_statement_is_refused_and_leaves_nothing(
    engine: DuckDbEngine, secrets: Path, text: str
) -> None:
    before = _tree(secrets)
    filled = text.replace("{home}", str(secrets)).replace("{rows}", str(secrets / "data" / "rows"))

    with pytest.raises(QanatError) as caught:
        written(engine, filled)

    assert isinstance(caught.value, SqlRejectedError | EngineUnavailableError)
    assert "hush" not in str(caught.value)
    assert _tree(secrets) == before


@pytest.mark.parametrize("text", HARMLESS)
def test_what_the_engine_says_of_itself_holds_no_secret(
    engine: DuckDbEngine, secrets: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _tree(secrets)
    attempt = fresh()
    told = ""
    try:
        engine.write(attempt, Bound(text=text), LIMITS)
        with duckdb.connect() as other:
            told = str(other.execute(f"FROM '{engine.path(attempt)}'").fetchall())
    except SqlRejectedError as error:
        told = str(error)

    assert "hush" not in told
    for name, value in os.environ.items():
        if len(value) > 12 and name not in ("PWD", "OLDPWD") and not value.startswith("/"):
            assert value not in told, name
    assert _tree(secrets) - before <= {str(engine.path(attempt))}


def test_no_variable_of_the_server_reaches_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QANAT_STORE__URL", "postgresql://u:hush@h/d")
    engine = DuckDbEngine(data_dir=tmp_path, slots=1, cores=1)
    try:
        written(engine, "SELECT 1 AS n")
        (worker,) = engine.workers()
        assert b"hush" not in Path(f"/proc/{worker}/environ").read_bytes()
        assert b"hush" not in Path(f"/proc/{worker}/cmdline").read_bytes()
        limits = Path(f"/proc/{worker}/limits").read_text(encoding="ascii")
        assert "Max core file size        0 " in limits
    finally:
        engine.close()


def test_a_worker_holds_no_file_of_the_server_open(engine: DuckDbEngine) -> None:
    written(engine, "SELECT 1 AS n")
    for worker in engine.workers():
        open_files = [str(fd.readlink()) for fd in Path(f"/proc/{worker}/fd").iterdir()]
        assert all("state.db" not in name and "pytest" not in name for name in open_files)


def test_the_path_of_a_file_is_no_column(engine: DuckDbEngine) -> None:
    source = made(engine, "SELECT 1 AS n")
    for name in ("filename", "file_row_number", "FileName"):
        with pytest.raises(SqlRejectedError, match="cannot be resolved"):
            written(engine, f'SELECT t.{name} FROM "$0" AS t', source)
        with pytest.raises(SqlRejectedError, match="cannot be resolved"):
            written(engine, f'SELECT "{name}" FROM "$0" AS t', source)


def test_a_statement_cannot_leave_its_mark_for_the_next(engine: DuckDbEngine) -> None:
    with pytest.raises(SqlRejectedError):
        written(engine, "CREATE TEMP TABLE mark AS SELECT 1 AS a")
    for _ in range(4):
        with pytest.raises(SqlRejectedError, match="does not exist"):
            written(engine, "SELECT * FROM mark")


def test_a_slot_in_a_string_or_an_alias_is_left_alone(engine: DuckDbEngine) -> None:
    source = made(engine, "SELECT 7 AS n")
    text = """SELECT '"$0" FROM "$0" AS x' AS s, t.n AS "$0" FROM "$0" AS t -- "$0" AS y"""

    assert answer(engine, text, source) == [('"$0" FROM "$0" AS x', 7)]


def test_a_file_with_a_pattern_in_its_name_is_not_expanded(engine: DuckDbEngine) -> None:
    several = Relation(columns=(Column("n", "bigint"),), files=("/etc/*",), ours=False)
    with pytest.raises(QanatError):
        written(engine, 'SELECT * FROM "$0" AS t', several)
