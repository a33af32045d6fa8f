"""Who the key belongs to (contract section 14), and whose relations there are."""

from __future__ import annotations

from collections.abc import Sequence

from qanat.api.wire.common import Wire
from qanat.model.access import Caller
from qanat.store.catalog import Namespace


class WhoAmI(Wire):
    """The owner of the key that came with the request."""

    customer_id: str
    handle: str
    api_key_id: str
    created_by: int


class NamespaceShown(Wire):
    """An owner, and what of theirs the key may see."""

    handle: str
    own: bool
    queries: int
    views: int
    uploads: int
    size_bytes: int


class Namespaces(Wire):
    """Every owner of something that the key may see, its own first."""

    namespaces: list[NamespaceShown]


def whoami(caller: Caller) -> WhoAmI:
    """Return the owner of a key."""
    return WhoAmI(
        customer_id=f"user_{caller.number}",
        handle=caller.handle,
        api_key_id=caller.key,
        created_by=caller.number,
    )


def namespaces(found: Sequence[Namespace], caller: Caller) -> Namespaces:
    """Return owners."""
    return Namespaces(
        namespaces=[
            NamespaceShown(
                handle=one.handle,
                own=one.handle == caller.handle,
                queries=one.queries,
                views=one.views,
                uploads=one.uploads,
                size_bytes=one.size_bytes,
            )
            for one in found
        ]
    )
