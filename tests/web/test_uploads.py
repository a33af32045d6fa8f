"""Files that come in: dropped, looked at, corrected, refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect

from tests.web.pages import BOTH_THEMES, Pages

MEGABYTE: Final = 1_000_000

_DROP: Final = """([name, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, { type: "text/csv" }));
  const place = document.querySelector("main h1");
  for (const type of ["dragenter", "dragover", "drop"])
    place.dispatchEvent(
      new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def drop(page: Page, name: str, text: str) -> None:
    """Let go of a file over the page."""
    expect(page.get_by_role("heading", name="Catalog", exact=True)).to_be_visible()
    page.evaluate(_DROP, [name, text])


@BOTH_THEMES
def test_a_dropped_file_is_corrected_before_it_lands_and_a_taken_name_is_said(
    pages: Pages,
) -> None:
    pages.allowed = ("409",)
    name = f"rates_{pages.theme}"
    page = pages.open("/catalog")
    drop(page, f"{name}.csv", "day,rate\n2026-11-01,1.50\n2026-11-02,1.60\n")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 rows")
    dialog.get_by_label("Type of column 2").select_option("varchar")
    dialog.get_by_label("Name of column 2").fill("rate_text")
    pages.picture(page, "upload")
    assert pages.findings(page, "[role=dialog]") == []
    dialog.get_by_role("button", name="Make the table").click()
    expect(page).to_have_url(re.compile(rf"/catalog/dune\.me\.{name}"))
    expect(page.get_by_role("gridcell", name="1.60")).to_be_visible()
    assert pages.server.sql(f"SELECT rate_text FROM dune.me.{name} ORDER BY 1") == [
        {"rate_text": "1.50"},
        {"rate_text": "1.60"},
    ]

    page.keyboard.press("Escape")
    drop(page, f"{name}.csv", "day,rate\n2026-11-03,1.70\n")
    dialog.get_by_role("button", name="Make the table").click()
    expect(dialog.get_by_role("alert")).to_contain_text(re.compile("exists|taken|already"))
    pages.picture(page, "upload-name-taken")
    dialog.get_by_label(f"Replace the table {name}").check()
    dialog.get_by_role("button", name="Make the table").click()
    expect(page.get_by_text("1 rows.").or_(page.get_by_text("1 row."))).to_be_visible()


@BOTH_THEMES
def test_a_large_file_of_another_format_is_refused_in_a_sentence(
    pages: Pages, tmp_path: Path
) -> None:
    pages.allowed = ("400", "413")
    file = tmp_path / "film.csv"
    with file.open("wb") as made:
        made.write(b"\x00\x01\xfe\xff" * 1000)
        made.truncate(300 * MEGABYTE)
    page = pages.open("/catalog")
    page.get_by_label("File to upload").set_input_files(file)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The file was not taken", timeout=40_000)
    expect(dialog).to_contain_text("Nothing was stored. Check that it really is CSV")
    pages.picture(page, "upload-refused")
    assert pages.findings(page, "[role=dialog]") == []
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    page.get_by_label("File to upload").set_input_files(
        {"name": "film.mov", "mimeType": "video/quicktime", "buffer": b"moov"}
    )
    expect(dialog).to_contain_text("neither CSV, NDJSON nor Parquet")
