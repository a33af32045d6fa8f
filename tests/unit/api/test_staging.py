"""Staged files are kept an hour, and removed with the next look."""

from __future__ import annotations

from pathlib import Path

import pytest

from qanat.api.staging import KEPT, StagedFile, Staging
from qanat.api.wire.staged import suggested_name
from qanat.errors import NotFoundError
from qanat.names import Handle
from tests.clock import FakeClock

ME = Handle("me")


def test_a_file_is_gone_after_its_time(clock: FakeClock, tmp_path: Path) -> None:
    staging = Staging(clock)
    path = tmp_path / "x"
    path.write_text("a")
    staging.add(
        StagedFile(
            id="x",
            owner=ME,
            path=path,
            format="csv",
            columns=(),
            expires_at=clock.now() + KEPT,
        )
    )
    clock.advance(seconds=KEPT.total_seconds() - 1)
    assert staging.find(ME, "x").path == path

    clock.advance(seconds=1)

    with pytest.raises(NotFoundError):
        staging.find(ME, "x")
    assert not path.exists()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("prices.csv", "prices"),
        ("My Prices (2).final.CSV", "my_prices_2"),
        (r"C:\data\Rates.csv", "rates"),
        ("../../etc/passwd", "passwd"),
        ("2026.csv", "table_2026"),
        ("", "table"),
        ("€.csv", "table"),
        ("a" * 300 + ".csv", "a" * 100),
    ],
)
def test_a_name_is_suggested_that_a_table_may_have(file: str, name: str) -> None:
    assert suggested_name(file) == name
