"""The published formula: worked examples, and what no use of it may break."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.model.credits import GIB, NOTHING, Cost, Prices, as_credits, micro_credits

PRICES = Prices()
costs = st.builds(
    Cost,
    cpu_seconds=st.floats(0, 1e6),
    bytes_scanned=st.integers(0, 1 << 50),
    bytes_written=st.integers(0, 1 << 50),
    peak_memory_bytes=st.integers(0, 1 << 40),
)
factors = st.sampled_from([0.8, 1.0, 2.0])


@pytest.mark.parametrize(
    ("cost", "factor", "micro"),
    [
        (NOTHING, 2.0, 0),
        (Cost(cpu_seconds=60.0), 1.0, 1_000_000),
        (Cost(cpu_seconds=60.0), 0.8, 800_000),
        (Cost(bytes_scanned=20 * GIB), 1.0, 1_000_000),
        (Cost(bytes_written=4 * GIB), 2.0, 2_000_000),
        (Cost(cpu_seconds=30.0, bytes_scanned=10 * GIB, bytes_written=2 * GIB), 1.0, 1_500_000),
        (Cost(cpu_seconds=0.1), 1.0, 1_667),  # 1666.66…, rounded to the nearest
        (Cost(cpu_seconds=0.00003), 1.0, 1),  # half a micro-credit rounds up
        (Cost(cpu_seconds=0.000029), 1.0, 0),
        (Cost(peak_memory_bytes=1 << 40), 2.0, 0),  # memory is measured and costs nothing
    ],
)
def test_the_formula_gives_the_published_examples(cost: Cost, factor: float, micro: int) -> None:
    assert micro_credits(cost, factor=factor, prices=PRICES) == micro


def test_an_operator_may_set_the_divisors() -> None:
    prices = Prices(
        cpu_seconds_per_credit=10.0, gib_scanned_per_credit=1.0, gib_written_per_credit=2.0
    )
    cost = Cost(cpu_seconds=10.0, bytes_scanned=GIB, bytes_written=GIB)

    assert micro_credits(cost, factor=1.0, prices=prices) == 2_500_000


@given(cost=costs, factor=factors)
def test_credits_are_whole_and_never_negative(cost: Cost, factor: float) -> None:
    found = micro_credits(cost, factor=factor, prices=PRICES)

    assert isinstance(found, int)
    assert found >= 0


@given(
    cost=costs, factor=factors, cpu=st.floats(0, 1e6), read=st.integers(0, 1 << 50),
    wrote=st.integers(0, 1 << 50),
)  # fmt: skip
def test_more_never_costs_less(
    cost: Cost, factor: float, cpu: float, read: int, wrote: int
) -> None:
    more = replace(
        cost,
        cpu_seconds=cost.cpu_seconds + cpu,
        bytes_scanned=cost.bytes_scanned + read,
        bytes_written=cost.bytes_written + wrote,
    )

    assert micro_credits(more, factor=factor, prices=PRICES) >= micro_credits(
        cost, factor=factor, prices=PRICES
    )


@given(parts=st.lists(st.integers(0, 1 << 40), min_size=1, max_size=20), factor=factors)
def test_work_costs_the_same_in_parts_up_to_rounding(parts: list[int], factor: float) -> None:
    """Each receipt is rounded by at most half a micro-credit, so parts differ by at most that."""
    whole = micro_credits(Cost(bytes_scanned=sum(parts)), factor=factor, prices=PRICES)
    split = sum(
        micro_credits(Cost(bytes_scanned=part), factor=factor, prices=PRICES) for part in parts
    )

    assert abs(whole - split) <= (len(parts) + 1) / 2


@given(micro=st.integers(0, 10**12))
def test_the_wire_carries_every_micro_credit(micro: int) -> None:
    assert round(as_credits(micro) * 1_000_000) == micro
