"""Ids and names, each its own type. Ids are ULIDs and never order anything."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, NewType

from ulid import ULID

RunId = NewType("RunId", str)
NodeId = NewType("NodeId", int)  #: unique in its run
ExecutionId = NewType("ExecutionId", str)
AttemptId = NewType("AttemptId", str)  #: also the id of the file that the attempt writes
SnapshotId = NewType("SnapshotId", str)
NameId = NewType("NameId", str)  #: a view or an upload; made again under its label, it has a new id
KeyId = NewType("KeyId", str)
ServerId = NewType("ServerId", str)
QueryId = NewType("QueryId", int)  #: 0 is ad-hoc SQL
Handle = NewType("Handle", str)  #: an owner, and the SQL namespace of what they own
Label = NewType("Label", str)  #: a relation as SQL names it, folded: `dune.acme.result_x`

ULID_TEXT: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
HANDLE_TEXT: Final = re.compile(r"[a-z0-9_]{1,64}")


def new_ulid(now: datetime) -> str:
    """Return a fresh ULID stamped `now`: 26 characters, upper case."""
    return str(ULID.from_datetime(now))


def is_ulid(text: str) -> bool:
    """Return whether `text` is the text of a ULID."""
    return ULID_TEXT.fullmatch(text) is not None


def is_handle(text: str) -> bool:
    """Return whether `text` may name an owner."""
    return HANDLE_TEXT.fullmatch(text) is not None


def dune_label(namespace: str, table: str) -> Label:
    """Return the folded full name of a view or upload: `dune.<namespace>.<table>`."""
    return Label(f"dune.{namespace}.{table}".lower())
