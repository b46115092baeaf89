"""Whose photo is it: folders, patterns, and everything that people's folders hold."""

from __future__ import annotations

import os
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from tests.batch.conftest import add_photo
from tracker.batch.found import MOST_PHOTOS_PER_VIEW, Kind
from tracker.batch.layout import Pattern, find_by_pattern, find_in_folders
from tracker.batch.places import Entry, FolderPlace
from tracker.record_files import FolderError

posix = pytest.mark.skipif(sys.platform == "win32", reason="file names and links of POSIX")


def test_a_folder_per_client(root: Path) -> None:
    add_photo(root / ".hidden", "a.jpg", 1)
    found = find_in_folders(FolderPlace(root))
    assert [client.name for client in found.clients] == ["anna", "bert", "cara"]
    anna = found.clients[0]
    assert {view: len(photos) for view, photos in anna.views().items()} == {"front": 2, "top": 2}
    assert [path for path, _, _ in anna.records] == ["anna/sessions.csv"]
    assert found.n_photos == 9
    assert not found.failures


def test_results_below_the_root_are_left_out(root: Path) -> None:
    add_photo(root / "out", "a.jpg", 1)
    found = find_in_folders(FolderPlace(root), leave_out="out")
    assert "out" not in {client.name for client in found.clients}


def test_what_does_not_fit_is_named(root: Path) -> None:
    (root / "empty").mkdir()
    (root / "bert" / "raw.CR2").write_bytes(b"raw")
    (root / "bert" / "notes.txt").write_bytes(b"text")
    add_photo(root / "batch.csv", "a.jpg", 1)
    found = find_in_folders(FolderPlace(root))
    rows = [(f.client, f.photo, f.kind) for f in found.failures]
    assert rows == [
        ("batch.csv", "", Kind.CLIENT),
        ("bert", "raw.CR2", Kind.UNREADABLE),
        ("empty", "", Kind.CLIENT),
    ]
    assert all(f.reason and f.remedy for f in found.failures)


@posix
def test_links_that_lead_nowhere_or_round_end(root: Path) -> None:
    (root / "loop").symlink_to(root)
    (root / "bert" / "self.jpg").symlink_to(root / "bert" / "self.jpg")
    (root / "bert2").symlink_to(root / "bert")
    found = find_in_folders(FolderPlace(root))
    rows = {(f.client, f.photo): f.reason for f in found.failures}
    assert set(rows) == {("bert", "self.jpg"), ("bert2", ""), ("loop", "")}
    assert "symbolic links" in rows["bert", "self.jpg"]
    assert rows["bert2", ""] == "is the same folder as bert (a link)"
    assert [client.name for client in found.clients] == ["anna", "bert", "cara"]
    deep = find_by_pattern(FolderPlace(root), Pattern("{client}/{date}_{view}"))
    assert [client.name for client in deep.clients] == ["anna", "bert", "bert2", "cara"]
    with pytest.raises(FolderError, match="no photo's name follows"):  # all would come twice
        find_by_pattern(FolderPlace(root), Pattern("{any}/{client}/{date}_{view}"))


@posix
def test_a_link_to_a_folder_above_is_no_client(root: Path) -> None:
    """What lies beside the root, such as pictures on a desktop, is nobody's photo."""
    add_photo(root.parent, "holiday.jpg", 7)
    (root / "up").symlink_to("..")
    (row,) = find_in_folders(FolderPlace(root)).failures
    assert (row.client, row.reason) == (
        "up",
        "cannot be opened (is a link to a folder above itself)",
    )


