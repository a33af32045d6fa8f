"""Settings: where they come from, what wins, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from qanat.config import Settings, SourceSettings, default_data_dir, read_settings
from qanat.errors import StartupError


def read(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    """Return what a settings file and an environment come to."""
    (tmp_path / "qanat.toml").write_text(text, encoding="utf-8")
    return read_settings(data_dir=tmp_path, environ=environ)


def test_without_a_file_and_variables_every_setting_has_its_default(tmp_path: Path) -> None:
    found = read_settings(data_dir=tmp_path, environ={})

    assert found == Settings(data_dir=tmp_path)
    assert found.server.host == "127.0.0.1"
    assert found.store.url == "sqlite"


def test_the_file_in_the_data_directory_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, "[server]\nport = 9000\n[tiers.small]\nmemory_mb = 512\nfactor = 0.5\n")

    assert found.server.port == 9000
    assert found.tiers["small"].memory_mb == 512
    assert found.tiers["small"].factor == 0.5
    assert "large" not in found.tiers


def test_a_named_file_is_read_instead(tmp_path: Path) -> None:
    (tmp_path / "qanat.toml").write_text("[server]\nport = 1\n", encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text("[server]\nport = 2\n", encoding="utf-8")

    assert read_settings(config=other, data_dir=tmp_path, environ={}).server.port == 2


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    (tmp_path / "qanat.toml").write_text(
        '[server]\nport = 1\nhost = "0.0.0.0"\n[limits]\nnodes = 1\n', encoding="utf-8"
    )
    environ = {"QANAT_SERVER__PORT": "2", "QANAT_LIMITS__NODES": "2"}

    found = read_settings(data_dir=tmp_path, environ=environ, overrides={"server": {"port": 3}})

    assert (found.server.port, found.server.host, found.limits.nodes) == (3, "0.0.0.0", 2)


@pytest.mark.parametrize(
    ("name", "text", "section", "key", "value"),
    [
        ("QANAT_SERVER__TRUST_FORWARDED", "true", "server", "trust_forwarded", True),
        ("QANAT_SERVER__TRUST_FORWARDED", "0", "server", "trust_forwarded", False),
        ("QANAT_RETENTION__RESULT_DAYS", "0.5", "retention", "result_days", 0.5),
        ("QANAT_CREDITS__CPU_SECONDS", "30", "credits", "cpu_seconds", 30.0),
        ("QANAT_LIMITS__SQL_CHARS", "100", "limits", "sql_chars", 100),
        ("QANAT_USAGE__CREDITS_INCLUDED", "4000", "usage", "credits_included", 4000),
        (
            "QANAT_SERVER__CORS_ORIGINS",
            "https://a.b, https://c",
            "server",
            "cors_origins",
            ("https://a.b", "https://c"),
        ),
        ("QANAT_STORE__URL", "postgresql://u:p@h/d", "store", "url", "postgresql://u:p@h/d"),
    ],
)
def test_a_variables_text_becomes_the_settings_type(
    tmp_path: Path, name: str, text: str, section: str, key: str, value: object
) -> None:
    found = getattr(getattr(read(tmp_path, **{name: text}), section), key)

    assert found == value
    assert type(found) is type(value)


def test_a_variable_reaches_one_tier_and_leaves_the_rest_to_the_file(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "[tiers.small]\nthreads = 1\ntime_s = 5\n",
        QANAT_TIERS__SMALL__TIME_S="9",
        QANAT_TIERS__LARGE__ALONE="true",
    )

    assert (found.tiers["small"].threads, found.tiers["small"].time_s) == (1, 9)
    assert found.tiers["large"].alone


@pytest.mark.parametrize("text", ["server = 3\n", "[tiers]\nsmall = 3\n"])
def test_a_value_where_a_section_belongs_is_named(tmp_path: Path, text: str) -> None:
    """Also when the environment wants to put something into that section."""
    with pytest.raises(StartupError, match=r"server|tiers"):
        read(tmp_path, text)
    with pytest.raises(StartupError, match=r"(server|tiers\.small) must be a section"):
        read(tmp_path, text, QANAT_SERVER__PORT="1", QANAT_TIERS__SMALL__THREADS="1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server]\nprt = 1\n", "section 'server' has no setting 'prt'; did you mean 'port'?"),
        ("[serverr]\nport = 1\n", "there is no settings section 'serverr'; did you mean 'server'?"),
        (
            "[tiers.huge]\nthreads = 1\n",
            "there is no settings section 'tiers.huge'; there are tiers.small, tiers.medium",
        ),
        (
            "[tiers.smal]\nthreads = 1\n",
            "there is no settings section 'tiers.smal'; did you mean 'tiers.small'?",
        ),
        (
            "[tiers.small]\nthread = 1\n",
            "section 'tiers.small' has no setting 'thread'; did you mean 'threads'?",
        ),
        ("[store]\nfile = 1\n", "section 'store' has no setting 'file'; there is url"),
        ("[store]\nport = 1\n", "section 'store' has no setting 'port'; it is a setting of server"),
        ("port = 1\n", "there is no settings section 'port'; it is a setting of server"),
        (
            "[server]\nthreads = 1\n",
            "section 'server' has no setting 'threads'; it is a setting of tiers.small, tiers.",
        ),
        (
            '[sources."a.b"]\npath = "x.csv"\nhidden = true\n',
            "section 'sources.a.b' has no setting 'hidden'; there are path, format and description",
        ),
        (
            '[sources.a.b]\npath = "x.csv"\n',
            "section 'sources.a' has no setting 'b': write [sources.\"a.b\"], with the quotes",
        ),
        ("sources = 1\n", "sources must be a section, with path, format and description"),
        ('[server]\nport = "many"\n', "server.port must be a whole number, not 'many'"),
        ("[server]\ncors_origins = 1\n", "server.cors_origins must be a list of texts, not 1"),
        ("[server]\ntrust_forwarded = []\n", "server.trust_forwarded must be true or false, not a"),
        ("[server]\npublic_url = 2020-01-01\n", "server.public_url must be text, not a date"),
        ("[server.host]\na = 1\n", "server.host must be text, not a section"),
        ("[credits]\ncpu_seconds = true\n", "credits.cpu_seconds must be a number, not true"),
        ('[server]\npublic_url = "https://q.example/"\n', "server.public_url must have no slash"),
        ('[store]\nurl = "mysql://h/d"\n', "store.url must be 'sqlite' or 'postgresql://…'"),
        ('data_dir = "elsewhere"\n', "data_dir is set by --data-dir or QANAT_DATA_DIR"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_and_so_is_the_file(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(StartupError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'qanat.toml'}: {words}")


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"cannot read the settings file .*qanat\.toml: "):
        read(tmp_path, "[server\n")


def test_a_secret_of_the_wrong_type_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(StartupError) as caught:
        read(tmp_path, '[store]\nurl = ["postgresql://u:secret@h/d"]\n')
    assert str(caught.value).endswith("store.url must be text, not a list")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("QANAT_SERVER__PRT", "section 'server' has no setting 'prt'; did you mean 'port'?"),
        ("QANAT_SEVRER__PORT", "there is no settings section 'sevrer'; did you mean 'server'?"),
        ("QANAT_SOURCES__PATH", "sources are named in the settings file alone"),
        ("QANAT_TIERS__SMALL__THREAD", "section 'tiers.small' has no setting 'thread'; did you"),
        ("QANAT_TIERS__HUGE__THREADS", "there is no settings section 'tiers.huge'; there are"),
        ("QANAT_TIERS__SMALL", "tiers.small must be a section, with threads, memory_mb, time_s"),
        ("QANAT_SERVER__PORT", "server.port must be a whole number, not 'nonsense'"),
        ("QANAT_STORE__URL", "store.url must be 'sqlite' or 'postgresql://…'"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named_and_so_is_the_variable(
    tmp_path: Path, name: str, words: str
) -> None:
    """The file beside it is not blamed."""
    with pytest.raises(StartupError) as caught:
        read(tmp_path, "[server]\nport = 1\n", **{name: "nonsense"})
    assert str(caught.value).startswith(f"{name}: {words}")


def test_what_is_wrong_in_a_file_is_told_also_where_a_variable_wins(tmp_path: Path) -> None:
    """The variable may be gone at the next start."""
    with pytest.raises(StartupError, match=r"qanat\.toml: server\.port must be at most 65535"):
        read(tmp_path, "[server]\nport = 70000\n", QANAT_SERVER__PORT="1")


def test_variables_of_the_command_line_are_no_settings(tmp_path: Path) -> None:
    """They have one underscore between their words, settings have two before the key."""
    found = read(
        tmp_path, QANAT_API_KEY="qk_x", QANAT_SERVER_URL="http://h", QANAT_DATA_DIR="/elsewhere"
    )

    assert found == Settings(data_dir=tmp_path)


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"none\.toml"):
        read_settings(config=tmp_path / "none.toml", data_dir=tmp_path, environ={})


def test_the_data_directory_is_named_by_the_environment(tmp_path: Path) -> None:
    found = read_settings(environ={"QANAT_DATA_DIR": str(tmp_path / "data")})

    assert found.data_dir == tmp_path / "data"


def test_without_a_name_the_data_directory_is_the_users_own() -> None:
    assert default_data_dir({"XDG_DATA_HOME": "/var/x"}) == Path("/var/x/qanat")
    assert default_data_dir({}) == Path.home() / ".local" / "share" / "qanat"


def test_the_path_of_a_source_is_relative_to_the_settings_file(tmp_path: Path) -> None:
    found = read(tmp_path, '[sources."dex.trades"]\npath = "trades/*.parquet"\n')

    assert found.sources["dex.trades"] == SourceSettings(
        path=str((tmp_path / "trades").resolve() / "*.parquet"), format="parquet"
    )


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ("parquet", "parquet"),
        ("csv", "csv"),
        ("ndjson", "ndjson"),
        ("jsonl", "ndjson"),
        ("CSV", "csv"),
    ],
)
def test_the_format_of_a_source_goes_by_its_ending(tmp_path: Path, ending: str, kind: str) -> None:
    found = read(tmp_path, f'[sources."a.b"]\npath = "/x/y.{ending}"\n')

    assert found.sources["a.b"].format == kind


def test_a_format_that_is_said_wins_over_the_ending(tmp_path: Path) -> None:
    found = read(tmp_path, '[sources."a.b"]\npath = "/x/y.txt"\nformat = "csv"\n')

    assert found.sources["a.b"].format == "csv"


@pytest.mark.parametrize(
    ("label", "rest", "words"),
    [
        ("trades", 'path = "x.csv"', "'trades' must be schema.table in lower case"),
        ("Dex.Trades", 'path = "x.csv"', "must be schema.table in lower case"),
        ("a.b.c", 'path = "x.csv"', "must be schema.table in lower case"),
        ("a.b\\n", 'path = "x.csv"', "must be schema.table in lower case"),
        ("dune.trades", 'path = "x.csv"', "the schema dune belongs to Qanat"),
        ("a.b", 'path = "x.txt"', "needs format = parquet, csv or ndjson"),
        ("a.b", 'path = "x.csv"\nformat = "xlsx"', "must be parquet, csv or ndjson, not 'xlsx'"),
        ("a.b", 'format = "csv"', r"qanat\.toml: sources: 'a\.b' needs a path"),
        ("a.b", 'path = "x.csv"\nformat = 1', "format must be parquet, csv or ndjson, not 1"),
    ],
)
def test_a_source_that_cannot_be_mounted_is_refused_by_name(
    tmp_path: Path, label: str, rest: str, words: str
) -> None:
    with pytest.raises(StartupError, match=words):
        read(tmp_path, f'[sources."{label}"]\n{rest}\n')


@pytest.mark.parametrize(
    ("section", "key", "value", "words"),
    [
        ("server", "port", -1, "--port: server.port must be 0 or more"),
        ("server", "port", 65_536, "--port: server.port must be at most 65535, not 65536"),
        ("limits", "nodes", -5, "limits.nodes must be 0 or more"),
        ("credits", "cpu_seconds", 0, "credits.cpu_seconds must be more than 0"),
        ("retention", "grace_s", -0.5, "retention.grace_s must be 0 or more"),
    ],
)
def test_a_number_that_means_nothing_is_refused_by_name(
    tmp_path: Path, section: str, key: str, value: float, words: str
) -> None:
    with pytest.raises(StartupError, match=words):
        read_settings(data_dir=tmp_path, environ={}, overrides={section: {key: value}})
