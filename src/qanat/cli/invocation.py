"""What every command is told besides its own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

if TYPE_CHECKING:
    from qanat.cli.client import Client

DEFAULT_SERVER: Final = "http://127.0.0.1:8327"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The options that stand with any command."""

    is_json: bool = False  #: answers are for programs
    server: str = DEFAULT_SERVER
    key: str | None = None

    def client(self) -> Client:
        """Return the server, as this command may speak to it."""
        from qanat.cli.client import Client

        return Client(self.server, self.key)


Told = Annotated[Invocation, Parameter(parse=False)]
"""The type of a command's `told` argument, which comes from the options before its own."""
