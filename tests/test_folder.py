from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tracker.correction_file import corrections_text
from tracker.folder import read_client_folder, view_in_name
from tracker.photos import PhotoError
from tracker.record_files import FolderError
from tracker.records import Goal
from tracker.series import natural_key


def write_photo(path: Path, taken: str = "", value: int = 100) -> None:
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    Image.new("RGB", (160, 140), (value, 90, 80)).save(path, exif=exif)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "client_a"
    path.mkdir()
    write_photo(path / "2026-05-02_top.jpg")
    write_photo(path / "IMG_10.jpg", "2026:03:01 09:00:00")
    write_photo(path / "IMG_2.jpg", "2026:04:01 09:00:00")
    return path


def test_photos_come_in_time_order_with_date_and_view(folder: Path) -> None:
    client = read_client_folder(folder)
    assert client.name == "client_a"
    assert [(p.name, p.captured_on, p.view) for p in client.photos] == [
        ("IMG_10.jpg", date(2026, 3, 1), ""),
        ("IMG_2.jpg", date(2026, 4, 1), ""),
        ("2026-05-02_top.jpg", date(2026, 5, 2), "top"),
    ]
    assert client.photos[0].read().shape == (140, 160, 3)
    assert client.notes == ()


def test_a_photo_can_be_sent_to_another_process(folder: Path) -> None:
    photo = pickle.loads(pickle.dumps(read_client_folder(folder).photos[0]))
    assert np.asarray(photo.read()).shape == (140, 160, 3)


def test_without_any_date_the_names_give_the_order(tmp_path: Path) -> None:
    for name in ("photo10.png", "photo9.png", "Photo1.png"):
        write_photo(tmp_path / name)
    client = read_client_folder(tmp_path)
    assert [p.name for p in client.photos] == ["Photo1.png", "photo9.png", "photo10.png"]
    assert client.notes == ()


def test_an_undated_photo_follows_the_dated_ones_and_is_named(folder: Path) -> None:
    write_photo(folder / "another.jpg")
    client = read_client_folder(folder)
    assert client.photos[-1].name == "another.jpg"
    assert client.notes == ("another.jpg: has no date; placed after the dated photos",)


def test_dates_of_a_wrong_clock_are_not_used(folder: Path) -> None:
    write_photo(folder / "2026-04-20_top.jpg", "2031:01:01 00:00:00")
    write_photo(folder / "2026-04-21_top.jpg", "2026:01:21 00:00:00")
    client = read_client_folder(folder, today=date(2026, 6, 1))
    days = {p.name: p.captured_on for p in client.photos}
    assert days["2026-04-20_top.jpg"] == date(2026, 4, 20)
    assert days["2026-04-21_top.jpg"] == date(2026, 1, 21)
    assert len(client.notes) == 2
    assert "future" in client.notes[0]
    assert "the camera's date is used" in client.notes[1]


def test_unusable_photos_are_listed_and_refuse_when_read(folder: Path) -> None:
    (folder / "2026-06-01_top.jpg").write_bytes(b"%PDF-1.7 not a photo")
    (folder / "empty.png").write_bytes(b"")
    photos = {p.name: p for p in read_client_folder(folder).photos}
    assert photos["2026-06-01_top.jpg"].captured_on == date(2026, 6, 1)
    for name in ("2026-06-01_top.jpg", "empty.png"):
        with pytest.raises(PhotoError, match=name):
            photos[name].read()


def test_other_files_are_skipped_by_name(folder: Path) -> None:
    (folder / "notes.docx").write_bytes(b"x")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "._IMG_2.jpg").write_bytes(b"x")
    (folder / "sub").mkdir()
    client = read_client_folder(folder)
    assert len(client.photos) == 3
    assert client.skipped == (("notes.docx", "not a photo by its name"),)


def test_pictures_with_another_ending_are_named(folder: Path) -> None:
    shutil.copy(folder / "IMG_2.jpg", folder / "2026-06-01_top.txt")
    Image.new("RGB", (20, 20)).save(folder / "crown.bmp")
    client = read_client_folder(folder)
    assert len(client.photos) == 3
    assert [note.split(":")[0] for note in client.notes] == ["2026-06-01_top.txt", "crown.bmp"]
    assert all("left out; export it as JPEG" in note for note in client.notes)


def test_many_undated_photos_are_one_note(folder: Path) -> None:
    for name in ("b.jpg", "a.jpg", "c.jpg"):
        write_photo(folder / name)
    client = read_client_folder(folder)
    assert [p.name for p in client.photos[-3:]] == ["a.jpg", "b.jpg", "c.jpg"]
    assert client.notes == ("a.jpg and 2 more: have no date; placed after the dated photos",)


