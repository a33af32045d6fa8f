"""The clients that no test runs as programs, and why; every run of the tests says so at its end.

A client that is not on this list is installed by its tests, and fails them if it cannot be.
"""

from __future__ import annotations

from typing import Final

#: client → why it is not run here, and what stands in its stead.
ABSENT: Final = {
    "dune (command line)": (
        "its Go module cannot be had from the module proxy; it calls by the Go client, whose rules"
        " are tested instead (tests/clients/test_go_rules.py), and each command by the requests it"
        " sends (tests/clients/test_dune_command.py)"
    ),
}
