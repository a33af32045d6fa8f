"""Tiers from settings and machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from qanat.config import MIB, LimitSettings, ServerSettings, Settings, TierSettings
from qanat.engines.duckdb.limits import (
    machine_cores,
    machine_memory_bytes,
    reading_limits,
    slots_of,
    tiers,
)

GIB = 1 << 30


def settings(tmp_path: Path, **said: object) -> Settings:
    return Settings(data_dir=tmp_path, **said)  # type: ignore[arg-type]  # sections by name


def test_the_defaults_are_those_of_the_design(tmp_path: Path) -> None:
    found = tiers(settings(tmp_path), cores=2, memory_bytes=10 * GIB)

    assert found["medium"].limits.memory_bytes == pytest.approx(3.5 * GIB, abs=2)
    assert found["small"].limits.memory_bytes == pytest.approx(1.75 * GIB, abs=2)
    assert found["large"].limits.memory_bytes == pytest.approx(7 * GIB, abs=2)
    assert [tier.limits.time_s for tier in found.values()] == [120, 1800, 1800]
    assert [tier.factor for tier in found.values()] == [0.8, 1, 2]
    assert [tier.slots for tier in found.values()] == [1, 1, 2]
    assert all(tier.limits.threads == 2 for tier in found.values())
    assert all(tier.limits.result_bytes == 8 * GIB for tier in found.values())


def test_settings_win(tmp_path: Path) -> None:
    own = settings(
        tmp_path,
        server=ServerSettings(slots=4),
        tiers={"medium": TierSettings(threads=3, memory_mb=100, time_s=7, factor=5, alone=True)},
        limits=LimitSettings(result_bytes=9),
    )
    medium = tiers(own, cores=8, memory_bytes=GIB)["medium"]

    assert slots_of(own, 8) == 4
    assert (medium.limits.threads, medium.limits.memory_bytes) == (3, 100 * MIB)
    assert (medium.limits.time_s, medium.limits.result_bytes) == (7, 9)
    assert (medium.factor, medium.slots) == (5, 4)


def test_no_tier_falls_below_what_a_statement_needs(tmp_path: Path) -> None:
    found = tiers(settings(tmp_path), cores=64, memory_bytes=GIB)

    assert found["small"].limits.memory_bytes == 128 * MIB
    assert reading_limits(memory_bytes=GIB, time_s=1).memory_bytes == 256 * MIB


def test_a_container_s_limits_count(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("150000 100000\n", encoding="ascii")
    (tmp_path / "memory.max").write_text(f"{300 * MIB}\n", encoding="ascii")
    assert machine_cores(tmp_path) == min(2, machine_cores(tmp_path / "none"))
    assert machine_memory_bytes(tmp_path) == 300 * MIB

    (tmp_path / "cpu.max").write_text("max 100000\n", encoding="ascii")
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert machine_cores(tmp_path) == machine_cores(tmp_path / "none") >= 1
    assert machine_memory_bytes(tmp_path) == machine_memory_bytes(tmp_path / "none") > 0
