"""Which files of a table are merged: few stay, and large ones are seldom written again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qanat.coordinator.uploads import FILES, to_keep


@given(sizes=st.lists(st.integers(0, 1 << 40), min_size=FILES, max_size=FILES))
def test_half_of_the_files_go_and_no_kept_one_is_smaller_than_what_follows(
    sizes: list[int],
) -> None:
    kept = to_keep(sizes)

    assert 0 <= kept <= FILES // 2
    assert kept == 0 or sizes[kept - 1] > sum(sizes[kept:])


def test_thousands_of_small_inserts_write_a_large_first_load_only_a_few_times() -> None:
    """A gigabyte was loaded once and grows by kilobytes: merges must not copy it each time."""
    files, written, merges = [1 << 30], 0, 0
    for _ in range(5_000):
        if len(files) >= FILES:
            kept = to_keep(files)
            written += sum(files[kept:])
            files = [*files[:kept], sum(files[kept:])]
            merges += 1
        files.append(10_000)

    assert merges > 50
    assert written < 1 << 30
    assert len(files) <= FILES
