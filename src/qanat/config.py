"""Settings: typed, with unit and default, read once at start.

They come from a TOML file and from the environment, which wins: `QANAT_SERVER__PORT` is `port`
in section `server`, `QANAT_TIERS__SMALL__THREADS` is `threads` in section `tiers.small`. Sources
are named in the file alone. A key that is not below, or a value that does not fit, is an error
that names it and the file, the variable or the option in which it stands, also where another
place wins.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from qanat.errors import StartupError

MIB: Final = 1 << 20
GIB: Final = 1 << 30
LAST_PORT: Final = 65_535

_Path = tuple[str, ...]  # of a setting: its section, or sections, and its key
_Format = Literal["parquet", "csv", "ndjson"]
_Tier = Literal["small", "medium", "large"]
_TIERS: Final[tuple[str, ...]] = get_args(_Tier)
_ENDINGS: Final[Mapping[str, _Format]] = {
    "parquet": "parquet",
    "csv": "csv",
    "ndjson": "ndjson",
    "jsonl": "ndjson",
}


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
    format: _Format | None = None  #: None: by the file's ending
    description: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings, and where data lies."""

    data_dir: Path
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    tiers: dict[_Tier, TierSettings] = msgspec.field(default_factory=dict)
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
    _check(str(file), (), raw, Settings)
    for name, path, value in _from_environment(environ):
        _put(raw, name, path, value)
    for section, values in (overrides or {}).items():
        for key, value in values.items():
            _put(raw, f"--{key}", (section, key), value)
    for label, source in raw.get("sources", {}).items():
        _check_source(str(file), label, source)
    settings = msgspec.convert({**raw, "data_dir": chosen}, Settings, strict=False)
    return msgspec.structs.replace(
        settings,
        sources={
            label: _mounted(source, base=file.parent) for label, source in settings.sources.items()
        },
        data_dir=settings.data_dir.expanduser().absolute(),
    )


def _from_environment(environ: Mapping[str, str]) -> list[tuple[str, _Path, object]]:
    """Return the name, the path and the value of each setting that a variable gives."""
    found: list[tuple[str, _Path, object]] = []
    for name, text in sorted(environ.items()):
        match = re.fullmatch(r"QANAT_([A-Z]+)__([A-Z0-9_]+)", name)
        if not match:
            continue
        section, key = match[1].lower(), match[2].lower()
        if section == "sources":
            raise StartupError(f"{name}: sources are named in the settings file alone")
        path = (section, *(key.split("__", 1) if section == "tiers" else (key,)))
        if path == ("server", "cors_origins"):
            found.append((name, path, [one.strip() for one in text.split(",") if one.strip()]))
        else:
            found.append((name, path, text))
    return found


def _put(raw: dict[str, Any], where: str, path: _Path, value: object) -> None:
    """Put a value that stands in `where` into `raw`, whose sections are checked already."""
    nested: object = value
    for part in reversed(path):
        nested = {part: nested}
    _check(where, (), nested, Settings)
    at = raw
    for part in path[:-1]:
        at = at.setdefault(part, {})
    at[path[-1]] = value


def _check(where: str, at: _Path, value: object, kind: Any) -> None:  # noqa: ANN401  # a type
    """Refuse what is no setting; `where` is the file, the variable or the option it stands in."""
    inside = _inside(kind, value)
    if inside is None:
        fault = _fault(at, value, kind)
        if fault:
            raise StartupError(f"{where}: {'.'.join(at)} {fault}")
        return
    if not isinstance(value, Mapping):
        names = _listed(inside) if inside else "path, format and description"
        raise StartupError(f"{where}: {'.'.join(at)} must be a section, with {names}")
    for key, one in value.items():
        if key not in inside:
            raise StartupError(f"{where}: {_unknown(at, key, one, list(inside))}")
        _check(where, (*at, key), one, inside[key])


def _inside(kind: Any, value: object) -> dict[str, Any] | None:  # noqa: ANN401  # a type
    """Return what a section of this kind may hold: name → type; None if it is no section."""
    if get_origin(kind) is dict:
        names, inner = get_args(kind)
        if names is not str:
            return dict.fromkeys(get_args(names), inner)
        return dict.fromkeys(value, inner) if isinstance(value, Mapping) else {}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = msgspec.structs.fields(kind)
        return {field.name: field.type for field in fields if field.name != "data_dir"}
    return None


