"""Settings: typed, with unit and default, read once at start.

They come from a TOML file and from the environment, which wins: `QANAT_SERVER__PORT` is `port`
in section `server`, `QANAT_TIERS__SMALL__THREADS` is `threads` in section `tiers.small`. Sources
are named in the file alone. A key that is not below is an error that names it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from qanat.errors import StartupError

MIB: Final = 1 << 20
GIB: Final = 1 << 30
LAST_PORT: Final = 65_535


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the server listens."""

    host: str = "127.0.0.1"
    port: int = 8327
    public_url: str | None = None  #: how clients reach the server; no slash at its end
    trust_forwarded: bool = False  #: believe X-Forwarded-Proto and X-Forwarded-Host
    slots: int = 0  #: statements that run at once; 0: one a core
    cors_origins: tuple[str, ...] = ()  #: none: other sites' pages may not call the API
    csv_null: str = "<nil>"  #: what NULL is in CSV results; empty text suits data frames
    test_notes: bool = False  #: write where the last FULL commit ended; for crash tests


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where state is kept."""

    url: str = "sqlite"  #: or postgresql://user:password@host:port/database


class TierSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one statement of a tier may use. 0 is the default said in docs/configuration.md."""

    threads: int = 0  #: at most; 0: cores shared by the statements that run
    memory_mb: int = 0
    time_s: int = 0
    factor: float = 0.0  #: of credits
    alone: bool = False  #: takes every slot


class CreditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The formula's divisors."""

    cpu_seconds: float = 60.0
    gib_scanned: float = 20.0
    gib_written: float = 4.0


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long things are kept."""

    result_days: float = 90.0
    refresh_days: float = 7.0
    adhoc_days: float = 7.0
    resume_days: float = 7.0  #: pins of failed and cancelled runs
    event_days: float = 30.0
    grace_s: float = 3600.0  #: from garbage to removal; longer than the longest statement
    collect_every_s: float = 600.0
    request_days: float = 7.0  #: answers of idempotency keys


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of what comes from outside and of what goes back."""

    sql_chars: int = 500_000
    body_bytes: int = 10 * MIB
    csv_bytes: int = 500 * MIB  #: body of an upload of CSV text
    insert_bytes: int = 1_200 * MIB
    nodes: int = 5_000  #: in one pipeline
    queued_runs: int = 10_000
    page_rows: int = 100_000
    page_bytes: int = 100 * MIB
    cells_per_page: int = 0  #: 0: no limit
    result_bytes: int = 8 * GIB
    connections: int = 1_000
    sources_files: int = 100_000  #: files of one mounted table
    cache_bytes: int = 2 * GIB  #: sorted and filtered results kept for paging
    requests_per_minute_low: int = 0  #: writes and executions of one key; 0: no limit
    requests_per_minute_high: int = 0  #: reads of one key; 0: no limit
    free_disk_bytes: int = 256 * MIB  #: below this, work is refused


class UsageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the usage endpoint reports as allowed; 0: no limit."""

    credits_included: int = 0
    bytes_allowed: int = 0


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A read-only table that the operator mounts. Every key may read it."""

    path: str  #: a file or a glob; relative to the settings file
    format: Literal["parquet", "csv", "ndjson"] | None = None  #: None: by the file's ending
    description: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings, and where data lies."""

    data_dir: Path
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    tiers: dict[Literal["small", "medium", "large"], TierSettings] = msgspec.field(
        default_factory=dict
    )
    credits: CreditSettings = CreditSettings()
    retention: RetentionSettings = RetentionSettings()
    limits: LimitSettings = LimitSettings()
    usage: UsageSettings = UsageSettings()
    sources: dict[str, SourceSettings] = msgspec.field(default_factory=dict)


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Return the platform's user data folder for Qanat."""
    base = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "qanat"


