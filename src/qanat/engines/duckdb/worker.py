"""The process that runs SQL: one statement at a time, behind three walls.

The first wall is not here: the server compiles what users write into one SELECT over relations it
has resolved. The second is DuckDB's own configuration, locked before the first task. The third is
the system's: a limit on address space, because DuckDB's memory limit does not bound everything, an
environment without secrets, and no core files. A worker dies with the server that started it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import resource
import shutil
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from qanat.engines.duckdb import inspection, loading, messages, statements
from qanat.engines.duckdb.faults import fault_of
from qanat.engines.duckdb.messages import Fault, Progress, Reply, Setup, Signal, Task
from qanat.engines.duckdb.scan import literal
from qanat.model.credits import Cost

#: Address space beyond the memory limit: code, stacks, reserves, what DuckDB does not count.
HEADROOM_BYTES: Final = 2 << 30
_SMALL_INPUT_BYTES: Final = 256 << 10
#: What gives many rows from few.
_MAKES_ROWS: Final = re.compile(r"range|generate_series|recursive|unnest|repeat", re.IGNORECASE)
#: Settings that stay open.
_OPEN: Final = ("threads", "memory_limit", "async_threads", "disabled_optimizers")
#: Of a small statement, and of others. Reading ahead in other threads costs a small one eight
#: switches between threads, and filters made while it runs more than the rows they drop.
_SMALL: Final = ("async_threads=0", "disabled_optimizers='join_filter_pushdown'")
_LARGE: Final = ("async_threads=8", "disabled_optimizers=''")
_INTERRUPT_EVERY_S: Final = 0.02
_PR_SET_PDEATHSIG: Final = 1
_NICE: Final = 5  #: statements stand behind the server's own answers and steps

_DO: Final[dict[type, Callable[[duckdb.DuckDBPyConnection, Any], Reply]]] = {
    messages.Describe: statements.describe,
    messages.Text: statements.text,
    messages.Copy: statements.copy,
    messages.Parse: loading.parse,
    messages.Inspect: inspection.inspect,
}


def locked_connection(setup: Setup) -> duckdb.DuckDBPyConnection:
    """Return a connection that opens nothing but `setup.directories` and whose settings are fixed.

    What limits and tunes a statement alone stays open: the worker sets it for each. A user's
    statement cannot, since it is one SELECT.
    """
    con = duckdb.connect(
        ":memory:",
        config={
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    directories = ",".join(literal(f"{path.rstrip('/')}/") for path in setup.directories)
    spill = literal(setup.spill_dir)
    for setting in (
        f"temp_directory={spill}",
        f"max_temp_directory_size='{setup.spill_bytes}B'",
        f"home_directory={spill}",
        f"extension_directory={spill}",
        f"secret_directory={spill}",
        "allow_community_extensions=false",
        "allow_unsigned_extensions=false",
        "allow_persistent_secrets=false",
        "enable_external_file_cache=false",
        "TimeZone='UTC'",
        "integer_division=true",
        # Progress is followed, for the progress of runs, and never printed.
        "enable_progress_bar=true",
        "enable_progress_bar_print=false",
        f"allowed_directories=[{directories}]",
        f"allowed_configs=[{','.join(map(literal, _OPEN))}]",
        "enable_external_access=false",
        "lock_configuration=true",
    ):
        con.execute(f"SET {setting}")
    return con


class _Usage:
    """What the process has used so far; two of them apart tell what a task used.

    Bytes read and written are the system's count. The count of a COPY from Parquet exceeds what
    DuckDB's profiler reports by the read of the counter itself, and costs a fortieth of it.
    """

    def __init__(self, io: _Gauge) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.cpu_s = used.ru_utime + used.ru_stime
        self.lifetime_peak_bytes = used.ru_maxrss << 10
        words = io.read().split(maxsplit=4)  # rchar: 1, wchar: 2
        self.read_bytes, self.written_bytes = (
            (int(words[1]), int(words[3])) if len(words) > 3 else (0, 0)
        )


class _Gauge:
    """A file of the system that tells of this process; it is opened once and read often."""

    def __init__(self, path: str, *, flags: int = os.O_RDONLY) -> None:
        try:
            self._fd = os.open(path, flags | os.O_CLOEXEC)
        except OSError:
            self._fd = -1

    def read(self) -> bytes:
        """Return what it says now; nothing where there is no such file."""
        try:
            return os.pread(self._fd, 4096, 0)
        except OSError:
            return b""

    def write(self, text: bytes) -> None:
        """Tell the system something."""
        with contextlib.suppress(OSError):
            os.pwrite(self._fd, text, 0)


class _Memory:
    """Resident memory now, and at its peak since the last task began."""

    def __init__(self) -> None:
        self._status = _Gauge("/proc/self/status")
        self._refs = _Gauge("/proc/self/clear_refs", flags=os.O_WRONLY)

    def reset(self) -> None:
        """Let the peak start again from now."""
        self._refs.write(b"5")

    def bytes(self) -> tuple[int, int]:
        """Return resident memory, and its peak."""
        said = self._status.read()
        at = said.find(b"VmHWM:")
        words = said[at : at + 80].split(maxsplit=5)  # VmHWM: n kB VmRSS: n kB
        if at < 0 or len(words) < 5:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
            return peak, peak
        return int(words[4]) << 10, int(words[1]) << 10


class Worker:
    """A connection, the task it runs, and who may interrupt it."""

    def __init__(self, setup: Setup) -> None:
        self._con = locked_connection(setup)
        self._parsed = statements.Parsed()
        self._io, self._memory_used = _Gauge("/proc/self/io"), _Memory()
        self._threads = self._memory = 0
        self._is_small = False
        self._lock = threading.Lock()
        self._serial = 0  # of the task that runs; 0 between tasks
        self._stopped = 0  # the latest task that was told to stop, begun or not

    def perform(self, task: Task) -> Reply:
        """Do a task and answer; never raises."""
        before = _Usage(self._io)
        self._memory_used.reset()
        with self._lock:
            self._serial = task.serial
            stopped = self._stopped >= task.serial
        try:
            if stopped:
                fault: Fault | None = Fault(blame="stopped", text="the statement was stopped")
                reply = Reply(serial=task.serial)
            else:
                self._limit(task)
                reply, fault = self._done(task), None
        except statements.TaskFailedError as error:
            reply, fault = Reply(serial=task.serial), error.fault
        except Exception as error:  # noqa: BLE001  # whatever it is, the server has to be told
            reply, fault = Reply(serial=task.serial), fault_of(error)
        finally:
            with self._lock:
                self._serial = 0
        return self._measured(reply, fault, before)

    def _done(self, task: Task) -> Reply:
        if isinstance(task, messages.Write):
            return statements.write(self._con, task, self._parsed)
        return _DO[type(task)](self._con, task)

    def _measured(self, reply: Reply, fault: Fault | None, before: _Usage) -> Reply:
        after = _Usage(self._io)
        resident, peak = self._memory_used.bytes()
        read, written = (
            after.read_bytes - before.read_bytes,
            after.written_bytes - before.written_bytes,
        )
        # What was written beside the result was spilled, and what was spilled was read back.
        spilled = max(0, written - reply.size_bytes)
        return msgspec.structs.replace(
            reply,
            fault=fault,
            cost=Cost(
                cpu_seconds=after.cpu_s - before.cpu_s,
                bytes_scanned=max(0, read - spilled),
                bytes_written=reply.size_bytes,
                peak_memory_bytes=peak,
            ),
            rss_bytes=resident,
            lifetime_peak_bytes=after.lifetime_peak_bytes,
            lifetime_cpu_seconds=after.cpu_s,
        )

    def _limit(self, task: Task) -> None:
        """Set what this task may use; a setting that stands already is not set again."""
        if task.memory_bytes != self._memory:
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, hard))
            self._con.execute(f"SET memory_limit='{task.memory_bytes}B'")
            resource.setrlimit(resource.RLIMIT_AS, (task.memory_bytes + HEADROOM_BYTES, hard))
            self._memory = task.memory_bytes
        is_small = _is_small(task)
        if is_small != self._is_small:
            for setting in _SMALL if is_small else _LARGE:
                self._con.execute(f"SET {setting}")
            self._is_small = is_small
        threads = 1 if is_small else task.threads
        if threads != self._threads:
            self._con.execute(f"SET threads={threads}")
            self._threads = threads

    def listen(self, control: socket.socket) -> None:
        """Hear signals until the server is gone, then end the process at once."""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            while (body := messages.receive(control)) is not None:
                asked: Signal = messages.signal_decoder.decode(body)
                if asked.ask == "stop":
                    self._stop(asked.serial)
                else:
                    done = self._progress(asked.serial)
                    messages.send(control, Progress(number=asked.number, done=done))
        os._exit(0)

    def _stop(self, serial: int) -> None:
        with self._lock:
            self._stopped = max(self._stopped, serial)
        threading.Thread(target=self._interrupt, args=(serial,), daemon=True).start()

    def _interrupt(self, serial: int) -> None:
        """Interrupt until the task has ended: an interrupt between two statements is lost."""
        pause = threading.Event()
        while True:
            with self._lock:
                if self._serial != serial:
                    return
                self._con.interrupt()
            pause.wait(_INTERRUPT_EVERY_S)

    def _progress(self, serial: int) -> float | None:
        with self._lock:
            done = self._con.query_progress() if self._serial == serial else -1.0
        return done / 100 if done >= 0 else None


def _is_small(task: Task) -> bool:
    """Return whether a second thread would cost a statement more than it could give."""
    if not isinstance(task, messages.Write) or not task.statement.slots:
        return False
    if _MAKES_ROWS.search(task.statement.text):
        return False
    total = 0
    for path in statements.files_of(task.statement.slots):
        try:
            total += os.stat(path).st_size  # noqa: PTH116  # on the path of every small node
        except OSError:
            return False
        if total > _SMALL_INPUT_BYTES:
            return False
    return True


def _die_with(parent: int) -> None:
    """Have the system kill this process when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def main(work_fd: int, control_fd: int) -> None:
    """Serve tasks until the server goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides, not the terminal
    work, control = socket.socket(fileno=work_fd), socket.socket(fileno=control_fd)
    first = messages.receive(work)
    if first is None:
        return
    setup = messages.setup_decoder.decode(first)
    _die_with(setup.parent)
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # under memory pressure the system takes a worker first
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    spill = Path(setup.spill_dir)
    spill.mkdir(parents=True, exist_ok=True)
    try:
        worker = Worker(setup)
        threading.Thread(target=worker.listen, args=(control,), daemon=True).start()
        with contextlib.suppress(OSError):
            while (body := messages.receive(work)) is not None:
                reply = worker.perform(messages.task_decoder.decode(body))
                messages.send(work, reply)
                if reply.fault and reply.fault.is_fatal:
                    break
    except Exception:  # noqa: BLE001  # the server's log is where this is looked for
        traceback.print_exc()
    finally:
        shutil.rmtree(spill, ignore_errors=True)
        os._exit(0)  # threads of DuckDB must not hold up the end


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
