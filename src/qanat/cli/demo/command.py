"""`qanat demo`: from nothing to a pipeline that ran, on a million rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from qanat.cli.invocation import Told

if TYPE_CHECKING:
    from qanat.cli.demo.sources import DemoDirectory
    from qanat.clock import Clock

DATA_DIR: Final = Path(".demo")


def demo(
    *,
    once: bool = False,
    port: int | None = None,
    data_dir: Path = DATA_DIR,
    told: Told,
) -> int:
    """Make sample data, run a pipeline over it, show its results, and keep serving.

    Args:
        once: End once everything is shown.
        port: Where to serve; unsaid, 8327 or the next free one.
        data_dir: Where to keep everything; removing it removes the demo.
        told: The options of every command.
    """
    from qanat.cli import output, wire
    from qanat.cli.client import Client
    from qanat.cli.demo import content, dashboard, report
    from qanat.cli.demo.server import free_port, running
    from qanat.cli.demo.sources import DemoDirectory
    from qanat.cli.failure import CommandError
    from qanat.cli.follow import failure_of
    from qanat.cli.pipeline import follow_on_screen
    from qanat.clock import SystemClock

    clock = SystemClock()
    directory = DemoDirectory(data_dir)
    chosen = free_port(port)
    with directory.held():
        if not directory.is_ready():
            _write_rows(directory, clock)
        if _key(directory) is None:
            # Before the server starts: it would make a first key, which nobody would ever see.
            _new_key(directory)
        with running(directory, chosen, clock) as server:
            key = _working_key(directory, server.url)
            with Client(server.url, key) as client:
                there = content.install(client, lambda step: output.to_stderr(f"made {step}"))
                board = dashboard.install(client, there.queries)
                output.to_stderr(f"running the pipeline of query {there.target}")
                started = client.post(f"/v1/query/{there.target}/pipeline/execute", wire.RunStarted)
                run = follow_on_screen(client, started.pipeline_execution_id)
                if run.state == "failed":
                    raise failure_of(run)
                if run.state != "completed":
                    raise CommandError(f"run {run.pipeline_execution_id} was {run.state}")
                if told.is_json:
                    output.to_json(
                        {
                            "url": server.url,
                            "key": key,
                            "query_id": there.target,
                            "pipeline_execution_id": run.pipeline_execution_id,
                            "dashboard_url": server.url + board,
                        }
                    )
                else:
                    report.print_top(client, there, run)
                    report.print_receipt(client, run)
                    report.print_doors(server.url, key, there, run, board)
            if once:
                return 0
            output.to_stderr("\nServing until you press Ctrl-C.")
            try:
                server.wait_until_it_ends()
            except KeyboardInterrupt:
                output.to_stderr("\nStopping.")
    return 0


def _write_rows(directory: DemoDirectory, clock: Clock) -> None:
    from qanat import wiring
    from qanat.api import admin
    from qanat.cli import output
    from qanat.cli.failure import CommandError

    if admin.ask(directory.root, "ping") is not None:
        raise CommandError(
            f"a server runs on {directory.root}, whose sample must be made anew",
            "stop it, or choose another directory with --data-dir",
        )
    directory.empty()
    began = clock.monotonic()
    with directory.making() as place, wiring.engine_in(place) as engine:
        total = directory.write(
            engine, clock, lambda name, rows: output.to_stderr(f"{rows:>9,} rows of {name}")
        )
    output.to_stderr(f"{total:>9,} rows made in {output.seconds(clock.monotonic() - began)}")


def _key(directory: DemoDirectory) -> str | None:
    state = directory.state()
    return state.key if state else None


def _new_key(directory: DemoDirectory) -> str:
    import msgspec

    from qanat.cli.demo.content import HANDLE
    from qanat.cli.demo.sources import DemoState
    from qanat.cli.local import Operator
    from qanat.config import read_settings

    # Without the environment: settings of another server on this machine are not the demo's.
    operator = Operator(settings=read_settings(data_dir=directory.root, environ={}))
    made = operator.ask("keys.create", {"handle": HANDLE, "scope": "write", "name": "demo"})
    state = directory.state() or DemoState(version=0)
    directory.save(msgspec.structs.replace(state, key=str(made["key"])))
    return str(made["key"])


def _working_key(directory: DemoDirectory, server: str) -> str:
    """Return the demo's key; a new one if somebody revoked it."""
    from qanat.cli.client import Client
    from qanat.cli.failure import UnreachableError

    key = _key(directory)
    if key is not None:
        try:
            with Client(server, key) as client:
                client.raw("GET", "/whoami")
        except UnreachableError:
            key = None
    return key or _new_key(directory)
