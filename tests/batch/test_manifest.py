"""A table that says whose photo each file is."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.batch.conftest import Run, add_photo
from tracker.batch.found import Kind
from tracker.batch.manifest import find_by_manifest
from tracker.batch.places import FolderPlace
from tracker.record_files import FolderError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for number, name in enumerate(("IMG_1.jpg", "IMG_2.jpg", "deep/er/IMG_3.jpg", "IMG_4.jpg")):
        path = root / name
        add_photo(path.parent, path.name, number)
    (root / "anna").mkdir()
    (root / "anna" / "sessions.csv").write_text("date\n2026-02-01\n")
    return root


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_of_any_sort(photos: Path, tmp_path: Path, separator: str) -> None:
    lines = [
        "Photo,Client,View,Date,remark",
        "IMG_1.jpg,anna,top,2026-01-01,first",
        r"deep\er\IMG_3.jpg,anna,vertex,2026-03-01,",
        "",
        "IMG_2.jpg,Zoë,,,",
    ]
    manifest = tmp_path / "m.csv"
    manifest.write_text("\n".join(lines).replace(",", separator), encoding="cp1252")
    found = find_by_manifest(FolderPlace(photos), manifest)
    anna, zoe = found.clients
    assert zoe.name == "Zoë"
    assert [(p.name, p.view, p.day) for p in anna.photos] == [
        ("deep_er_IMG_3.jpg", "crown", date(2026, 3, 1)),
        ("IMG_1.jpg", "top", date(2026, 1, 1)),
    ]
    assert [path for path, _, _ in anna.records] == ["anna/sessions.csv"]
    assert not found.failures


def test_an_excel_table(photos: Path, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["client", "photo", "date", "view", "mm_per_px"])
    sheet.append([17, "IMG_1.jpg", datetime(2026, 1, 1), "top", 0.08])
    sheet.append([17, "IMG_2.jpg", "2026-02-01", "top", None])
    book.save(tmp_path / "m.xlsx")
    (client,) = find_by_manifest(FolderPlace(photos), tmp_path / "m.xlsx").clients
    assert client.name == "17"
    assert client.mm_per_px == 0.08
    assert [photo.day for photo in client.photos] == [date(2026, 1, 1), date(2026, 2, 1)]


def test_every_line_that_cannot_be_used_is_a_row(photos: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    lines = [
        "photo,client,date,mm_per_px",
        "IMG_1.jpg,anna,2026-01-01,",
        "IMG_1.jpg,bert,2026-01-01,",
        "../secret.jpg,anna,,",
        "/etc/passwd.jpg,anna,,",
        "IMG_2.jpg,,,",
        "IMG_2.jpg,a/b,,",
        "IMG_2.jpg,anna,soon,",
        "IMG_2.jpg,anna,,-1",
        "notes.txt,anna,,",
        "gone.jpg,anna,,",
    ]
    manifest.write_text("\n".join(lines))
    found = find_by_manifest(FolderPlace(photos), manifest)
    assert [photo.name for photo in found.clients[0].photos] == ["IMG_1.jpg"]
    assert len(found.failures) == 9
    assert {f.kind for f in found.failures} == {Kind.LAYOUT, Kind.UNREADABLE}
    said = "\n".join(f.reason for f in found.failures)
    for words in ("line 3: names a photo", "line 4: the photo lies outside", "is not there"):
        assert words in said


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("none.csv", None, "no such file"),
        ("none.xlsx", None, "no such file"),
        ("head.csv", b"file,client\nIMG_1.jpg,a\n", "no column `photo`"),
        ("bad.xlsx", b"PK but no workbook", "cannot be read as an Excel file"),
        ("old.csv", b"PK\x03\x04", "is no CSV file"),
        ("gone.csv", b"photo,client\nnope.jpg,a\n", "names no photo that is there"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_line(
    photos: Path, tmp_path: Path, name: str, data: bytes | None, what: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(FolderError, match=what):
        find_by_manifest(FolderPlace(photos), tmp_path / name)


def test_days_of_the_manifest_stand_in_the_results(photos: Path, tmp_path: Path, run: Run) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text(
        "photo,client,view,date\nIMG_1.jpg,anna,top,2026-03-03\nIMG_2.jpg,anna,top,2026-01-01\n"
    )
    totals = run(root=str(photos), manifest=manifest)
    assert (totals.clients, totals.photos, totals.n_failed) == (1, 2, 0)
    rows = (tmp_path / "out" / "batch.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in rows[1:]] == ["IMG_2.jpg", "IMG_1.jpg"]
    assert "2026-01-01" in rows[1]
    assert ",healed," in rows[2]
