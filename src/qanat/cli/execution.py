"""One execution from its start to its rows: what `qanat sql` and `qanat query run` share.

Ctrl-C while it runs asks the server to cancel it; a second one does not wait for the answer.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from qanat.cli import output, wire
from qanat.cli.client import Client
from qanat.cli.failure import CommandError, ExitCode, StoppedError
from qanat.clock import SystemClock

PAGE_ROWS: Final = 32_000
PEOPLE_ROWS: Final = 40  #: printed in a table unless asked otherwise
_FIRST_WAIT_S: Final = 0.02
_LONGEST_WAIT_S: Final = 0.5


def finish(client: Client, execution_id: str, *, is_json: bool, limit: int | None) -> ExitCode:
    """Wait for an execution and print its rows; `limit` None is all of them for programs.

    Raises:
        StoppedError: It was cancelled, from here or elsewhere.
        CommandError: It failed.
    """
    try:
        execution = wait_for(client, execution_id)
    except KeyboardInterrupt:
        client.raw("POST", f"/v1/execution/{execution_id}/cancel", body={})
        raise StoppedError(f"execution {execution_id} was cancelled") from None
    if execution.state == "QUERY_STATE_CANCELLED":
        raise StoppedError(f"execution {execution_id} was cancelled")
    if execution.state != "QUERY_STATE_COMPLETED":
        if is_json:
            output.to_json(client.raw("GET", f"/v1/execution/{execution_id}/status"))
        message = execution.error.message if execution.error else f"it ended as {execution.state}"
        raise CommandError(message)
    if is_json:
        _print_json(client, execution, limit)
    else:
        _print_table(client, execution, PEOPLE_ROWS if limit is None else limit)
    return ExitCode.DONE


def wait_for(client: Client, execution_id: str) -> wire.Execution:
    """Return an execution once it has ended, whichever way."""
    wait_s, pause = _FIRST_WAIT_S, threading.Event()
    with _status_line() as tell:
        while True:
            execution = client.get(f"/v1/execution/{execution_id}/status", wire.Execution)
            if execution.is_execution_finished:
                return execution
            tell(execution)
            pause.wait(wait_s)
            wait_s = min(wait_s * 1.5, _LONGEST_WAIT_S)


class _Teller:
    """Says on a terminal how an execution goes, after its first half second."""

    def __init__(self, spinner: object) -> None:
        self._spinner = spinner
        self._clock = SystemClock()
        self._began = self._clock.monotonic()

    def __call__(self, execution: wire.Execution) -> None:
        from rich.status import Status

        elapsed_s = self._clock.monotonic() - self._began
        if not isinstance(self._spinner, Status) or elapsed_s < 0.5:
            return
        word = execution.state.removeprefix("QUERY_STATE_").lower()
        if execution.queue_position:
            word += f", number {execution.queue_position} in the queue"
        if execution.progress is not None:
            word += f", {100 * execution.progress:.0f} %"
        self._spinner.start()
        self._spinner.update(f"{word} ({output.seconds(elapsed_s)})")


@contextmanager
def _status_line() -> Iterator[_Teller]:
    if not sys.stderr.isatty():
        yield _Teller(None)
        return
    spinner = output.console(sys.stderr).status("")
    try:
        yield _Teller(spinner)
    finally:
        spinner.stop()


def pages(
    client: Client, execution_id: str, *, limit: int | None, page_rows: int = PAGE_ROWS
) -> Iterator[wire.Rows]:
    """Yield the rows of a result, page by page, up to `limit` rows; at least one page."""
    offset, left = 0, limit
    while True:
        size = page_rows if left is None else min(page_rows, left)
        page = client.get(
            f"/v1/execution/{execution_id}/results",
            wire.Page,
            {"limit": size, "offset": offset},
        )
        if page.result is None:
            raise CommandError(f"execution {execution_id} has no rows: it is {page.state}")
        yield page.result
        if left is not None:
            left -= len(page.result.rows)
        if page.next_offset is None or not page.result.rows or left == 0:
            return
        offset = page.next_offset


def _print_json(client: Client, execution: wire.Execution, limit: int | None) -> None:
    """Print one document, a page at a time: a result may be greater than memory."""
    metadata = execution.result_metadata or wire.Metadata()
    head = msgspec.json.encode(
        {
            "execution_id": execution.execution_id,
            "query_id": execution.query_id,
            "state": execution.state,
            "execution_cost_credits": execution.execution_cost_credits or 0,
            "result": {"metadata": metadata},
        }
    )
    write = sys.stdout.write
    write(head[:-2].decode() + ',"rows":[')
    is_first = True
    for page in pages(client, execution.execution_id, limit=limit):
        for row in page.rows:
            write(("" if is_first else ",") + bytes(row).decode())
            is_first = False
    write("]}}\n")
    sys.stdout.flush()


def _print_table(client: Client, execution: wire.Execution, limit: int) -> None:
    shown = 0
    for page in pages(client, execution.execution_id, limit=limit):
        metadata = page.metadata
        rows = [msgspec.json.decode(row, type=dict[str, object]) for row in page.rows]
        output.table(
            output.fields(metadata.column_names, metadata.column_types),
            [[row.get(name) for name in metadata.column_names] for row in rows],
            wraps=False,
        )
        shown += len(rows)
    metadata = execution.result_metadata or wire.Metadata()
    count = metadata.total_row_count
    of_all = f"{shown:,} of {count:,}" if shown < count else f"{count:,}"
    output.to_stderr(
        f"{of_all} row{'' if count == 1 else 's'}"
        f" · {output.seconds(metadata.execution_time_millis / 1000)}"
        f" · {execution.execution_cost_credits or 0:.6f} credits"
        f" · execution {execution.execution_id}"
    )
