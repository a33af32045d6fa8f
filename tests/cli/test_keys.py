"""`qanat keys` and `qanat doctor` through the admin socket of a running server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qanat.api.admin import AdminSocket
from qanat.cli import main, output
from qanat.errors import NotFoundError

Captured = pytest.CaptureFixture[str]
KEY_ID = "01JD8K3N5Q8R7T2V4W6X8Y0Z1A"


class Keys:
    """The operations of a server, kept in a list."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.findings: list[str] = []

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        self.entries.append({"id": KEY_ID, **request})
        return {"id": KEY_ID, "key": "qk_secret"}

    def listed(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"keys": self.entries}

    def revoke(self, request: dict[str, Any]) -> dict[str, Any]:
        if all(entry["id"] != request["id"] for entry in self.entries):
            raise NotFoundError(f"there is no key {request['id']}")
        self.entries.clear()
        return {"id": request["id"]}

    def doctor(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"findings": self.findings}


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    made = Keys()
    operations = {
        "keys.create": made.create,
        "keys.list": made.listed,
        "keys.revoke": made.revoke,
        "doctor": made.doctor,
    }
    monkeypatch.setenv("QANAT_DATA_DIR", str(tmp_path))
    with AdminSocket(tmp_path, operations):
        yield made


def test_a_key_is_printed_alone_on_standard_output(keys: Keys, capsys: Captured) -> None:
    """So that KEY=$(qanat keys create …) holds the key and nothing else."""
    assert main(["keys", "create", "me", "--scope", "write", "--name", "laptop"]) == 0
    said = capsys.readouterr()
    assert said.out == "qk_secret\n"
    assert "not shown again" in said.err
    assert keys.entries == [{"id": KEY_ID, "handle": "me", "scope": "write", "name": "laptop"}]


def test_json_has_the_key_under_its_name(keys: Keys, capsys: Captured) -> None:
    assert main(["keys", "create", "me", "--scope", "read", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["key"] == "qk_secret"


def test_lists_show_whose_keys_there_are_and_never_a_key(keys: Keys, capsys: Captured) -> None:
    main(["keys", "create", "me", "--scope", "read"])
    capsys.readouterr()
    assert main(["keys", "list"]) == 0
    shown = capsys.readouterr().out
    assert KEY_ID in shown
    assert "read" in shown
    assert "qk_secret" not in shown
    assert main(["keys", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["keys"][0]["id"] == KEY_ID


@pytest.mark.parametrize("columns", [140, 80, 60, 40])
def test_the_id_of_a_key_is_whole_on_every_terminal(
    keys: Keys, capsys: Captured, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """It is what `keys revoke` has to be given."""
    moment = "2026-11-24T10:40:26.123456Z"
    keys.entries.append({
        "id": KEY_ID, "handle": "analysts", "scope": "write", "name": "the laptop of ann",
        "prefix": "qk_3fK", "created_at": moment, "last_used_at": moment,
    })  # fmt: skip
    monkeypatch.setattr(output, "terminal_width", lambda: columns)
    assert main(["keys", "list"]) == 0
    told = capsys.readouterr()
    assert KEY_ID in told.out
    assert max(len(line.rstrip()) for line in told.out.splitlines()) <= columns
    assert told.out.count("2026-11-24 10:40Z") == {140: 2, 80: 1, 60: 0, 40: 2}[columns]
    assert "…" not in told.out
    assert ("no room for" in told.err) == (columns in (80, 60))


def test_a_key_is_revoked_by_its_id_once(keys: Keys, capsys: Captured) -> None:
    main(["keys", "create", "me", "--scope", "read"])
    assert main(["keys", "revoke", KEY_ID]) == 0
    assert main(["keys", "revoke", KEY_ID]) == 1
    assert f"there is no key {KEY_ID}" in capsys.readouterr().err


def test_the_doctor_s_findings_are_exit_code_1(keys: Keys, capsys: Captured) -> None:
    assert main(["doctor"]) == 0
    assert "in order" in capsys.readouterr().err
    keys.findings.append("I7: a file is missing")
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    assert said.out == "I7: a file is missing\n"
    assert "1 finding" in said.err
    assert main(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"findings": ["I7: a file is missing"]}


def test_a_directory_that_is_not_there_is_named(tmp_path: Path, capsys: Captured) -> None:
    missing = tmp_path / "missing"
    assert main(["keys", "list", "--data-dir", str(missing)]) == 1
    assert str(missing) in capsys.readouterr().err
    assert not missing.exists()


def test_settings_that_cannot_be_read_are_named(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "qanat.toml").write_text("[server]\nporrt = 1\n")
    assert main(["keys", "list", "--data-dir", str(tmp_path)]) == 1
    assert "porrt" in capsys.readouterr().err
