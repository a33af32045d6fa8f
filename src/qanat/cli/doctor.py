"""`qanat doctor`: the files against the store."""

from __future__ import annotations

from pathlib import Path

from qanat.cli.invocation import Told


def doctor(*, data_dir: Path | None = None, config: Path | None = None, told: Told) -> int:
    """Check that the store and the files of rows agree; exit 1 if they do not.

    Args:
        data_dir: The data directory (QANAT_DATA_DIR).
        config: The settings file.
        told: The options of every command.
    """
    from qanat.cli import output
    from qanat.cli.failure import ExitCode
    from qanat.cli.local import Operator

    operator = Operator.of(data_dir, config)
    findings = [str(found) for found in operator.ask("doctor", {}, timeout_s=600)["findings"]]
    if told.is_json:
        output.to_json({"findings": findings})
    else:
        for found in findings:
            output.to_stdout(found)
        count = len(findings)
        output.to_stderr(
            f"{operator.data_dir}: "
            + ("in order" if not count else f"{count} finding{'' if count == 1 else 's'}")
        )
    return ExitCode.FAILED if findings else ExitCode.DONE
