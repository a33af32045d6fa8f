"""A worker process as the server sees it."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec

from qanat.engines.duckdb import messages
from qanat.engines.duckdb.messages import Progress, Reply, Setup, Signal, Task
from qanat.model.credits import Cost

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_ANSWER_S: Final = 0.25  #: for a worker to say how far it is


class WorkerDiedError(Exception):
    """The process ended without an answer.

    Attributes:
        cost: What its last task had used, as far as is known.
    """

    def __init__(self, cost: Cost) -> None:
        super().__init__("a worker died")
        self.cost = cost


class Child:
    """One worker. One thread at a time gives it a task and waits; any thread may signal it."""

    def __init__(self, setup: Setup) -> None:
        """Start the process. The calling thread must outlive it: the system ties them together."""
        self._spill = Path(setup.spill_dir)
        self._work, work = socket.socketpair()
        self._control, control = socket.socketpair()
        with work, control:
            self._process = subprocess.Popen(  # noqa: S603  # our own module
                [sys.executable, "-P", "-m", "qanat.engines.duckdb.worker",
                 str(work.fileno()), str(control.fileno())],
                pass_fds=(work.fileno(), control.fileno()),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
        self._control.settimeout(_ANSWER_S)
        self._poll = select.poll()
        self._poll.register(self._work, select.POLLIN)
        self._ending = threading.Lock()
        self._asking = threading.Lock()  # progress is a question and an answer
        self._serial = self._asked = 0
        # Before the current task. A process inherits its starter's peak when it is made.
        self._lifetime_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        self._lifetime_cpu_s = 0.0  # likewise
        self._seen_peak = 0  # sampled during the current task
        self.tasks = 0
        self.rss_bytes = 0
        self.is_tired = False  #: to be replaced as soon as another stands ready
        with contextlib.suppress(OSError):  # a worker dead at birth is noticed by its first task
            messages.send(self._work, setup)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def serial(self) -> int:
        """The number of the task that it was given last."""
        return self._serial

    def give(self, task: Task) -> None:
        """Hand over a task."""
        self._serial += 1
        self._seen_peak = 0
        self.tasks += 1
        try:
            messages.send(self._work, msgspec.structs.replace(task, serial=self._serial))
        except OSError:
            raise self._buried() from None

    @property
    def is_alive(self) -> bool:
        """Whether it can take another task, as far as is known."""
        with self._ending:
            return self._process.poll() is None

    def answer(self, wait_s: float) -> Reply | None:
        """Return the answer to the last task; None if there is none after `wait_s`.

        Raises:
            WorkerDiedError: There will be none.
        """
        if not self._poll.poll(max(0.0, wait_s) * 1000):
            return None
        try:
            body = messages.receive(self._work)
        except OSError:
            body = None
        if body is None:
            raise self._buried()
        reply: Reply = messages.reply_decoder.decode(body)
        self.rss_bytes = reply.rss_bytes
        self._lifetime_peak = reply.lifetime_peak_bytes
        self._lifetime_cpu_s = reply.lifetime_cpu_seconds
        if reply.fault:
            self.is_tired |= reply.fault.blame == "memory"  # an allocation may have failed anywhere
            if reply.fault.is_fatal:
                self._reap()
        return reply

    def sample(self) -> int:
        """Note its resident memory: how much it had is asked when it dies."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            words = Path(f"/proc/{self.pid}/statm").read_bytes().split()
            self._seen_peak = max(self._seen_peak, int(words[1]) * _PAGE_BYTES)
        return self._seen_peak

    def stop(self, serial: int) -> None:
        """Have it interrupt the task `serial`, which may not have begun yet."""
        with contextlib.suppress(OSError), self._asking:
            messages.send(self._control, Signal(serial=serial, ask="stop"))

    def progress(self, serial: int) -> float | None:
        """Return how much of the task `serial` is done, 0 to 1; None if unknown."""
        if not self._asking.acquire(blocking=False):
            return None
        try:
            self._asked += 1
            question = Signal(serial=serial, ask="progress", number=self._asked)
            messages.send(self._control, question)
            while body := messages.receive(self._control):
                answer: Progress = messages.progress_decoder.decode(body)
                if answer.number == self._asked:  # and not one that came too late
                    return answer.done
        except (OSError, msgspec.DecodeError):  # a timeout too
            return None
        finally:
            self._asking.release()
        return None

    def kill(self) -> None:
        """End the process at once; `answer` will say that it died."""
        with self._ending:
            if self._process.returncode is None:  # its number may be somebody else's afterwards
                with contextlib.suppress(OSError):
                    os.kill(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process, and remove what it leaves."""
        self.kill()
        self._reap()

    def _buried(self) -> WorkerDiedError:
        return WorkerDiedError(self._reap())

    def _reap(self) -> Cost:
        """Wait for the end; return what belongs to the last task of all that it used."""
        peak, cpu_s = self._seen_peak, 0.0
        self.kill()
        with self._ending:
            # Not Popen's own kill and wait: they lose what the process had used.
            if self._process.returncode is None:
                _, status, used = os.wait4(self._process.pid, 0)
                self._process.returncode = os.waitstatus_to_exitcode(status)
                if used.ru_maxrss << 10 > self._lifetime_peak:
                    peak = max(peak, used.ru_maxrss << 10)
                cpu_s = max(0.0, used.ru_utime + used.ru_stime - self._lifetime_cpu_s)
        self._work.close()
        self._control.close()
        shutil.rmtree(self._spill, ignore_errors=True)
        return Cost(cpu_seconds=cpu_s, peak_memory_bytes=peak)


def _environment() -> dict[str, str]:
    """Return the worker's whole environment: nothing of ours but where Python finds its modules."""
    kept = {name: os.environ[name] for name in ("PYTHONPATH", "PYTHONHOME") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
