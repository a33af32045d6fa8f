"""Calls spice for a test, in the environment that has it; see tests/clients/driven.py."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import polars as pl  # type: ignore[import-not-found]  # of spice's environment
import qanat_spice  # type: ignore[import-not-found]  # noqa: F401  # the shim of docs/clients.md
import spice  # type: ignore[import-not-found]  # of this environment alone


def _plain(value: object) -> object:
    if isinstance(value, pl.DataFrame):
        types = {name: str(kind) for name, kind in value.schema.items()}
        return {"types": types, "rows": json.loads(json.dumps(value.to_dicts(), default=str))}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


for line in sys.stdin:
    asked = json.loads(line)
    options = {"api_key": os.environ["QANAT_KEY"], "verbose": False, **asked["options"]}
    try:
        if asked["call"] == "async_query":
            found = asyncio.run(spice.async_query(*asked["args"], **options))
        else:
            found = spice.query(*asked["args"], **options)
        answer = {"value": _plain(found)}
    except Exception as error:  # noqa: BLE001  # whatever it is, the test is told
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
