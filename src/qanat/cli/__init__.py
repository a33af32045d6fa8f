"""The `qanat` command: a module per command.

What a command needs is imported inside it, so that `qanat --help` does not wait for a database
engine, and a client command not for a server. Options that stand with any command (`--json`,
`--server`, `--key`) may come before or after its words; they are read here and handed over as an
`Invocation`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Final

from cyclopts import App, CycloptsError, Parameter

from qanat import __version__
from qanat.cli.completion import completion
from qanat.cli.demo.command import demo
from qanat.cli.doctor import doctor
from qanat.cli.failure import CommandError, ExitCode
from qanat.cli.invocation import DEFAULT_SERVER, Invocation
from qanat.cli.keys import create_key, list_keys, revoke_key
from qanat.cli.pipeline import run, show, watch
from qanat.cli.query import run_query
from qanat.cli.serve import serve
from qanat.cli.sql import sql
from qanat.errors import QanatError

_EPILOGUE: Final = (
    "Exit codes: 0 done, 1 failed, 2 bad usage, 3 server unreachable or key refused, 4 cancelled."
)

_GROUPS: Final = {
    "keys": "Make, list and revoke API keys, on the server's machine.",
    "query": "Work with saved queries.",
    "pipeline": "Look at, run and watch a query and the views it needs.",
}


def build() -> App:
    """Return the command line; `build().meta` reads the common options too."""
    app = App(
        name="qanat",
        help="Run queries, and everything they depend on, as one unit.",
        help_epilogue=_EPILOGUE,
        help_format="plaintext",
        version=__version__,
        default_parameter=Parameter(negative=()),
    )
    groups = {
        name: App(name=name, help=text, default_parameter=Parameter(negative=()))
        for name, text in _GROUPS.items()
    }
    app.command(serve)
    app.command(demo)
    groups["keys"].command(create_key, name="create")
    groups["keys"].command(list_keys, name="list")
    groups["keys"].command(revoke_key, name="revoke")
    app.command(sql)
    groups["query"].command(run_query, name="run")
    groups["pipeline"].command(show)
    groups["pipeline"].command(run)
    groups["pipeline"].command(watch)
    app.command(doctor)
    app.command(completion)
    for each in groups.values():
        app.command(each)
    app.meta.default(_launcher(app))
    return app


def main(words: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app = build()
    try:
        code = app.meta(
            _common_first(sys.argv[1:] if words is None else words),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        return int(code or ExitCode.DONE)
    except CycloptsError as error:
        return _tell(str(error), "`qanat --help` lists the commands", ExitCode.BAD_USAGE)
    except CommandError as error:
        return _tell(str(error), error.way_out, error.exit_code)
    except QanatError as error:
        return _tell(str(error), "", ExitCode.FAILED)
    except KeyboardInterrupt:
        return _tell("stopped", "", ExitCode.CANCELLED)
    except BrokenPipeError:
        # Whoever read the output closed it; Python would complain once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        return _tell(f"{error.strerror or error}{place}", "", ExitCode.FAILED)


def _common_first(words: Sequence[str]) -> list[str]:
    """Return `words` with the common options in front, wherever they stood.

    The parser takes an option that follows a command's name for one of that command's own.
    """
    common, rest, left = list[str](), list[str](), list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            rest += [word, *left]
            break
        if word == "--json" or word.startswith(("--server=", "--key=")):
            common.append(word)
        elif word in ("--server", "--key") and left:
            common += [word, left.pop(0)]
        else:
            rest.append(word)
    return common + rest


def _launcher(app: App) -> Callable[..., int | None]:
    def launch(
        *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        json: Annotated[bool, Parameter(help="Answer in JSON.", negative=())] = False,
        server: Annotated[
            str, Parameter(help="The server's address.", env_var="QANAT_SERVER_URL")
        ] = DEFAULT_SERVER,
        key: Annotated[
            str | None, Parameter(help="The API key.", env_var="QANAT_API_KEY", show_default=False)
        ] = None,
    ) -> int | None:
        command, bound, ignored = app.parse_args(words, exit_on_error=False, print_error=False)
        told = Invocation(is_json=json, server=server, key=key or None)
        extra = {"told": told} if "told" in ignored else {}
        code = command(*bound.args, **bound.kwargs, **extra)
        return code if isinstance(code, int) else None

    return launch


def _tell(text: str, way_out: str, code: ExitCode) -> int:
    from qanat.cli.output import to_stderr

    to_stderr(f"qanat: {text}" + (f"\n  {way_out}" if way_out else ""))
    return code
