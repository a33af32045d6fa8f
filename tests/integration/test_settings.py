"""Settings that change what a running server answers."""

from __future__ import annotations

from pathlib import Path

from tests.server import ServerProcess


def test_null_in_csv_is_the_text_that_settings_name(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "q", server__csv_null="NULL!") as server:
        rows = "(VALUES (1, CAST(NULL AS varchar)), (2, 'x')) AS t (a, b)"
        sql = f"SELECT a, b FROM {rows} ORDER BY a"
        execution = server.call("POST", "/sql/execute", {"sql": sql})["execution_id"]
        server.wait_execution(execution)
        answer = server.http.get(f"/api/v1/execution/{execution}/results/csv")
    assert answer.text == "a,b\n1,NULL!\n2,x\n"