def _unknown(at: _Path, key: str, value: object, known: list[str]) -> str:
    """Return what to say of a name that no section, or this one, has."""
    if at in ((), ("tiers",)):
        text = f"there is no settings section '{'.'.join((*at, key))}'"
    else:
        text = f"section '{'.'.join(at)}' has no setting '{key}'"
    if at[:1] == ("sources",) and isinstance(value, Mapping):
        return f'{text}: write [sources."{at[1]}.{key}"], with the quotes'
    homes = [] if isinstance(value, Mapping) else _homes(key)
    if homes:
        return f"{text}; it is a setting of {_listed(homes)}"
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    prefix = ".".join((*at, "")) if at == ("tiers",) else ""
    if near:
        return f"{text}; did you mean '{prefix}{near[0]}'?"
    return (
        f"{text}; there {'are' if known[1:] else 'is'} {_listed([prefix + name for name in known])}"
    )


def _homes(key: str) -> list[str]:
    """Return the sections that have a setting of this name; sources, whose names vary, are none."""
    found = [
        name
        for name, kind in (_inside(Settings, {}) or {}).items()
        if isinstance(kind, type) and key in kind.__struct_fields__  # type: ignore[attr-defined]  # a section
    ]
    if key in TierSettings.__struct_fields__:
        found += [f"tiers.{tier}" for tier in _TIERS]
    return found


def _listed(names: Iterable[str], word: str = "and") -> str:
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last


def _fault(at: _Path, value: object, kind: Any) -> str | None:  # noqa: ANN401  # a type
    """Return why a value is not one of a setting, as the end of a sentence; None if it is one."""
    try:
        fitting = msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return f"must be {_wanted(kind)}, not {_shown(value)}"
    if isinstance(fitting, int | float) and not isinstance(fitting, bool):
        if at[0] == "credits" and fitting <= 0:
            return f"must be more than 0, not {fitting}"
        if fitting < 0:
            return f"must be 0 or more, not {fitting}"
        if at == ("server", "port") and fitting > LAST_PORT:
            return f"must be at most {LAST_PORT}, not {fitting}"
    if at == ("server", "public_url") and fitting and fitting.endswith("/"):
        return "must have no slash at its end"
    if at == ("store", "url") and fitting != "sqlite" and not fitting.startswith("postgresql://"):
        return "must be 'sqlite' or 'postgresql://…'"
    return None


def _wanted(kind: Any) -> str:  # noqa: ANN401  # a type
    """Return in words what values a setting takes."""
    kinds = [one for one in get_args(kind) if one is not NoneType]
    if get_origin(kind) is Literal:
        return _listed(kinds, "or")
    if get_origin(kind) is tuple:
        return "a list of texts"
    if len(kinds) == 1:  # or nothing
        return _wanted(kinds[0])
    words = {int: "a whole number", float: "a number", bool: "true or false"}
    return words.get(kind, "text")


def _shown(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value[:80]}'"
        case int() | float():
            return str(value)
        case list():
            return "a list"
        case dict():
            return "a section"
    return "a date or a time"  # all that TOML has besides


def _check_source(file: str, label: str, source: Mapping[str, Any]) -> None:
    """Refuse a source that cannot be mounted."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*", label):
        raise StartupError(f"{file}: sources: '{label}' must be schema.table in lower case")
    if label.startswith("dune."):
        raise StartupError(f"{file}: sources: '{label}': the schema dune belongs to Qanat")
    if "path" not in source:
        raise StartupError(f"{file}: sources: '{label}' needs a path")
    if _format(source["path"], source.get("format")) is None:
        raise StartupError(f"{file}: sources: '{label}' needs format = parquet, csv or ndjson")


def _format(path: str, said: _Format | None) -> _Format | None:
    return said or _ENDINGS.get(Path(path).suffix.lower().lstrip("."))


def _mounted(source: SourceSettings, *, base: Path) -> SourceSettings:
    """Return a source with its path made absolute and its format found."""
    path = Path(source.path).expanduser()
    return msgspec.structs.replace(
        source,
        path=str(path if path.is_absolute() else (base / path).resolve()),
        format=_format(source.path, source.format),
    )
