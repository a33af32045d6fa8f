"""`qanat serve` and the commands of whoever runs it, on a real data directory."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qanat.cli import main

Captured = pytest.CaptureFixture[str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Serving:
    """A server process and what it said when it was ready."""

    def __init__(self, data_dir: Path, *more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "qanat", "--json", "serve", "--port", str(free_port()),
             "--data-dir", str(data_dir), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.told = json.loads(self.process.stdout.readline())

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> str:
        self.process.send_signal(with_signal)
        _, err = self.process.communicate(timeout=60)
        return err


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    made = Serving(tmp_path / "data")
    monkeypatch.setenv("QANAT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("QANAT_SERVER_URL", made.told["url"])
    monkeypatch.setenv("QANAT_API_KEY", made.told.get("key") or "")
    yield made
    if made.process.poll() is None:
        made.stop()


def test_the_first_key_is_told_once_and_works(serving: Serving, capsys: Captured) -> None:
    assert main(["--json", "sql", "SELECT 1 AS one"]) == 0
    assert json.loads(capsys.readouterr().out)["result"]["rows"] == [{"one": 1}]
    data_dir = Path(os.environ["QANAT_DATA_DIR"])
    serving.stop()
    again = Serving(data_dir)
    assert again.told.keys() == {"url"}
    again.stop()


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, with_signal: signal.Signals) -> None:
    made = Serving(tmp_path)
    assert (tmp_path / "admin.sock").exists()
    err = made.stop(with_signal)
    assert made.process.returncode == 0
    assert "Traceback" not in err
    assert not (tmp_path / "admin.sock").exists()


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    made = Serving(tmp_path, "--until-stdin-closes")
    assert made.process.stdin is not None
    made.process.stdin.close()
    assert made.process.wait(60) == 0
    assert made.process.stdout is not None
    assert made.process.stderr is not None
    made.process.stdout.close()
    made.process.stderr.close()


def test_keys_are_made_and_revoked_beside_the_running_server(
    serving: Serving, capsys: Captured
) -> None:
    assert main(["keys", "create", "acme", "--scope", "read", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    headers = {"X-Dune-Api-Key": made["key"]}
    url = f"{serving.told['url']}/api/whoami"
    with httpx.Client(headers=headers, trust_env=False) as http:
        assert http.get(url).json()["handle"] == "acme"
        assert main(["keys", "list"]) == 0
        listed = capsys.readouterr().out
        assert made["id"] in listed
        assert made["key"] not in listed
        assert main(["keys", "revoke", made["id"]]) == 0
        assert http.get(url).status_code == 401
    assert main(["sql", "SELECT 1", "--key", made["key"]]) == 3


def test_keys_work_without_a_server_and_hold_for_the_next(tmp_path: Path, capsys: Captured) -> None:
    data_dir = tmp_path / "data"
    told = ["--data-dir", str(data_dir)]
    assert main(["keys", "create", "acme", "--scope", "write", *told]) == 0
    key = capsys.readouterr().out.strip()
    assert main(["doctor", *told]) == 0
    made = Serving(data_dir)
    assert "key" not in made.told
    answer = httpx.get(
        f"{made.told['url']}/api/whoami", headers={"X-Dune-Api-Key": key}, trust_env=False
    )
    assert answer.json()["handle"] == "acme"
    made.stop()


def test_a_second_server_on_the_directory_is_refused_in_words(
    serving: Serving, capsys: Captured
) -> None:
    data_dir = os.environ["QANAT_DATA_DIR"]
    second = subprocess.run(
        [sys.executable, "-m", "qanat", "serve", "--data-dir", data_dir],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "another Qanat server uses the data directory" in second.stderr
    assert "Traceback" not in second.stderr
    assert main(["--json", "doctor"]) == 0


def test_statements_that_fail_keep_their_place(serving: Serving, capsys: Captured) -> None:
    assert main(["sql", "SELECT\n  nope FROM (SELECT 1 AS a) AS t"]) == 1
    assert "line 2:3" in capsys.readouterr().err


def test_a_pipeline_runs_with_progress(serving: Serving, capsys: Captured) -> None:
    headers = {"X-Dune-Api-Key": serving.told["key"]}
    with httpx.Client(
        base_url=f"{serving.told['url']}/api", headers=headers, trust_env=False
    ) as http:
        base = http.post("/v1/query", json={"name": "a", "query_sql": "SELECT 1 AS n"}).json()
        http.post("/v1/materialized-views", json={"name": "result_a", "query_id": base["query_id"]})
        top = http.post(
            "/v1/query",
            json={"name": "b", "query_sql": "SELECT n + {{more}} AS n FROM dune.me.result_a",
                  "parameters": [{"key": "more", "type": "number", "value": "1"}]},
        ).json()  # fmt: skip
    query_id = str(top["query_id"])
    assert main(["pipeline", "show", query_id]) == 0
    assert "dune.me.result_a" in capsys.readouterr().out
    assert main(["pipeline", "run", query_id, "--param", "more=41"]) == 0
    said = capsys.readouterr()
    assert "[2/2] completed b" in said.err
    assert main(["pipeline", "watch", query_id]) == 0
    assert main(["query", "run", query_id, "--param", "more=2", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["result"]["rows"]
    assert rows == [{"n": 3}]
