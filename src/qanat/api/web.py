"""The web application: its one page, under a strict policy, and the files it is made of.

Only files that lay in the built folder when it was first looked at can be asked for: the path of a
request is looked up in a table and never touches the file system. Every other address is the page
itself, because its addresses are made in the browser; below `/api` nothing is. The
headers that every answer has are those of `edge`.
"""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from anyio import to_thread
from litestar import Request, Response, get

from qanat.errors import NotFoundError

FOLDER: Final = Path(__file__).parent.parent / "web"
NONCE: Final = "QANAT_NONCE"  #: what the build leaves in index.html; see ui/vite.config.ts
YEAR_S: Final = 31_536_000

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_TYPES: Final[Mapping[str, str]] = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".md": "text/plain",
}
_COMPRESSED: Final = frozenset({".js", ".css", ".svg", ".md"})  # a font already is
_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Qanat</title>
<h1>Qanat is running</h1>
<p>The web application is not part of this installation. The HTTP API is at
<code>/api/v1/</code>, its documentation at <a href="/api/docs">/api/docs</a>.</p>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFile:
    """A file of the application as it is sent; its name changes with its content."""

    body: bytes
    compressed: bytes | None  #: gzip; None where it would gain nothing
    media_type: str
    is_hashed: bool  #: may be kept for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltApp:
    """The built application, held in memory: it is about three megabytes and never changes."""

    index: str | None  #: None: it was not built
    files: Mapping[str, BuiltFile]  #: path of the address, without a slash at its start


def read_app(folder: Path) -> BuiltApp:
    """Return what the build left in `folder`; without an index if there is none."""
    index = folder / "index.html"
    if not index.is_file():
        return BuiltApp(index=None, files={})
    files = {
        path.relative_to(folder).as_posix(): _read(path, is_hashed=path.parent.name == "assets")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in _TYPES and ".vite" not in path.parts
    }
    return BuiltApp(index=index.read_text(encoding="utf-8"), files=files)


def _read(path: Path, *, is_hashed: bool) -> BuiltFile:
    body = path.read_bytes()
    compressed = gzip.compress(body, mtime=0) if path.suffix in _COMPRESSED else None
    return BuiltFile(
        body=body,
        compressed=compressed,
        media_type=_TYPES[path.suffix],
        is_hashed=is_hashed,
    )


@lru_cache(maxsize=1)
def _app() -> BuiltApp:
    return read_app(FOLDER)


def page_of(app: BuiltApp) -> Response[bytes]:
    """Return the page, with a nonce that no other answer has."""
    nonce = secrets.token_urlsafe(18)
    page = _NOT_BUILT if app.index is None else app.index.replace(NONCE, nonce)
    return Response(
        page.encode(),
        media_type="text/html",
        headers={
            "Content-Security-Policy": _POLICY.format(nonce=nonce),
            "Cache-Control": "no-store",
        },
    )


def file_of(file: BuiltFile, *, accepts_gzip: bool) -> Response[bytes]:
    """Return a file; hashed names are kept by browsers for a year."""
    headers = {
        "Cache-Control": f"public, max-age={YEAR_S}, immutable" if file.is_hashed else "no-cache",
        "Vary": "Accept-Encoding",
    }
    body = file.body
    if accepts_gzip and file.compressed is not None:
        body = file.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=file.media_type, headers=headers)


@get(["/", "/{rest:path}"], include_in_schema=False)
async def serve_web(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer every address that is not the API's.

    Raises:
        NotFoundError: The address is below `/api`, or names a file that is not there.
    """
    path = request.scope["path"].strip("/")
    if path == "api" or path.startswith("api/"):
        raise NotFoundError("Object not found")
    app = await to_thread.run_sync(_app)
    file = app.files.get(path)
    if file is not None:
        return file_of(file, accepts_gzip="gzip" in request.headers.get("accept-encoding", ""))
    if path.startswith("assets/"):
        # A page of an older build asks for what is gone; HTML in its place would be run as script.
        raise NotFoundError("Object not found")
    return page_of(app)


WEB_ROUTES: Final = [serve_web]
