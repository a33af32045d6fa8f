"""The API's description as a page for people.

It holds everything it needs: no script, no font, no request to anywhere. Its one style sheet is
named by its hash in the policy that the page is sent with.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

STYLE: Final = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid var(--line)}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:var(--soft);padding:.6rem;border-radius:6px;overflow-x:auto}
b{display:inline-block;min-width:4rem}table{border-collapse:collapse;width:100%}
td{border-top:1px solid var(--line);padding:.2rem .6rem .2rem 0;vertical-align:top}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
}
METHODS: Final = ("get", "post", "put", "patch", "delete")


def page(document: Mapping[str, Any]) -> bytes:
    """Return the page for an OpenAPI document."""
    return "".join(_parts(document)).encode()


def _parts(document: Mapping[str, Any]) -> Iterator[str]:
    told = document["info"]
    yield "<!doctype html><html lang=en><head><meta charset=utf-8>"
    yield "<meta name=viewport content='width=device-width'>"
    yield f"<title>{_text(told['title'])} API</title><style>{STYLE}</style></head><body>"
    yield f"<h1>{_text(told['title'])} API <small>{_text(told['version'])}</small></h1>"
    yield f"<p>{_text(told.get('description', ''))}</p>"
    yield (
        "<p>Send your key as <code>X-Dune-Api-Key</code>. Every answer that is not 200 is "
        '<code>{"error": "…"}</code>. For programs: <a href="/api/openapi.json">openapi.json</a>.'
        "</p>"
    )
    groups: dict[str, list[str]] = {}
    for path, operations in sorted(document["paths"].items()):
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                tag = next(iter(operation.get("tags") or ["Other"]))
                groups.setdefault(tag, []).append(_endpoint(method, path, operation))
    for tag, endpoints in groups.items():
        yield f"<h2>{_text(tag)}</h2>"
        yield from endpoints
    yield "</body></html>"


def _endpoint(method: str, path: str, operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(one['name'])}</code></td><td>{_text(one['in'])}</td>"
        f"<td>{_text(one.get('description', ''))}</td></tr>"
        for one in operation.get("parameters") or ()
    )
    body = _example(operation.get("requestBody"), "Request")
    answers = operation["responses"]
    others = ", ".join(
        f"{status} {_text(answer.get('description', ''))}"
        for status, answer in sorted(answers.items())
        if status != "200"
    )
    return (
        f"<details><summary><b>{method.upper()}</b><code>{_text(path)}</code> "
        f"{_text(operation.get('summary', ''))}</summary>"
        f"<p>{_text(operation.get('description', ''))}</p>"
        f"{f'<table>{rows}</table>' if rows else ''}"
        f"{body}{_example(answers.get('200'), 'Answer')}<p>Else: {others}</p></details>"
    )


def _example(spec: Mapping[str, Any] | None, title: str) -> str:
    for shape in (spec or {}).get("content", {}).values():
        if "example" in shape:
            shown = json.dumps(shape["example"], indent=1, ensure_ascii=False)
            return f"<p>{title}</p><pre>{_text(shown)}</pre>"
    return ""


def _text(text: object) -> str:
    return html.escape(str(text), quote=True)