def test_the_hash_names_unusable_files_too(folder: Path) -> None:
    (folder / "a.jpg").write_bytes(b"no photo")
    photos = {p.name: p for p in read_client_folder(folder).photos}
    assert photos["a.jpg"].sha256 == hashlib.sha256(b"no photo").hexdigest()


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("2026-03-14_top.jpg", "top"),
        ("front.HEIC", "front"),
        ("Client-Crown-2.jpg", "crown"),
        ("close-up 3.jpg", "close-up"),
        ("2026_close_up.jpg", "close-up"),
        ("closeup.jpg", "close-up"),
        ("vertex.png", "crown"),
        ("stopped.jpg", ""),
        ("IMG_1.jpg", ""),
        ("left2.jpg", "left"),
    ],
)
def test_view_in_name(name: str, view: str) -> None:
    assert view_in_name(name) == view


def test_natural_order() -> None:
    names = ["b1", "a10", "a2", "A1", "7"]
    assert sorted(names, key=natural_key) == ["7", "A1", "a2", "a10", "b1"]


def test_no_folder_a_file_no_photos(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(FolderError, match="no such folder"):
        read_client_folder(tmp_path / "none")
    with pytest.raises(FolderError, match="is a file"):
        read_client_folder(folder / "IMG_2.jpg")
    with pytest.raises(FolderError, match="smp-tracker batch"):
        read_client_folder(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(FolderError, match="holds no photos.*put the client's photos"):
        read_client_folder(empty)


SESSIONS = """date,method,device,wavelength_nm,fluence_j_cm2,spot_mm,zones,cost,currency,pain,notes
2026-04-10,Q-switched Nd:YAG,Laser X,1064,4.5,6,hairline;crown,400,USD,4,"calm, quick"
2026-03-02,saline,,,,,,,,,

"""


def test_sessions(folder: Path) -> None:
    (folder / "sessions.csv").write_text(SESSIONS, encoding="utf-8")
    first, second = read_client_folder(folder).sessions
    assert (first.date, first.method, first.wavelength_nm) == (date(2026, 3, 2), "saline", None)
    assert second.zones == ("hairline", "crown")
    assert (second.fluence_j_cm2, second.cost, second.pain) == (4.5, 400.0, 4)
    assert second.notes == "calm, quick"


def test_sessions_of_a_european_spreadsheet(folder: Path) -> None:
    text = "\ufeffDate;fluence_j_cm2;doctor\r\n2026-03-02;4,5;Ångström\r\n"
    (folder / "sessions.csv").write_bytes(text.encode())
    client = read_client_folder(folder)
    assert client.sessions[0].fluence_j_cm2 == 4.5
    assert client.notes == ("sessions.csv: column `doctor` is not known and not used",)


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("day,method\n2026-01-01,x\n", "sessions.csv, line 1", "no column `date`"),
        ("date\n01.02.2026\n", "sessions.csv, line 2", "YYYY-MM-DD"),
        ("date,pain\n2026-01-01,\n2026-02-01,11\n", "sessions.csv, line 3", "0 to 10"),
        ("date,spot_mm\n2026-01-01,6mm\n", "sessions.csv, line 2", "plain number"),
        ("date,cost\n2026-01-01,nan\n", "sessions.csv, line 2", "plain number"),
        ("date,notes\n2026-01-01,a,b\n", "sessions.csv, line 2", "double quotes"),
    ],
)
def test_bad_sessions_name_file_line_and_remedy(
    folder: Path, text: str, place: str, what: str
) -> None:
    (folder / "sessions.csv").write_text(text, encoding="utf-8")
    with pytest.raises(FolderError, match=what) as caught:
        read_client_folder(folder)
    assert str(caught.value).startswith(place)
    assert "\n" not in str(caught.value)


def test_plan(folder: Path) -> None:
    (folder / "client.toml").write_text(
        'name = "A. B."\ngoal = "soft-fade"\nskin_type = "iii"\nsmp_date = 2024-05-01\n'
        "mm_per_px = 0.08\nmarker_mm = 20\nhat = 1\n",
        encoding="utf-8",
    )
    client = read_client_folder(folder)
    assert client.name == "A. B."
    assert client.plan.goal is Goal.SOFT_FADE
    assert client.plan.target == 0.50
    assert client.plan.skin_type == "III"
    assert client.plan.smp_date == date(2024, 5, 1)
    assert (client.plan.mm_per_px, client.plan.marker_mm) == (0.08, 20.0)
    assert client.notes == ("client.toml: `hat` is not known and not used",)


@pytest.mark.parametrize(
    ("target", "expected"), [("0.95", 0.95), ("95", 0.95), ("1", 1.0), ("1.5", 0.015)]
)
def test_target_is_a_share_or_per_cent(folder: Path, target: str, expected: float) -> None:
    (folder / "client.toml").write_text(f"target = {target}\n", encoding="utf-8")
    assert read_client_folder(folder).plan.target == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x = 1\ngoal = = 2", "not valid TOML.*line 2"),
        ('goal = "gone"', "goal is `gone`"),
        ("target = -1", "target is `-1`"),
        ("target = 950", "target is 950"),
        ('mm_per_px = "small"', "mm_per_px is `small`"),
        ("marker_mm = true", "marker_mm"),
        ('skin_type = "VII"', "skin_type is `VII`"),
        ('smp_date = "May"', "YYYY-MM-DD"),
        ('zones = "crown"', "zones"),
    ],
)
def test_bad_plan(folder: Path, text: str, what: str) -> None:
    (folder / "client.toml").write_text(text, encoding="utf-8")
    with pytest.raises(FolderError, match=what) as caught:
        read_client_folder(folder)
    assert str(caught.value).startswith("client.toml")


