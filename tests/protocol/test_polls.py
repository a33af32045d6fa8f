"""A status that is polled while its run goes on tells the end, whatever overtakes the poll."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TypeVar, cast

import pytest

from qanat.api.statuses import Statuses
from qanat.coordinator import Coordinator
from qanat.model.records import Execution
from qanat.names import ExecutionId, RunId
from qanat.store.database import Database
from tests.protocol.world import ME, World

T = TypeVar("T")


class Overtaken:
    """A coordinator whose run goes on right after a poll's n-th look."""

    def __init__(self, coordinator: Coordinator, look: int, go_on: Callable[[], None]) -> None:
        self._coordinator, self._go_on = coordinator, go_on
        self._looks_left = look

    def _after(self, seen: T) -> T:
        self._looks_left -= 1
        if self._looks_left == 0:
            self._go_on()
        return seen

    def live_version(self, id_: RunId) -> tuple[str, int, int] | None:
        return self._after(self._coordinator.live_version(id_))

    def live_execution(self, id_: ExecutionId) -> Execution | None:
        return self._after(self._coordinator.live_execution(id_))


@pytest.mark.parametrize("look", [1, 2, 3])
def test_polls_after_the_end_tell_it_although_the_end_overtook_an_earlier_one(
    database: Database, look: int
) -> None:
    """What a poll read before the end must not be kept under the version of the end."""
    world = World(database)
    accepted = world.coordinator.execute_query(ME, world.save("SELECT 1 AS n"), {}, "medium")
    computes, may_end = threading.Event(), threading.Event()

    def during(_: object) -> None:
        computes.set()
        assert may_end.wait(30)

    world.engine.during = during
    working = threading.Thread(target=world.drain)
    working.start()
    assert computes.wait(30)

    def end() -> None:
        may_end.set()
        working.join(30)

    statuses = Statuses(cast("Coordinator", Overtaken(world.coordinator, look, end)))

    def poll() -> str:
        told = statuses.execution(ME, accepted.execution)
        assert told is not None
        return str(json.loads(told)["state"])

    assert poll() in ("QUERY_STATE_EXECUTING", "QUERY_STATE_COMPLETED")
    end()
    assert poll() == "QUERY_STATE_COMPLETED"
