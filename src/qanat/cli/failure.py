"""How a command ends: its exit code, and the failures that are told in a line or two.

    0 done   1 failed   2 bad usage   3 server unreachable or key refused   4 cancelled

A command raises a `CommandError`; `qanat.cli.main` prints it and exits with its code. Its text
names the thing, and `way_out` says what to do about it.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a shell reads."""

    DONE = 0
    FAILED = 1
    BAD_USAGE = 2
    UNREACHABLE = 3  # no server there, or it refused the key
    CANCELLED = 4


class CommandError(Exception):
    """A command could not do what was asked, for a reason that its user can act on.

    Attributes:
        way_out: What to do about it; empty if the text says it all.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, text: str, way_out: str = "") -> None:
        super().__init__(text)
        self.way_out = way_out


class RefusedError(CommandError):
    """The server refused a request, in its own words.

    Attributes:
        status: The HTTP status of its answer.
    """

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class UsageError(CommandError):
    """The words on the command line do not make a command."""

    exit_code = ExitCode.BAD_USAGE


class UnreachableError(CommandError):
    """No server answers there, or it does not know the key."""

    exit_code = ExitCode.UNREACHABLE


class StoppedError(CommandError):
    """The user stopped it."""

    exit_code = ExitCode.CANCELLED
