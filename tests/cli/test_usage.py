"""Words that make a command, words that do not, and the exit codes that shells read."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from qanat import __version__
from qanat.cli import build, main
from qanat.cli.client import parameters
from qanat.cli.failure import UsageError

from .conftest import Qanat
from .double import EXECUTION, Double, finished, page

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    "words",
    [
        ["bogus"],
        ["sql"],
        ["sql", "SELECT 1", "--nope"],
        ["sql", "SELECT 1", "--tier", "huge"],
        ["sql", "SELECT 1", "--limit", "-3"],
        ["sql", "SELECT 1", "--param", "novalue"],
        ["sql", "SELECT 1", "more"],
        ["query", "run", "x"],
        ["query"],
        ["pipeline", "run"],
        ["pipeline", "watch", "neither"],
        ["keys", "create", "me"],
        ["keys", "create", "me", "--scope", "admin"],
        ["keys", "create", "Not A Handle", "--scope", "read"],
        ["keys", "revoke", "short"],
        ["completion", "powershell"],
        ["serve", "--port", "many"],
    ],
)
def test_bad_usage_is_exit_code_2_and_one_or_two_lines(
    qanat: Qanat, capsys: Captured, words: list[str]
) -> None:
    code = qanat(*words)
    told = capsys.readouterr()
    if words == ["query"]:  # a group alone shows its help, as `qanat` alone does
        assert code == 0
        assert "run" in told.out
        return
    assert code == 2
    assert told.out == ""
    assert told.err.startswith("qanat: ")
    assert "Traceback" not in told.err
    assert len(told.err.splitlines()) <= 3


def test_no_words_show_the_commands(capsys: Captured) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for command in ("serve", "demo", "keys", "sql", "query", "pipeline", "doctor", "completion"):
        assert command in shown
    assert "Exit codes: 0 done, 1 failed, 2 bad usage, 3 server unreachable" in shown


def test_the_version_is_the_package_s(capsys: Captured) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_every_command_explains_itself(capsys: Captured) -> None:
    """No option is shown without a word on what it is for."""
    groups = {"keys": ("create", "list", "revoke"), "query": ("run",)}
    groups["pipeline"] = ("show", "run", "watch")
    alone = ("serve", "demo", "sql", "doctor", "completion")
    for words in [(name,) for name in alone] + [(g, n) for g, ns in groups.items() for n in ns]:
        assert main([*words, "--help"]) == 0
        shown = capsys.readouterr().out
        assert f"Usage: qanat {' '.join(words)}" in shown
        assert "told" not in shown


def test_a_server_that_is_not_there_is_exit_code_3(capsys: Captured) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    assert main(["sql", "SELECT 1", "--server", address, "--key", "qk_x"]) == 3
    told = capsys.readouterr().err
    assert f"no server answers at {address}" in told
    assert "qanat serve" in told


def test_no_key_and_a_refused_key_are_exit_code_3(double: Double, capsys: Captured) -> None:
    assert main(["sql", "SELECT 1", "--server", double.url]) == 3
    assert "QANAT_API_KEY" in capsys.readouterr().err
    assert main(["sql", "SELECT 1", "--server", double.url, "--key", "qk_wrong"]) == 3
    told = capsys.readouterr().err
    assert "invalid API Key" in told
    assert "qk_wrong" not in told


@pytest.mark.parametrize(
    "address",
    ["localhost", "ftp://x", "http://", "http://[::1", "", "http://x?a=1", "http://x/#/runs"],
)
def test_an_address_that_is_none_is_bad_usage(address: str, capsys: Captured) -> None:
    assert main(["sql", "SELECT 1", "--server", address, "--key", "qk_x"]) == 2
    assert "--server" in capsys.readouterr().err


@pytest.mark.parametrize("path", ["/api", "/foo/", "/queries/7"])
def test_an_address_with_a_path_where_no_qanat_is_is_told_with_the_one_to_try(
    double: Double, capsys: Captured, path: str
) -> None:
    """The words of whatever answered there ("not found") would be taken for the query's."""
    assert main(["query", "run", "7", "--server", double.url + path, "--key", "qk_test"]) == 3
    told = capsys.readouterr().err
    assert told.startswith(f"qanat: no Qanat answers at {double.url}{path.rstrip('/')}\n")
    assert f"without a path, such as {double.url}\n" in told