def read_settings(
    *,
    config: Path | None = None,
    data_dir: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Return the settings of a start.

    `overrides` (section → key → value, from the command line) win over the environment, which
    wins over the file: `config`, else `qanat.toml` in the data directory if there is one.

    Raises:
        StartupError: A file cannot be read, a key is unknown or a value does not fit; named.
    """
    chosen = data_dir or Path(environ.get("QANAT_DATA_DIR") or default_data_dir(environ))
    file = config or chosen / "qanat.toml"
    raw: dict[str, Any] = {}
    if config is not None or file.exists():
        try:
            raw = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise StartupError(f"cannot read the settings file {file}: {error}") from error
    if "data_dir" in raw:
        raise StartupError(f"{file}: data_dir is set by --data-dir or QANAT_DATA_DIR")
    for path, value in _from_environment(environ):
        _put(raw, path, value)
    for section, values in (overrides or {}).items():
        for key, value in values.items():
            _put(raw, (section, key), value)
    try:
        settings = msgspec.convert({**raw, "data_dir": chosen}, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise StartupError(f"settings: {error}") from error
    return _checked(settings, base=file.parent)


def _from_environment(environ: Mapping[str, str]) -> list[tuple[tuple[str, ...], object]]:
    """Return the path and the value of each setting that a variable gives."""
    found: list[tuple[tuple[str, ...], object]] = []
    sections = set(Settings.__struct_fields__) - {"data_dir", "sources"}
    for name, text in sorted(environ.items()):
        match = re.fullmatch(r"QANAT_([A-Z]+)__([A-Z0-9_]+)", name)
        if not match:
            continue
        section, key = match[1].lower(), match[2].lower()
        if section not in sections:
            raise StartupError(f"{name}: there is no settings section '{section}'")
        path = (section, *(key.split("__", 1) if section == "tiers" else (key,)))
        if path == ("server", "cors_origins"):
            found.append((path, [one.strip() for one in text.split(",") if one.strip()]))
        else:
            found.append((path, text))
    return found


def _put(raw: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    at: Any = raw
    for depth, part in enumerate(path[:-1], start=1):
        at = at.setdefault(part, {})
        if not isinstance(at, dict):
            raise StartupError(f"settings: {'.'.join(path[:depth])} must be a section")
    at[path[-1]] = value


def _check_ranges(name: str, section: msgspec.Struct) -> None:
    """Refuse numbers that mean nothing: below zero, or zero where something is divided by it."""
    for key in section.__struct_fields__:
        value = getattr(section, key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            continue
        if value < 0 or (value == 0 and name == "credits"):
            least = "more than 0" if name == "credits" else "0 or more"
            raise StartupError(f"settings: {name}.{key} must be {least}, not {value}")
        if key == "port" and value > LAST_PORT:
            raise StartupError(f"settings: {name}.{key} must be at most {LAST_PORT}, not {value}")


def _checked(settings: Settings, *, base: Path) -> Settings:
    for section in ("server", "credits", "retention", "limits", "usage"):
        _check_ranges(section, getattr(settings, section))
    for tier, own in settings.tiers.items():
        _check_ranges(f"tiers.{tier}", own)
    sources = {}
    for label, source in settings.sources.items():
        if not re.fullmatch(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*", label):
            raise StartupError(f"sources: '{label}' must be schema.table in lower case")
        if label.startswith("dune."):
            raise StartupError(f"sources: '{label}': the schema dune belongs to Qanat")
        path = Path(source.path).expanduser()
        ending = path.suffix.lower().lstrip(".")
        kind = source.format or {
            "parquet": "parquet",
            "csv": "csv",
            "ndjson": "ndjson",
            "jsonl": "ndjson",
        }.get(ending)
        if kind is None:
            raise StartupError(f"sources: '{label}' needs format = parquet, csv or ndjson")
        sources[label] = SourceSettings(
            path=str(path if path.is_absolute() else (base / path).resolve()),
            format=kind,  # type: ignore[arg-type]  # one of the three by the table above
            description=source.description,
        )
    if settings.server.public_url and settings.server.public_url.endswith("/"):
        raise StartupError("server.public_url: no slash at its end")
    if settings.store.url != "sqlite" and not settings.store.url.startswith("postgresql://"):
        raise StartupError("store.url: 'sqlite' or 'postgresql://…'")
    return msgspec.structs.replace(
        settings, sources=sources, data_dir=settings.data_dir.expanduser().absolute()
    )
