"""The text of one member comes out as a JSON parser would give it, whatever the pieces are."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.api import json_text
from qanat.api.json_text import MALFORMED, MalformedError, extract

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


class Dribble(io.BytesIO):
    """Gives at most `size` bytes at once, as a socket might."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self.size = size

    def read(self, _: int | None = -1, /) -> bytes:
        return super().read(self.size)


def taken(body: bytes, size: int = 7) -> tuple[str, dict[str, Any]]:
    target = io.BytesIO()
    others = extract(Dribble(body, size), target, "data")
    return target.getvalue().decode(), others


@given(
    data=TEXT,
    name=TEXT,
    nested=st.recursive(st.none() | st.integers() | TEXT, st.lists, max_leaves=5),
    size=st.integers(1, 40),
    is_ascii=st.booleans(),
    is_first=st.booleans(),
    indent=st.sampled_from([None, 1]),
)
def test_any_object_is_taken_apart_as_a_parser_would(
    data: str,
    name: str,
    nested: object,
    size: int,
    is_ascii: bool,
    is_first: bool,
    indent: int | None,
) -> None:
    rest = {"table_name": name, "more": nested}
    whole = {"data": data, **rest} if is_first else {**rest, "data": data}
    body = json.dumps(whole, ensure_ascii=is_ascii, indent=indent).encode()

    assert taken(body, size) == (data, rest)


@given(data=st.text(st.sampled_from('\\"\n\U0001f600é'), max_size=5_000))
def test_nothing_but_escapes_is_no_trouble(data: str) -> None:
    """A piece may hold no place where it is safe to cut but after an escape."""
    assert taken(json.dumps({"data": data}).encode(), 1_000)[0] == data


def test_escapes_alone_do_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept stays near one piece, although there is no place to cut by looking back."""
    extraction = json_text._Extraction(
        Dribble(json.dumps({"data": "\U0001f600" * 50_000}).encode(), 4_096), io.BytesIO(), "data"
    )
    longest = 0
    more = extraction.more

    def watched() -> bool:
        nonlocal longest
        longest = max(longest, len(extraction.text) - extraction.at)
        return more()

    monkeypatch.setattr(extraction, "more", watched)

    extraction.run()

    assert longest < 8_192


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b" { } ",
        b'{"x":"data"}',
        b'"data"',
        b"{",
        b'{"data"',
        b'{"data":',
        b'{"data":"',
        b'{"data":"abc',
        b'{"data":"abc"',
        b'{"data":"abc",',
        b'{"data":"abc",}',
        b'{"data":"abc"}x',
        b'{"data":"abc"}{"data":"abc"}',
        b'{"data":"abc" "x":1}',
        b'{"data":"a\nb"}',
        b'{"data":"\\x"}',
        b'{"data":"\\u12"}',
        b'{"data":"\\"',
        b'{"data":"\\ud800"}',
        b'{"data":"\\ud800\\u0041"}',
        b'{"data":"\\udc00"}',
        b'{"data":"\xff"}',
        b'{"data":"\xed\xa0\x80"}',
        b'{"data":"a","data":"b"}',
        b'{"x":1,"x":2}',
        b'{"x":NaN}',
        b"{1:2}",
        b'{"x":' + b"[" * 100_000,
        b'{"x":"' + b"a" * 2_000_000 + b'"}',
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100_000])
def test_what_no_parser_takes_is_refused(body: bytes, size: int) -> None:
    if len(body) > 1_000:
        size = 100_000
    with pytest.raises(MalformedError):
        taken(body, size)


def test_a_member_that_is_no_text_is_returned_with_the_others() -> None:
    assert taken(b'{"data":["a"],"x":12}', 1) == ("", {"data": ["a"], "x": 12})


def test_it_runs_as_a_program_without_anything_installed(tmp_path: Path) -> None:
    source, target = tmp_path / "body", tmp_path / "text"
    source.write_text(json.dumps({"data": "a,b\n1,é\n", "table_name": "x"}), encoding="utf-8")

    def run() -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-I", "-S", json_text.__file__, str(source), str(target), "data"]
        return subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)

    done = run()
    assert (done.returncode, json.loads(done.stdout)) == (0, {"table_name": "x"})
    assert target.read_text(encoding="utf-8") == "a,b\n1,é\n"

    source.write_text('{"data":', encoding="utf-8")
    assert run().returncode == MALFORMED
