"""docs/configuration.md names every setting, with its default and its variable, and no other."""

from __future__ import annotations

import msgspec
import pytest

from qanat.config import Settings, SourceSettings, TierSettings, read_settings
from tests.docs.pages import DOCS, blocks, read, sections, table

PAGE = read(DOCS / "configuration.md")


def structs() -> dict[str, type[msgspec.Struct]]:
    """Return the heading of each section, and what holds its settings."""
    found: dict[str, type[msgspec.Struct]] = {
        "`tiers.small`, `tiers.medium`, `tiers.large`": TierSettings,
        '`sources."schema.table"`': SourceSettings,
    }
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found[f"`{field.name}`"] = field.type
    return found


def written(value: object) -> str:
    """Return a default as the page writes it: as TOML."""
    if value is msgspec.NODEFAULT:
        return "required"
    if value is None:
        return "none"
    return "`[]`" if value == () else f"`{msgspec.json.encode(value).decode()}`"


def test_the_page_has_a_section_for_each_and_no_other() -> None:
    assert set(sections(PAGE)) == set(structs())


@pytest.mark.parametrize("heading", structs())
def test_every_setting_is_there_with_its_default_and_its_variable(heading: str) -> None:
    rows = table(sections(PAGE)[heading], "key")
    prefix = {"`tiers.small`, `tiers.medium`, `tiers.large`": "tiers__small"}.get(
        heading, heading.strip("`")
    )

    expected = {
        f"`{field.name}`": (
            written(field.default),
            "none" if prefix.startswith("sources") else f"`QANAT_{prefix}__{field.name}`".upper(),
        )
        for field in msgspec.structs.fields(structs()[heading])
    }
    found = {key: (default, variable) for key, default, _, variable in rows}

    assert found == expected
    assert all(len(meaning) > 5 for _, _, meaning, _ in rows)


def test_the_example_file_is_one_that_a_server_starts_with(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    (example,) = blocks(PAGE, "toml")
    directory = tmp_path_factory.mktemp("settings")
    (directory / "qanat.toml").write_text(example, encoding="utf-8")

    found = read_settings(data_dir=directory, environ={})

    assert found.tiers["large"].time_s == 7200
    assert found.sources["dex.trades"].format == "parquet"


def test_the_tiers_are_as_the_machine_would_have_them() -> None:
    """The second table of tiers says what 0 stands for."""
    from qanat.engines.duckdb.limits import tiers

    made = tiers(Settings(data_dir=DOCS), cores=4, memory_bytes=40 << 30)
    rows = {row[0].strip("`"): row for row in table(PAGE, "tier")}

    assert set(rows) == set(made)
    for name, tier in made.items():
        _, _, time, factor, slots = rows[name]
        assert time == f"{tier.limits.time_s:,.0f} s"
        assert factor == f"{tier.factor:g}"
        assert slots == ("all" if tier.slots == 4 else str(tier.slots))
    assert made["medium"].limits.memory_bytes == int((40 << 30) * 0.7) // 4
    assert made["small"].limits.memory_bytes == made["medium"].limits.memory_bytes // 2
    assert made["large"].limits.memory_bytes == int((40 << 30) * 0.7)