def test_an_unreadable_folder_is_one_row(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def refused(path: Path) -> object:
        if Path(path).name == "bert":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    found = find_in_folders(FolderPlace(root))
    (failure,) = found.failures
    assert failure.client == "bert"
    assert failure.reason == "cannot be opened (permission denied)"
    assert [client.name for client in found.clients] == ["anna", "cara"]


@posix
def test_names_in_any_script_and_encoding(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("Zoë", "山田", "Ольга", "بيت", "a b&<c>"):
        add_photo(root / name, "2026-01-01_top.jpg", 1)
    raw = os.fsencode(root) + b"/caf\xe9"
    Path(os.fsdecode(raw)).mkdir()
    Path(os.fsdecode(raw + b"/2026-01-01_t\xf6p.jpg")).write_bytes(b"x")
    found = find_in_folders(FolderPlace(root))
    names = {client.name for client in found.clients}
    assert names == {"Zoë", "山田", "Ольга", "بيت", "a b&<c>", r"caf\xe9"}
    for client in found.clients:
        client.name.encode("utf-8")
        for photo in client.photos:
            photo.name.encode("utf-8")
            assert FolderPlace(root).read(photo.path)


@posix
def test_names_that_some_disks_take_for_one_are_not_mixed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("Anna", "anna", "Zoe\u0308", "Zo\u00eb"):
        add_photo(root / name, "top.jpg", 1)
    if len(list(root.iterdir())) < 4:
        pytest.skip("this disk takes them for one itself")
    found = find_in_folders(FolderPlace(root))
    assert len(found.clients) == 2
    assert all("capitals or accents" in failure.reason for failure in found.failures)
    assert len(found.failures) == 2


def test_a_view_of_too_many_photos_is_one_row(tmp_path: Path) -> None:
    folder = tmp_path / "root" / "all"
    folder.mkdir(parents=True)
    for number in range(MOST_PHOTOS_PER_VIEW + 1):
        (folder / f"{number}_top.jpg").touch()
    (folder / "front.jpg").touch()
    found = find_in_folders(FolderPlace(tmp_path / "root"))
    (failure,) = found.failures
    assert "--pattern" in failure.remedy
    assert [photo.name for photo in found.clients[0].photos] == ["front.jpg"]


@pytest.mark.parametrize(
    ("pattern", "path", "read"),
    [
        ("{client}_{date}_{view}", "an_na_2026-01-02_top.jpg", ("an_na", date(2026, 1, 2), "top")),
        ("{client}_{date}_{view}", "x_20260102_vertex.JPG", ("x", date(2026, 1, 2), "crown")),
        ("{client}_{date}_{view}", "x_2026-13-02_top.jpg", None),
        ("{client}_{date}_{view}", "x-top.jpg", None),
        ("{client}/{any}/{date}", "x/y z/2026.01.02.heic", ("x", date(2026, 1, 2), "")),
        (
            "{date}/{client} ({view})",
            "2026-01-02/Ольга (left).png",
            ("Ольга", date(2026, 1, 2), "left"),
        ),
        ("{client}", "a.b.jpg", ("a.b", None, "")),
    ],
)
def test_a_pattern_reads_names(
    pattern: str, path: str, read: tuple[str, date | None, str] | None
) -> None:
    assert Pattern(pattern).read(path) == read


@pytest.mark.parametrize("text", ["{date}", "{client}_{name}", "{client}{client}", "{client"])
def test_a_pattern_that_makes_no_sense_is_one_line(text: str) -> None:
    with pytest.raises(FolderError, match="--pattern"):
        Pattern(text)


def test_one_flat_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("b_2026-01-02_top.jpg", "a_2026-01-02_top.jpg", "a_2026-03-02_top.jpg"):
        add_photo(root, name, 1)
    add_photo(root, "IMG_1.jpg", 1)
    (root / "a").mkdir()
    (root / "a" / "sessions.csv").write_text("date\n2026-02-01\n")
    found = find_by_pattern(FolderPlace(root), Pattern("{client}_{date}_{view}"))
    assert [(c.name, len(c.photos), len(c.records)) for c in found.clients] == [
        ("a", 2, 1),
        ("b", 1, 0),
    ]
    (failure,) = found.failures
    assert (failure.photo, failure.kind) == ("IMG_1.jpg", Kind.LAYOUT)
    with pytest.raises(FolderError, match=r"no photo's name follows"):
        find_by_pattern(FolderPlace(root), Pattern("{client}+{date}"))


def test_two_photos_of_one_name_are_not_mixed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    add_photo(root / "x" / "a_b", "c.jpg", 1)
    add_photo(root / "x" / "a", "b_c.jpg", 2)
    found = find_by_pattern(FolderPlace(root), Pattern("{client}/{any}/{any}"))
    (client,) = found.clients
    assert [photo.name for photo in client.photos] == ["x_a_b_c.jpg"]
    (failure,) = found.failures
    assert failure.kind is Kind.LAYOUT
    assert "get this name" in failure.reason


class _ManyFiles(FolderPlace):
    """A folder that lists very many files without their being there."""

    def entries(self, folder: str) -> list[Entry]:
        return [
            Entry(f"c{number // 10:05d}_20{10 + number % 10}-01-01_top.jpg", 1000, "1")
            for number in range(100_000)
        ]


def test_a_hundred_thousand_files_in_one_folder(tmp_path: Path) -> None:
    started = time.process_time()
    found = find_by_pattern(_ManyFiles(tmp_path), Pattern("{client}_{date}_{view}"))
    assert (len(found.clients), found.n_photos) == (10_000, 100_000)
    assert time.process_time() - started < 20
    with pytest.raises(FolderError, match="--pattern"):
        find_in_folders(_ManyFiles(tmp_path))


@pytest.mark.parametrize("client", ["", " ", ".", "..", ".hidden"])
def test_a_client_that_can_be_no_folder_is_a_row(tmp_path: Path, client: str) -> None:
    add_photo(tmp_path, "x_anna.jpg", 1)
    add_photo(tmp_path, f"x_{client} .jpg", 2)
    found = find_by_pattern(FolderPlace(tmp_path), Pattern("x_{client}"))
    assert [c.name for c in found.clients] == ["anna"]
    (row,) = found.failures
    assert "cannot be the name of a folder" in row.reason
