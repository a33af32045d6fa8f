"""Bodies that are too large for memory: kept in `tmp/uploads` while a request is answered.

A file ends with its request. Those that a killed server left are removed at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qanat.api import json_text
from qanat.api.requests import Request, decode
from qanat.errors import InvalidRequestError, TooManyRequestsError

WRITE_BYTES: Final = 1 << 20  #: handed to the disk at once
LOOK_BYTES: Final = 64 << 20  #: between two looks at the free space
IN_PROCESS_BYTES: Final = 1 << 20  #: a longer body is taken apart in a process of its own
PROCESS_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A body on disk."""

    path: Path
    size_bytes: int


def empty_spool(data_dir: Path) -> None:
    """Remove what requests of an earlier server left behind, and what it had staged."""
    for name in ("uploads", "staged"):
        shutil.rmtree(data_dir / "tmp" / name, ignore_errors=True)


@contextlib.asynccontextmanager
async def spooled(
    request: Request, limit: int, hashed: hashlib._Hash | None = None
) -> AsyncIterator[Spooled]:
    """Yield the request's body as a file that ends with the block; `hashed` is fed with it.

    Raises:
        TooLargeError: It is longer than `limit` bytes.
        TooManyRequestsError: The disk is nearly full.
        InvalidRequestError: It stopped arriving.
    """
    services = request.services
    async with fresh(request) as path:
        await services.call(_require_room, request, path, request.content_length or 0)
        size_bytes, looked_at = 0, 0
        with path.open("xb", buffering=0) as file:
            held = bytearray()
            async for piece in request.pieces(limit):
                held += piece
                if len(held) >= WRITE_BYTES:
                    size_bytes += len(held)
                    await services.call_long(_write, file.fileno(), bytes(held), hashed)
                    held.clear()
                if size_bytes - looked_at >= LOOK_BYTES:
                    looked_at = size_bytes
                    await services.call(_require_room, request, path, 0)
            size_bytes += len(held)
            await services.call_long(_write, file.fileno(), bytes(held), hashed)
        yield Spooled(path=path, size_bytes=size_bytes)


@contextlib.asynccontextmanager
async def fresh(request: Request) -> AsyncIterator[Path]:
    """Yield a path in `tmp/uploads` where nothing lies; what is put there ends with the block."""
    directory = request.services.settings.data_dir / "tmp" / "uploads"
    path = directory / secrets.token_hex(16)
    await request.services.call(lambda: directory.mkdir(parents=True, exist_ok=True))
    try:
        yield path
    finally:
        # Giving back a large file takes a while, also when the request was given up.
        with contextlib.suppress(RuntimeError):  # the server stops; its next start removes it
            await asyncio.shield(request.services.call_long(path.unlink, missing_ok=True))


async def take_text(request: Request, body: Spooled, text: Path, member: str) -> dict[str, Any]:
    """Write the text of one member of a spooled JSON object to `text`; return the others.

    Raises:
        InvalidRequestError: The body is no such object.
    """
    if body.size_bytes <= IN_PROCESS_BYTES:
        others = await request.services.call_long(_extract, body.path, text, member)
    else:
        others = await _extract_apart(body.path, text, member)
    found = decode(json.dumps(others).encode())
    assert isinstance(found, dict)
    return found


def _extract(source: Path, target: Path, member: str) -> dict[str, Any]:
    try:
        with source.open("rb") as body, target.open("xb") as text:
            return json_text.extract(body, text, member)
    except json_text.MalformedError as error:
        raise _refused(str(error)) from None


async def _extract_apart(source: Path, target: Path, member: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", json_text.__file__, str(source), str(target), member,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PROCESS_S):
            out, err = await process.communicate()
    except TimeoutError:
        raise InvalidRequestError("the body took too long to be read") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == json_text.MALFORMED:
        raise _refused(err.decode(errors="replace"))
    if process.returncode != 0:
        raise RuntimeError(f"the body could not be taken apart: {err[-2_000:]!r}")
    return json.loads(out)  # type: ignore[no-any-return]  # an object, by its maker


def _refused(why: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid request body payload: {why}")


def _write(file: int, content: bytes, hashed: hashlib._Hash | None) -> None:
    if hashed is not None:
        hashed.update(content)
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]


def _require_room(request: Request, path: Path, size_bytes: int) -> None:
    limit = request.services.settings.limits.free_disk_bytes
    if shutil.disk_usage(path.parent).free < limit + size_bytes:
        raise TooManyRequestsError(
            "the server's disk is almost full: nothing was written", retry_after_s=60
        )
