"""The demo's sample: the same rows every time, and such as a chain has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from qanat.cli.demo import chain


def written(folder: Path, threads: int) -> Path:
    """Write the sample with a number of threads; return the folder."""
    folder.mkdir()
    connection = duckdb.connect(config={"threads": threads})
    connection.execute("SET TimeZone = 'UTC'")
    for name, statement in chain.tables().items():
        connection.execute(f"COPY ({statement}) TO '{folder}/{name}.parquet'")
    connection.close()
    return folder


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("sample") / "first", threads=2)


@pytest.fixture
def tables(sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    for name in chain.tables():
        schema, table = name.split(".")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        connection.execute(f"CREATE VIEW {schema}.{table} AS FROM '{sample}/{name}.parquet'")
    yield connection
    connection.close()


def one(tables: duckdb.DuckDBPyConnection, statement: str) -> tuple[object, ...]:
    row = tables.execute(statement).fetchone()
    assert row is not None
    return tuple(row)


def test_two_writings_hold_the_same_rows_in_the_same_order(sample: Path, tmp_path: Path) -> None:
    """Also on another number of threads: the sample is a fixture for documentation and tests."""
    other = written(tmp_path / "second", threads=1)
    with duckdb.connect() as connection:
        for name in chain.tables():
            both = f"'{sample}/{name}.parquet' a POSITIONAL JOIN '{other}/{name}.parquet' b"
            found = connection.execute(
                f"SELECT count(*), count(*) FILTER (WHERE a IS DISTINCT FROM b) FROM {both}"
            ).fetchone()
            assert found is not None
            assert found[0] > 0
            assert found[1] == 0, name


def test_there_are_about_a_million_rows(tables: duckdb.DuckDBPyConnection) -> None:
    total = sum(int(str(one(tables, f"SELECT count(*) FROM {n}")[0])) for n in chain.tables())
    assert 950_000 < total < 1_100_000


def test_blocks_follow_one_another_every_twelve_seconds(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    steps = """
        SELECT count(*), count(DISTINCT hash), min(octet_length(hash)),
               bool_and(parent_hash = before), bool_and(time - earlier = INTERVAL 12 SECOND)
        FROM (SELECT *, lag(hash) OVER (ORDER BY number) AS before,
                     lag(time) OVER (ORDER BY number) AS earlier FROM ethereum.blocks)"""
    assert one(tables, steps) == (chain.BLOCKS, chain.BLOCKS, 32, True, True)


def test_rows_refer_to_rows_that_are_there(tables: duckdb.DuckDBPyConnection) -> None:
    for child, key, parent, parent_key in (
        ("ethereum.transactions", "block_number", "ethereum.blocks", "number"),
        ("tokens.transfers", "tx_hash", "ethereum.transactions", "hash"),
        ("dex.trades", "tx_hash", "ethereum.transactions", "hash"),
        ("dex.trades", "token_bought_address", "tokens.erc20", "contract_address"),
        ("tokens.transfers", "contract_address", "tokens.erc20", "contract_address"),
        ("prices.hourly", "contract_address", "tokens.erc20", "contract_address"),
    ):
        orphans = (
            f"SELECT count(*) FROM {child} WHERE {key} NOT IN (SELECT {parent_key} FROM {parent})"
        )
        assert one(tables, orphans) == (0,), (child, key)


def test_numbers_within_a_block_are_its_own(tables: duckdb.DuckDBPyConnection) -> None:
    for name, number in (
        ("ethereum.transactions", "index"),
        ("tokens.transfers", "evt_index"),
        ("dex.trades", "evt_index"),
    ):
        twice = f"SELECT count(*) - count(DISTINCT (block_number, {number})) FROM {name}"
        assert one(tables, twice) == (0,)


def test_trades_agree_with_prices(tables: duckdb.DuckDBPyConnection) -> None:
    """Both sides of a trade are worth the same, but for some slip."""
    worth = """
        SELECT count(*) > 150000, min(ratio) > 0.95, max(ratio) < 1.05
        FROM (
            SELECT token_bought_amount * b.price / (token_sold_amount * s.price) AS ratio
            FROM dex.trades t
            JOIN prices.hourly b ON b.contract_address = token_bought_address
                AND b.hour = date_trunc('hour', block_time)
            JOIN prices.hourly s ON s.contract_address = token_sold_address
                AND s.hour = date_trunc('hour', block_time))"""
    assert one(tables, worth) == (True, True, True)


def test_tokens_and_traders_differ_in_popularity(tables: duckdb.DuckDBPyConnection) -> None:
    skew = """
        SELECT max(n) > 20 * min(n), count(*)
        FROM (SELECT contract_address, count(*) AS n FROM tokens.transfers GROUP BY 1)"""
    assert one(tables, skew) == (True, len(chain.TOKENS))
    traders = """
        SELECT max(n) > 1000, count(*) > 8000
        FROM (SELECT taker, count(*) AS n FROM dex.trades GROUP BY 1)"""
    assert one(tables, traders) == (True, True)


def test_something_is_missing_here_and_there(tables: duckdb.DuckDBPyConnection) -> None:
    for column, name in (
        ('"to"', "ethereum.transactions"),
        ("selector", "ethereum.transactions"),
        ("amount", "tokens.transfers"),
        ("symbol", "tokens.erc20"),
        ("maker", "dex.trades"),
    ):
        counts = f"SELECT count(*) > count({column}), count({column}) > 0 FROM {name}"
        assert one(tables, counts) == (True, True), column


def test_words_do_not_move_together(tables: duckdb.DuckDBPyConnection) -> None:
    """Two columns made from one row number by two words are as good as independent."""
    correlation = "SELECT abs(corr(ln(token_bought_amount * 0 + gas_price), nonce)) < 0.02"
    joined = "FROM dex.trades JOIN ethereum.transactions ON hash = tx_hash"
    assert one(tables, f"{correlation} {joined}") == (True,)
    sides = """
        SELECT count(DISTINCT token_bought_address), count(DISTINCT token_sold_address)
        FROM dex.trades"""
    assert one(tables, sides) == (len(chain.TOKENS), len(chain.TOKENS))
