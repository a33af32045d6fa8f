"""The cache of sorted and filtered copies: written once, bounded, never taken from a reader."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qanat.engines import Reader
from qanat.errors import SqlRejectedError, TooManyRequestsError
from qanat.results.siblings import Borrowed, Siblings

ROWS = "SELECT range::BIGINT AS id, hash(range) AS h FROM range(1000)"


@pytest.fixture
def directory(data_dir: Path, request: pytest.FixtureRequest) -> Path:
    return data_dir / "tmp" / str(request.node.name)


def cache(reader: Reader, directory: Path, *, cache_bytes: int = 10**9, free: int = 0) -> Siblings:
    return Siblings(
        reader=reader,
        directory=directory,
        cache_bytes=cache_bytes,
        free_disk_bytes=free,
        time_s=30,
    )


def test_many_who_ask_at_once_wait_for_one_writing(reader: Reader, directory: Path) -> None:
    siblings, asked = cache(reader, directory), []
    together = threading.Barrier(8)

    def sql() -> str:
        asked.append(threading.get_ident())
        return ROWS

    def borrow() -> Path:
        together.wait()
        borrowed = siblings.borrow("key", sql)
        try:
            assert borrowed.sibling.row_count == 1000
            return borrowed.sibling.path
        finally:
            borrowed.close()

    with ThreadPoolExecutor(8) as threads:
        paths = {future.result() for future in [threads.submit(borrow) for _ in range(8)]}
    assert len(asked) == 1
    assert list(directory.iterdir()) == list(paths)


def test_a_failure_reaches_all_who_wait_leaves_no_file_and_is_not_remembered(
    reader: Reader, directory: Path
) -> None:
    siblings = cache(reader, directory)
    together = threading.Barrier(4)

    def sql() -> str:
        return "SELECT error('no') AS x"

    def borrow() -> None:
        together.wait()
        with pytest.raises(SqlRejectedError):
            siblings.borrow("key", sql)

    with ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(borrow) for _ in range(4)]:
            future.result()
    assert list(directory.iterdir()) == []
    assert siblings.borrow("key", lambda: ROWS).sibling.row_count == 1000


def test_the_least_recently_used_goes_when_there_is_too_much(
    reader: Reader, directory: Path
) -> None:
    size = _size(cache(reader, directory))
    siblings = cache(reader, directory, cache_bytes=2 * size)
    for key in ("a", "b", "a", "c"):
        siblings.borrow(key, lambda: ROWS).close()

    assert siblings.peek("b") is None
    assert len(list(directory.iterdir())) == 2
    for key in ("a", "c"):
        found = siblings.peek(key)
        assert found is not None
        found.close()


def test_what_is_being_read_stays_and_goes_when_it_is_let_go(
    reader: Reader, directory: Path
) -> None:
    siblings = cache(reader, directory, cache_bytes=0)
    held = siblings.borrow("held", lambda: ROWS)
    again = siblings.borrow("held", lambda: ROWS)
    siblings.borrow("other", lambda: ROWS).close()
    held.close()
    held.close()  # a second time is no second reader
    assert list(directory.iterdir()) == [again.sibling.path]
    again.close()
    assert list(directory.iterdir()) == []


def test_what_an_earlier_server_left_is_removed_and_nothing_else(
    reader: Reader, directory: Path
) -> None:
    left = cache(reader, directory).borrow("key", lambda: ROWS).sibling.path
    other = directory / "somebody.parquet"
    other.touch()
    cache(reader, directory)
    assert not left.exists()
    assert other.exists()


def test_nothing_is_written_to_a_disk_that_is_nearly_full(reader: Reader, directory: Path) -> None:
    siblings = cache(reader, directory, free=10**18)
    with pytest.raises(TooManyRequestsError):
        siblings.borrow("key", lambda: ROWS)


def test_readers_and_removals_at_once_never_lose_a_file(reader: Reader, directory: Path) -> None:
    """Whoever has borrowed a file can open it, however small the cache is."""
    siblings = cache(reader, directory, cache_bytes=_size(cache(reader, directory)))

    def read(number: int) -> None:
        for step in range(10):
            borrowed = siblings.borrow(f"key{(number + step) % 3}", lambda: ROWS)
            assert borrowed.sibling.path.stat().st_size == borrowed.sibling.size_bytes
            borrowed.close()

    with ThreadPoolExecutor(6) as threads:
        for future in [threads.submit(read, number) for number in range(6)]:
            future.result()
    assert len(list(directory.iterdir())) == 1


def _size(siblings: Siblings) -> int:
    borrowed: Borrowed = siblings.borrow("measure", lambda: ROWS)
    borrowed.close()
    return borrowed.sibling.size_bytes