def test_a_qanat_below_a_path_says_itself_what_it_does_not_know(
    double: Double, capsys: Captured
) -> None:
    """A proxy may well put one there."""
    double.on("GET /below/api/health", (200, {"status": "ok", "version": "1"}))
    double.on("POST /below/api/v1/query/7/execute", (404, {"error": "Query not found"}))
    words = ["query", "run", "7", "--server", f"{double.url}/below", "--key", "qk_test"]
    assert main(words) == 1
    assert capsys.readouterr().err == "qanat: Query not found\n"


def test_a_page_instead_of_an_answer_is_not_printed(
    double: Double, qanat: Qanat, capsys: Captured
) -> None:
    """The web application has a page for every address that is none of the API's."""
    double.on("GET /v1/query/7/pipeline", (200, b"<!doctype html>"))
    assert qanat("pipeline", "show", "7", "--json") == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert f"no Qanat answers at {double.url}\n" in told.err
    assert "such as http://127.0.0.1:8327" in told.err


def test_a_key_with_a_line_end_is_refused_before_it_is_sent(double: Double) -> None:
    assert main(["sql", "1", "--server", double.url, "--key", "qk_a\r\nX-Other: 1"]) == 2
    assert double.asked == []


def test_common_options_may_stand_before_and_after_the_words(double: Double) -> None:
    double.on("POST /v1/sql/execute", (200, {"execution_id": EXECUTION}))
    double.on(f"GET /v1/execution/{EXECUTION}/status", (200, finished()))
    double.on(f"GET /v1/execution/{EXECUTION}/results", (200, page([{"day": "a", "n": 1}])))
    told = ["--json", "--server", double.url, "--key", "qk_test"]
    assert main([*told, "sql", "SELECT 1"]) == 0
    assert main(["sql", *told, "SELECT 1"]) == 0
    assert main(["sql", "SELECT 1", *told]) == 0
    assert [asked.body["sql"] for asked in double.requests("POST /v1/sql/execute")] == [
        "SELECT 1"
    ] * 3


def test_an_answer_that_is_not_qanat_s_is_a_failure_in_words(
    qanat: Qanat, double: Double, capsys: Captured
) -> None:
    double.on("POST /v1/sql/execute", (200, b"hello"), (502, b"<html>bad</html>"))
    assert qanat("sql", "SELECT 1") == 1
    assert "is it a Qanat server" in capsys.readouterr().err
    assert qanat("sql", "SELECT 1") == 1
    assert "answered 502" in capsys.readouterr().err


def test_parameters_are_names_and_values_and_a_name_twice_is_a_list() -> None:
    assert parameters(["a=1", "b=x=y", "c=", "d=1", "d=2", "d=3"]) == {
        "a": "1",
        "b": "x=y",
        "c": "",
        "d": ["1", "2", "3"],
    }
    with pytest.raises(UsageError):
        parameters(["=1"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_know_the_commands(shell: str, capsys: Captured) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("serve", "pipeline", "watch", "revoke"):
        assert word in script
    if found := shutil.which(shell):
        checked = subprocess.run([found, "-n"], input=script, text=True, check=False)
        assert checked.returncode == 0


def test_the_command_line_can_be_built_twice() -> None:
    assert build() is not build()


def test_a_directory_that_may_not_be_written_is_named(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "file").touch()
    below = tmp_path / "file" / "data"
    assert main(["keys", "create", "me", "--scope", "read", "--data-dir", str(below)]) == 1
    told = capsys.readouterr().err
    assert str(tmp_path / "file") in told
    assert "Traceback" not in told
