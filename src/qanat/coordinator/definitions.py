"""What a run computes, as it was when the run was accepted.

It is stored with the run, so that nothing edited later reaches it and any server can go on with
it. Query texts are not copied: versions never change, so their numbers are enough.
"""

from __future__ import annotations

from typing import Final

import msgspec

from qanat.model.pipeline import NodeKind


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why what a text reads could not be found out."""

    message: str
    line: int = 0  #: of the user's text; 0: not known
    column: int = 0


class NodeDefinition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one node computes."""

    id: int
    kind: NodeKind
    query: int  #: 0: ad-hoc SQL
    version: int
    tier: str
    params_hash: str
    parameters: dict[str, str] = {}  #: every value, defaults filled in
    asked: dict[str, str] = {}  #: as asked, without defaults
    dependencies: tuple[int, ...] = ()
    relations: tuple[str, ...] = ()  #: labels it reads, sorted
    view: str | None = None  #: the label a view node refreshes
    name: str | None = None  #: and its name's id
    sql: str | None = None  #: of ad-hoc SQL, its text
    is_private: bool = False
    fault: Fault | None = None  #: its query views, then, are not in `viewed`


class Definitions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run computes and where each relation that it reads comes from."""

    nodes: tuple[NodeDefinition, ...]  #: each after what it depends on
    target: int
    names: dict[str, str] = {}  #: label → id of the name it is pinned from
    sources: tuple[str, ...] = ()  #: labels of mounted tables
    viewed: dict[str, int] = {}  #: query views: query id → version


_decoder: Final = msgspec.json.Decoder(Definitions)


def encode(definitions: Definitions) -> str:
    """Return the definitions as the text that is stored."""
    return msgspec.json.encode(definitions).decode()


def decode(text: str) -> Definitions:
    """Return what `encode` wrote."""
    return _decoder.decode(text)
