"""`qanat keys`: API keys, made and revoked by whoever runs the server.

A running server is asked through its admin socket; where none runs, the command opens the data
directory itself. A key is shown once, when it is made: only its hash is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from qanat.cli.invocation import Told


def create_key(
    handle: str,
    /,
    *,
    scope: Literal["read", "write"],
    name: str = "",
    data_dir: Path | None = None,
    config: Path | None = None,
    told: Told,
) -> int:
    """Make an API key and print it, this once.

    Args:
        handle: Whose it is: the namespace of what is made with it; a-z, 0-9 and _.
        scope: read: run and read; write: make and change as well.
        name: What to call the key in lists.
        data_dir: The data directory (QANAT_DATA_DIR).
        config: The settings file.
        told: The options of every command.
    """
    from qanat.cli import output
    from qanat.cli.failure import UsageError
    from qanat.cli.local import Operator
    from qanat.names import is_handle

    if not is_handle(handle):
        raise UsageError(
            f"'{handle[:80]}' cannot be a handle", "a handle is 1 to 64 of a-z, 0-9 and _"
        )
    made = Operator.of(data_dir, config).ask(
        "keys.create", {"handle": handle, "scope": scope, "name": name}
    )
    if told.is_json:
        output.to_json({"key": made["key"], "id": made.get("id"), "handle": handle, "scope": scope})
    else:
        output.to_stdout(str(made["key"]))
        output.to_stderr(f"a {scope} key of {handle}; it is not shown again")
    return 0


def list_keys(*, data_dir: Path | None = None, config: Path | None = None, told: Told) -> int:
    """List the API keys; what they are cannot be shown, only whose.

    Args:
        data_dir: The data directory (QANAT_DATA_DIR).
        config: The settings file.
        told: The options of every command.
    """
    from qanat.cli import output
    from qanat.cli.local import Operator

    keys = Operator.of(data_dir, config).ask("keys.list", {}).get("keys", [])
    if told.is_json:
        output.to_json({"keys": keys})
        return 0
    columns = [
        output.Field(name="id"),
        output.Field(name="handle"),
        output.Field(name="scope"),
        output.Field(name="name"),
        output.Field(name="prefix", rank=2),
        output.Field(name="created_at", kind="timestamp", rank=3),
        output.Field(name="last_used_at", kind="timestamp", rank=1),
    ]
    output.table(columns, [[_shown(key, c.name) for c in columns] for key in keys], wraps=True)
    return 0


def _shown(key: dict[str, object], name: str) -> object:
    """Return what a list shows of a key; of a moment the minute, in UTC."""
    value = key.get(name)
    if name.endswith("_at") and isinstance(value, str):
        return f"{value[:16].replace('T', ' ')}Z"
    return value


def revoke_key(
    key_id: str,
    /,
    *,
    data_dir: Path | None = None,
    config: Path | None = None,
    told: Told,
) -> int:
    """Revoke an API key; it stops working at once, and its sessions end.

    Args:
        key_id: The id of the key, as `qanat keys list` shows it.
        data_dir: The data directory (QANAT_DATA_DIR).
        config: The settings file.
        told: The options of every command.
    """
    from qanat.cli import output
    from qanat.cli.failure import UsageError
    from qanat.cli.local import Operator
    from qanat.names import is_ulid

    if not is_ulid(key_id):
        raise UsageError(
            f"'{key_id[:40]}' is not the id of a key", "`qanat keys list` shows the ids"
        )
    answer = Operator.of(data_dir, config).ask("keys.revoke", {"id": key_id})
    if told.is_json:
        output.to_json(answer)
    else:
        output.to_stderr(f"key {key_id} is revoked")
    return 0