def test_zones(folder: Path) -> None:
    (folder / "zones.json").write_text(
        '{"zones": [{"name": "scar", "view": "Vertex", "vertices_px": [[1,2],[9,2],[5,8.5]]}]}',
        encoding="utf-8",
    )
    (zone,) = read_client_folder(folder).zones
    assert (zone.name, zone.view) == ("scar", "crown")
    assert zone.vertices_px == ((1.0, 2.0), (9.0, 2.0), (5.0, 8.5))


TRIANGLE = '{"name": "a", "vertices_px": [[1, 2], [3, 4], [1, 9]]}'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{\n"zones": [\n', "line 3: is not valid JSON"),
        ('{"areas": []}', "no list of zones"),
        ('[{"vertices_px": []}]', "zone 1: has no name"),
        ('[{"name": "a", "vertices_px": [[1, 2], [3, 4]]}]', "no polygon"),
        ('[{"name": "a", "vertices_px": [[1, 2], [3, 4], [1, NaN]]}]', "no polygon"),
        ('[{"name": "a", "vertices_px": [1, 2, 3]}]', "no polygon"),
        (f"[{TRIANGLE}, {TRIANGLE}]", "twice"),
    ],
)
def test_bad_zones(folder: Path, text: str, what: str) -> None:
    (folder / "zones.json").write_text(text, encoding="utf-8")
    with pytest.raises(FolderError, match=what) as caught:
        read_client_folder(folder)
    assert str(caught.value).startswith("zones.json")


def correct(folder: Path, *entries: object) -> None:
    text = json.dumps({"corrections": list(entries)})
    (folder / "corrections.json").write_text(text, encoding="utf-8")


def test_corrections_re_date_and_re_file_photos(folder: Path) -> None:
    correct(
        folder,
        {"kind": "date", "photo": "IMG_10.jpg", "date": "2026-06-01"},
        {"kind": "view", "photo": "IMG_2.jpg", "view": "vertex"},
        {"kind": "remove", "photo": "IMG_2.jpg", "points_px": [[10, 12.5]]},
        {"kind": "add", "photo": "elsewhere.jpg", "points_px": [[1, 1]]},
    )
    client = read_client_folder(folder)
    assert [(p.name, p.captured_on, p.view) for p in client.photos] == [
        ("IMG_2.jpg", date(2026, 4, 1), "crown"),
        ("2026-05-02_top.jpg", date(2026, 5, 2), "top"),
        ("IMG_10.jpg", date(2026, 6, 1), ""),
    ]
    assert [c.kind for c in client.corrections] == ["date", "view", "remove", "add"]
    assert client.corrections[2].points_px == ((10.0, 12.5),)
    assert client.skipped == ()
    assert client.notes == (
        "corrections.json: corrects `elsewhere.jpg`, which is no photo of this folder; not used",
    )


def test_corrections_come_back_as_they_were_written(folder: Path) -> None:
    pair = [[1.0, 2.0], [100.0, 5.0], [40.0, 90.0]]
    correct(
        folder,
        {"kind": "align", "photo": "IMG_2.jpg", "points_px": pair, "baseline": "IMG_10.jpg",
         "baseline_points_px": pair},
        {"kind": "date", "photo": "IMG_10.jpg", "date": ""},
    )  # fmt: skip
    first = read_client_folder(folder).corrections
    (folder / "corrections.json").write_text(corrections_text(first), encoding="utf-8")
    assert read_client_folder(folder).corrections == first


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "corrections.json, line 1: is not valid JSON"),
        ('{"zones": []}', "corrections.json: holds no list of corrections"),
        ('{"corrections": ["x"]}', "correction 1: is no entry"),
        ('[{"kind": "polish", "photo": "a"}]', "kind is `polish`; give one of remove, add, align"),
        ('[{"kind": "add", "photo": "a"}]', "marks no place"),
        ('[{"kind": "add", "photo": "a", "points_px": [[1]]}]', "points_px is no list of places"),
        ('[{"kind": "view", "photo": "a", "view": "elbow"}]', "view `elbow` is not known"),
        ('[{"kind": "date", "photo": "a", "date": "May"}]', "`May` is no date"),
    ],
)
def test_a_wrong_corrections_file_is_one_line(folder: Path, text: str, words: str) -> None:
    (folder / "corrections.json").write_text(text, encoding="utf-8")
    with pytest.raises(FolderError) as refused:
        read_client_folder(folder)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
