"""overview.html: every client at a glance, in pages, and nothing in it but text is taken as text."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.batch.conftest import Run, add_photo
from tracker.batch import overview


def page(out: Path, name: str = "overview.html") -> str:
    return (out / name).read_text(encoding="utf-8")


def test_what_the_page_says(run: Run, root: Path, out: Path) -> None:
    (root / "bert" / "sessions.csv").write_text("date\nsoon\n")
    run()
    text = page(out)
    assert "3 clients, 6 photos" in text
    assert 'href="anna/report.html"' in text
    assert 'src="anna/contact.jpg"' in text
    assert (out / "anna" / "contact.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert "sessions.csv, line 2: `soon` is no date; write it as YYYY-MM-DD" in text
    assert "sessions.csv, line …:" in text, "reasons are counted without their figures"
    assert 'href="bert/' not in text, "there is no folder to lead to"
    assert not re.search(r"https?://|<script", text)


def test_names_are_shown_not_obeyed(run: Run, root: Path, out: Path) -> None:
    shutil.move(root / "cara", root / "<b>c & 50%?#")
    run()
    text = page(out)
    assert "&lt;b&gt;c &amp; 50%?#" in text
    assert "<b>c" not in text
    assert 'href="%3Cb%3Ec%20%26%2050%25%3F%23/report.html"' in text


def test_many_clients_have_many_pages(
    run: Run, root: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "CLIENTS_PER_PAGE", 2)
    add_photo(root / "dora", "2026-01-01_top.jpg", 90)
    add_photo(root / "emil", "2026-01-01_top.jpg", 91)
    run()
    assert sorted(p.name for p in out.glob("overview*")) == [
        *("overview-2.html", "overview-3.html", "overview.html")
    ]
    assert "emil" in page(out, "overview-3.html")
    assert "emil" not in page(out)
    assert 'href="overview-3.html"' in page(out)
    for name in ("dora", "emil", "cara"):
        shutil.rmtree(root / name)
    run()
    assert [p.name for p in out.glob("overview*")] == ["overview.html"]


def test_a_batch_without_a_measured_photo_has_a_page(run: Run, root: Path, out: Path) -> None:
    for folder in root.iterdir():
        for photo in folder.glob("*.jpg"):
            photo.write_bytes(b"")
    totals = run()
    assert totals.measured == 0
    assert "9 photos" in page(out)
    assert "is empty (zero bytes)" in page(out)
