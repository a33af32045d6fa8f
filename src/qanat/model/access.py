"""Who asks, and what they may see and change.

One rule: what is private to another owner does not exist for the caller (404); what is public but
another's may be read and run, never changed (403).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qanat.names import Handle, KeyId


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    WRITE = "write"  # read, and write


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The owner of the key that came with a request."""

    handle: Handle
    scope: Scope
    key: KeyId
    number: int  #: of the owner; `customer_id` is made of it

    def sees(self, owner: str, *, is_private: bool) -> bool:
        """Return whether a thing of `owner` exists for this caller."""
        return not is_private or owner == self.handle
