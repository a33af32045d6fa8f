"""Workers that wait for tasks, and the threads that wait for workers.

Every task has a time limit, kept here: the worker is asked to stop, and killed if it does not
within the grace period. A cancel is the same with another reason, and reaches an attempt at any
point: before it came here, while it waits for a worker, or while it runs. A worker that dies fails
the one task it had and is replaced.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from qanat.clock import Clock, SystemClock
from qanat.engines import Limits
from qanat.engines.duckdb.child import Child, WorkerDiedError
from qanat.engines.duckdb.messages import Fault, Reply, Setup, Task
from qanat.errors import (
    CancelledError,
    EngineUnavailableError,
    InvalidRequestError,
    LimitExceededError,
    QanatError,
    SourceChangedError,
    SqlRejectedError,
)
from qanat.model.credits import Cost

_QUICK_S: Final = 0.02  #: most small tasks are done by then
_LOOK_EVERY_S: Final = 0.05
_START_S: Final = 60.0  #: for a worker to become free
_REMEMBERED: Final = 10_000  #: attempts cancelled before they came here
_OUT_OF_MEMORY: Final = 0.95  #: killed with this much of its memory in use, a worker ran out of it

Reason = Literal["cancel", "time", "result_bytes"]


@dataclass(slots=True)
class Ticket:
    """A task on its way through the pool."""

    attempt: str | None
    child: Child | None = None
    serial: int = 0
    reason: Reason | None = None  #: why it was stopped
    stopped_at: float = 0.0


class Pool:
    """At least `least` and at most `most` workers."""

    def __init__(
        self,
        *,
        setup: Callable[[], Setup],
        most: int,
        least: int | None = None,
        cores: int = 1,
        grace_s: float = 2.0,
        rss_bytes: int = 1 << 30,
        tasks: int = 20_000,
        clock: Clock | None = None,
    ) -> None:
        """Start the first workers.

        Args:
            setup: Makes the configuration of a new worker.
            most: Workers at most.
            least: Workers that stand ready; all of them if not said.
            cores: Shared by the tasks that run.
            grace_s: From asking a worker to stop to killing it.
            rss_bytes: A worker that keeps more than this after a task is replaced.
            tasks: A worker is replaced after so many.
            clock: Tells how long a task has run.
        """
        self._setup, self._most = setup, most
        self._least = most if least is None else least
        self._cores, self._grace_s = max(1, cores), grace_s
        self._rss_bytes, self._tasks = rss_bytes, tasks
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._freed = threading.Condition(self._lock)  # a worker is free, or a waiter should look
        self._hiring = threading.Condition(self._lock)  # a worker is wanted
        self._all: list[Child] = []
        self._idle: list[Child] = []
        self._waiting = 0
        self._starting = 0
        self._tickets: dict[str, Ticket] = {}
        self._cancelled: OrderedDict[str, None] = OrderedDict()
        self._closed = False
        self._spawner = threading.Thread(target=self._spawn, name="qanat-workers", daemon=True)
        self._spawner.start()

    # -- tasks

    def run(
        self,
        task: Task,
        limits: Limits,
        *,
        attempt: str | None = None,
        file: Path | None = None,
    ) -> Reply:
        """Do a task and return the answer; it holds no fault.

        Args:
            task: What to do; its threads and memory are set here.
            limits: What it may use.
            attempt: The name by which it may be cancelled.
            file: Where it writes; watched for its size.

        Raises:
            SqlRejectedError, InvalidRequestError, LimitExceededError, CancelledError,
            SourceChangedError, EngineUnavailableError: As an engine does.
        """
        ticket = self._enter(attempt)
        child: Child | None = None
        try:
            child, running = self._take(ticket)
            deadline = self._clock.monotonic() + limits.time_s
            threads = max(1, min(limits.threads, self._cores // running))
            fitted = msgspec.structs.replace(
                task, threads=threads, memory_bytes=limits.memory_bytes
            )
            child.give(fitted)
            self._point(ticket, child)
            reply = self._answer(child, ticket, limits, deadline, file)
        except UnicodeEncodeError:  # before anything was sent
            raise SqlRejectedError("the statement holds characters that are no Unicode") from None
        except WorkerDiedError as died:
            error = self._death(ticket, limits, died.cost.peak_memory_bytes)
            raise _costing(error, died.cost) from None
        except BaseException:
            if child:
                child.close()  # it may still be at work, and its answer would be taken for another
            raise
        finally:
            self._leave(ticket)
            if child:
                self._give_back(child)
        if reply.fault:
            raise _costing(self._failure(ticket, limits, reply.fault), reply.cost)
        if ticket.reason == "cancel":
            raise _costing(CancelledError("the statement was cancelled"), reply.cost)
        return reply

    def _answer(
        self, child: Child, ticket: Ticket, limits: Limits, deadline: float, file: Path | None
    ) -> Reply:
        """Wait for the answer; meanwhile note memory, stop what passes a limit, kill the deaf."""
        wait = _QUICK_S
        while (reply := child.answer(wait)) is None:
            wait = _LOOK_EVERY_S
            child.sample()
            now = self._clock.monotonic()
            if ticket.reason is None and now >= deadline:
                self._stop(ticket, "time")
            elif ticket.reason is None and file and _size(file) > limits.result_bytes:
                self._stop(ticket, "result_bytes")
            if ticket.reason is not None and now >= ticket.stopped_at + self._grace_s:
                child.kill()
        return reply

    def cancel(self, attempt: str) -> None:
        """Stop an attempt, whether it runs, waits, or has yet to come."""
        with self._lock:
            ticket = self._tickets.get(attempt)
            if ticket is None:
                self._cancelled[attempt] = None
                while len(self._cancelled) > _REMEMBERED:
                    self._cancelled.popitem(last=False)
                return
        self._stop(ticket, "cancel")

    def progress(self, attempt: str) -> float | None:
        """Return how much of a running attempt is done, 0 to 1; None if unknown."""
        with self._lock:
            ticket = self._tickets.get(attempt)
            child, serial = (ticket.child, ticket.serial) if ticket else (None, 0)
        return child.progress(serial) if child else None

    def workers(self) -> tuple[int, ...]:
        """Return the process ids of the workers."""
        with self._lock:
            return tuple(child.pid for child in self._all)

    def close(self) -> None:
        """End every worker; what runs fails with EngineUnavailableError."""
        with self._lock:
            self._closed = True
            children, idle = list(self._all), list(self._idle)
            self._all, self._idle = [], []
            self._freed.notify_all()
            self._hiring.notify()
        for child in children:
            if child in idle:
                child.close()
            else:
                child.kill()  # whoever waits for it buries it
        self._spawner.join(timeout=_START_S)

    # -- the way of a task

    def _enter(self, attempt: str | None) -> Ticket:
        ticket = Ticket(attempt)
        if attempt is not None:
            with self._lock:
                if attempt in self._cancelled:
                    del self._cancelled[attempt]
                    raise CancelledError("the statement was cancelled")
                self._tickets[attempt] = ticket
        return ticket

    def _leave(self, ticket: Ticket) -> None:
        with self._lock:
            ticket.child = None
            if ticket.attempt is not None:
                self._tickets.pop(ticket.attempt, None)

    def _take(self, ticket: Ticket) -> tuple[Child, int]:
        """Return a free worker, and how many will be busy with this one."""
        until = self._clock.monotonic() + _START_S
        with self._lock:
            self._waiting += 1
            child: Child | None = None
            try:
                while True:
                    if ticket.reason:
                        raise CancelledError("the statement was cancelled")
                    if self._closed:
                        raise EngineUnavailableError("the engine is shut")
                    if child := self._alive():
                        return child, len(self._all) - len(self._idle)
                    if self._wanted():
                        self._hiring.notify()
                    if self._clock.monotonic() >= until:
                        raise EngineUnavailableError("no worker became free")
                    self._freed.wait(timeout=1.0)
            finally:
                self._waiting -= 1
                if child is None:
                    self._freed.notify()  # whoever waits next may have been meant

    def _alive(self) -> Child | None:
        """Return a free worker that has not died meanwhile; called with the lock held."""
        while self._idle:
            child = self._idle.pop()  # the one that worked last is warm
            if child.is_alive:
                return child
            self._all.remove(child)
            child.close()
        return None

    def _point(self, ticket: Ticket, child: Child) -> None:
        """From here on a cancel reaches the worker; one that came before is passed on."""
        with self._lock:
            ticket.child, ticket.serial = child, child.serial
            stopped = ticket.reason is not None
        if stopped:
            child.stop(child.serial)

    def _stop(self, ticket: Ticket, reason: Reason) -> None:
        with self._lock:
            if ticket.reason is None:
                ticket.reason, ticket.stopped_at = reason, self._clock.monotonic()
            child, serial = ticket.child, ticket.serial
            self._freed.notify_all()
        if child:
            child.stop(serial)

    def _give_back(self, child: Child) -> None:
        with self._lock:
            known = child in self._all
            alive = known and child.is_alive
            if child.rss_bytes > self._rss_bytes or child.tasks >= self._tasks:
                child.is_tired = True
            surplus = len(self._all) > max(1, self._least) and not self._waiting
            if alive and not surplus and not (child.is_tired and len(self._all) > self._least):
                self._idle.append(child)
                child = None  # type: ignore[assignment]  # kept
            elif known:
                self._all.remove(child)
            self._freed.notify()
            if self._wanted():
                self._hiring.notify()
        if child:
            child.close()

    # -- workers

    def _wanted(self) -> bool:
        """Return whether another worker should be started; called with the lock held."""
        alive = len(self._all) + self._starting
        fresh = alive - sum(child.is_tired for child in self._all)
        busy = len(self._all) - len(self._idle)
        return not self._closed and fresh < max(self._least, min(self._most, busy + self._waiting))

    def _spawn(self) -> None:
        """Start workers as they are wanted. This thread lives as long as they do; see Child."""
        while True:
            with self._lock:
                while not self._wanted():
                    if self._closed:
                        return
                    self._hiring.wait()
                self._starting += 1
            try:
                child: Child | None = Child(self._setup())
            except OSError:
                child = None
            tired: Child | None = None
            with self._lock:
                self._starting -= 1
                if child and not self._closed:
                    self._all.append(child)
                    self._idle.insert(0, child)
                    tired = next((c for c in self._idle if c.is_tired), None)
                    if tired:
                        self._idle.remove(tired)
                        self._all.remove(tired)
                    child = None
                elif child is None:
                    self._hiring.wait(timeout=0.2)  # the machine is short of something
                self._freed.notify_all()
            for unused in (child, tired):
                if unused:
                    unused.close()

    # -- what went wrong

    def _death(self, ticket: Ticket, limits: Limits, peak_bytes: int) -> QanatError:
        if ticket.reason or self._closed:
            return self._failure(ticket, limits, Fault(blame="stopped", text=""))
        if peak_bytes >= _OUT_OF_MEMORY * limits.memory_bytes:
            return self._failure(ticket, limits, Fault(blame="memory", text=""))
        return EngineUnavailableError("a worker process died")

    def _failure(self, ticket: Ticket, limits: Limits, fault: Fault) -> QanatError:
        match fault.blame, ticket.reason:
            case "stopped", "cancel":
                return CancelledError("the statement was cancelled")
            case "stopped", "time":
                return LimitExceededError(
                    "time", f"Query exceeded the maximum run time of {limits.time_s:g} seconds"
                )
            case ("stopped", "result_bytes") | ("result_bytes", _):
                return LimitExceededError(
                    "result_bytes", f"Result exceeds {limits.result_bytes} bytes"
                )
            case "memory", _:
                mebibytes = limits.memory_bytes >> 20
                return LimitExceededError(
                    "memory", f"Query exceeded its memory limit of {mebibytes} MiB"
                )
            case "statement", _:
                return SqlRejectedError(fault.text)
            case "request", _:
                return InvalidRequestError(fault.text)
            case "source", _:
                return SourceChangedError(fault.text)
        return EngineUnavailableError(fault.text or "the engine stopped")


def _costing(error: QanatError, cost: Cost) -> QanatError:
    """Return `error` with what its statement had used."""
    error.cost = cost  # type: ignore[attr-defined]  # said at Engine.write
    return error


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
