"""`qanat serve`: the server, until it is asked to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from qanat.cli.invocation import Told


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    data_dir: Path | None = None,
    config: Path | None = None,
    until_stdin_closes: Annotated[bool, Parameter(show=False, negative=())] = False,
    told: Told,
) -> int:
    """Start the server. On an empty data directory it makes a first key and prints it, once.

    Settings come from qanat.toml in the data directory, from the environment
    (QANAT_SERVER__PORT and so on), and from these options, which win.

    Args:
        host: The address to listen on.
        port: The port to listen on.
        data_dir: Where everything is kept (QANAT_DATA_DIR).
        config: The settings file.
        until_stdin_closes: Stop when whoever started the server is gone.
        told: The options of every command.
    """
    import signal

    from qanat import wiring
    from qanat.cli import output
    from qanat.config import read_settings

    wishes = {"host": host, "port": port}
    settings = read_settings(
        config=config,
        data_dir=data_dir,
        overrides={"server": {key: value for key, value in wishes.items() if value is not None}},
    )
    if until_stdin_closes:
        _stop_when_stdin_closes()

    def ready(url: str, first_key: str | None) -> None:
        if told.is_json:
            output.to_json({"url": url, "key": first_key} if first_key else {"url": url})
            return
        if first_key:
            output.to_stdout(f"First API key, shown this once: {first_key}")
        output.to_stderr(f"Qanat serves {url} from {settings.data_dir}")

    # The server's own handlers stop it gently and then raise the signal once more: as an exception
    # that unwinds, not as the end of the process with the socket and the workers still there.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        wiring.serve(settings, on_ready=ready)
    except KeyboardInterrupt:
        output.to_stderr("stopped")
    return 0


def _stop_when_stdin_closes() -> None:
    """Send ourselves SIGTERM once standard input ends, so that nothing outlives its starter."""
    import os
    import signal
    import sys
    import threading

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="stdin", daemon=True).start()
